import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { managed, programs } from '../../languages/find.ts';
import { bench, finish, NODE, nextLine, run, specOf, withBwrap } from './testing.ts';

const NODE_WAITS = `
const { readSync, writeSync } = require('node:fs');
console.log('up');
const read = () => { try { readSync(3, Buffer.alloc(1)); } catch (error) { if (error.code === 'EAGAIN') return read(); throw error; } };
read();
process.chdir('/var/user');
console.log(require('/var/user/index.js').main());
`;
const PYTHON_WAITS = `
import os, sys
print('up', flush=True)
os.read(3, 1)
os.chdir('/var/user')
sys.path.insert(0, '/var/user')
import index
print(index.main())
`;
const interpreters = programs({ names: /^python3(?:\.\d+)?$/, folders: managed(['~/.pyenv/versions/*/bin']) });
const python = interpreters.at(-1);

test('a Node.js process that has started takes a function in', withBwrap, async () => {
  await using at = await bench();
  const codeDir = await at.folder({
    'index.js': 'exports.main = () => process.cwd() + " " + require("/opt/nodejs.js");',
  });
  const optDir = await at.folder({ 'nodejs.js': 'module.exports = "layer";' });
  const sandbox = at.driver.start(specOf('', { command: NODE, args: ['-e', NODE_WAITS] }));
  assert.equal(await nextLine(sandbox), 'up');
  const { out, exit } = await finish(sandbox, async () => {
    assert.deepEqual(await sandbox.assign({ codeDir, optDir, memoryMB: 256 }), {
      codeDir: '/var/user',
      optDir: '/opt',
      tmpDir: '/tmp',
    });
    sandbox.channel.write('\n');
  });
  assert.equal(out, '/var/user layer\n');
  assert.deepEqual(exit, { code: 0, signal: null });
});

const withPython = { skip: withBwrap.skip || (python === undefined && 'no Python was found') };

test('a Python process that has started takes a function in', withPython, async () => {
  assert.ok(python);
  await using at = await bench();
  const codeDir = await at.folder({ 'index.py': 'import os, json\ndef main(): return os.getcwd()' });
  const shows = [dirname(dirname(python))];
  const sandbox = at.driver.start(specOf('', { command: python, args: ['-c', PYTHON_WAITS], shows }));
  assert.equal(await nextLine(sandbox), 'up');
  const { out } = await finish(sandbox, async () => {
    await sandbox.assign({ codeDir, optDir: undefined, memoryMB: 256 });
    sandbox.channel.write('\n');
  });
  assert.equal(out, '/var/user\n');
});

test('a function can be there from the start, where it cannot be brought in later', withBwrap, async () => {
  await using at = await bench({ lateAssign: false });
  assert.equal(at.driver.lateAssign, false);
  const assignment = { codeDir: await at.folder({ one: 'the code' }), optDir: undefined, memoryMB: 128 };
  const { out } = await run(at.driver, 'cat /var/user/one', { assignment }, assignment);
  assert.equal(out, 'the code');
  const wrong = { ...assignment, codeDir: '/usr' };
  await assert.rejects(run(at.driver, 'true', { assignment }, wrong), /for another function/);
  await assert.rejects(run(at.driver, 'true', {}, assignment), /cannot be brought/);
});

test('one function, once', withBwrap, async () => {
  await using at = await bench();
  const codeDir = await at.folder({});
  const sandbox = at.driver.start(specOf('read go <&3; read go <&3'));
  await finish(sandbox, async () => {
    await sandbox.assign({ codeDir, optDir: undefined, memoryMB: 128 });
    await assert.rejects(sandbox.assign({ codeDir, optDir: undefined, memoryMB: 128 }), /has a function already/);
    sandbox.kill();
  });
});

test('code that is not there, and layers over an interpreter, are refused', withBwrap, async () => {
  await using at = await bench();
  const gone = { codeDir: `${at.dir}/gone`, optDir: undefined, memoryMB: 128 };
  await assert.rejects(run(at.driver, 'true', {}, gone), /open_tree .*gone: No such file/);
  const layered = { codeDir: '/usr', optDir: '/usr', memoryMB: 128 };
  await assert.rejects(
    run(at.driver, 'true', { shows: ['/opt/openscf-not-there'] }, layered),
    /layers at \/opt would hide/,
  );
});

test('a program that is not there is an error of the start', withBwrap, async () => {
  await using at = await bench();
  const { exit } = await run(at.driver, '', { command: '/usr/bin/not-there', args: [] });
  assert.match(exit.error?.message ?? '', /not-there: No such file or directory/);
  assert.equal(exit.code, null);
  const hidden = await run(at.driver, '', { shows: [`${at.dir}/not-there`] });
  assert.match(hidden.exit.error?.message ?? '', /bwrap: Can't find source path .*not-there/);
  await assert.rejects(
    run(at.driver, 'true', { shows: [`${at.dir}/not-there`], network: 'own' }),
    /bwrap: Can't find source path/,
  );
});
