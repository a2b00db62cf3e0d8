import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { folderWith } from './fixture.ts';
import { readPlan } from './plan.ts';
import type { Plan } from './project.ts';
import { zipFolder, zipNames } from './zip.ts';

/** What goes with the request, or is uploaded. */
const zipIn = ({ code: one }: Plan) => ('zip' in one ? one.zip : Buffer.alloc(0));
const code = (expected: string) => (error: { code?: string }) => error.code === expected;

test('without a file the folder and its entry file say it all', async t => {
  const plan = await readPlan(await folderWith(t, { 'index.js': '' }, 'hello'));
  assert.deepEqual(
    [plan.name, plan.runtime, plan.handler, plan.triggers],
    ['hello', 'Nodejs18.15', 'index.main_handler', undefined],
  );
  const python = await readPlan(await folderWith(t, { 'index.py': '' }, 'snake'));
  assert.deepEqual([python.name, python.runtime], ['snake', 'Python3.10']);
});

test('a folder without an entry needs to be told the runtime', async t => {
  const folder = await folderWith(t, { 'main.go': '' });
  await assert.rejects(readPlan(folder), code('Project.Entry'));
  assert.equal((await readPlan(folder, { runtime: 'Go1' })).handler, 'main');
  assert.equal((await readPlan(folder, { runtime: 'Java8' })).handler, 'example.Hello::mainHandler');
});

test('overrides win over the file, and what is undefined does not', async t => {
  const folder = await folderWith(t, {
    'serverless.yml':
      'component: scf\ninputs: {name: fromfile, src: ./src, runtime: Python3.10, memorySize: 256, timeout: 9}',
    'src/app.py': '',
  });
  const plan = await readPlan(folder, { name: 'other', memoryMB: 512, timeoutS: undefined, handler: 'app.run' });
  assert.deepEqual(
    [plan.name, plan.memoryMB, plan.timeoutS, plan.runtime, plan.handler],
    ['other', 512, 9, 'Python3.10', 'app.run'],
  );
  assert.deepEqual(await zipNames(zipIn(plan), 'x'), ['app.py']);
});

test('serverless.yaml is found too, and the environment reaches it', async t => {
  const folder = await folderWith(t, {
    'serverless.yaml': `component: scf\ninputs: {name: "\${env:WHO}"}`,
    'index.js': '',
  });
  assert.equal((await readPlan(folder, {}, { WHO: 'me' })).name, 'me');
});

test('a package that lies in a bucket is not looked into', async t => {
  const file = (more: string) => `component: scf\ninputs: {${more}src: {bucket: code, object: /a.zip}}`;
  const folder = await folderWith(t, { 'serverless.yml': file('runtime: Python3.10, type: web, '), 'index.js': '' });
  const { code: found, runtime, handler, type } = await readPlan(folder);
  assert.deepEqual(found, { bucket: 'code', object: '/a.zip' });
  assert.deepEqual([runtime, handler, type], ['Python3.10', 'index.main_handler', 'HTTP']);

  await writeFile(join(folder, 'serverless.yml'), file(''));
  await assert.rejects(readPlan(folder), code('Project.StoredRuntime'));
  assert.equal((await readPlan(folder, { runtime: 'Go1' })).handler, 'main');
});

test('a folder that goes by way of a bucket is packed', async t => {
  const folder = await folderWith(t, {
    'serverless.yml': 'component: scf\ninputs: {src: {src: ./src, bucket: code, exclude: ["*.log"]}}',
    'src/index.js': '',
    'src/a.log': '',
  });
  const plan = await readPlan(folder);
  assert.deepEqual(plan.code, { zip: zipIn(plan), bucket: 'code' });
  assert.deepEqual(await zipNames(zipIn(plan), 'x'), ['index.js']);
  assert.equal(plan.runtime, 'Nodejs18.15');
});

test('what is too large for a request is told of buckets', async t => {
  const folder = await folderWith(t, { 'index.js': '', 'large.bin': randomBytes(50 * 1024 * 1024 + 1) });
  await assert.rejects(readPlan(folder), (error: { code?: string; message?: string }) => {
    assert.equal(error.code, 'Project.NeedsBucket');
    assert.match(error.message ?? '', /at most 52428800 go .*src\.bucket .*at most 524288000/);
    return true;
  });
});

test('a zip file is taken as it is', async t => {
  const folder = await folderWith(t, { 'index.py': '' });
  const zip = await zipFolder(folder);
  const path = join(folder, '..', 'packed.zip');
  await writeFile(path, zip);
  const plan = await readPlan(path);
  assert.deepEqual([plan.name, plan.runtime], ['packed', 'Python3.10']);
  assert.ok(zipIn(plan).equals(zip));
});

test('what is not there, or no zip, is refused', async t => {
  const folder = await folderWith(t, { 'a.zip': 'no' });
  await assert.rejects(readPlan(join(folder, 'nope')), code('Project.Missing'));
  await assert.rejects(readPlan(join(folder, 'a.zip')), code('Project.NotZip'));
});
