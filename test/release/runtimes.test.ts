// Runtimes from the real registry: functions of every Node.js version that is fetched, and a library for Python.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { deploy, invoke, type Scf, sdkOf } from '../fixture.ts';
import { startTestServer, type TestServer } from '../harness.ts';
import { ROOT, SOURCE } from '../program.ts';
import { cleanEnv, sh } from './npm.ts';

let server: TestServer;
let sdk: Scf;
before(async () => {
  server = await startTestServer({ runtimes: 'auto' });
  sdk = sdkOf(server);
});
after(() => server.close());

const [node = process.execPath, ...program] = SOURCE;
const openscf = (...args: string[]) =>
  sh(ROOT, cleanEnv(), node, ...program, '--data', server.dataDir, '--json', 'runtime', ...args);

interface Row {
  readonly runtime: string;
  readonly version: string;
  readonly exact: boolean;
  readonly libraries: number;
}
const rows = async (): Promise<readonly Row[]> => JSON.parse(await openscf('ls')).runtimes;

/** The registry has all of them for this machine alone. */
const skip = process.platform === 'linux' && process.arch === 'x64' ? false : 'only on linux-x64';

const CODE = `exports.main_handler = async event => {
  console.log('here');
  return { node: process.version, event };
};`;

for (const version of ['20.19', '18.15', '16.13', '14.18', '12.16', '10.15'])
  test(`Nodejs${version} is fetched and runs on ${version}`, { skip }, async () => {
    const FunctionName = `node-${version.replace('.', '-')}`;
    await deploy(sdk, FunctionName, CODE, { Runtime: `Nodejs${version}` });
    const { RetMsg, Log } = await invoke(sdk, FunctionName, { a: 1 });
    const answer = JSON.parse(RetMsg);
    assert.ok(answer.node.startsWith(`v${version}.`), `it ran on ${answer.node}`);
    assert.deepEqual(answer.event, { a: 1 });
    assert.match(Log, /here/);
    assert.doesNotMatch(Log, /PLATFORM|Warning/);
    assert.equal((await sdk.GetFunction({ FunctionName })).StatusDesc, '');
  });

test('what was fetched is listed', { skip }, async () => {
  const row = (await rows()).find(one => one.runtime === 'Nodejs18.15');
  assert.deepEqual([row?.version, row?.exact], ['18.15.0', true]);
});

test('a Python function misses a library, is told the command, and has it after that', async t => {
  const runtime = (await rows()).findLast(one => one.runtime.startsWith('Python3') && one.version !== '')?.runtime;
  if (runtime === undefined) return t.skip('there is no Python 3');
  // A part of it that is not built in.
  const code = 'import requests.adapters\ndef main_handler(event, context):\n    return requests.__version__\n';
  await deploy(sdk, 'python', code, { Runtime: runtime });
  const missing = await invoke(sdk, 'python');
  // A machine may have it for everybody.
  if (missing.InvokeResult !== 0) {
    assert.match(missing.Log, new RegExp(`\\[PLATFORM\\] requests .*openscf runtime install ${runtime}`));
  }
  await openscf('install', runtime, '--only', 'requests');
  const { RetMsg } = await invoke(sdk, 'python');
  assert.match(JSON.parse(RetMsg), /^2\./);
});
