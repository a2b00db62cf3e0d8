// Writes to a bucket that is copied to another, and a server that is killed among them: what was answered is copied, each
// version once and whole, by the next server if not by the first.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededIds } from '../../src/core/ids.ts';
import { type CosClient, hostOf, REGION } from '../cos.ts';
import { until } from '../fixture.ts';
import { bytesOf } from './cos-book.ts';
import { PLAIN, VERSIONED } from './cos-load.ts';
import { clientOf, leftIn, md5 } from './cos-site.ts';
import { openSite, pause } from './site.ts';

const WRITERS = 4;
const SIZES = [0, 900, 40_000, 300_000];
const WORK_MS = 800;
const ROUNDS = Math.ceil(Number(process.env.OPENSCF_KILLS ?? 200) / 100);
const seed = process.env.OPENSCF_FAULT_SEED ?? `replication-${Date.now()}`;

const VERSIONING = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';
const RULES = `<ReplicationConfiguration><Role>qcs::cam::uin/1:uin/1</Role><Rule><Status>Enabled</Status><Destination><Bucket>qcs::cos:${REGION}::${PLAIN}</Bucket></Destination></Rule></ReplicationConfiguration>`;

interface Written {
  readonly path: string;
  /** '' of a delete marker. */
  readonly md5: string;
}

async function prepare(cos: CosClient): Promise<void> {
  for (const bucket of [PLAIN, VERSIONED]) {
    await cos.done('/', { method: 'PUT' }, hostOf(bucket));
    await cos.done('/?versioning', { method: 'PUT', body: VERSIONING }, hostOf(bucket));
  }
  await cos.done('/?replication', { method: 'PUT', body: RULES }, hostOf(VERSIONED));
}

/** What each version of the destination is, and how often it stands there. */
async function copies(cos: CosClient): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (let at = ''; ; ) {
    const { text } = await cos.done(`/?versions${at}`, {}, hostOf(PLAIN));
    for (const [, , id = ''] of text.matchAll(/<(Version|DeleteMarker)><Key>[^<]*<\/Key><VersionId>([^<]*)</g))
      found.set(id, (found.get(id) ?? 0) + 1);
    const [, key, version] = /<NextKeyMarker>([^<]*)<.*<NextVersionIdMarker>([^<]*)</s.exec(text) ?? [];
    if (key === undefined) return found;
    at = `&key-marker=${key}&version-id-marker=${version}`;
  }
}

test(`${ROUNDS} times ${WRITERS} writers of a bucket that is copied, and a kill`, async t => {
  t.diagnostic(`seed ${seed}`);
  const ids = new SeededIds(seed);
  const below = (most: number) => Math.floor(ids.fraction() * most);
  const site = await openSite(() => 0);
  t.after(async () => assert.deepEqual(await site.close(), []));
  /** By version. */
  const answered = new Map<string, Written>();
  let ops = 0;
  let left = 0;

  async function write(cos: CosClient): Promise<void> {
    const id = `copy-${++ops}`;
    const path = `/k${below(20)}`;
    const removes = below(8) === 0;
    const body = removes ? '' : bytesOf({ id, bytes: SIZES[below(SIZES.length)] ?? 0 });
    const method = removes ? 'DELETE' : 'PUT';
    const { headers } = await cos.done(path, { method, body }, hostOf(VERSIONED));
    answered.set(String(headers['x-cos-version-id']), { path, md5: Buffer.isBuffer(body) ? md5(body) : '' });
  }

  for (let round = 0; round < ROUNDS; round++) {
    const life = site.start();
    const cos = await clientOf(await life.ready);
    if (round === 0) await prepare(cos);
    let alive = true;
    const working = Array.from({ length: WRITERS }, async () => {
      while (alive)
        await write(cos).catch(error => {
          if (alive && !(error instanceof Error && 'code' in error)) throw error;
          alive = false;
        });
    });
    await pause(WORK_MS * (0.5 + ids.fraction()));
    await life.kill();
    await Promise.all(working);

    const next = site.start();
    const again = await clientOf(await next.ready);
    const before = await copies(again);
    left += [...answered.keys()].filter(version => !before.has(version)).length;
    const found = await until('all that was answered is copied', async () => {
      const now = await copies(again);
      return [...answered.keys()].every(version => now.has(version)) && now;
    });
    for (const [version, times] of found) assert.equal(times, 1, version);
    for (const [version, { path, md5: sum }] of answered) {
      if (sum === '') continue;
      const copy = await again.done(`${path}?versionId=${version}`, {}, hostOf(PLAIN));
      assert.deepEqual([md5(copy.body), copy.headers['x-cos-replication-status']], [sum, 'Replica'], path);
      await until(`${path} is complete`, async () => {
        const source = await again.done(`${path}?versionId=${version}`, {}, hostOf(VERSIONED));
        return source.headers['x-cos-replication-status'] === 'Complete';
      });
    }
    assert.equal(await next.stop(), '0', next.complaints());
  }
  assert.ok(answered.size > 0);
  t.diagnostic(`${answered.size} versions answered, ${left} not copied yet when a server came back`);
  assert.deepEqual(await leftIn(site.dataDir), []);
});
