// A disk that runs full under an object store: writes are refused in so many words and leave nothing, reads go on, and once
// there is room again so do writes. The disk is a small one in memory that the server alone sees.

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type CosAnswer, cosOf, hostOf } from '../cos.ts';
import { deploy, sdkOf } from '../fixture.ts';
import { bytesOf } from './cos-book.ts';
import { openEvents, telling } from './cos-site.ts';
import { missingDisk, onSmallDisk } from './disk.ts';
import { openSite, own, pause, wait } from './site.ts';

const DISK_MB = 40;
const BALLAST_MB = 16;
const MB = 1024 * 1024;
const BUCKET = 'plain-1250000000';
/** Until the stores try the disk again. */
const AGAIN_MS = 60_000;

/** Pages of it are needed. */
const TAGGING = `<Tagging><TagSet>${Array.from({ length: 50 }, (_, i) => `<Tag><Key>${i}</Key><Value>${'x'.repeat(250)}</Value></Tag>`).join('')}</TagSet></Tagging>`;
const filesIn = (dir: string): string[] => readdirSync(dir).flatMap(folder => readdirSync(join(dir, folder)));

/** Refused as documented: 500 InternalError, with what to do. */
function isFull({ status, text }: CosAnswer): boolean {
  if (status < 300) return false;
  assert.equal(status, 500, text);
  assert.match(text, /<Code>InternalError<\/Code><Message>The disk of this server is full; nothing was written\./);
  return true;
}

test('a full disk refuses writes and nothing else, and loses none', { skip: missingDisk(DISK_MB) }, async t => {
  const site = await openSite(() => 0);
  t.after(async () => assert.deepEqual(await site.close(), []));
  const { dataDir } = site;
  mkdirSync(dataDir);
  const life = site.start({ prefix: onSmallDisk(dataDir, DISK_MB) });
  const served = await life.ready;
  const sdk = sdkOf(served);
  const cos = await cosOf({ credentials: served.credentials, get: path => own(served, 'GET', path) });
  const host = hostOf(BUCKET);
  await cos.done('/', { method: 'PUT' }, host);
  const told = new Set<string>();
  const events = await openEvents({ tell: (_id, _bucket, key) => void told.add(key) });
  t.after(() => events.close());
  await deploy(sdk, 'told', telling(events.port));
  const TriggerDesc = JSON.stringify({ event: 'cos:ObjectCreated:*', filter: { Prefix: 'told' } });
  await sdk.CreateTrigger({ FunctionName: 'told', TriggerName: host, Type: 'cos', TriggerDesc, Enable: 'OPEN' });

  const kept = new Map<string, Buffer>();
  const put = async (key: string, bytes: number): Promise<CosAnswer> => {
    const body = bytesOf({ id: key, bytes });
    const answer = await cos.ask(`/${key}`, { method: 'PUT', body }, host);
    if (answer.status < 300) kept.set(key, body);
    return answer;
  };
  const whole = async () => {
    for (const [key, body] of kept) assert.ok((await cos.done(`/${key}`, {}, host)).body.equals(body), key);
  };
  await put('before', 2 * MB);
  await put('small', 100);
  const begun = await cos.done('/parts?uploads', { method: 'POST' }, host);
  const [, uploadId = ''] = /<UploadId>(.*)<\/UploadId>/.exec(begun.text) ?? [];
  const part = await cos.done(`/parts?partNumber=1&uploadId=${uploadId}`, { method: 'PUT', body: 'first' }, host);
  // The disk as the server sees it.
  const ballast = join('/proc', String(life.pid), 'root', dataDir, 'ballast');
  writeFileSync(ballast, Buffer.alloc(BALLAST_MB * MB));

  // Files until none has room, then rows until none has.
  for (let n = 0; !isFull(await put(`large-${n}`, MB)); n++) assert.ok(n < DISK_MB);
  for (let n = 0; !isFull(await put(`told-row-${n}`, 15_000)); n++) assert.ok(n < (DISK_MB * MB) / 15_000);
  const count = kept.size;
  for (const [path, asked] of [
    ['/before', { method: 'PUT', body: bytesOf({ id: 'x', bytes: MB }) }],
    [`/parts?partNumber=2&uploadId=${uploadId}`, { method: 'PUT', body: bytesOf({ id: 'x', bytes: MB }) }],
    ['/appended?append&position=0', { method: 'POST', body: bytesOf({ id: 'x', bytes: MB }) }],
    ['/told-of-nothing', { method: 'PUT', body: bytesOf({ id: 'x', bytes: MB }) }],
  ] as const)
    assert.ok(isFull(await cos.ask(path, asked, host)), path);
  // A log that begins anew may have room for as little as that; what is refused is refused in the same way.
  const meta = { 'x-cos-copy-source': `${host}/small`, 'x-cos-meta-a': 'x'.repeat(2000) };
  isFull(await cos.ask('/more?uploads', { method: 'POST' }, host));
  isFull(await cos.ask('/?tagging', { method: 'PUT', body: TAGGING }, host));
  const copied = await cos.ask('/copied', { method: 'PUT', headers: meta }, host);
  if (!isFull(copied)) kept.set('copied', kept.get('small') ?? Buffer.alloc(0));
  await whole();
  const listed = async () => (await cos.done('/?max-keys=1000', {}, host)).text.match(/<Key>/g)?.length;
  assert.equal(await listed(), kept.size);
  assert.equal((await own<{ pid: number }>(served, 'GET', '/status')).pid, life.pid);
  t.diagnostic(`${count} objects before the disk was full`);

  // Also the user of the store can make room.
  await cos.done('/large-0', { method: 'DELETE' }, host);
  kept.delete('large-0');
  assert.equal(await listed(), kept.size);
  const again = async (key: string, bytes: number) => {
    const end = performance.now() + AGAIN_MS;
    for (; (await put(key, bytes)).status !== 200; await pause(100))
      assert.ok(performance.now() < end, `${key} is refused`);
  };
  await again('in-its-place', MB / 2);
  await whole();

  rmSync(ballast);
  await again('told-again', MB);
  const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers.etag}</ETag></Part></CompleteMultipartUpload>`;
  await cos.done(`/parts?uploadId=${uploadId}`, { method: 'POST', body }, host);
  kept.set('parts', Buffer.from('first'));
  await whole();
  assert.equal(await listed(), kept.size);
  // Also of what was written while there was no room for its event.
  const owed = [...kept.keys()].filter(key => key.startsWith('told'));
  await own(served, 'POST', '/clock', { action: 'advance', ms: 60_000 });
  assert.ok(await wait(() => owed.every(key => told.has(key)), AGAIN_MS), `${owed.length} owed, ${told.size} told`);
  assert.deepEqual(new Set(owed), told);
  t.diagnostic(`${owed.length} events`);

  for (const key of kept.keys()) await cos.done(`/${key}`, { method: 'DELETE' }, host);
  const dir = join('/proc', String(life.pid), 'root', dataDir, 'objects');
  assert.ok(await wait(() => filesIn(dir).length === 0, AGAIN_MS), `nothing names ${filesIn(dir).join()}`);
  assert.equal(await life.stop(), '0', life.complaints());
});
