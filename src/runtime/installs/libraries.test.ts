import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { CloudError } from '../../core/errors.ts';
import { SystemIds } from '../../core/ids.ts';
import { stockOf } from './documented.ts';
import { installLibraries, librariesOf, readLibraries } from './libraries.ts';
import { findNpm, reasonOf } from './tool.ts';

let base: string;
let dir: string;
let env: NodeJS.ProcessEnv;
let node: { path: string; version: string };
let python: { path: string; version: string };

/**
 * Stands for npm and pip alike: notes its arguments, fails as `FAIL` says (name → how), else makes a folder for
 * each library where it was told to.
 */
const TOOL = `
const fs = require('fs'), path = require('path');
const args = process.argv.slice(2);
fs.appendFileSync(process.env.NOTES, JSON.stringify(args) + '\\n');
const fail = JSON.parse(process.env.FAIL || '{}');
const pip = args[0] === '-m';
const at = pip ? args[args.indexOf('--target') + 1] : path.join(args[args.indexOf('--prefix') + 1], 'node_modules');
const specs = args.slice(args.indexOf('--quiet') + 1).filter(one => pip ? !one.startsWith('-') : /.@/.test(one));
for (const spec of specs) {
  const how = fail[spec] || fail[spec.replace(/(.)(@|==).*/, '$1')];
  if (!how) continue;
  process.stderr.write(how.replace('%', spec));
  process.exit(1);
}
for (const spec of specs) fs.mkdirSync(path.join(at, spec.replace(/(.)(@|==).*/, '$1')), { recursive: true });
if (pip) for (const name of ['qcloud_cos', 'google']) fs.mkdirSync(path.join(at, name), { recursive: true });
`;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'libraries-'));
  dir = join(base, 'runtimes');
  await mkdir(join(base, 'bin'));
  await writeFile(join(base, 'bin', 'npm-cli.js'), TOOL);
  await writeFile(
    join(base, 'bin', 'python'),
    `#!/bin/sh\nexec "${process.execPath}" "${base}/bin/npm-cli.js" "$@"\n`,
    {
      mode: 0o755,
    },
  );
  env = { PATH: process.env.PATH, NOTES: join(base, 'notes'), npm_execpath: join(base, 'bin', 'npm-cli.js') };
  node = { path: process.execPath, version: '12.16.3' };
  python = { path: join(base, 'bin', 'python'), version: '3.6.15' };
});
afterEach(() => rm(base, { recursive: true, force: true }));

const deps = (registry?: string) => ({ dir, ids: new SystemIds(), env, registry });
const calls = async (): Promise<string[][]> =>
  (await readFile(join(base, 'notes'), 'utf8'))
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
const fails = (how: Readonly<Record<string, string>>) => {
  env.FAIL = JSON.stringify(how);
};

test('npm: all in one call, without scripts, where Node.js looks for them', async () => {
  const done = await installLibraries(deps('http://127.0.0.1:1/'), 'Nodejs12.16', node, true);
  assert.deepEqual(done.leftOut, []);
  assert.ok(done.installed.includes('request 2.88.2'));
  assert.ok(done.installed.includes('tencentcloud-sdk-nodejs 3.0.270'));
  const [args = [], ...more] = await calls();
  assert.deepEqual(more, []);
  assert.ok(args.includes('--ignore-scripts'));
  assert.ok(args.includes('lodash@4.17.15'));
  assert.ok(args.includes('tencentcloud-sdk-nodejs@3.0.270'));
  assert.equal(args[args.indexOf('--registry') + 1], 'http://127.0.0.1:1/');
  const folder = join(dir, 'Nodejs12.16', 'lib', 'node_modules');
  assert.equal(librariesOf(dir, 'Nodejs12.16', node), join(dir, 'Nodejs12.16', 'lib'));
  assert.ok(existsSync(join(folder, 'lodash')));
  assert.deepEqual(readLibraries(dir, 'Nodejs12.16'), done);
  assert.deepEqual(await readdir(dir), ['Nodejs12.16']);
});

test('pip: for one minor version of Python, with the second name of the COS SDK', async () => {
  const done = await installLibraries(deps(), 'Python3.6', python, true);
  assert.ok(done.installed.includes('requests 2.21.0'));
  const [args = [], alone = []] = await calls();
  assert.ok(args.includes('numpy==1.15.0'));
  assert.equal(args[args.indexOf('numpy') - 1], '--only-binary');
  assert.ok(!args.includes('--no-deps'));
  assert.deepEqual(alone.slice(-2), ['--no-deps', 'tencentserverless==0.1.4']);
  const folder = join(dir, 'Python3.6', 'lib', 'python3.6');
  assert.equal(librariesOf(dir, 'Python3.6', python), folder);
  assert.equal(librariesOf(dir, 'Python3.6', { ...python, version: '3.9.1' }), undefined);
  assert.equal(librariesOf(dir, 'Python2.7', python), undefined);
  assert.match(await readFile(join(folder, 'qcloud_cos_v5', '__init__.py'), 'utf8'), /import qcloud_cos/);
  // Python 2 knows no package without that file.
  assert.match(await readFile(join(folder, 'google', '__init__.py'), 'utf8'), /extend_path/);
});

test('another version than the runtime’s gets the newest of everything', async () => {
  const done = await installLibraries(deps(), 'Python3.6', { ...python, version: '3.11.7' }, false);
  assert.ok(done.installed.includes('requests'));
  const [args = []] = await calls();
  assert.ok(args.includes('requests') && !args.some(one => one.includes('==')));
});

