import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CloudError } from '../../core/errors.ts';
import type { FunctionEvent } from '../../core/event.ts';
import { anOutcome } from '../../core/fixture.ts';
import { SeededIds } from '../../core/ids.ts';
import type { Outcome } from '../../core/invocation.ts';
import type { TriggerHost } from '../../core/trigger.ts';
import { ACCOUNT, anApi, GatewayStand, REGION } from '../../services/apigateway/fixture.ts';
import type { ApiGateway } from '../../services/apigateway/gateway.ts';
import { apigwKind } from './kind.ts';
import type { ApigwTrigger } from './listen.ts';

const kind = apigwKind({});
const code = (expected: string) => (error: unknown) => error instanceof CloudError && error.code === expected;

function trigger(desc: unknown = {}, change: Partial<ApigwTrigger> = {}): ApigwTrigger {
  return {
    region: REGION,
    namespace: 'default',
    name: 'fn',
    id: 't-1',
    type: 'apigw',
    triggerName: 'web',
    qualifier: '$DEFAULT',
    enabled: true,
    desc: kind.parse(JSON.stringify(desc), { functionName: 'fn' }),
    customArgument: '',
    description: '',
    resourceId: '',
    addTime: 0,
    modTime: 0,
    ...change,
  };
}

async function stand(run: (event: FunctionEvent) => Promise<Outcome> = async () => anOutcome()) {
  const open = await GatewayStand.open();
  const seen: FunctionEvent[] = [];
  const hostFor = (source: ApiGateway): TriggerHost<ApiGateway> => ({
    clock: open.clock,
    ids: new SeededIds(),
    submit: {
      sync: event => {
        seen.push(event);
        return run(event);
      },
      async: () => assert.fail('the gateway waits'),
    },
    account: ACCOUNT,
    source,
  });
  const bind = async (plan: ApigwTrigger, source = open.gateway): Promise<ApigwTrigger> => ({
    ...plan,
    ...(await kind.bind?.(plan, hostFor(source))),
  });
  return { open, seen, host: hostFor(open.gateway), hostFor, bind };
}

function failing(gateway: ApiGateway, verb: 'createApi' | 'release'): ApiGateway {
  const full = () => Promise.reject(new Error('disk full'));
  if (verb === 'createApi') return { ...gateway, apis: { ...gateway.apis, create: full } };
  return { ...gateway, releases: { ...gateway.releases, make: full } };
}

