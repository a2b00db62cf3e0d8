import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { after, afterEach, before, describe, test } from 'node:test';
import { signTc3 } from '../http/tc3.ts';
import { type Api, type ApiAnswer, KEYS, startApi } from './fixture.ts';

const nowS = () => Math.floor(Date.now() / 1000);

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers: Record<string, string>;
  readonly body?: string | Buffer;
}

/** Over node:http, as fetch would not send a Host of ours. */
async function send({ front }: Api, { method = 'POST', path = '/', headers, body = '' }: Sent) {
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number;
    headers: Record<string, unknown>;
    text: string;
  }>();
  const length =
    method === 'GET' || headers['Transfer-Encoding'] ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
  const outgoing = request({ host: '127.0.0.1', port: front.port, method, path, headers: { ...length, ...headers } });
  outgoing.on('error', reject).on('response', response => {
    buffer(response).then(
      bytes => resolve({ status: response.statusCode ?? 0, headers: response.headers, text: bytes.toString() }),
      reject,
    );
  });
  outgoing.end(body);
  return promise;
}

interface Tc3Call {
  readonly action?: string;
  readonly version?: string;
  readonly host?: string;
  readonly service?: string;
  readonly body?: string;
  readonly timestampS?: number;
  readonly contentType?: string;
  readonly more?: Record<string, string>;
  readonly without?: readonly string[];
}

/** A signed POST; `more` and `without` change its headers after it was signed. */
function signed(api: Api, call: Tc3Call = {}): Sent {
  const {
    action = 'ListFunctions',
    version = '2018-04-16',
    host = api.endpoint,
    service = 'scf',
    body = '{"Name":"x"}',
    timestampS = nowS(),
    contentType = 'application/json',
    more = {},
    without = [],
  } = call;
  const headers: Record<string, string> = {
    Host: host,
    'Content-Type': contentType,
    'X-TC-Action': action,
    'X-TC-Version': version,
    'X-TC-Timestamp': String(timestampS),
    'X-TC-Language': 'en-US',
    Authorization: signTc3({ ...KEYS, method: 'POST', path: '/', host, contentType, body, timestampS, service }),
    ...more,
  };
  for (const name of without) delete headers[name];
  return { headers, body };
}

const respond = async (api: Api, sent: Sent) => (JSON.parse((await send(api, sent)).text) as ApiAnswer).Response;

