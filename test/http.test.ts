// API Gateway in front of real functions: every way in, every way a reply comes out, and every refusal on the way.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { ask, deploy, type HttpAnswer, sdkOf } from './fixture.ts';
import { startTestServer } from './harness.ts';

const server = await startTestServer();
after(() => server.close());
const sdk = sdkOf(server);
interface Status {
  readonly ports: { readonly portHttp: number; readonly portTls: number };
  readonly caPath: string;
}
const { ports, caPath } = await server.get<Status>('/status');

interface Bound {
  /** In path form: works without name resolution. */
  readonly url: string;
  readonly serviceId: string;
  readonly host: string;
}

let made = 0;

/** A trigger of this description on the function; `url` ends where the API's path begins. */
async function bind(FunctionName: string, desc: object = {}, api: object = {}): Promise<Bound> {
  const TriggerName = `http${made++}`;
  const { TriggerInfo } = await sdk.CreateTrigger({
    FunctionName,
    TriggerName,
    Type: 'apigw',
    TriggerDesc: JSON.stringify({ api: { authRequired: 'FALSE', requestConfig: { method: 'ANY' }, ...api }, ...desc }),
    Enable: 'OPEN',
  });
  const { service } = JSON.parse(TriggerInfo?.TriggerDesc ?? '') as {
    service: { serviceId: string; subDomain: string };
  };
  const { serviceId } = service;
  const url = service.subDomain;
  assert.ok(url.startsWith(`http://127.0.0.1:${ports.portHttp}/_apigw/${serviceId}/`), url);
  return { url, serviceId, host: `${serviceId}-1250000000.ap-guangzhou.apigateway.localhost:${ports.portHttp}` };
}

const INTEGRATED = { isIntegratedResponse: 'TRUE' };
const BASE64 = { isBase64Encoded: 'TRUE' };
const json = (answer: HttpAnswer) => JSON.parse(answer.body.toString());

await deploy(sdk, 'echo', 'exports.main_handler = async event => event');
/** Answers with what it is asked for in the body. */
await deploy(sdk, 'says', 'exports.main_handler = async event => JSON.parse(event.body)');
const echo = await bind('echo');
const says = await bind('says', {}, INTEGRATED);

/** An integrated reply, as the function gives it. */
const reply = (value: unknown) => ask(says.url, { method: 'POST' }, JSON.stringify(value));

