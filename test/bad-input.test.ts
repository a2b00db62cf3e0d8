// What callers get wrong: each is refused with the documented code and a sentence, leaves nothing behind, and harms nobody else.

import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { ASYNC_EVENT_BYTES, SYNC_EVENT_BYTES } from '../src/core/limits.ts';
import { deploy, invoke, rawCall, sdkOf, zipOf } from './fixture.ts';
import { startTestServer } from './harness.ts';

const server = await startTestServer();
after(() => server.close());
const sdk = sdkOf(server);
await deploy(sdk, 'bystander', 'exports.main_handler = async event => event');

/** Files of code packages, and what was begun. */
async function blobs(): Promise<string[]> {
  const names = await readdir(join(server.dataDir, 'blobs'), { recursive: true });
  return names.filter(name => /[0-9a-f]{64}$/.test(name) || /unfinished\/./.test(name));
}

async function names(): Promise<(string | undefined)[]> {
  const { Functions } = await sdk.ListFunctions({ Limit: 100 });
  return (Functions ?? []).map(one => one.FunctionName).sort();
}

const before = { names: await names(), blobs: await blobs() };

/** Nothing new is there, and the function that was there still runs. */
async function unharmed(): Promise<void> {
  assert.deepEqual({ names: await names(), blobs: await blobs() }, before);
  assert.deepEqual(
    await readdir(join(server.dataDir, 'code')).then(list => list.filter(one => one.startsWith('.'))),
    [],
  );
  assert.equal((await invoke(sdk, 'bystander', { still: 'here' })).RetMsg, '{"still":"here"}');
}

const good = (await zipOf({ 'index.js': 'exports.main_handler = async () => 1' })).toString('base64');
const base = {
  FunctionName: 'refused',
  Runtime: 'Nodejs18.15',
  Handler: 'index.main_handler',
  Code: { ZipFile: good },
};
const create = (change: object) => JSON.stringify({ ...base, ...change });

interface Refused {
  readonly what: string;
  readonly action?: string;
  readonly body?: string | Buffer;
  readonly skewS?: number;
  readonly secretId?: string;
  readonly secretKey?: string;
  readonly code: string;
  /** The English sentence names the culprit and the next step. */
  readonly says: RegExp;
}