describe('the envelope', () => {
  let api: Api;
  before(async () => {
    api = await startApi();
  });
  after(() => api.front.close());
  afterEach(() => {
    api.missed.length = 0;
    api.answered.length = 0;
    api.logged.length = 0;
  });

  const ask = (call: Tc3Call) => respond(api, signed(api, call));
  const code = async (call: Tc3Call) => (await ask(call)).Error?.Code ?? 'OK';

  test('an answer is 200, application/json to the letter, with the request id and the trace', async () => {
    const { status, headers, text } = await send(api, signed(api, { more: { 'X-TC-TraceId': 'abc' } }));
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers['x-tc-traceid'], 'abc');
    const { Response } = JSON.parse(text) as ApiAnswer;
    assert.deepEqual(Response.Echo, { Name: 'x' });
    assert.match(Response.RequestId, /^[0-9a-f-]{36}$/);
    assert.ok(text.startsWith('{"Response":{"Echo":'));
  });

  test('an error is 200 and application/json as well', async () => {
    const { status, headers, text } = await send(api, signed(api, { action: 'Nonsense' }));
    assert.deepEqual([status, headers['content-type'], headers['x-tc-traceid']], [200, 'application/json', undefined]);
    assert.equal((JSON.parse(text) as ApiAnswer).Response.Error?.Code, 'InvalidAction');
  });

  const IP = '127.0.0.1';
  const services: [string, Tc3Call, string][] = [
    ['host names the service', { host: 'scf.tencentcloudapi.com' }, 'OK'],
    ['host with region', { host: 'scf.ap-shanghai.tencentcloudapi.com', service: 'other' }, 'OK'],
    ['the international host', { host: 'scf.intl.tencentcloudapi.com' }, 'OK'],
    ['a host outranks the scope', { host: 'tag.tencentcloudapi.com', service: 'scf' }, 'NoSuchVersion'],
    ['a host of no service here', { host: 'cvm.tencentcloudapi.com' }, 'NoSuchProduct'],
    ['the scope names the service', { host: IP, service: 'scf' }, 'OK'],
    ['a scope outranks the version', { host: IP, service: 'scf', version: '2018-08-13' }, 'NoSuchVersion'],
    ['version and action', { host: IP, service: '127' }, 'OK'],
    ['a scope with a colon', { host: 'localhost:9700', service: 'localhost:9700' }, 'OK'],
    [
      'one version of two services: the action decides',
      { service: '127', version: '2018-08-13', action: 'AssumeRole' },
      'OK',
    ],
    ['and decides again', { service: '127', version: '2018-08-13', action: 'DescribeTags' }, 'UnsupportedOperation'],
    ['no such version', { service: '127', version: '1999-01-01' }, 'NoSuchVersion'],
    ['no such action', { action: 'listFunctions' }, 'InvalidAction'],
    ['an action that every object has', { action: 'toString' }, 'InvalidAction'],
    ['no action', { without: ['X-TC-Action'] }, 'MissingParameter'],
    ['no version', { without: ['X-TC-Version'] }, 'MissingParameter'],
  ];
  for (const [name, call, expected] of services) {
    test(`which service: ${name}`, async () => assert.equal(await code(call), expected));
  }

  test('an action that is not built is refused in words and counted, once the caller is known', async () => {
    const { Error: error } = await ask({ action: 'PublishLayerVersion' });
    assert.equal(error?.Code, 'UnsupportedOperation');
    assert.equal(error?.Message, 'OpenSCF does not have the action scf:PublishLayerVersion yet.');
    assert.deepEqual(api.missed, ['scf:PublishLayerVersion']);
    assert.equal(await code({ action: 'PublishLayerVersion', without: ['Authorization'] }), 'MissingParameter');
    assert.equal(api.missed.length, 1);
  });

  test('regions: named, else of the host, else the setting; malformed ones are refused', async () => {
    const region = async (call: Tc3Call) => (await ask(call)).Call?.region;
    assert.equal(await region({}), 'ap-guangzhou');
    assert.equal(await region({ more: { 'X-TC-Region': '' } }), 'ap-guangzhou');
    const host = 'scf.ap-shanghai-fsi.tencentcloudapi.com';
    assert.equal(await region({ host }), 'ap-shanghai-fsi');
    assert.equal(await region({ host, more: { 'X-TC-Region': 'na-siliconvalley' } }), 'na-siliconvalley');
    assert.equal(await region({ host: 'scf.intl.tencentcloudapi.com' }), 'ap-guangzhou');
    for (const bad of ['Guangzhou', '../x', 'ap_guangzhou', `ap-${'x'.repeat(100)}`]) {
      assert.equal(await code({ more: { 'X-TC-Region': bad } }), 'UnsupportedRegion', bad);
    }
  });

  test('what is wrong with a parameter is told by its full name', async () => {
    const cases: [string, string, RegExp][] = [
      ['{}', 'MissingParameter', /Name is missing/],
      ['', 'MissingParameter', /Name is missing/],
      ['{"Name":null}', 'MissingParameter', /Name is missing/],
      ['{"Name":"x","Code":{}}', 'MissingParameter', /Code\.ZipFile is missing/],
      ['{"Name":"x","Filters":[{"Name":"a","Values":[]},{"Name":"b"}]}', 'MissingParameter', /Filters\.1\.Values is/],
      ['{"Name":1}', 'InvalidParameter', /Name has the wrong type; string/],
      ['{"Name":"x","Count":"1"}', 'InvalidParameter', /Count has the wrong type; number/],
      ['{"Name":"x","Count":1.5}', 'InvalidParameter', /Count has the wrong type; int/],
      ['{"Name":"x","On":"true"}', 'InvalidParameter', /On has the wrong type; boolean/],
      ['{"Name":"x","Filters":{}}', 'InvalidParameter', /Filters has the wrong type; array/],
      ['{"Name":"x","Either":true}', 'InvalidParameter', /Either has the wrong type; string \| number/],
      ['{"Name":"x","Kind":"c"}', 'InvalidParameterValue', /Kind is wrong; it can be a, b/],
      ['{"Name":"x","Code":{"ZipFile":"","Size":0}}', 'InvalidParameterValue', /Code\.Size .* at least 1/],
      ['{"Name":"x","Code":{"ZipFile":"","Size":10}}', 'InvalidParameterValue', /Code\.Size .* at most 9/],
      ['[]', 'InvalidParameter', /JSON object/],
      ['"x"', 'InvalidParameter', /JSON object/],
      ['{"Name":', 'InvalidParameter', /no valid JSON/],
      ['Name=x', 'InvalidParameter', /no valid JSON/],
    ];
    for (const [body, expected, words] of cases) {
      const { Error: error } = await ask({ body });
      assert.equal(error?.Code, expected, body);
      assert.match(error?.Message ?? '', words, body);
    }
  });

  test('unknown fields and nulls are passed over', async () => {
    const body = '{"Name":"x","Unknown":1,"Count":null,"Code":null,"__proto__":{"On":true},"constructor":1}';
    assert.deepEqual((await ask({ body })).Echo, { Name: 'x' });
  });

  test('content types: with a charset, none at all, and a form under TC3', async () => {
    assert.equal(await code({ contentType: 'application/json; charset=utf-8' }), 'OK');
    const contentType = 'application/x-www-form-urlencoded';
    const answer = await ask({ contentType, body: 'Name=a+b&Count=3&Filters.0.Name=f&Filters.0.Values.0=v' });
    assert.deepEqual(answer.Echo, { Name: 'a b', Count: 3, Filters: [{ Name: 'f', Values: ['v'] }] });
    assert.deepEqual((await ask({ contentType })).Echo, { Name: 'x' }, 'JSON under the type of forms');
  });

  test('the query of a signed POST is not read', async () => {
    const call = signed(api, { body: '{}' });
    assert.equal((await respond(api, { ...call, path: '/?Name=evil' })).Error?.Code, 'MissingParameter');
  });

  test('other methods are no protocol of this API', async () => {
    const call = signed(api);
    assert.equal((await respond(api, { ...call, method: 'PUT' })).Error?.Code, 'UnsupportedProtocol');
  });

  test('a crash is an InternalError that tells nothing, logged with its cause', async () => {
    const { Error: error, RequestId } = await ask({ action: 'DeleteFunction' });
    assert.equal(error?.Code, 'InternalError');
    assert.ok(error?.Message.includes(RequestId) && !error.Message.includes('secret reason'));
    const [entry] = api.logged as { fields: { err: Error; requestId: string; action: string } }[];
    assert.equal(entry?.fields.err.message, 'secret reason');
    assert.deepEqual([entry?.fields.requestId, entry?.fields.action], [RequestId, 'DeleteFunction']);
    assert.ok(!JSON.stringify(api.logged).includes(KEYS.secretKey));
  });

  test("a caller's mistake is not logged", async () => {
    await ask({ action: 'Nonsense' });
    await ask({ body: '{}' });
    await ask({ without: ['Authorization'] });
    assert.deepEqual(api.logged, []);
  });

  test('every call is counted by service, action and code', async () => {
    await ask({});
    await ask({ body: '{}' });
    await ask({ action: 'Made-Up' });
    await ask({ service: '127', version: '1' });
    assert.deepEqual(
      api.answered.map(({ service, action, code }) => [service, action, code]),
      [
        ['scf', 'ListFunctions', 'OK'],
        ['scf', 'ListFunctions', 'MissingParameter'],
        ['scf', '', 'InvalidAction'],
        ['', '', 'NoSuchVersion'],
      ],
    );
  });

  test('checks come in their order: what is wrong first is told first', async () => {
    const old = nowS() - 1000;
    const bad = { Authorization: 'TC3-HMAC-SHA256 nonsense' };
    const unknownKey = { Authorization: signed(api).headers.Authorization?.replace(KEYS.secretId, 'AKIDOTHER') ?? '' };
    assert.equal(await code({ action: 'Nonsense', more: bad, body: '{}' }), 'InvalidAction');
    assert.equal(await code({ more: { ...bad, 'X-TC-Timestamp': String(old) } }), 'AuthFailure.InvalidAuthorization');
    assert.equal(await code({ more: { ...unknownKey, 'X-TC-Timestamp': String(old) } }), 'AuthFailure.SignatureExpire');
    assert.equal(await code({ more: unknownKey }), 'AuthFailure.SecretIdNotFound');
    assert.equal(await code({ body: '{', more: { 'X-TC-Token': 't', Host: 'h' } }), 'AuthFailure.SignatureFailure');
    assert.equal(await code({ body: '{', more: { 'X-TC-Token': 't' } }), 'AuthFailure.TokenFailure');
    assert.equal(await code({ body: '{' }), 'InvalidParameter');
  });

  test('v1 parameters count whatever the content type says, and host and version tell the service', async () => {
    const fields: Record<string, string> = {
      ...{ Action: 'ListFunctions', Version: '2018-04-16', Region: 'ap-tokyo', Timestamp: String(nowS()), Nonce: '1' },
      ...{ SecretId: KEYS.secretId, Name: 'v1', 'Code.ZipFile': '@file' },
    };
    const call = (signedFields: Record<string, string>): Sent => {
      const joined = Object.keys(signedFields)
        .sort()
        .map(name => `${name}=${signedFields[name]}`)
        .join('&');
      const source = `POSTscf.tencentcloudapi.com/?${joined}`;
      const Signature = createHmac('sha1', KEYS.secretKey).update(source).digest('base64');
      return {
        headers: { Host: 'scf.tencentcloudapi.com', 'Content-Type': 'application/json' },
        body: new URLSearchParams({ ...fields, Signature }).toString(),
      };
    };
    const answer = await respond(api, call(fields));
    assert.deepEqual(answer.Echo, { Name: 'v1', Code: { ZipFile: '@file' } });
    assert.equal(answer.Call?.region, 'ap-tokyo');
    const { 'Code.ZipFile': _, ...withoutAt } = fields;
    assert.deepEqual(
      (await respond(api, call(withoutAt))).Echo,
      answer.Echo,
      'values with @ left out of the signature',
    );
  });
});

