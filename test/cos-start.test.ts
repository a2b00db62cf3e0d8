// The object store of a data folder that has none yet, that a stop or a crash has left, or that lost its index.

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runIn } from '../src/cli/fixture.ts';
import { cosOf } from './cos.ts';
import { deploy, invoke, sdkOf, until } from './fixture.ts';
import { startTestServer } from './harness.ts';

test('a data folder of a version without an object store gets one, and keeps what it has', async t => {
  let server = await startTestServer();
  t.after(() => server.close());
  await deploy(sdkOf(server), 'old', 'exports.main_handler = async () => 1');
  server = await server.restart(async () => {
    for (const name of readdirSync(server.dataDir).filter(one => one.startsWith('objects')))
      rmSync(join(server.dataDir, name), { recursive: true });
  });
  const cos = await cosOf(server);
  await cos.done('/', { method: 'PUT' });
  await cos.done('/a', { method: 'PUT', body: 'b' });
  assert.equal((await cos.done('/a')).text, 'b');
  assert.equal((await invoke(sdkOf(server), 'old')).RetMsg, '1');
});

test('everything is there after a stop; files that nobody names are not', async t => {
  let server = await startTestServer();
  t.after(() => server.close());
  const dir = join(server.dataDir, 'objects');
  const first = await cosOf(server);
  await first.done('/', { method: 'PUT', headers: { 'x-cos-acl': 'public-read' } });
  const body = Buffer.alloc(100_000, 'kept ');
  await first.done('/kept', { method: 'PUT', body, headers: { 'x-cos-meta-a': 'b', 'x-cos-tagging': 'c=d' } });
  const begun = await first.done('/parts?uploads', { method: 'POST' });
  const [, uploadId = ''] = /<UploadId>(.*)<\/UploadId>/.exec(begun.text) ?? [];
  const part = await first.done(`/parts?partNumber=1&uploadId=${uploadId}`, { method: 'PUT', body });
  const named = filesIn(dir);
  server = await server.restart(async () => {
    const [folder = ''] = readdirSync(dir).filter(name => /^[0-9a-f]{2}$/.test(name));
    writeFileSync(join(dir, folder, `${folder}${'0'.repeat(30)}`), 'nobody names it');
    writeFileSync(join(dir, 'unfinished', '7'), 'half of a write');
    writeFileSync(join(dir, 'notes.txt'), 'of somebody else');
  });
  const cos = await cosOf(server);
  const { headers, body: read } = await cos.done('/kept');
  assert.ok(read.equals(body));
  assert.deepEqual([headers['x-cos-meta-a'], headers['x-cos-tagging-count']], ['b', '1']);
  const list = `<Part><PartNumber>1</PartNumber><ETag>${part.headers.etag}</ETag></Part>`;
  const xml = `<CompleteMultipartUpload>${list}</CompleteMultipartUpload>`;
  await cos.done(`/parts?uploadId=${uploadId}`, { method: 'POST', body: xml });
  assert.ok((await cos.done('/parts')).body.equals(body));
  await until('what nobody names is gone', async () => filesIn(dir).join() === named.join());
  assert.deepEqual(readdirSync(join(dir, 'unfinished')), []);
  assert.ok(readdirSync(dir).includes('notes.txt'));
});

const filesIn = (dir: string): string[] =>
  readdirSync(dir)
    .filter(name => /^[0-9a-f]{2}$/.test(name))
    .flatMap(folder => readdirSync(join(dir, folder)))
    .toSorted();

test('without the index of its objects nothing is started and nothing removed', async t => {
  let server = await startTestServer();
  t.after(() => server.close());
  const first = await cosOf(server);
  await first.done('/', { method: 'PUT' });
  const body = Buffer.alloc(100_000, 'kept ');
  await first.done('/kept', { method: 'PUT', body });
  const { dataDir } = server;
  const index = () => readdirSync(dataDir).filter(name => name.startsWith('objects.db'));
  server = await server.restart(async () => {
    const aside = mkdtempSync(join(tmpdir(), 'openscf-aside-'));
    for (const name of index()) cpSync(join(dataDir, name), join(aside, name));
    for (const name of index()) rmSync(join(dataDir, name));
    const ports = ['--port-api', '0', '--port-cos', '0', '--port-http', '0', '--port-tls', '0'];
    const run = await runIn(dataDir, ['--data', dataDir, 'start', ...ports], { env: { LANG: 'C' } });
    assert.match(
      run.note,
      /^[^\n]*objects\.db is not there[^\n]*put the index back, or move that folder away[^\n]*\n$/,
    );
    assert.equal(filesIn(join(dataDir, 'objects')).length, 1);
    assert.deepEqual(index(), []);
    for (const name of readdirSync(aside)) cpSync(join(aside, name), join(dataDir, name));
    rmSync(aside, { recursive: true });
  });
  const cos = await cosOf(server);
  assert.ok((await cos.done('/kept')).body.equals(body));
});
