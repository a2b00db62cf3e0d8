// Functions that fail behind API Gateway, and requests that cannot be served: what the client sees, as documented.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { ask, deploy, type HttpAnswer, rawCall, type Scf, sdkOf, until } from './fixture.ts';
import { startTestServer } from './harness.ts';
import { openLatch } from './latch.ts';

const server = await startTestServer();
after(() => server.close());

async function urlOf(sdk: Scf, FunctionName: string): Promise<string> {
  const { Triggers } = await sdk.ListTriggers({ FunctionName });
  const desc = JSON.parse(Triggers?.[0]?.TriggerDesc ?? '') as { service: { subDomain: string } };
  return desc.service.subDomain;
}

/** A function behind an API with integrated replies; gives its URL. */
async function behind(FunctionName: string, code: string, more: Parameters<typeof deploy>[3] = {}): Promise<string> {
  const sdk = sdkOf(server);
  await deploy(sdk, FunctionName, code, more);
  const TriggerDesc = JSON.stringify({ api: { isIntegratedResponse: 'TRUE', requestConfig: { method: 'ANY' } } });
  await sdk.CreateTrigger({ FunctionName, TriggerName: 'http', Type: 'apigw', TriggerDesc, Enable: 'OPEN' });
  return urlOf(sdk, FunctionName);
}

const json = (answer: HttpAnswer) => JSON.parse(answer.body.toString());

/** The error JSON of a run, with its members in the documented order. */
function assertError(answer: HttpAnswer, statusCode: number, says: RegExp): void {
  const error = json(answer);
  const members = [
    'errorCode',
    'errorMessage',
    'requestId',
    ...('stackTrace' in error ? ['stackTrace'] : []),
    'statusCode',
  ];
  assert.deepEqual(Object.keys(error), members);
  assert.deepEqual([error.errorCode, error.statusCode], [-1, statusCode]);
  assert.equal(error.requestId.replaceAll('-', ''), answer.headers['x-api-requestid']);
  assert.match(error.errorMessage, says);
  assert.equal(answer.headers['content-type'], 'application/json');
  assert.equal(answer.headers['x-api-upstreamstatus'], String(statusCode));
}

describe('a function that fails', () => {
  test('an exception: its status, with the stack', async () => {
    const url = await behind('throws', 'exports.main_handler = async () => { throw new TypeError("no such luck") }');
    const answer = await ask(url);
    assert.deepEqual([answer.status, answer.reason], [430, 'status code 430']);
    assertError(answer, 430, /user code exception/);
    assert.match(json(answer).stackTrace, /TypeError: no such luck\n\s+at .*\/var\/user\/index\.js/);
  });

  test('out of time: 200, with the error as content', async () => {
    const url = await behind('slow', 'exports.main_handler = () => new Promise(done => setTimeout(done, 60_000))', {
      Timeout: 1,
    });
    const answer = await ask(url);
    assert.equal(answer.status, 200);
    assertError(answer, 433, /timed out after 1 seconds/);
  });

  test('an exit', async () => {
    const url = await behind('exits', 'exports.main_handler = async () => process.exit(7)');
    const answer = await ask(url);
    assert.equal(answer.status, 439);
    assertError(answer, 439, /exit/);
    assert.equal((await ask(url)).status, 439, 'the next call has a new process');
  });

  test('too much memory', async () => {
    const code = 'exports.main_handler = async () => { const all = []; for (;;) all.push(Buffer.alloc(4e6, 1)); }';
    const answer = await ask(await behind('eats', code, { MemorySize: 128 }));
    assert.equal(answer.status, 434);
    assertError(answer, 434, /128 MB/);
  });

  test('a reply above 6 MB', async () => {
    const code = 'exports.main_handler = async () => ({ statusCode: 200, headers: {}, body: "x".repeat(7e6) })';
    const answer = await ask(await behind('large', code));
    assert.equal(answer.status, 407);
    assertError(answer, 407, /6MB/);
  });

  test('code that does not load', async () => {
    const answer = await ask(await behind('broken', 'exports.main_handler = async ( =>'));
    assert.equal(answer.status, 443);
    assertError(answer, 443, /./);
  });
});

describe('a request that cannot be served', () => {
  test('an event above 6 MB, and a body above 16 MB', async () => {
    const url = await behind(
      'sink',
      'exports.main_handler = async e => ({ statusCode: 200, headers: {}, body: e.body })',
    );
    const event = await ask(url, { method: 'POST' }, Buffer.alloc(7 * 1024 * 1024, 'a'));
    assert.equal(event.status, 406);
    assertError(event, 406, /at most 6291456/);
    const body = await ask(url, { method: 'POST' }, Buffer.alloc(17 * 1024 * 1024, 'a'));
    assert.equal(body.status, 413);
    assert.deepEqual(json(body), { message: 'Request Entity Too Large' });
    assert.equal((await ask(url, { method: 'POST' }, 'still here')).body.toString(), 'still here');
  });

  test('the function of an API is gone with its trigger, and so is the API', async () => {
    const url = await behind('leaves', 'exports.main_handler = async () => ({ statusCode: 204, headers: {} })');
    assert.deepEqual([(await ask(url)).status, (await ask(url)).body.length], [204, 0]);
    await sdkOf(server).DeleteFunction({ FunctionName: 'leaves' });
    assert.equal((await ask(url)).status, 404);
  });
});

test('the gateway stops waiting before the function does: 504, and the function goes on', async () => {
  const sdk = sdkOf(server);
  using latch = await openLatch();
  const code = `exports.main_handler = async () => {
    await fetch('${latch.url}');
    return { statusCode: 200, headers: {}, body: 'late' };
  }`;
  const url = await behind('patient', code);
  await setTimeoutOf('patient', 1);
  const answer = await ask(url);
  assert.equal(answer.status, 504);
  assert.deepEqual(json(answer), { message: 'Gateway Time-out' });
  await until('the function has begun', async () => latch.held === 1);
  latch.release();
  const codes = await until('the call that nobody waits for is over', async () => {
    const { Data } = await sdk.GetFunctionLogs({ FunctionName: 'patient' });
    const over = Data?.filter(one => one.InvokeFinished === 1) ?? [];
    return over.length > 0 && over.map(one => [one.RetCode, JSON.parse(one.RetMsg ?? '').body]);
  });
  assert.deepEqual(codes, [[0, 'late']], 'it ended well');
});

/** Changes the time-out of a function's API where a trigger has no word for it: at the gateway. */
async function setTimeoutOf(FunctionName: string, ServiceTimeout: number): Promise<void> {
  const call = async (action: string, body: object) => {
    const wire = { service: 'apigateway', version: '2018-08-08', body: JSON.stringify(body) };
    const { Error: refused, ...answer } = await rawCall(server, { ...wire, action });
    assert.equal(refused, undefined);
    return answer;
  };
  const { Triggers } = await sdkOf(server).ListTriggers({ FunctionName });
  const desc = JSON.parse(Triggers?.[0]?.TriggerDesc ?? '') as {
    service: { serviceId: string };
    api: { apiId: string };
  };
  const [{ serviceId: ServiceId }, { apiId: ApiId }] = [desc.service, desc.api];
  const { Result: api } = await call('DescribeApi', { ServiceId, ApiId });
  await call('ModifyApi', { ...(api as object), ServiceId, ApiId, ServiceTimeout });
  await call('ReleaseService', { ServiceId, EnvironmentName: 'release', ReleaseDesc: 'patience' });
}
