import assert from 'node:assert/strict';
import { chmod, copyFile, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Nodes } from '../installs/nodes.ts';
import { assetPath } from './assets.ts';
import { managed, probe, programs } from './find.ts';
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

test('places of version managers: every version, the home folder resolved', async () => {
  for (const version of ['3.9.18', '3.10.1'])
    await mkdir(join(dir, 'home/.pyenv/versions', version, 'bin'), { recursive: true });
  await mkdir(join(dir, 'home/.local/share/fnm/node-versions/v20.1.0/installation/bin'), { recursive: true });
  const places = [
    '~/.pyenv/versions/*/bin',
    '~/.local/share/fnm/node-versions/*/installation/bin',
    '/opt/conda/bin',
    '~/no/*/bin',
  ];
  assert.deepEqual(managed(places, join(dir, 'home')), [
    join(dir, 'home/.pyenv/versions/3.10.1/bin'),
    join(dir, 'home/.pyenv/versions/3.9.18/bin'),
    join(dir, 'home/.local/share/fnm/node-versions/v20.1.0/installation/bin'),
    '/opt/conda/bin',
  ]);
});

test('Node.js is always there, in this server\u2019s own version', async () => {
  const [major, minor] = process.versions.node.split('.');
  const { interpreter, note } = await nodeLanguage().choose(`Nodejs${major}.${minor}`);
  assert.equal(interpreter.version.split('.')[0], major);
  assert.equal(note, '');
});

/** Node.js versions in a data folder, without a registry behind them. */
function keptNodes(...versions: string[]) {
  const asked: [runtime: string, waitMs: number][] = [];
  const installed = versions.map(version => ({ version, path: `/data/nodejs-${version}/bin/node` }));
  const nodes: Nodes = {
    installed: () => installed,
    install: () => Promise.reject(new Error('not asked')),
    async tryInstall(runtime, waitMs) {
      asked.push([runtime, waitMs]);
      // Not one that this machine has.
      if (waitMs > 0) installed.push({ version: `${runtime.slice('Nodejs'.length)}.7`, path: '/data/new' });
    },
    close() {},
  };
  return { nodes, asked };
}

test('the version in the data folder runs its runtime, another is fetched first', async () => {
  const { nodes, asked } = keptNodes('18.15.0');
  const language = nodeLanguage({ nodes, fetch: true, fetchMs: 500 });
  assert.equal((await language.choose('Nodejs18.15')).interpreter.path, '/data/nodejs-18.15.0/bin/node');
  assert.deepEqual(asked, []);
  assert.equal((await language.choose('Nodejs14.18')).interpreter.version, '14.18.7');
  assert.equal((await language.choose('Nodejs14.18')).note, '');
  assert.deepEqual(asked, [['Nodejs14.18', 500]]);
});

test('looking fetches nothing, and neither does a server that is to use what is installed', async () => {
  const { nodes, asked } = keptNodes('18.15.0');
  const fetching = nodeLanguage({ nodes, fetch: true });
  assert.match((await fetching.available('Nodejs12.16')).note, /^\[PLATFORM\] Nodejs12\.16 is not installed/);
  const still = nodeLanguage({ nodes });
  assert.match((await still.choose('Nodejs12.16')).note, /^\[PLATFORM\] Nodejs12\.16/);
  still.prefetch('Nodejs12.16');
  assert.deepEqual(asked, []);
  assert.equal((await still.choose('Nodejs18.15')).interpreter.version, '18.15.0');
});

test('prefetching waits for nothing', async () => {
  const { nodes, asked } = keptNodes();
  const language = nodeLanguage({ nodes, fetch: true });
  language.prefetch('Nodejs16.13');
  await language.found();
  await new Promise(setImmediate);
  assert.deepEqual(asked, [['Nodejs16.13', 0]]);
});

test('versions that the bootstrap cannot run on are run by the oldest that it can', async () => {
  const { nodes, asked } = keptNodes('8.9.4', '6.10.3');
  const language = nodeLanguage({ nodes, fetch: true });
  const { interpreter, note } = await language.choose('Nodejs8.9');
  assert.equal(asked[0]?.[0], 'Nodejs10.15');
  assert.equal(interpreter.version, '10.15.7');
  assert.equal(note, '[PLATFORM] Nodejs8.9 is not installed; the function runs on Node.js 10.15.7.');
});

test('the libraries of a runtime come with the choice', async () => {
  const librariesOf = (runtime: string, { version }: { version: string }) => `/lib/${runtime}/${version}`;
  const { nodes } = keptNodes('18.15.0');
  assert.equal(
    (await nodeLanguage({ nodes, librariesOf }).choose('Nodejs18.15')).libraries,
    '/lib/Nodejs18.15/18.15.0',
  );
  assert.equal((await nodeLanguage({ nodes }).choose('Nodejs18.15')).libraries, undefined);
});

test('runtime ids: by pattern, and refused with a sentence in both languages', () => {
  const languages = makeLanguages([nodeLanguage(), { ...pythonLanguage(), obstacle: () => undefined }]);
  for (const id of ['Nodejs12.16', 'Nodejs26.1', 'Python2.7', 'Python3.11', 'Python3.13']) {
    assert.ok(!('refused' in languages.of(id)), id);
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
  const none = { ...pythonLanguage({ path: '/not/there' }), obstacle: () => ({ zh: '没有', en: 'none here' }) };
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
