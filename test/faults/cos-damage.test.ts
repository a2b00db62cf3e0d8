// Files of objects that a disk has damaged, cut short or lost: nobody takes them for whole, and everything else goes on.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { crc64 } from '../../src/core/crc64.ts';
import { type CosAnswer, type CosAsked, cosOf } from '../cos.ts';
import { until } from '../fixture.ts';
import { startTestServer } from '../harness.ts';
import { clientOf } from './cos-site.ts';
import { openSite } from './site.ts';

const DAY_MS = 86_400_000;
const MB = 1024 * 1024;
const DAMAGED = /<Code>InternalError<\/Code><Message>[^<]*damaged[^<]*<\/Message>/;

/** Told apart by their lengths. */
const SIZES = { flipped: MB, cut: MB + 1, lost: MB + 2, whole: MB + 3, part: MB + 4 } as const;
type Key = keyof typeof SIZES;

let server = await startTestServer({ 'cos.scrubMB': 1000 });
after(() => server.close());
const first = await cosOf(server);
await first.done('/', { method: 'PUT' });
const contentOf = (key: Key) => Buffer.alloc(SIZES[key], `${key} `);
for (const key of ['flipped', 'cut', 'lost', 'whole'] as const)
  await first.done(`/${key}`, { method: 'PUT', body: contentOf(key) });
const begun = await first.done('/part?uploads', { method: 'POST' });
const [, uploadId = ''] = /<UploadId>(.*)<\/UploadId>/.exec(begun.text) ?? [];
const etags: unknown[] = [];
for (const number of [1, 2]) {
  const target = `/part?partNumber=${number}&uploadId=${uploadId}`;
  etags.push((await first.done(target, { method: 'PUT', body: contentOf('part') })).headers.etag);
}
const parts = etags.map((etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${etag}</ETag></Part>`);
const body = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`;
await first.done(`/part?uploadId=${uploadId}`, { method: 'POST', body });

server = await server.restart(async () => {
  const dir = join(server.dataDir, 'objects');
  const files = filesIn(dir);
  const withSize = (bytes: number) => files.filter(file => readFileSync(file).length === bytes);
  const [flipped = '', cut = '', lost = '', part = ''] = [SIZES.flipped, SIZES.cut, SIZES.lost, SIZES.part].map(
    bytes => withSize(bytes)[0],
  );
  for (const file of [flipped, part]) {
    const bytes = readFileSync(file);
    bytes[MB / 2] = (bytes[MB / 2] ?? 0) ^ 1;
    writeFileSync(file, bytes);
  }
  truncateSync(cut, MB / 2);
  rmSync(lost);
});
const cos = await cosOf(server);

function filesIn(dir: string): string[] {
  return readdirSync(dir).flatMap(folder => readdirSync(join(dir, folder)).map(name => join(dir, folder, name)));
}

/** 0: it broke off. */
const get = (key: Key, asked: CosAsked = {}): Promise<Pick<CosAnswer, 'status' | 'text'>> =>
  cos.ask(`/${key}`, asked).catch(() => ({ status: 0, text: '' }));

test('a file that is not there is told before anything is sent', async () => {
  const answer = await get('lost');
  assert.equal(answer.status, 500, answer.text);
  assert.match(answer.text, DAMAGED);
});

test('a file that ends too soon breaks off, and then answers as damaged', async () => {
  assert.equal((await get('cut')).status, 0);
  const answer = await until('it is marked', async () => {
    const found = await get('cut');
    return found.status === 500 && found;
  });
  assert.match(answer.text, DAMAGED);
  assert.equal((await get('cut', { headers: { Range: 'bytes=0-9' } })).status, 500);
});

test('changed bytes are found by the CRC64 of the answer, and by looking through what there is', async () => {
  const { status, headers, body } = await cos.ask('/flipped');
  // The look-through before the stop may go on after it, and be sooner.
  if (status === 200) assert.notEqual(headers['x-cos-hash-crc64ecma'], crc64(body));
  await server.post('/clock', { action: 'advance', ms: DAY_MS });
  for (const key of ['flipped', 'part'] as const) {
    const answer = await until(`${key} is marked`, async () => {
      const found = await get(key);
      return found.status === 500 && found;
    });
    assert.match(answer.text, DAMAGED);
  }
});

test('what is damaged is listed, copied as little as it is read, and healed by writing it again', async () => {
  for (const key of ['flipped', 'cut', 'lost', 'part'] as const) {
    assert.match((await cos.done(`/?prefix=${key}`)).text, new RegExp(`<Key>${key}</Key>`));
    const source = { 'x-cos-copy-source': `pictures-1250000000.cos.ap-guangzhou.myqcloud.com/${key}` };
    assert.equal((await cos.ask('/copy', { method: 'PUT', headers: source })).status, 500, key);
    await cos.done(`/${key}`, { method: 'PUT', body: contentOf(key) });
    assert.deepEqual((await cos.done(`/${key}`)).body, contentOf(key));
  }
  assert.equal((await get('whole')).status, 200);
  assert.equal((await cos.ask('/copy')).status, 404);
});

test('what a crash has cost of the last writes is found by itself, soon after the start', async t => {
  const site = await openSite(() => 0, { 'cos.scrubMB': 1000 });
  t.after(async () => assert.deepEqual(await site.close(), []));
  const crashed = site.start();
  const before = await clientOf(await crashed.ready);
  await before.done('/', { method: 'PUT' });
  for (const key of ['torn', 'whole']) await before.done(`/${key}`, { method: 'PUT', body: Buffer.alloc(MB, key) });
  await crashed.kill();
  // As a disk leaves it that had not written what it said it had.
  const torn = filesIn(join(site.dataDir, 'objects')).find(file => readFileSync(file).includes('torn'));
  assert.ok(torn);
  writeFileSync(torn, Buffer.alloc(MB));
  const life = site.start();
  const after = await clientOf(await life.ready);
  await until('it is marked', async () => (await after.ask('/torn')).status === 500);
  assert.equal((await after.ask('/whole')).status, 200);
  assert.equal(await life.stop(), '0', life.complaints());
});