test('a version that is gone is replaced, a library that is gone is left out', async () => {
  fails({
    'lodash@4.17.15': 'npm error code ETARGET\nnpm error notarget No matching version found for %.',
    sax: "npm error code E404\nnpm error 404  The requested resource '%' could not be found",
  });
  const done = await installLibraries(deps(), 'Nodejs12.16', node, true);
  assert.ok(done.installed.includes('lodash'));
  assert.deepEqual(
    done.leftOut.map(one => one.name),
    ['sax'],
  );
  assert.match(done.leftOut[0]?.reason ?? '', /could not be found/);
  assert.equal(done.installed.length, (stockOf('Nodejs12.16')?.libraries.length ?? 0) - 1);
});

test('pip names what it has not, in its own spelling', async () => {
  fails({ Pillow: 'ERROR: No matching distribution found for pillow (from x)' });
  const done = await installLibraries(deps(), 'Python3.6', python, true);
  assert.deepEqual(
    done.leftOut.map(one => one.name),
    ['Pillow'],
  );
});

test('a failure that names nothing: one by one', async () => {
  fails({ requests: 'error: command gcc failed with exit status 1' });
  const done = await installLibraries(deps(), 'Python3.10', { ...python, version: '3.10.1' }, true);
  assert.deepEqual(done.installed, ['cos-python-sdk-v5', 'tencentcloud-sdk-python']);
  assert.deepEqual(done.leftOut, [{ name: 'requests', reason: 'error: command gcc failed with exit status 1' }]);
});

test('offline it says so after one try, and what was there stays', async () => {
  const before = await installLibraries(deps(), 'Nodejs18.15', node, true);
  fails({
    'cos-nodejs-sdk-v5': 'npm error code ENOTFOUND\nnpm error request to x failed, reason: getaddrinfo ENOTFOUND',
  });
  await assert.rejects(
    installLibraries(deps(), 'Nodejs18.15', node, true),
    (error: unknown) =>
      error instanceof CloudError && error.code === 'Runtime.Libraries' && /getaddrinfo/.test(error.message),
  );
  assert.equal((await calls()).length, 2);
  assert.deepEqual(readLibraries(dir, 'Nodejs18.15'), before);
  assert.deepEqual(await readdir(dir), ['Nodejs18.15']);
});

test('some of them alone', async () => {
  const done = await installLibraries({ ...deps(), only: ['pillow', 'requests'] }, 'Python3.6', python, true);
  assert.deepEqual(done.installed, ['Pillow 6.0.0', 'requests 2.21.0']);
  assert.equal((await calls()).length, 1);
  await assert.rejects(
    installLibraries({ ...deps(), only: ['left-pad'] }, 'Python3.6', python, true),
    /Runtime\.NoLibrary: There is no library left-pad.*Pillow/,
  );
});

test('runtimes without a list are refused', async () => {
  await assert.rejects(installLibraries(deps(), 'Go1', node, true), /Runtime\.Unknown/);
});

test('a broken record is none', async () => {
  await mkdir(join(dir, 'Nodejs12.16'), { recursive: true });
  assert.equal(readLibraries(dir, 'Nodejs12.16'), undefined);
  for (const text of ['{', '5', '{}']) {
    await writeFile(join(dir, 'Nodejs12.16', 'libraries.json'), text);
    assert.equal(readLibraries(dir, 'Nodejs12.16'), undefined, text);
  }
});

test('the second name of the COS SDK is the same module', async t => {
  const found = ['/usr/bin/python3', '/usr/local/bin/python3'].find(existsSync);
  if (found === undefined) return t.skip('there is no python3');
  await installLibraries(deps(), 'Python3.6', python, true);
  const folder = join(dir, 'Python3.6', 'lib', 'python3.6');
  await writeFile(join(folder, 'qcloud_cos', '__init__.py'), 'from .fault import Fault\n');
  await writeFile(join(folder, 'qcloud_cos', 'fault.py'), 'class Fault(Exception): pass\n');
  const program = `
import qcloud_cos_v5
from qcloud_cos_v5 import Fault
from qcloud_cos_v5.fault import Fault as again
import qcloud_cos.fault
print(Fault is again is qcloud_cos.fault.Fault)`;
  assert.equal(
    execFileSync(found, ['-c', program], { env: { PYTHONPATH: folder } })
      .toString()
      .trim(),
    'True',
  );
});

test('npm: the one that runs this, the one of this Node.js, the one on PATH', async () => {
  assert.deepEqual(findNpm(env, '/x/bin/node'), { command: '/x/bin/node', first: [env.npm_execpath] });
  const beside = join(base, 'lib', 'node_modules', 'npm', 'bin');
  await mkdir(beside, { recursive: true });
  await writeFile(join(beside, 'npm-cli.js'), '');
  const own = join(base, 'bin', 'node');
  assert.deepEqual(findNpm({ npm_execpath: '/x/yarn.js' }, own), { command: own, first: [join(beside, 'npm-cli.js')] });
  await writeFile(join(base, 'bin', 'npm'), '');
  const path = { PATH: `/not/there::${join(base, 'bin')}` };
  assert.deepEqual(findNpm(path, '/x/bin/node'), { command: join(base, 'bin', 'npm'), first: [] });
  assert.equal(findNpm({ PATH: '' }, '/x/bin/node'), undefined);
});

test('the reason is the line that says it', () => {
  assert.equal(
    reasonOf(
      'npm warn old\nnpm error code E404\nnpm error 404 Not Found - GET x\nnpm error A complete log of this run can be found in: /y',
    ),
    'npm error 404 Not Found - GET x',
  );
  assert.equal(
    reasonOf('  Could not find a version that satisfies x==1 (from versions: 1.2, 1.3)\nNo matching'),
    'Could not find a version that satisfies x==1',
  );
  assert.equal(reasonOf(''), '');
});
