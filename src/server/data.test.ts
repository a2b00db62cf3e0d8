import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { SeededIds, SystemIds } from '../core/ids.ts';
import { openData } from './data.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'openscf-data-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const mode = async (name: string) => (await stat(join(dir, name))).mode & 0o777;

test('keys and token are made once, kept, and readable by the owner alone', async () => {
  const first = await openData(dir, {}, new SystemIds());
  const second = await openData(dir, {}, new SystemIds());
  assert.match(first.credentials.secretId, /^AKID[A-Za-z0-9]{32}$/);
  assert.match(first.credentials.secretKey, /^[A-Za-z0-9]{32}$/);
  assert.deepEqual(second.credentials, first.credentials);
  assert.equal(second.token, first.token);
  assert.equal(first.token.length, 48);
  assert.deepEqual([await mode('credentials.json'), await mode('token')], [0o600, 0o600]);
});

test('given keys outrank the kept ones and are not written down', async () => {
  const kept = await openData(dir, {}, new SeededIds());
  const given = await openData(dir, { secretId: 'AKIDgiven', secretKey: 'secret-given' }, new SeededIds());
  assert.deepEqual(given.credentials, { secretId: 'AKIDgiven', secretKey: 'secret-given' });
  assert.deepEqual((await openData(dir, {}, new SeededIds())).credentials, kept.credentials);
});

test('a running server is announced in one piece, and withdrawn', async () => {
  const data = await openData(dir, {}, new SeededIds());
  await data.announce({ pid: 1, endpoint: 'http://127.0.0.1:9700', version: '0' });
  assert.equal(JSON.parse(await readFile(join(dir, 'server.json'), 'utf8')).endpoint, 'http://127.0.0.1:9700');
  await data.withdraw();
  await data.withdraw();
  await assert.rejects(stat(join(dir, 'server.json')));
});

test('a folder that cannot be one is refused with the name of the setting', async () => {
  await writeFile(join(dir, 'file'), '');
  await assert.rejects(openData(join(dir, 'file', 'below'), {}, new SeededIds()), {
    code: 'Server.DataFolder',
    message: /--data/,
  });
});

test('missing folders above are made; where nothing can be made it is said at once', async () => {
  const data = await openData(join(dir, 'a', 'b'), {}, new SeededIds());
  assert.ok((await stat(data.path)).isDirectory());
  if (process.platform !== 'linux') return;
  await assert.rejects(openData('/proc/openscf/data', {}, new SeededIds()), { code: 'Server.DataFolder' });
});

test('a folder without write permission is refused', {
  skip: process.getuid?.() === 0 && 'root may write anywhere',
}, async () => {
  await chmod(dir, 0o500);
  await assert.rejects(openData(dir, {}, new SeededIds()), { code: 'Server.DataFolder' });
});

test('a damaged credentials file is named, not overwritten', async () => {
  await writeFile(join(dir, 'credentials.json'), '{"secretId":');
  await assert.rejects(openData(dir, {}, new SeededIds()), { code: 'Server.DataFile', message: /credentials\.json/ });
  assert.equal(await readFile(join(dir, 'credentials.json'), 'utf8'), '{"secretId":');
});
