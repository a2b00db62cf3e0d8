import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { FunctionEvent } from '../../core/event.ts';
import { anOutcome } from '../../core/fixture.ts';
import type { Outcome } from '../../core/invocation.ts';
import type { Submit } from '../../core/trigger.ts';
import { aRoute } from '../../services/apigateway/fixture.ts';
import type { GatewayRequest } from '../../services/apigateway/target.ts';
import type { RegisterCall, Registration } from '../../services/apigateway/websocket/target.ts';
import { closingEvent, createRegisterBuilder, dataEvent } from './ws-event.ts';
import { socketTarget } from './ws-listen.ts';
import { registrationOf } from './ws-reply.ts';

const golden = (name: string): Record<string, Record<string, unknown>> =>
  JSON.parse(readFileSync(new URL(`./golden/${name}.json`, import.meta.url), 'utf8'));
const compact = (value: unknown): string => JSON.stringify(value);

const ID = 'xawexasdfewezdfsdfeasdfffa==';

function aRequest(change: Partial<GatewayRequest> = {}): GatewayRequest {
  return {
    requestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
    traceId: 'c6af9ac67b6111e69a4193e8deadbeef',
    route: aRoute(
      { method: 'GET', path: '/test/{testvar}', protocol: 'WEBSOCKET' },
      { id: 'api-12345678', serviceId: 'service-f94sy04v' },
    ),
    method: 'GET',
    path: '/test/7',
    query: 'room=a&room=b',
    pathParameters: {},
    headers: { host: 'example.test' },
    rawHeaders: ['Host', 'example.test'],
    headerCase: 'lower',
    scheme: 'http',
    httpVersion: '1.1',
    sourceIp: '10.0.2.14',
    identity: { secretId: 'abdcxxxxxxxxsdfs' },
    body: undefined,
    base64: false,
    ...change,
  };
}

function aCall(change: Partial<RegisterCall> = {}): RegisterCall {
  return {
    request: aRequest(),
    serviceName: 'testsvc',
    connectionId: ID,
    protocol: 'chat,binary',
    extensions: 'extension1,extension2',
    ...change,
  };
}

interface Registering {
  readonly requestContext: Record<string, unknown>;
  readonly websocket: Record<string, unknown>;
  readonly [key: string]: unknown;
}

const build = (call: RegisterCall, qualifier = '$DEFAULT') =>
  JSON.parse(createRegisterBuilder(qualifier)(call).toString()) as Registering;

describe('the register event', () => {
  it('begins with the documents’ own example, to the byte', () => {
    const documented = golden('ws-register');
    // The documents print an environment that does not exist.
    const meant = { ...documented, requestContext: { ...documented.requestContext, stage: 'release' } };
    const { requestContext, websocket } = build(aCall());
    const { serviceId, ...context } = requestContext;
    assert.equal(compact({ requestContext: context, websocket }), compact(meant));
    assert.equal(serviceId, 'service-f94sy04v');
    assert.ok(
      createRegisterBuilder('1')(aCall()).toString().startsWith(compact(meant.requestContext).slice(0, -1), 18),
    );
  });

  it('has what events of HTTP requests have as well', () => {
    const { requestContext, websocket, headers, ...rest } = build(aCall(), 'beta');
    assert.ok(requestContext && websocket);
    assert.deepEqual(rest, {
      isBase64Encoded: false,
      pathParameters: {},
      queryStringParameters: {},
      headerParameters: {},
      stageVariables: { stage: 'release' },
      path: '/test/7',
      queryString: { room: ['a', 'b'] },
      httpMethod: 'GET',
    });
    const { host, requestsource, 'x-qualifier': qualifier } = headers as Record<string, string>;
    assert.deepEqual([host, requestsource, qualifier], ['example.test', 'APIGW', 'beta']);
  });

  it('leaves out what the client has not sent', () => {
    const { websocket } = build(aCall({ protocol: undefined, extensions: undefined }));
    assert.deepEqual(websocket, { action: 'connecting', secConnectionID: ID });
  });

  it('names nobody where nobody has signed', () => {
    const { requestContext } = build(aCall({ request: aRequest({ identity: {} }) }));
    assert.deepEqual(requestContext.identity, {});
  });

  it('is JSON with strings in websocket, whatever is sent', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (protocol, extensions, serviceName) => {
        const event = build(aCall({ protocol, extensions, serviceName }));
        assert.ok(Object.values(event.websocket).every(value => typeof value === 'string'));
        assert.equal(event.websocket.secWebSocketProtocol, protocol);
        assert.equal(event.requestContext.serviceName, serviceName);
      }),
    );
  });
});

describe('the other events', () => {
  const message = { requestId: 'r', apiId: 'api-12345678', connectionId: ID, dataType: 'text', data: 'xxx' } as const;

  it('are the documents’ own examples, to the byte', () => {
    assert.equal(dataEvent(message, 'data send').toString(), compact(golden('ws-data')));
    assert.equal(closingEvent(ID).toString(), compact(golden('ws-closing')));
  });

  it('say data recv where that is set', () => {
    const event = JSON.parse(dataEvent({ ...message, dataType: 'binary', data: 'AP+A' }, 'data recv').toString());
    assert.deepEqual(event, {
      websocket: { action: 'data recv', secConnectionID: ID, dataType: 'binary', data: 'AP+A' },
    });
  });

  it('keep any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), data => {
        const { websocket } = JSON.parse(dataEvent({ ...message, data }, 'data send').toString());
        assert.equal(Buffer.from(websocket.data).toString(), Buffer.from(data).toString());
      }),
    );
  });
});

const returned = (value: unknown): Outcome => anOutcome(200, { body: Buffer.from(JSON.stringify(value)) });
const said = (value: unknown): Registration => registrationOf(returned(value), ID);