describe('the way in', () => {
  test('GET by path form and by host form are one event', async () => {
    const byPath = json(await ask(`${echo.url}/a%20b?x=1&x=2&flag`, { headers: { 'X-Twice': ['one', 'two'] } }));
    const port = `http://127.0.0.1:${ports.portHttp}`;
    const byHost = json(await ask(`${port}/release/echo/a%20b?x=1&x=2&flag`, { headers: { host: echo.host } }));
    for (const event of [byPath, byHost]) {
      assert.equal(event.path, '/echo/a%20b');
      assert.equal(event.httpMethod, 'GET');
      assert.deepEqual(event.queryString.x, byPath.queryString.x);
      assert.equal(event.requestContext.serviceId, echo.serviceId);
      assert.equal(event.requestContext.stage, 'release');
      assert.equal(event.requestContext.sourceIp, '127.0.0.1');
      assert.equal(event.isBase64Encoded, false);
      assert.ok(!('body' in event));
    }
    assert.equal(byHost.headers.host, echo.host);
    assert.equal(byPath.headers['x-twice'], 'one, two');
  });

  test('a text goes in as it is, character by character', async () => {
    const event = json(
      await ask(echo.url, { method: 'POST', headers: { 'Content-Type': 'text/plain' } }, '{"k":"中 \\" 𝄞"}'),
    );
    assert.equal(event.body, '{"k":"中 \\" 𝄞"}');
    assert.equal(event.headers['content-type'], 'text/plain');
  });

  test('bytes go in and come out as Base64', async () => {
    await deploy(
      sdk,
      'bytes',
      `exports.main_handler = async ({ body, isBase64Encoded }) => ({
        isBase64Encoded, statusCode: 200, headers: { 'Content-Type': 'image/png' }, body })`,
    );
    const { url } = await bind('bytes', {}, { ...INTEGRATED, ...BASE64 });
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
    const answer = await ask(url, { method: 'POST' }, bytes);
    assert.deepEqual([answer.status, answer.headers['content-type']], [200, 'image/png']);
    assert.deepEqual(answer.body, bytes);
    assert.deepEqual(
      (await ask(url, { method: 'POST' }, Buffer.concat([bytes, Buffer.alloc(200_000, 0xff)]))).body.length,
      200_256,
    );
  });

  test('methods that the API does not have, and paths that nothing has', async () => {
    const { url, serviceId } = await bind('echo', {}, { requestConfig: { method: 'GET', path: '/only' } });
    assert.equal((await ask(url)).status, 200);
    const port = `http://127.0.0.1:${ports.portHttp}`;
    for (const [answer, message] of [
      [await ask(url, { method: 'PUT' }), "There is no api match method 'PUT'"],
      [await ask(`${port}/_apigw/${serviceId}/release/other`), "There is no api match uri '/other'"],
      [await ask(`${port}/_apigw/${serviceId}/nowhere/only`), "There is no api match default env_mapping '/nowhere'"],
      [await ask(`${port}/_apigw/service-00000000/release/only`), "There is no api match host '127.0.0.1'"],
      [
        await ask(`${port}/release/only`, { headers: { host: 'service-00000000-1.gz.apigw.tencentcs.com' } }),
        "There is no api match host 'service-00000000-1.gz.apigw.tencentcs.com'",
      ],
      // Names of the gateway that are no service's, on whatever port.
      ...(await Promise.all(
        ['gz.apigw.tencentcs.com', 'common.apigateway.tencentyun.com'].flatMap(host =>
          [port, server.endpoint].map(
            async at => [await ask(`${at}/`, { headers: { host } }), `There is no api match host '${host}'`] as const,
          ),
        ),
      )),
    ] as const) {
      assert.equal(answer.status, 404);
      assert.equal(answer.headers['content-type'], 'application/json');
      assert.deepEqual(json(answer), { message });
    }
  });

  test('each environment serves its own triggers', async () => {
    for (const environmentName of ['test', 'prepub', 'release']) {
      await deploy(sdk, `env-${environmentName}`, 'exports.main_handler = async e => e.requestContext.stage');
      const { url, serviceId } = await bind(`env-${environmentName}`, { release: { environmentName } });
      assert.equal((await ask(url)).body.toString(), `"${environmentName}"`);
      for (const other of ['test', 'prepub', 'release'].filter(one => one !== environmentName)) {
        const { status } = await ask(url.replace(`${serviceId}/${environmentName}`, `${serviceId}/${other}`));
        assert.equal(status, 404, `${environmentName} through ${other}`);
      }
    }
  });

  test('a trigger that is switched off answers 404, and again when it is on', async () => {
    await deploy(sdk, 'switch', 'exports.main_handler = async () => "on"');
    const { url } = await bind('switch');
    const [trigger] = (await sdk.ListTriggers({ FunctionName: 'switch' })).Triggers ?? [];
    const set = (Enable: 'OPEN' | 'CLOSE') =>
      sdk.UpdateTriggerStatus({
        FunctionName: 'switch',
        TriggerName: trigger?.TriggerName ?? '',
        Type: 'apigw',
        Enable,
      });
    await set('CLOSE');
    assert.equal((await ask(url)).status, 404);
    await set('OPEN');
    assert.equal((await ask(url)).body.toString(), '"on"');
    await sdk.DeleteTrigger({ FunctionName: 'switch', TriggerName: trigger?.TriggerName ?? '', Type: 'apigw' });
    assert.equal((await ask(url)).status, 404);
  });

  test('TLS by name and by address, with the CA trusted', async () => {
    const ca = await readFile(caPath, 'utf8');
    const name = echo.host.replace(/:\d+$/, '');
    const byName = await ask(`https://127.0.0.1:${ports.portTls}/release/echo`, {
      ca,
      servername: name,
      headers: { host: name },
    });
    assert.equal(json(byName).requestContext.serviceId, echo.serviceId);
    const byAddress = await ask(`https://127.0.0.1:${ports.portTls}${new URL(echo.url).pathname}`, { ca });
    assert.equal(json(byAddress).path, '/echo');
    await assert.rejects(ask(`https://127.0.0.1:${ports.portTls}/`), /certificate|self-signed/);
  });
});

