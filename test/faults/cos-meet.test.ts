// Writers that meet on one key, and readers beside them: whoever reads gets one whole object, also when the server is killed in
// the middle; with versioning each write that was answered is a version of its own.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededIds } from '../../src/core/ids.ts';
import { type CosAnswer, type CosClient, hostOf } from '../cos.ts';
import { bytesOf, type Seen } from './cos-book.ts';
import { PLAIN, VERSIONED } from './cos-load.ts';
import { clientOf, leftIn, md5, versionsAt } from './cos-site.ts';
import { openSite, pause } from './site.ts';

const WRITERS = 6;
const READERS = 2;
const SIZES = [0, 900, 40_000, 300_000, 1_500_000];
const WORK_MS = 1_500;
const seed = process.env.OPENSCF_FAULT_SEED ?? `meet-${Date.now()}`;
const ROUNDS = Math.ceil(Number(process.env.OPENSCF_KILLS ?? 200) / 100);

let ops = 0;

/** One whole object to the same key, in one of the ways; rejects when the server is gone. */
async function write(cos: CosClient, bucket: string, below: (most: number) => number) {
  const host = hostOf(bucket);
  const op = `meet-${++ops}`;
  const body = bytesOf({ id: op, bytes: SIZES[below(SIZES.length)] ?? 0 });
  const headers = { 'x-cos-meta-op': op };
  const ways: readonly (() => Promise<CosAnswer>)[] = [
    () => cos.done('/k', { method: 'PUT', body, headers }, host),
    async () => {
      const begun = await cos.done('/k?uploads', { method: 'POST', headers }, host);
      const [, id = ''] = /<UploadId>(.*)<\/UploadId>/.exec(begun.text) ?? [];
      const part = await cos.done(`/k?partNumber=1&uploadId=${id}`, { method: 'PUT', body }, host);
      const list = `<Part><PartNumber>1</PartNumber><ETag>${part.headers.etag}</ETag></Part>`;
      const xml = `<CompleteMultipartUpload>${list}</CompleteMultipartUpload>`;
      return cos.done(`/k?uploadId=${id}`, { method: 'POST', body: xml }, host);
    },
    async () => {
      await cos.done(`/from-${op}`, { method: 'PUT', body }, host);
      const source = { 'x-cos-copy-source': `${host}/from-${op}`, 'x-cos-metadata-directive': 'Replaced' };
      return cos.done('/k', { method: 'PUT', headers: { ...headers, ...source } }, host);
    },
  ];
  const way = ways[below(ways.length)] ?? assert.fail();
  const { headers: answered } = await way();
  return { op, version: String(answered['x-cos-version-id'] ?? '') };
}

for (const versioned of [false, true]) {
  const bucket = versioned ? VERSIONED : PLAIN;
  const place = { bucket, key: 'k', versioned };

  test(`${ROUNDS} times ${WRITERS} writers of one key${versioned ? ', with versioning' : ''}, and a kill`, async t => {
    t.diagnostic(`seed ${seed}`);
    const ids = new SeededIds(seed + versioned);
    const below = (most: number) => Math.floor(ids.fraction() * most);
    const site = await openSite(() => 0);
    t.after(async () => assert.deepEqual(await site.close(), []));
    const answered = new Map<string, string>();
    let before: ReadonlyMap<string, Seen> = new Map();
    let reads = 0;

    /** Whole, and of those that were written. */
    async function look(cos: CosClient): Promise<ReadonlyMap<string, Seen>> {
      const seen = await versionsAt(cos, place);
      for (const one of seen.values()) {
        assert.ok(
          one !== 'marker' && SIZES.some(bytes => md5(bytesOf({ id: one.op, bytes })) === one.md5),
          JSON.stringify(one),
        );
      }
      return seen;
    }

    for (let round = 0; round < ROUNDS; round++) {
      const life = site.start();
      const cos = await clientOf(await life.ready);
      if (round === 0) {
        await cos.done('/', { method: 'PUT' }, hostOf(bucket));
        const body = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';
        if (versioned) await cos.done('/?versioning', { method: 'PUT', body }, hostOf(bucket));
      }
      const alive = { so: true };
      const until = async (work: () => Promise<void>) => {
        while (alive.so)
          await work().catch(error => {
            if (alive.so && !(error instanceof Error && 'code' in error)) throw error;
            alive.so = false;
          });
      };
      const working = [
        ...Array.from({ length: WRITERS }, () =>
          until(async () => {
            const { op, version } = await write(cos, bucket, below);
            answered.set(op, version);
          }),
        ),
        ...Array.from({ length: READERS }, () =>
          until(async () => {
            const had = answered.size;
            const { status, headers, body } = await cos.ask('/k', {}, hostOf(bucket));
            reads++;
            if (status === 404) return assert.equal(had, 0);
            const whole = bytesOf({ id: String(headers['x-cos-meta-op']), bytes: body.length });
            assert.ok(status === 200 && body.equals(whole), `${status}, ${body.length} bytes`);
          }),
        ),
      ];
      await pause(WORK_MS * (0.5 + ids.fraction()));
      await life.kill();
      await Promise.all(working);
      const next = site.start();
      const again = await clientOf(await next.ready);
      const seen = await look(again);
      if (versioned)
        for (const [op, version] of answered) {
          const found = seen.get(version);
          assert.equal(found === 'marker' ? found : found?.op, op, `version ${version}`);
        }
      else assert.equal(seen.size, 1);
      for (const id of before.keys()) if (versioned) assert.deepEqual(seen.get(id), before.get(id));
      before = seen;
      assert.equal(await next.stop(), '0', next.complaints());
    }
    assert.ok(answered.size > 0 && reads > 0);
    t.diagnostic(`${answered.size} writes answered, ${reads} reads`);
    assert.deepEqual(await leftIn(site.dataDir), []);
  });
}