const MB = 1024 * 1024;
const REFUSED: readonly Refused[] = [
  { what: 'a wrong signature', secretKey: 'wrong', code: 'AuthFailure.SignatureFailure', says: /check SecretKey/ },
  {
    what: 'an unknown key',
    secretId: 'AKIDnobody',
    code: 'AuthFailure.SecretIdNotFound',
    says: /AKIDnobody.*check SecretId/,
  },
  {
    what: 'a clock that is late',
    skewS: -360,
    code: 'AuthFailure.SignatureExpire',
    says: /3\d\d s away.*set your clock/,
  },
  {
    what: 'a clock that is early',
    skewS: 360,
    code: 'AuthFailure.SignatureExpire',
    says: /3\d\d s away.*set your clock/,
  },
  {
    what: 'a missing field',
    body: create({ FunctionName: undefined }),
    code: 'MissingParameter',
    says: /FunctionName is missing/,
  },
  { what: 'no code', body: create({ Code: undefined }), code: 'MissingParameter.Code', says: /code is missing/ },
  {
    what: 'a field of the wrong type',
    body: create({ MemorySize: '128' }),
    code: 'InvalidParameter',
    says: /MemorySize has the wrong type/,
  },
  {
    what: 'a wrong field further in',
    body: create({ Environment: { Variables: [{ Key: 'A', Value: 7 }] } }),
    code: 'InvalidParameter',
    says: /Environment\.Variables\.0\.Value/,
  },
  {
    what: 'an object for a list',
    body: create({ Environment: { Variables: { A: '7' } } }),
    code: 'InvalidParameter',
    says: /Environment\.Variables/,
  },
  {
    what: 'a name out of rule',
    body: create({ FunctionName: '1st' }),
    code: 'InvalidParameterValue.FunctionName',
    says: /a letter first/,
  },
  {
    what: 'a namespace out of rule',
    body: create({ Namespace: 'n s' }),
    code: 'InvalidParameterValue.NamespaceInvalid',
    says: /a letter first/,
  },
  {
    what: 'a namespace that is not there',
    body: create({ Namespace: 'nowhere' }),
    code: 'ResourceNotFound.Namespace',
    says: /CreateNamespace/,
  },
  {
    what: 'a handler out of rule',
    body: create({ Handler: 'index' }),
    code: 'InvalidParameterValue.Handler',
    says: /file\.method/,
  },
  {
    what: 'a variable out of rule',
    body: create({ Environment: { Variables: [{ Key: '1A', Value: '' }] } }),
    code: 'InvalidParameterValue.Environment',
    says: /a letter first/,
  },
  {
    what: 'a memory out of rule',
    body: create({ MemorySize: 100 }),
    code: 'InvalidParameterValue.MemorySize',
    says: /multiple of 128/,
  },
  {
    what: 'a time-out out of range',
    body: create({ Timeout: 901 }),
    code: 'LimitExceeded.Timeout',
    says: /use 1 to 900/,
  },
  {
    what: 'a zip that is none',
    body: create({ Code: { ZipFile: Buffer.from('no zip').toString('base64') } }),
    code: 'InvalidParameterValue.ZipFile',
    says: /pack the code/,
  },
  {
    what: 'text that is no Base64',
    body: create({ Code: { ZipFile: '*** no base64 ***' } }),
    code: 'InvalidParameterValue.ZipFileBase64BinasciiError',
    says: /Base64/,
  },
  {
    what: 'an unknown runtime',
    body: create({ Runtime: 'Cobol85' }),
    code: 'InvalidParameterValue.Runtime',
    says: /Cobol85.*Nodejs/,
  },
  {
    what: 'a runtime that is not served',
    body: create({ Runtime: 'Php7.4' }),
    code: 'InvalidParameterValue.Runtime',
    says: /Php7\.4|PHP/,
  },
  { what: 'an unknown action', action: 'MakeFunction', code: 'InvalidAction', says: /MakeFunction.*spelling/ },
  {
    what: 'an action of later',
    action: 'GetDemoAddress',
    code: 'UnsupportedOperation',
    says: /GetDemoAddress yet/,
  },
  { what: 'a body that is no JSON', body: '{"FunctionName":', code: 'InvalidParameter', says: /no valid JSON/ },
  { what: 'a body that is no object', body: '[1]', code: 'InvalidParameter', says: /JSON object/ },
  { what: 'no body at all', body: '', code: 'MissingParameter', says: /is missing/ },
  {
    what: 'an event that is no JSON',
    action: 'Invoke',
    body: '{"FunctionName":"bystander","ClientContext":"{oops"}',
    code: 'InvalidParameterValue.Param',
    says: /ClientContext has to be JSON/,
  },
  {
    what: 'an event above 6 MB',
    action: 'Invoke',
    body: invocation({}, SYNC_EVENT_BYTES),
    code: 'InvalidParameterValue.LimitExceeded',
    says: /at most 6291456/,
  },
  {
    what: 'an asynchronous event above 128 KB',
    action: 'Invoke',
    body: invocation({ InvocationType: 'Event' }, ASYNC_EVENT_BYTES),
    code: 'InvalidParameterValue.LimitExceeded',
    says: /at most 131072/,
  },
  {
    what: 'an unknown function',
    action: 'Invoke',
    body: '{"FunctionName":"nobody"}',
    code: 'ResourceNotFound.Function',
    says: /no function nobody/,
  },
];

/** One byte more than is allowed. */
function invocation(more: object, limit: number): string {
  const text = 'x'.repeat(limit - 1);
  return JSON.stringify({ FunctionName: 'bystander', ...more, ClientContext: `"${text}"` });
}

describe('calls that are refused', () => {
  for (const { what, code, says, action = 'CreateFunction', body = create({}), ...call } of REFUSED) {
    test(`${what}: ${code}`, async () => {
      const english = (await rawCall(server, { action, body, ...call })).Error;
      assert.equal(english?.Code, code, english?.Message);
      assert.match(english?.Message ?? '', says);
      assert.match(english?.Message ?? '', /^[\x20-\x7e…]+$/, 'one line, in English');
      const chinese = (await rawCall(server, { action, body, ...call, language: 'zh-CN' })).Error;
      assert.equal(chinese?.Code, code);
      assert.match(chinese?.Message ?? '', /\p{Script=Han}.*[。：]/u);
      await unharmed();
    });
  }

  test('a body above the limit is answered, not cut off', async () => {
    const body = Buffer.alloc(101 * MB, 0x20);
    const answer = await rawCall(server, { action: 'CreateFunction', body });
    assert.equal(answer.Error?.Code, 'RequestSizeLimitExceeded');
    await unharmed();
  });

  test('exactly 6 MB and 128 KB are taken', async () => {
    const text = (bytes: number) => JSON.stringify({ a: 'x'.repeat(bytes - 8) });
    const FunctionName = 'bystander';
    const largest = await sdk.Invoke({ FunctionName, ClientContext: text(SYNC_EVENT_BYTES) });
    assert.equal(largest.Result?.InvokeResult, 0, largest.Result?.RetMsg?.slice(0, 300));
    assert.equal(Buffer.byteLength(largest.Result?.RetMsg ?? ''), SYNC_EVENT_BYTES);
    const InvocationType = 'Event';
    await sdk.Invoke({ FunctionName, InvocationType, ClientContext: text(ASYNC_EVENT_BYTES) });
  });
});
