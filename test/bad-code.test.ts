// Code that cannot be unpacked or cannot be run: said once, in both languages, and nothing of it stays.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { deploy, invoke, sdkOf, settled, until, zipOf } from './fixture.ts';
import { startTestServer } from './harness.ts';

const server = await startTestServer();
after(() => server.close());
const sdk = sdkOf(server);
await deploy(sdk, 'bystander', 'exports.main_handler = async event => event');

async function kept(): Promise<string[]> {
  const names = await readdir(join(server.dataDir, 'blobs'), { recursive: true });
  return names.filter(name => /[0-9a-f]{64}$/.test(name) || /unfinished\/./.test(name));
}

const before = await kept();

async function unharmed(): Promise<void> {
  await until('the refused packages have gone', async () => (await kept()).length === before.length);
  const unpacked = await readdir(join(server.dataDir, 'code'));
  assert.deepEqual(unpacked.length, 1, unpacked.join());
  assert.equal((await invoke(sdk, 'bystander', { still: 'here' })).RetMsg, '{"still":"here"}');
}

/** Renames an entry in the bytes of a zip; both names are equally long. */
function renamed(zip: Buffer, from: string, to: string): Buffer {
  assert.equal(from.length, to.length);
  return Buffer.from(zip.toString('latin1').replaceAll(from, to), 'latin1');
}

async function named(name: string): Promise<Buffer> {
  const placeholder = 'a'.repeat(name.length);
  return renamed(await zipOf({ [placeholder]: 'evil' }), placeholder, name);
}

describe('packages that cannot be unpacked', () => {
  const PACKAGES: readonly (readonly [what: string, () => Promise<Buffer>, RegExp])[] = [
    ['a name that leads out', () => named('../../evil.js'), /relative paths.*\p{Script=Han}/u],
    ['a name that leads out further on', () => named('lib/../../evil.js'), /relative paths/],
    ['an absolute name', () => named('/tmp/evil.js'), /relative paths/],
    ['a name of Windows', () => named('C:\\temp\\evil.js'), /relative paths/],
    [
      'a zip cut in half',
      async () => (await zipOf({ 'index.js': 'x'.repeat(1000) })).subarray(0, 60),
      /not a valid zip/,
    ],
    [
      'a damaged zip',
      async () => renamed(await zipOf({ 'index.js': 'x' }), 'PK\x01\x02', 'XX\x01\x02'),
      /not a valid zip/,
    ],
  ];
  for (const [what, zip, says] of PACKAGES) {
    test(`${what}: CreateFailed with the reason`, async () => {
      const FunctionName = 'unpackable';
      await sdk.CreateFunction({
        FunctionName,
        Runtime: 'Nodejs18.15',
        Code: { ZipFile: (await zip()).toString('base64') },
      });
      const { Status, StatusReasons } = await settled(sdk, FunctionName);
      assert.deepEqual([Status, StatusReasons?.[0]?.ErrorCode], ['CreateFailed', 'InvalidParameterValue.ZipFile']);
      assert.match(StatusReasons?.[0]?.ErrorMessage ?? '', says);
      await assert.rejects(sdk.Invoke({ FunctionName }), { code: 'FailedOperation.FunctionStatusError' });
      await sdk.DeleteFunction({ FunctionName });
      await unharmed();
    });
  }

  test('an update with such a package leaves the former code running', async () => {
    const FunctionName = 'bystander';
    await sdk.UpdateFunctionCode({ FunctionName, ZipFile: (await named('../../evil.js')).toString('base64') });
    const { Status, StatusReasons } = await settled(sdk, FunctionName);
    assert.deepEqual([Status, StatusReasons?.[0]?.ErrorCode], ['UpdateFailed', 'InvalidParameterValue.ZipFile']);
    await unharmed();
    await deploy(sdk, 'mended', 'exports.main_handler = async () => 1');
    const ZipFile = (await zipOf({ 'index.js': 'exports.main_handler = async event => event' })).toString('base64');
    await sdk.UpdateFunctionCode({ FunctionName, ZipFile });
    assert.equal((await settled(sdk, FunctionName)).Status, 'Active');
    await sdk.DeleteFunction({ FunctionName: 'mended' });
  });
});

const noPython = spawnSync('python3', ['--version']).status === 0 ? false : 'no python3';

interface Unrunnable {
  readonly what: string;
  readonly files: Readonly<Record<string, string>>;
  readonly status: number;
  readonly says: RegExp;
}

/** The same mistakes in both languages; what they end with is documented per status. */
const MISTAKES: Readonly<Record<string, readonly Unrunnable[]>> = {
  'Nodejs18.15': [
    { what: 'no such file', files: { 'other.js': '' }, status: 437, says: /index/ },
    { what: 'no such function', files: { 'index.js': 'exports.other = 1' }, status: 437, says: /main_handler/ },
    {
      what: 'a syntax error',
      files: { 'index.js': 'exports.main_handler = async ( => 1' },
      status: 443,
      says: /SyntaxError/,
    },
    {
      what: 'a module that is missing',
      files: { 'index.js': 'require("no-such-module")' },
      status: 443,
      says: /no-such-module/,
    },
    {
      what: 'an exception while loading',
      files: { 'index.js': 'throw new Error("not today")' },
      status: 443,
      says: /not today/,
    },
    { what: 'an exit while loading', files: { 'index.js': 'process.exit(3)' }, status: 405, says: /3/ },
  ],
  'Python3.9': [
    { what: 'no such file', files: { 'other.py': '' }, status: 437, says: /index/ },
    { what: 'no such function', files: { 'index.py': 'other = 1' }, status: 437, says: /main_handler/ },
    {
      what: 'a syntax error',
      files: { 'index.py': 'def main_handler(event, context:\n  return 1' },
      status: 443,
      says: /SyntaxError/,
    },
    {
      what: 'a module that is missing',
      files: { 'index.py': 'import no_such_module' },
      status: 443,
      says: /no_such_module/,
    },
    {
      what: 'an exception while loading',
      files: { 'index.py': 'raise ValueError("not today")' },
      status: 443,
      says: /not today/,
    },
    { what: 'an exit while loading', files: { 'index.py': 'import os\nos._exit(3)' }, status: 405, says: /3/ },
  ],
};

for (const [Runtime, mistakes] of Object.entries(MISTAKES)) {
  describe(`${Runtime}: code that cannot be run`, { skip: Runtime.startsWith('Python') && noPython }, () => {
    for (const { what, files, status, says } of mistakes) {
      test(`${what}: ${status}`, async () => {
        const FunctionName = 'unrunnable';
        await deploy(sdk, FunctionName, files, { Runtime });
        for (const attempt of ['first', 'second']) {
          const { RetMsg, InvokeResult, ErrMsg } = await invoke(sdk, FunctionName);
          const error = JSON.parse(RetMsg);
          assert.deepEqual([InvokeResult, error.statusCode, error.errorCode], [1, status, -1], `${attempt}: ${RetMsg}`);
          assert.match(`${error.errorMessage}\n${error.stackTrace ?? ''}`, says);
          assert.ok(!RetMsg.includes(server.dataDir) && !RetMsg.includes('bootstrap'), RetMsg);
          assert.ok((ErrMsg ?? '') !== '');
        }
        await sdk.DeleteFunction({ FunctionName });
        await until('it has gone', async () => (await kept()).length === before.length);
        assert.equal((await invoke(sdk, 'bystander', [1])).RetMsg, '[1]');
      });
    }
  });
}