describe('bind', () => {
  it('makes service, API and release, and says where', async () => {
    const { open, host, bind } = await stand();
    await using _open = open;
    const bound = await bind(trigger());
    const { serviceId = '', serviceName, bound: api } = bound.desc;
    assert.equal(serviceName, 'SCF_API_SERVICE');
    assert.equal(bound.resourceId, `qcs::apigw:gz:uin/100000000001:service/${serviceId}/API/${api?.apiId}`);
    const [path, byHost] = kind.urls?.(bound, host) ?? [];
    assert.equal(path, `http://127.0.0.1:9702/_apigw/${serviceId}/release/fn`);
    assert.match(byHost ?? '', new RegExp(`^http://${serviceId}-1250000000\\.ap-guangzhou\\.`));
    using _listening = kind.listen(bound, host);
    assert.equal((await open.ask(`/_apigw/${serviceId}/release/fn`)).status, 200);
  });

  it('prints the usable URL as subDomain', async () => {
    const { open, bind } = await stand();
    await using _open = open;
    const { desc } = await bind(trigger());
    const printing = apigwKind({ urlOf: place => open.gateway.urls({ region: REGION, ...place })[0] });
    const { service } = JSON.parse(printing.format(desc)) as { service: Record<string, string> };
    assert.equal(service.subDomain, `http://127.0.0.1:9702/_apigw/${desc.serviceId}/release/fn`);
  });

  it('shows where clients of a WebSocket API connect', () => {
    const { format } = apigwKind({ urlOf: ({ path }) => `https://here${path}` });
    const desc = { ...kind.parse('', { functionName: 'fn' }), serviceId: 'service-abcdefgh' };
    const shown = (value: ApigwTrigger['desc']) => JSON.parse(format(value)).service.subDomain;
    assert.equal(shown(desc), 'https://here/fn');
    assert.equal(shown({ ...desc, protocol: 'WEBSOCKET' }), 'wss://here/fn');
  });

  it('uses a service that is named, and declares the parameters of the path', async () => {
    const { open, bind } = await stand();
    await using _open = open;
    const service = await open.gateway.services.create({ region: REGION, name: 'mine' });
    const request = { api: { requestConfig: { path: '/u/{id}/{rest+}' } }, service: { serviceId: service.id } };
    const { desc } = await bind(trigger(request));
    assert.equal(desc.serviceName, 'mine');
    assert.equal(desc.bound?.madeService, false);
    const [api] = await open.gateway.apis.list(REGION, service.id);
    assert.deepEqual(
      api?.parameters.map(p => `${p.position} ${p.name}`),
      ['PATH id', 'PATH rest'],
    );
    assert.equal((await open.gateway.services.list(REGION)).length, 1);
  });

  it('refuses an unknown service and a path that is taken, under SCF’s code', async () => {
    const { open, bind } = await stand();
    await using _open = open;
    const failed = code('FailedOperation.ApiGateway');
    await assert.rejects(bind(trigger({ service: { serviceId: 'service-00000000' } })), failed);
    const service = await open.gateway.services.create({ region: REGION, name: 'mine' });
    await open.gateway.apis.create(REGION, service.id, anApi());
    await assert.rejects(bind(trigger({ service: { serviceId: service.id } })), failed);
    await assert.rejects(bind(trigger({ api: { requestConfig: { path: '/{' } } })), failed);
    assert.equal((await open.gateway.services.list(REGION)).length, 1);
  });

  for (const broken of ['createApi', 'release'] as const) {
    it(`leaves nothing behind when ${broken} fails`, async () => {
      const { open, bind } = await stand();
      await using _open = open;
      const source = failing(open.gateway, broken);
      await assert.rejects(bind(trigger(), source), /disk full/);
      assert.deepEqual(await open.gateway.services.list(REGION), []);
      assert.deepEqual(await open.store.list('resources'), []);
    });
  }
});

describe('an update', () => {
  it('changes the same API and releases it', async () => {
    const { open, host, bind } = await stand();
    await using _open = open;
    const first = await bind(trigger());
    const text = JSON.stringify({ api: { requestConfig: { path: '/new' } }, release: { environmentName: 'test' } });
    const desc = kind.parse(text, { functionName: 'fn', previous: first.desc });
    const second = await bind({ ...first, desc });
    assert.equal(second.resourceId, first.resourceId);
    using _listening = kind.listen(second, host);
    const base = `/_apigw/${desc.serviceId}`;
    assert.equal((await open.ask(`${base}/test/new`)).status, 200);
    assert.equal((await open.ask(`${base}/release/fn`)).status, 404);
    assert.equal((await open.ask(`${base}/release/new`)).status, 404);
  });

  it('leaves the API as it was when a step fails', async () => {
    const { open, bind } = await stand();
    await using _open = open;
    const first = await bind(trigger());
    const before = await open.gateway.apis.list(REGION, first.desc.serviceId ?? '');
    const source = failing(open.gateway, 'release');
    await assert.rejects(bind({ ...first, desc: { ...first.desc, path: '/new' } }, source), /disk full/);
    assert.deepEqual(await open.gateway.apis.list(REGION, first.desc.serviceId ?? ''), before);
  });
});

describe('unbind', () => {
  it('drops the API and the service that was made for it', async () => {
    const { open, host, bind } = await stand();
    await using _open = open;
    const bound = await bind(trigger());
    await kind.unbind?.(bound, host);
    assert.deepEqual(await open.store.list('resources'), []);
    await kind.unbind?.(bound, host);
  });

  it('keeps a service that was there before, or is used by others', async () => {
    const { open, host, bind } = await stand();
    await using _open = open;
    const bound = await bind(trigger());
    const serviceId = bound.desc.serviceId ?? '';
    const other = await bind(
      trigger({ service: { serviceId }, api: { requestConfig: { path: '/other' } } }, { id: 't-2' }),
    );
    await kind.unbind?.(bound, host);
    using _listening = kind.listen(other, host);
    assert.equal((await open.ask(`/_apigw/${serviceId}/release/other`)).status, 200);
    assert.equal((await open.ask(`/_apigw/${serviceId}/release/fn`)).status, 404);
    await kind.unbind?.(other, host);
    assert.equal((await open.gateway.services.list(REGION)).length, 1);
  });

  it('does not release changes that somebody else has under way', async () => {
    const { open, host, bind } = await stand();
    await using _open = open;
    const bound = await bind(trigger());
    const serviceId = bound.desc.serviceId ?? '';
    await open.gateway.apis.create(REGION, serviceId, anApi({ path: '/draft' }));
    await kind.unbind?.(bound, host);
    assert.deepEqual(await open.gateway.releases.list(REGION, serviceId), []);
    assert.equal((await open.gateway.apis.list(REGION, serviceId)).length, 1);
  });
});

