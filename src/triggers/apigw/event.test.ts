import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { aRoute } from '../../services/apigateway/fixture.ts';
import type { ApiConfig, RequestParameter } from '../../services/apigateway/model.ts';
import type { GatewayRequest } from '../../services/apigateway/target.ts';
import { apigwSample, createEventBuilder } from './event.ts';

interface ApigwEvent {
  readonly requestContext: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded: boolean;
  readonly [key: string]: unknown;
}

const golden = JSON.parse(readFileSync(new URL('./golden/apigw.json', import.meta.url), 'utf8')) as ApigwEvent;

const parameter = (name: string, position: RequestParameter['position'], defaultValue = ''): RequestParameter => ({
  name,
  position,
  required: false,
  defaultValue,
});

function aRequest(change: Partial<GatewayRequest> = {}, api: Partial<ApiConfig> = {}): GatewayRequest {
  const rawHeaders = change.rawHeaders ?? ['Host', 'example.test'];
  const headers: Record<string, string> = {};
  for (let i = 0; i < rawHeaders.length; i += 2) headers[rawHeaders[i]?.toLowerCase() ?? ''] = rawHeaders[i + 1] ?? '';
  return {
    requestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
    traceId: 'c6af9ac67b6111e69a4193e8deadbeef',
    route: aRoute(api, { id: 'api-12345678', serviceId: 'service-f94sy04v' }),
    method: 'GET',
    path: '/fn',
    query: '',
    pathParameters: {},
    headers,
    rawHeaders,
    headerCase: 'lower',
    scheme: 'http',
    httpVersion: '1.1',
    sourceIp: '10.0.2.14',
    identity: {},
    body: undefined,
    base64: false,
    ...change,
  };
}

const build = (request: GatewayRequest, qualifier = '$DEFAULT') =>
  JSON.parse(createEventBuilder(qualifier)(request).toString()) as ApigwEvent;

describe('the documents’ own example', () => {
  it('is the sample', () => assert.deepEqual(apigwSample(), golden));

  it('comes out of the builder, header names in lower case, with what may be added', () => {
    const request = aRequest(
      {
        method: 'POST',
        path: '/test/value',
        query: 'foo=bar&bob=alice',
        pathParameters: { path: 'value' },
        rawHeaders: [...Object.entries(golden.headers).flat(), 'Refer', '10.0.2.14'],
        body: Buffer.from('{"test":"body"}'),
      },
      {
        method: 'POST',
        path: '/test/{path}',
        parameters: [parameter('path', 'PATH'), parameter('foo', 'QUERY'), parameter('Refer', 'HEADER')],
      },
    );
    const { headers, isBase64Encoded, ...event } = build(request);
    const { headers: printed, requestContext, ...rest } = golden;
    // The example is of a call with a key.
    assert.deepEqual(event, { ...rest, requestContext: { ...requestContext, identity: {} } });
    assert.equal(isBase64Encoded, false);
    for (const [name, value] of Object.entries(printed)) assert.equal(headers[name.toLowerCase()], value);
  });
});

describe('headers', () => {
  it('are the client’s in lower case, and the gateway’s own', () => {
    const request = aRequest({ rawHeaders: ['Host', 'h:9702', 'X-Mixed', 'Value "q" \\'] }, { timeoutS: 7 });
    assert.deepEqual(build(request, '3').headers, {
      host: 'h:9702',
      'x-mixed': 'Value "q" \\',
      'x-api-requestid': 'c6af9ac67b6111e69a4193e8deadbeef',
      'x-b3-traceid': 'c6af9ac67b6111e69a4193e8deadbeef',
      'x-api-scheme': 'http',
      requestsource: 'APIGW',
      'x-qualifier': '3',
      'endpoint-timeout': '7',
      'x-anonymous-consumer': 'true',
    });
  });

  it('cannot be forged', () => {
    const forged = ['X-Qualifier', 'evil', 'RequestSource', 'evil', 'X-Api-RequestId', 'evil', 'x-qualifier', 'evil'];
    for (const rawHeaders of [forged, ['A', '1', ...forged, 'a', '2']]) {
      const body = createEventBuilder('$DEFAULT')(aRequest({ rawHeaders })).toString();
      assert.doesNotMatch(body, /evil/);
      assert.equal(body.match(/"x-qualifier"/g)?.length, 1);
    }
  });

  it('are joined when they come twice', () => {
    const rawHeaders = ['A', '1', 'Cookie', 'x=1', 'a', '2', 'cookie', 'y=2', 'B', '3'];
    const { headers } = build(aRequest({ rawHeaders }));
    assert.equal(headers.a, '1, 2');
    assert.equal(headers.cookie, 'x=1; y=2');
    assert.equal(headers.b, '3');
    assert.equal(headers.requestsource, 'APIGW');
  });

  it('are canonical on request', () => {
    const names = Object.keys(build(aRequest({ headerCase: 'canonical', rawHeaders: ['user-AGENT', 'x'] })).headers);
    assert.deepEqual(names.sort(), [
      'Endpoint-Timeout',
      'Requestsource',
      'User-Agent',
      'X-Anonymous-Consumer',
      'X-Api-Requestid',
      'X-Api-Scheme',
      'X-B3-Traceid',
      'X-Qualifier',
    ]);
  });

  it('are read as UTF-8', () => {
    const sent = Buffer.from('中文').toString('latin1');
    assert.equal(build(aRequest({ rawHeaders: ['X', sent] })).headers.x, '中文');
  });

  it('may be none', () => {
    assert.equal(build(aRequest({ rawHeaders: [] })).headers.requestsource, 'APIGW');
  });
});

