import assert from 'node:assert/strict';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { folderWith } from './fixture.ts';
import { readPlan, readPlans } from './plan.ts';
import { installLine, templates, templateZip, writeTemplate } from './templates.ts';
import { zipNames } from './zip.ts';

const code = (expected: string) => (error: { code?: string }) => error.code === expected;

test('every example is a project that can be deployed, named as its folder, with a README', async () => {
  const first = ['hello-node', 'hello-python', 'page-node', 'page-python', 'timer-node', 'timer-python'];
  assert.deepEqual(
    first.filter(name => !templates().some(one => one.name === name)),
    [],
  );
  for (const { name, title, dir } of templates()) {
    assert.ok(title.length > 10, name);
    assert.match(await readFile(join(dir, 'README.zh.md'), 'utf8'), /^# .*\p{sc=Han}/u);
    const plans = await readPlans(dir);
    if (plans.length > 1) {
      assert.ok(
        plans.every(plan => plan.name.startsWith(name.split('-')[0] ?? name)),
        name,
      );
      continue;
    }
    const plan = await readPlan(dir);
    assert.equal(plan.name, name);
    if (!first.includes(name)) continue;
    const kinds = plan.triggers?.map(one => one.type) ?? [];
    assert.deepEqual(kinds, name.startsWith('page') ? ['apigw'] : name.startsWith('timer') ? ['timer'] : [], name);
  }
});

test('examples with packages of their own say how those come, and are not run without them', async t => {
  const apps = ['express', 'flask', 'koa', 'next', 'thumbnail-node', 'thumbnail-python'];
  for (const { name, dir } of templates().filter(one => apps.includes(one.name))) {
    const [readme, zh] = await Promise.all(['README.md', 'README.zh.md'].map(one => readFile(join(dir, one), 'utf8')));
    const copy = join(await folderWith(t, {}), name);
    await writeTemplate(name, copy);
    for (const packages of ['node_modules', 'libs']) await rm(join(copy, packages), { recursive: true, force: true });
    const line = installLine({ dir: copy });
    assert.match(line ?? '', /flask|python/.test(name) ? /^pip install/ : /^npm install/);
    for (const command of line?.split(' && ') ?? [])
      for (const text of [readme, zh]) assert.ok(text?.includes(`\n    ${command}\n`), command);
    for (const packages of ['node_modules', 'libs']) await mkdir(join(copy, packages));
    assert.equal(installLine({ dir: copy }), undefined, name);
  }
});

test('a template is code for CreateFunction', async () => {
  const zip = await templateZip('hello-python');
  assert.ok(zip);
  assert.ok((await zipNames(zip, 'x')).includes('index.py'));
  assert.equal(await templateZip('nope'), undefined);
});

test('a template is written as a project of its own', async t => {
  const folder = join(await folderWith(t, {}), 'my-page');
  assert.equal(await writeTemplate('page-node', folder), folder);
  const plan = await readPlan(folder);
  assert.equal(plan.name, 'my-page');
  assert.match(await readFile(join(folder, 'serverless.yml'), 'utf8'), /^name: my-page$/m);
});

test('a folder whose name cannot be a function keeps the name of the template', async t => {
  const folder = join(await folderWith(t, {}), '1 x');
  await writeTemplate('timer-node', folder);
  assert.equal((await readPlan(folder)).name, 'timer-node');
});

test('an unknown template and a folder in use are refused', async t => {
  const folder = await folderWith(t, { 'mine.txt': '' });
  await assert.rejects(writeTemplate('hello-ndoe', join(folder, 'x')), code('Project.NoTemplate'));
  await assert.rejects(writeTemplate('hello-node', folder), code('Project.FolderInUse'));
});
