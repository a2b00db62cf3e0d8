import assert from 'node:assert/strict';
import { mkdtemp, readdir, readlink, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SystemIds } from '../../core/ids.ts';
import { nodeLanguage } from '../languages/node/language.ts';
import { pythonLanguage } from '../languages/python/language.ts';
import { ToolFolders } from './tools.ts';

let dir: string;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tools-'));
});
after(() => rm(dir, { recursive: true }));

const node = { path: process.execPath, version: process.versions.node };

test('node is the interpreter of the runtime, under the names that the cloud has', () => {
  const tools = nodeLanguage().tools(node, 'Nodejs16.13');
  assert.equal(tools.home, 'node16');
  for (const home of ['node6', 'node12', 'node16', 'node18', 'node26']) assert.ok(tools.homes.includes(home), home);
  assert.equal(tools.programs.node, process.execPath);
  assert.equal(nodeLanguage().tools(node, 'Nodejs6.10').home, 'node6');
});

test('python3 and its minor versions are the interpreter of the runtime, python2 of Python 2 alone', () => {
  const three = { path: '/usr/bin/python3.11', version: '3.11.2' };
  const tools = (runtime: string, interpreter = three) => pythonLanguage().tools(interpreter, runtime);
  assert.equal(tools('Python3.6').home, 'python3');
  assert.equal(tools('Python3.7').home, 'python37');
  assert.equal(tools('Python3.10').home, 'python310');
  const { programs } = tools('Python3.6');
  for (const name of ['python', 'python3', 'python3.6', 'python3.10']) assert.equal(programs[name], three.path, name);
  assert.equal(programs['python2.7'], undefined);
  const two = tools('Python2.7', { path: '/usr/bin/python2.7', version: '2.7.18' });
  assert.equal(two.home, 'python2');
  assert.deepEqual(Object.keys(two.programs).sort(), ['python', 'python2', 'python2.7']);
});

test('a folder is made once, also when many want it at a time or another server has made it', async () => {
  const tools = { home: '', homes: [], programs: { one: '/a/one', two: '/b' }, modules: '/lib', shows: [] };
  const folders = new ToolFolders(join(dir, 'lang'), new SystemIds());
  const [path = '', ...same] = await Promise.all([1, 2, 3].map(() => folders.folder(tools)));
  for (const other of same) assert.equal(other, path);
  assert.equal(await new ToolFolders(join(dir, 'lang'), new SystemIds()).folder(tools), path);
  const two = [
    new ToolFolders(join(dir, 'race'), new SystemIds()),
    new ToolFolders(join(dir, 'race'), new SystemIds()),
  ];
  const raced = await Promise.all(two.map(one => one.folder(tools)));
  assert.equal(raced[0], raced[1]);
  assert.equal(await readlink(join(path, 'bin', 'one')), '/a/one');
  assert.equal(await readlink(join(path, 'lib', 'node_modules')), '/lib');
  assert.deepEqual((await readdir(join(dir, 'race'))).length, 1, 'nothing unfinished is left');
});

test('others can read it, whatever the umask', async () => {
  const before = process.umask(0o077);
  try {
    const tools = { home: '', homes: [], programs: { one: '/a/one' }, modules: '/lib', shows: [] };
    const path = await new ToolFolders(join(dir, 'closed'), new SystemIds()).folder(tools);
    for (const made of [path, join(path, 'bin'), join(path, 'lib')])
      assert.equal((await stat(made)).mode & 0o005, 0o005, made);
  } finally {
    process.umask(before);
  }
});

test('other programs have another folder, and one that could not be made is tried again', async () => {
  const folders = new ToolFolders(join(dir, 'lang'), new SystemIds());
  const tools = { home: '', homes: [], programs: { one: '/a/one' }, shows: [] };
  assert.notEqual(await folders.folder(tools), await folders.folder({ ...tools, programs: { one: '/b/one' } }));
  const blocked = new ToolFolders(join(process.execPath, 'lang'), new SystemIds());
  await assert.rejects(blocked.folder(tools), { code: 'ENOTDIR' });
  await assert.rejects(blocked.folder(tools), { code: 'ENOTDIR' });
});