describe('the way out', () => {
  test('without integration the return value is the body', async () => {
    await deploy(sdk, 'value', 'exports.main_handler = async () => ({ statusCode: 418, body: "as it is" })');
    const answer = await ask((await bind('value')).url);
    assert.deepEqual([answer.status, answer.headers['content-type']], [200, 'application/json']);
    assert.deepEqual(json(answer), { statusCode: 418, body: 'as it is' });
  });

  test('status, several headers of one name, and body', async () => {
    const headers = { 'Content-Type': 'text/html', 'Set-Cookie': ['a=1', 'b=2'], 'X-Name': '中文' };
    const answer = await reply({ isBase64Encoded: false, statusCode: 201, headers, body: '<p>中</p>' });
    assert.equal(answer.status, 201);
    assert.deepEqual(answer.headers['set-cookie'], ['a=1', 'b=2']);
    assert.equal(answer.headers['content-type'], 'text/html');
    assert.equal(Buffer.from(String(answer.headers['x-name']), 'latin1').toString(), '中文');
    assert.equal(answer.body.toString(), '<p>中</p>');
    assert.equal(Number(answer.headers['content-length']), answer.body.length);
    assert.equal(answer.headers['x-api-funcname'], 'says');
  });

  test('HEAD has the head alone', async () => {
    await deploy(
      sdk,
      'head',
      'exports.main_handler = async () => ({ statusCode: 200, headers: {}, body: "twelve chars" })',
    );
    const answer = await ask((await bind('head', {}, INTEGRATED)).url, { method: 'HEAD' });
    assert.deepEqual([answer.status, answer.headers['content-length'], answer.body.length], [200, '12', 0]);
  });

  test('large answers are compressed for those who take it', async () => {
    const body = 'x'.repeat(5000);
    const value = { statusCode: 200, headers: { 'Content-Type': 'text/plain' }, body };
    const packed = await ask(
      says.url,
      { method: 'POST', headers: { 'Accept-Encoding': 'gzip' } },
      JSON.stringify(value),
    );
    assert.equal(packed.headers['content-encoding'], 'gzip');
    assert.equal(gunzipSync(packed.body).toString(), body);
    assert.equal((await reply(value)).body.toString(), body);
  });

  for (const [what, value] of [
    ['no object', 'text'],
    ['no status', { body: '' }],
    ['a status in quotes', { statusCode: '200', body: '' }],
    ['a body that is no text', { statusCode: 200, body: { a: 1 } }],
    ['headers that are no object', { statusCode: 200, headers: 'a', body: '' }],
    ['a header that splits the answer', { statusCode: 200, headers: { 'X-A': 'a\r\nX-B: b' }, body: '' }],
    ['a flag in quotes', { statusCode: 200, isBase64Encoded: 'false', body: '' }],
  ] as const) {
    test(`${what}: 403 as documented`, async () => {
      const answer = await reply(value);
      assert.equal(answer.status, 403);
      assert.deepEqual(json(answer), {
        errno: 403,
        error: 'Invalid scf response format. please check your scf response format.',
      });
    });
  }
});
