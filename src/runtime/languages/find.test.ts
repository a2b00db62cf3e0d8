import assert from 'node:assert/strict';
import { chmod, copyFile, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { assetPath } from './assets.ts';
import { probe, programs } from './find.ts';
import { makeLanguages, reportLanguages } from './index.ts';
import { nodeLanguage } from './node/language.ts';
import { pythonLanguage } from './python/language.ts';

let dir: string;
before(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'find-')));
  await mkdir(join(dir, 'a'));
  await mkdir(join(dir, 'b'));
  await copyFile('/bin/sh', join(dir, 'a/tool3.1'));
  await symlink('tool3.1', join(dir, 'a/tool3'));
  await symlink('nowhere', join(dir, 'a/tool4'));
  await writeFile(join(dir, 'b/tool5'), '#!/bin/sh\necho 5.0.0\n', { mode: 0o755 });
  await copyFile('/bin/sh', join(dir, 'b/tool6'));
  await chmod(join(dir, 'b/tool6'), 0o644);
});
after(() => rm(dir, { recursive: true, force: true }));

test('programs: each real one once, no shims, nothing that cannot run', () => {
  const names = /^tool\d/;
  assert.deepEqual(programs({ names, folders: [] }, `${dir}/a:${dir}/b:relative:/not/there`), [join(dir, 'a/tool3.1')]);
  assert.deepEqual(programs({ names, folders: [join(dir, 'a')] }, ''), [join(dir, 'a/tool3.1')]);
});

test('a program says its version, or is none', async () => {
  assert.deepEqual(await probe(process.execPath, ['--version']), {
    path: process.execPath,
    version: process.versions.node,
  });
  assert.equal(await probe('/bin/false', []), undefined);
  assert.equal(await probe('/not/there', []), undefined);
  assert.deepEqual(await probe('/x/versions/3.9.18/bin/python3.9', []), {
    path: '/x/versions/3.9.18/bin/python3.9',
    version: '3.9.18',
  });
});

test('Node.js is always there, in this server\u2019s own version', async () => {
  const { interpreter, note } = await nodeLanguage().choose(`Nodejs${process.versions.node.split('.')[0]}.1`);
  assert.equal(interpreter.version.split('.')[0], process.versions.node.split('.')[0]);
  assert.equal(note, '');
});

test('runtime ids: by pattern, and refused with a sentence in both languages', () => {
  const languages = makeLanguages([nodeLanguage(), { ...pythonLanguage(), obstacle: () => undefined }]);
  for (const id of ['Nodejs12.16', 'Nodejs26.1', 'Python2.7', 'Python3.11', 'Python3.13']) {
    assert.ok('launch' in languages.of(id), id);
  }
  for (const id of [
    'Php7',
    'Php5.6',
    'Java8',
    'Go1',
    'CustomRuntime',
    'CustomImage',
    'Ruby3',
    'nodejs18.15',
    'Python4.1',
    '',
  ]) {
    const found = languages.of(id);
    assert.ok('refused' in found, id);
    assert.match(found.refused.en, /use one of Nodejs6\.10/);
    assert.match(found.refused.zh, /请使用/);
  }
});

test('without any Python its ids are refused, and the report says so', async () => {
  const none = { ...pythonLanguage('/not/there'), obstacle: () => ({ zh: '没有', en: 'none here' }) };
  const languages = makeLanguages([nodeLanguage(), none]);
  assert.deepEqual(languages.of('Python3.9'), { refused: { zh: '没有', en: 'none here' } });
  const report = await reportLanguages(languages);
  assert.deepEqual(
    report.map(one => one.name),
    ['Node.js', 'Python', 'PHP', 'Java', 'Go', 'CustomRuntime', 'CustomImage'],
  );
  assert.equal(report[1]?.refused?.en, 'none here');
  const node = report[0];
  assert.ok(node?.found.some(one => one.version === process.versions.node));
  const served = node?.found.flatMap(one => one.runtimes) ?? [];
  assert.ok(served.includes('Nodejs20.19'));
  assert.ok(node?.missing.every(one => one.runsOn !== '' && served.includes(one.runtime)));
});

test('the bootstraps are found, what is not there is told', () => {
  assert.match(assetPath('node/bootstrap.cjs'), /node\/bootstrap\.cjs$/);
  assert.match(assetPath('python/bootstrap.py'), /python\/bootstrap\.py$/);
  assert.throws(() => assetPath('perl/bootstrap.pl'), /missing/);
});