describe('the body', () => {
  it('is absent when there is none', () => {
    const event = build(aRequest());
    assert.ok(!('body' in event));
    assert.equal(event.isBase64Encoded, false);
  });

  it('is text, or Base64 with a true boolean', () => {
    const body = Buffer.from('line\n"中文"');
    assert.equal(build(aRequest({ body })).body, 'line\n"中文"');
    const encoded = build(aRequest({ body, base64: true }));
    assert.equal(encoded.body, body.toString('base64'));
    assert.equal(encoded.isBase64Encoded, true);
  });

  it('loses bytes that are not UTF-8 when it is text, as documented', () => {
    assert.equal(build(aRequest({ body: Buffer.from([0x61, 0xff, 0x62]) })).body, 'a\ufffdb');
  });
});

describe('parameters', () => {
  it('are told apart only if they are declared, absent ones by their default', () => {
    const parameters = [
      parameter('id', 'PATH'),
      parameter('q', 'QUERY'),
      parameter('absent', 'QUERY', 'd'),
      parameter('X-Token', 'HEADER'),
      parameter('x-none', 'HEADER'),
    ];
    const request = aRequest(
      { query: 'q=1&q=2&z=3', rawHeaders: ['x-token', 't'], pathParameters: { id: '7' } },
      { path: '/u/{id}', parameters },
    );
    const event = build(request);
    assert.deepEqual(event.pathParameters, { id: '7' });
    assert.deepEqual(event.queryStringParameters, { q: ['1', '2'], absent: 'd' });
    assert.deepEqual(event.headerParameters, { 'X-Token': 't', 'x-none': '' });
    assert.deepEqual(event.queryString, { q: ['1', '2'], z: '3' });
  });

  it('are empty objects without a declaration', () => {
    const event = build(aRequest({ query: 'a=1', pathParameters: { id: '7' } }));
    assert.deepEqual([event.pathParameters, event.queryStringParameters, event.headerParameters], [{}, {}, {}]);
  });
});

it('names the API as configured and the request as sent', () => {
  const event = build(aRequest({ method: 'PATCH', path: '/fn/%41' }, { method: 'ANY', path: '/fn' }));
  assert.deepEqual(event.requestContext, {
    serviceId: 'service-f94sy04v',
    path: '/fn',
    httpMethod: 'ANY',
    requestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
    identity: {},
    sourceIp: '10.0.2.14',
    stage: 'release',
  });
  assert.equal(event.httpMethod, 'PATCH');
  assert.equal(event.path, '/fn/%41');
  assert.deepEqual(event.stageVariables, { stage: 'release' });
});

it('is JSON whatever is sent', () => {
  const latin1 = fc.string({
    unit: fc.integer({ min: 0x20, max: 0xff }).map(n => String.fromCharCode(n)),
    maxLength: 12,
  });
  const name = fc.stringMatching(/^[A-Za-z-]{1,6}$/);
  const request = fc.record({
    path: latin1.map(text => `/${text}`),
    query: latin1,
    rawHeaders: fc.array(fc.tuple(name, latin1), { maxLength: 5 }).map(pairs => pairs.flat()),
    body: fc.option(
      fc.uint8Array({ maxLength: 20 }).map(bytes => Buffer.from(bytes)),
      { nil: undefined },
    ),
    base64: fc.boolean(),
  });
  fc.assert(
    fc.property(request, change => {
      const event = build(aRequest(change));
      assert.equal(event.path, change.path);
      assert.equal(event.body !== undefined, change.body !== undefined);
    }),
  );
});
