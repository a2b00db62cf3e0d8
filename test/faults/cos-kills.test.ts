// An object store that is killed, or told to stop, in the middle of its writes.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hostOf } from '../cos.ts';
import { bytesOf } from './cos-book.ts';
import { cosCampaign, type End } from './cos-campaign.ts';
import { PLAIN } from './cos-load.ts';
import { clientOf } from './cos-site.ts';
import { openSite, wait } from './site.ts';

const ROUNDS = Math.ceil(Number(process.env.OPENSCF_KILLS ?? 200) / 50);
const WRITES = 200;
/** Before and after an event is pushed, and where the queue's transaction is full or done. */
const POINTS = ['push', 'pushed', 'queue.written', 'queue.committed'];
const seed = process.env.OPENSCF_FAULT_SEED ?? `cos-${Date.now()}`;

const KILLS = Array.from({ length: ROUNDS }, (): End => ({ writes: WRITES }));
test(`${ROUNDS} times killed during ${WRITES} writes: all that was answered is there, and has been told`, t =>
  cosCampaign(t, seed, KILLS));

const AIMED = Array.from({ length: ROUNDS }, (_, n): End => {
  const point = POINTS[n % POINTS.length];
  return { at: `${point}:${[5, 34, 13, 89, 2, 55, 21, 8][n % 8]}`, writes: WRITES };
});
test(`${ROUNDS} times killed between a write and its event: it is there, and is told`, t =>
  cosCampaign(t, seed, AIMED));

const STOPS = Array.from({ length: Math.ceil(ROUNDS / 2) }, (): End => ({ writes: WRITES / 2, stops: true }));
test(`${STOPS.length} times told to stop during ${WRITES / 2} writes: the same`, t => cosCampaign(t, seed, STOPS));

test('a stop lets what is under way come to its end, in both directions', async t => {
  const site = await openSite(() => 0, { grace: 60 });
  t.after(async () => assert.deepEqual(await site.close(), []));
  const first = site.start();
  const cos = await clientOf(await first.ready);
  const host = hostOf(PLAIN);
  await cos.done('/', { method: 'PUT' }, host);
  const body = bytesOf({ id: 'slow', bytes: 150_000 });
  const large = bytesOf({ id: 'there', bytes: 400_000 });
  await cos.done('/there', { method: 'PUT', body: large }, host);
  // 100 KB a second.
  const headers = { 'x-cos-traffic-limit': '819200' };
  const putting = cos.ask('/slow', { method: 'PUT', body, headers }, host);
  const answering = Promise.withResolvers<void>();
  const getting = cos.ask('/there', { headers, begun: answering.resolve }, host);
  await answering.promise;
  let hasPut = false;
  void putting.then(() => {
    hasPut = true;
  });
  const unfinished = join(site.dataDir, 'objects', 'unfinished');
  assert.ok(await wait(() => hasPut || readdirSync(unfinished).length > 0, 60_000), 'the upload has begun');
  const stopping = first.stop();
  assert.equal((await putting).status, 200);
  assert.ok((await getting).body.equals(large));
  assert.equal(await stopping, '0', first.complaints());
  const second = site.start();
  assert.ok((await (await clientOf(await second.ready)).done('/slow', {}, host)).body.equals(body));
  assert.equal(await second.stop(), '0', second.complaints());
});