describe('conflicts', () => {
  it('are path and method in one service', async () => {
    const { open, bind } = await stand();
    await using _open = open;
    const bound = await bind(trigger());
    const { serviceId } = bound.desc;
    const draft = (method: string, path: string, id = serviceId) =>
      trigger({ api: { requestConfig: { method, path } }, service: { serviceId: id } }, { id: 't-2' });
    assert.throws(() => kind.conflict?.(draft('ANY', '/fn'), [bound]), code('ResourceInUse.Trigger'));
    kind.conflict?.(draft('GET', '/fn'), [bound]);
    kind.conflict?.(draft('ANY', '/fn2'), [bound]);
    kind.conflict?.(draft('ANY', '/fn', 'service-00000000'), [bound]);
    kind.conflict?.(trigger(), [bound]);
    kind.conflict?.(bound, [bound]);
  });
});

describe('a request', () => {
  it('runs the bound function with the same request id and gives its answer', async () => {
    const answer = JSON.stringify({ statusCode: 201, headers: { 'X-A': 'a' }, body: 'made' });
    const { open, seen, host, bind } = await stand(async () => anOutcome(200, { body: Buffer.from(answer) }));
    await using _open = open;
    const bound = await bind(trigger({ api: { isIntegratedResponse: 'TRUE' } }, { qualifier: '7' }));
    using _listening = kind.listen(bound, host);
    const got = await open.ask(`/_apigw/${bound.desc.serviceId}/release/fn?a=1`, { method: 'POST', body: '{"x":1}' });
    assert.equal(got.status, 201);
    assert.equal(got.body.toString(), 'made');
    assert.equal(got.headers['x-a'], 'a');
    assert.equal(got.headers['x-api-funcname'], 'fn');
    const [event] = seen;
    assert.deepEqual(event?.target, { region: REGION, namespace: 'default', name: 'fn' });
    assert.equal(event?.qualifier, '7');
    assert.equal(event?.source, 'apigw');
    const body = JSON.parse(event?.body.toString() ?? '') as Record<string, Record<string, unknown>>;
    assert.equal(body.requestContext?.requestId, event?.requestId);
    assert.equal(body.headers?.['x-qualifier'], '7');
    assert.equal(body.body, '{"x":1}');
    assert.equal(event?.requestId.replaceAll('-', ''), got.headers['x-api-requestid']);
  });

  it('is encoded when the trigger says so', async () => {
    const { open, seen, host, bind } = await stand();
    await using _open = open;
    const bound = await bind(trigger({ api: { IsBase64Encoded: 'TRUE' } }));
    using _listening = kind.listen(bound, host);
    await open.ask(`/_apigw/${bound.desc.serviceId}/release/fn`, { method: 'POST', body: Buffer.from([255]) });
    const { body, isBase64Encoded } = JSON.parse(seen[0]?.body.toString() ?? '') as Record<string, unknown>;
    assert.deepEqual([body, isBase64Encoded], ['/w==', true]);
  });

  it('whose function fails is told by the status', async () => {
    const { open, host, bind } = await stand(async () => anOutcome(435, { errorMessage: 'FunctionNotFound' }));
    await using _open = open;
    const bound = await bind(trigger());
    using _listening = kind.listen(bound, host);
    const got = await open.ask(`/_apigw/${bound.desc.serviceId}/release/fn`);
    assert.equal(got.status, 435);
    assert.equal(got.reason, 'status code 435');
    assert.equal(got.headers['x-api-upstreamstatus'], '435');
  });
});