describe('sizes', () => {
  test('a body above the limit is refused in words, with a length and without', async t => {
    const api = await startApi({ bodyBytes: 1000 });
    t.after(() => api.front.close());
    const call = signed(api, { body: JSON.stringify({ Name: 'x'.repeat(2000) }) });
    assert.equal((await respond(api, call)).Error?.Code, 'RequestSizeLimitExceeded');
    const chunked = { ...call, headers: { ...call.headers, 'Transfer-Encoding': 'chunked' } };
    assert.equal((await respond(api, chunked)).Error?.Code, 'RequestSizeLimitExceeded');
    assert.equal((await respond(api, signed(api))).Error, undefined);
  });

  test('50 MB of code fit by default', async t => {
    const api = await startApi();
    t.after(() => api.front.close());
    const ZipFile = 'A'.repeat(67_000_000);
    const answer = await respond(api, signed(api, { body: JSON.stringify({ Name: 'x', Code: { ZipFile } }) }));
    assert.equal(answer.Echo?.Code?.ZipFile.length, ZipFile.length);
  });
});

describe('beside the API', () => {
  let api: Api;
  before(async () => {
    api = await startApi({
      metrics: async () => ({ contentType: 'text/plain; version=0.0.4', text: 'openscf_up 1\n' }),
    });
  });
  after(() => api.front.close());

  test('health and metrics need no key', async () => {
    const health = await send(api, { method: 'GET', path: '/healthz', headers: {} });
    assert.deepEqual([health.status, health.text], [200, '{"status":"ok"}']);
    const metrics = await send(api, { method: 'GET', path: '/metrics?x', headers: {} });
    assert.deepEqual([metrics.status, metrics.text], [200, 'openscf_up 1\n']);
    assert.equal(metrics.headers['content-type'], 'text/plain; version=0.0.4');
    assert.equal((await send(api, { path: '/healthz', headers: {} })).status, 405);
  });

  test('without a provider there are no metrics', async t => {
    const bare = await startApi();
    t.after(() => bare.front.close());
    assert.equal((await send(bare, { method: 'GET', path: '/metrics', headers: {} })).status, 404);
  });

  test('a browser gets a page, its host written safely; a call does not', async () => {
    const accept = { Accept: 'text/html,*/*' };
    const page = await send(api, { method: 'GET', headers: { ...accept, Host: "a'&b:1" } });
    assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
    assert.match(page.text, /OpenSCF 1\.2\.3/);
    assert.match(page.text, /for scf, sts;/, 'services with actions, and no others');
    assert.ok(!page.text.includes("a'&b"), 'what a host may hold is not what a page may');
    const markup = await send(api, { method: 'GET', headers: { ...accept, Host: '"><script>x:1' } });
    assert.equal(markup.status, 400);
    assert.ok(!markup.text.includes('<script>'));
    const call = await send(api, { method: 'GET', path: '/?Action=ListFunctions', headers: accept });
    assert.equal(call.headers['content-type'], 'application/json');
    const plain = await send(api, { method: 'GET', headers: {} });
    assert.equal((JSON.parse(plain.text) as ApiAnswer).Response.Error?.Code, 'MissingParameter');
  });

  test('other paths are not there', async () => {
    assert.equal((await send(api, { method: 'GET', path: '/favicon.ico', headers: {} })).status, 404);
  });

  test('on the ports of others it claims calls by header or by host', () => {
    const claims = (host: string, headers = {}) => api.site.claims(host, '/any', headers);
    assert.equal(claims('x.example', { 'x-tc-action': 'Invoke' }), true);
    for (const host of ['scf.tencentcloudapi.com', 'scf.ap-x.tencentcloudapi.com', 'scf.intl.tencentcloudapi.com']) {
      assert.equal(claims(host), true, host);
    }
    for (const host of ['tencentcloudapi.com', 'x.example', '127.0.0.1', '']) assert.equal(claims(host), false, host);
  });
});