function refused(registration: Registration): readonly [number, string] {
  assert.ok(!registration.accepted);
  return [registration.reply.status, registration.reply.body.toString()];
}
const BAD_GATEWAY = [502, '{"message":"Bad Gateway"}'];

describe('the register reply', () => {
  it('of the documents is read', () => {
    assert.deepEqual(said(golden('ws-register-reply')), {
      accepted: true,
      protocol: 'chat,binary',
      extensions: 'extension1,extension2',
    });
  });

  it('needs a number alone', () => {
    const yes = { accepted: true, protocol: '', extensions: '' };
    assert.deepEqual(said({ errNo: 0 }), yes);
    assert.deepEqual(said({ errNo: 0, errMsg: 'ok', websocket: null }), yes);
    assert.deepEqual(said({ errNo: 0, websocket: { secWebSocketProtocol: 7, secWebSocketExtensions: null } }), yes);
  });

  it('may come in the form of an HTTP answer', () => {
    const reply = golden('ws-register-reply');
    for (const body of [compact(reply), reply]) {
      assert.equal(said({ isBase64Encoded: false, statusCode: 200, headers: {}, body }).accepted, true);
    }
    assert.deepEqual(refused(said({ statusCode: 500, body: compact(reply) })), BAD_GATEWAY);
    assert.deepEqual(refused(said({ statusCode: 200, body: 'no json' })), BAD_GATEWAY);
    assert.deepEqual(refused(said({ statusCode: 200, body: '{"errNo":3,"errMsg":"no"}' })), [
      403,
      '{"errNo":3,"errMsg":"no"}',
    ]);
  });

  it('that is no is passed on with its words', () => {
    assert.deepEqual(refused(said({ errNo: 1, errMsg: '房间已满' })), [403, '{"errNo":1,"errMsg":"房间已满"}']);
    assert.deepEqual(refused(said({ errNo: -1 })), [403, '{"errNo":-1,"errMsg":""}']);
  });

  it('of another form is a bad gateway', () => {
    const odd = [null, 'ok', 7, [], {}, { errNo: '0' }, { errNo: 0.5 }, { errno: 0 }, { websocket: { errNo: 0 } }];
    for (const value of odd) assert.deepEqual(refused(said(value)), BAD_GATEWAY, compact(value));
    assert.deepEqual(refused(registrationOf(anOutcome(200, { body: Buffer.from('not json') }), ID)), BAD_GATEWAY);
    assert.deepEqual(refused(said({ errNo: 0, websocket: { secConnectionID: 'another' } })), BAD_GATEWAY);
  });

  it('of a function that failed is a bad gateway, of one that was too slow a time-out', () => {
    for (const status of [430, 434, 435, 432, 500]) {
      const registration = registrationOf(anOutcome(status), ID);
      assert.deepEqual(refused(registration), BAD_GATEWAY);
      assert.ok(!registration.accepted && registration.reply.upstreamStatus === status);
    }
    assert.deepEqual(refused(registrationOf(anOutcome(433), ID)), [504, '{"message":"Gateway Time-out"}']);
  });

  it('is never an exception', () => {
    fc.assert(
      fc.property(fc.json(), text => {
        registrationOf(anOutcome(200, { body: Buffer.from(text) }), ID);
      }),
    );
  });
});

describe('a target', () => {
  const TRIGGER = { region: 'ap-guangzhou', namespace: 'default', name: 'rooms', qualifier: 'v1' };

  function targetOf(part: 'register' | 'transport' | 'cleanup', outcome: Outcome) {
    const events: FunctionEvent[] = [];
    const submit: Submit = {
      sync(event) {
        events.push(event);
        return Promise.resolve(outcome);
      },
      async: () => Promise.reject(new Error('nobody queues these')),
    };
    return { events, target: socketTarget(TRIGGER, { part, upstreamAction: 'data send', submit }) };
  }

  it('runs its function under the request id of the gateway', async () => {
    const { events, target } = targetOf('register', returned({ errNo: 0 }));
    assert.ok(target.part === 'register');
    assert.equal(target.functionName, 'rooms');
    assert.equal((await target.invoke(aCall())).accepted, true);
    assert.equal(events[0]?.requestId, 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef');
    assert.deepEqual(events[0]?.target, { region: 'ap-guangzhou', namespace: 'default', name: 'rooms' });
    assert.deepEqual([events[0]?.qualifier, events[0]?.source], ['v1', 'apigw']);
    assert.deepEqual(JSON.parse(String(events[0]?.body)), build(aCall(), 'v1'));
  });

  it('tells of a message whether it arrived, failed or was too large', async () => {
    const message = { requestId: 'r', apiId: 'a', connectionId: ID, dataType: 'text', data: 'x' } as const;
    for (const [status, result] of [
      [200, 'ok'],
      [430, 'failed'],
      [433, 'failed'],
      [406, 'too large'],
    ] as const) {
      const { events, target } = targetOf('transport', anOutcome(status));
      assert.ok(target.part === 'transport');
      assert.equal(await target.invoke(message), result);
      assert.equal(events[0]?.requestId, 'r');
      assert.equal(events[0]?.body.toString(), dataEvent(message, 'data send').toString());
    }
  });

  it('tells of a cleanup whether it went through', async () => {
    for (const [status, ok] of [
      [200, true],
      [430, false],
    ] as const) {
      const { events, target } = targetOf('cleanup', anOutcome(status));
      assert.ok(target.part === 'cleanup');
      assert.equal(await target.invoke({ requestId: 'r', apiId: 'a', connectionId: ID }), ok);
      assert.equal(events[0]?.body.toString(), closingEvent(ID).toString());
    }
  });
});
