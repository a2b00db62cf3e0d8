import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { CloudError } from '../../core/errors.ts';
import { SystemIds } from '../../core/ids.ts';
import { type Languages, makeLanguages } from '../languages/index.ts';
import type { Interpreter } from '../languages/language.ts';
import { nodeLanguage } from '../languages/node/language.ts';
import { pythonLanguage } from '../languages/python/language.ts';
import { librariesOf } from './libraries.ts';
import { installRuntime, listRuntimes, removeRuntime } from './manage.ts';
import type { Nodes } from './nodes.ts';

let base: string;
let dir: string;
let languages: Languages;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'manage-'));
  dir = join(base, 'runtimes');
  const place = async (version: string): Promise<Interpreter> => {
    const path = join(dir, `nodejs-${version}`, 'bin', 'node');
    await put(path, 1000);
    installed.push({ version, path });
    return { version, path };
  };
  const installed: Interpreter[] = [];
  const nodes: Nodes = {
    installed: () => installed.filter(one => existsSync(one.path)),
    install: runtime => place(`${runtime.slice('Nodejs'.length)}.0`),
    tryInstall: () => Promise.reject(new Error('not by the command line')),
    close() {},
  };
  const libraries = (runtime: string, interpreter: Interpreter) => librariesOf(dir, runtime, interpreter);
  const python = { ...pythonLanguage({ path: '/not/there' }), obstacle: () => ({ zh: '无', en: 'none' }) };
  languages = makeLanguages([nodeLanguage({ nodes, librariesOf: libraries }), python]);
});
afterEach(() => rm(base, { recursive: true, force: true }));

async function put(path: string, bytes: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, Buffer.alloc(bytes));
}

const rowOf = async (runtime: string) => (await listRuntimes(languages, dir)).find(one => one.runtime === runtime);
const deps = () => ({ dir, ids: new SystemIds(), env: { PATH: '' } });
const code = (expected: string) => (error: unknown) => error instanceof CloudError && error.code === expected;

test('every documented id has a row, whether it runs or not', async () => {
  const rows = await listRuntimes(languages, dir);
  assert.deepEqual(
    rows.map(one => one.runtime),
    languages.served.flatMap(one => one.runtimes),
  );
  assert.deepEqual(await rowOf('Python3.6'), {
    runtime: 'Python3.6',
    version: '',
    path: '',
    exact: false,
    libraries: 0,
    stock: 30,
    bytes: 0,
  });
  const node = await rowOf('Nodejs14.18');
  assert.ok(node && node.version !== '' && node.stock === 2);
});

test('installing brings the version; removing frees it', async () => {
  const done = await installRuntime(languages, deps(), 'Nodejs19.1', false);
  const path = join(dir, 'nodejs-19.1.0', 'bin', 'node');
  assert.deepEqual(done, { runtime: 'Nodejs19.1', version: '19.1.0', path, exact: true, libraries: undefined });
  assert.deepEqual(await installRuntime(languages, deps(), 'Nodejs19.1', false), done);
  assert.equal(await removeRuntime(languages, dir, 'Nodejs19.1'), 1000);
  assert.equal(await removeRuntime(languages, dir, 'Nodejs19.1'), 0);
  assert.ok(!existsSync(dirname(dirname(path))));
});

test('a row tells size and libraries', async () => {
  await installRuntime(languages, deps(), 'Nodejs16.13', false);
  await put(join(dir, 'Nodejs16.13', 'lib', 'node_modules', 'x', 'index.js'), 20);
  const record = JSON.stringify({ installed: ['a', 'b'], leftOut: [] });
  await writeFile(join(dir, 'Nodejs16.13', 'libraries.json'), record);
  const row = await rowOf('Nodejs16.13');
  assert.deepEqual(row && [row.version, row.exact, row.libraries, row.bytes], [
    '16.13.0',
    true,
    2,
    1000 + 20 + record.length,
  ]);
  assert.equal(await removeRuntime(languages, dir, 'Nodejs16.13'), row?.bytes);
  assert.ok(!existsSync(join(dir, 'Nodejs16.13')));
});

test('what others run on stays when one is removed', async () => {
  await installRuntime(languages, deps(), 'Nodejs10.15', false);
  assert.equal((await rowOf('Nodejs8.9'))?.version, '10.15.0');
  assert.equal(await removeRuntime(languages, dir, 'Nodejs8.9'), 0);
  assert.equal((await rowOf('Nodejs10.15'))?.exact, true);
});

test('what cannot be installed is refused with what to do', async () => {
  await assert.rejects(installRuntime(languages, deps(), 'Ruby3', true), code('Runtime.Unknown'));
  await assert.rejects(installRuntime(languages, deps(), 'Python3.6', true), code('Runtime.NoInterpreter'));
  await assert.rejects(installRuntime(languages, deps(), 'Nodejs18.15', true), code('Runtime.NoInstaller'));
  await assert.rejects(removeRuntime(languages, dir, '../..'), code('Runtime.Unknown'));
});
