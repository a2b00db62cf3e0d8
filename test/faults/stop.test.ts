// A server that is told to stop under load: it takes nothing new, lets run what runs, gives back what its grace cuts off.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { sdkOf } from '../fixture.ts';
import { count, unsettled } from './count.ts';
import { keptIn } from './folder.ts';
import { KINDS } from './functions.ts';
import type { Delivery } from './ledger.ts';
import { startLoad } from './load.ts';
import { openDeployedSite, own, pause, type Site, settleDue, settleRetries, wait } from './site.ts';

const STOPS = 5;
const WORK_MS = 700;
/** A run that nobody has the time to wait for: a server that did would be killed before. */
const LONG_MS = 800_000;
/** Of each function: what one instance runs at once, and it may have no other. */
const AT_ONCE = 32;
const MEMORY_MB = 128;
const PATIENCE_MS = 120_000;

async function sited(t: TestContext, runMs: () => number, settings: object = {}): Promise<Site> {
  const site = await openDeployedSite(runMs, { ...settings });
  t.after(async () => assert.deepEqual(await site.close(), []));
  return site;
}

const ofLife = ({ ledger }: Site, life: number): Delivery[] =>
  [...ledger.deliveries.values()].flat().filter(one => one.life === life);

/** What waits after all servers is counted as well. */
async function problemsOf({ dataDir, ledger }: Site) {
  const { pending, letters } = await keptIn(dataDir);
  assert.equal(pending, 0);
  return count(ledger, letters);
}

test('stopped under load again and again: every run ends, and nothing comes twice', async t => {
  const site = await sited(t, () => 100);
  const load = startLoad({ ledger: site.ledger, pick: () => 'ok' });
  for (let stop = 0; stop < STOPS; stop++) {
    const life = site.start();
    load.serve(await life.ready);
    assert.ok(await wait(() => ofLife(site, life.number).length > 0, PATIENCE_MS), 'it is under load');
    await pause(WORK_MS);
    const began = performance.now();
    const how = await life.stop();
    load.serve(undefined);
    assert.equal(how, '0', life.complaints());
    const deliveries = ofLife(site, life.number);
    assert.ok(
      deliveries.every(one => one.endedAt !== undefined),
      'what ran has ended',
    );
    assert.equal(unsettled(life.number, site.ledger), 0);
    t.diagnostic(`stopped in ${Math.round(performance.now() - began)} ms`);
  }
  await load.stop();
  const last = site.start();
  await last.ready;
  assert.ok(await settleDue(site.ledger), 'all that was accepted came');
  assert.equal(await last.stop(), '0');
  const counted = await problemsOf(site);
  assert.deepEqual([counted.problems, counted.repeated], [[], 0]);
  assert.deepEqual(load.refused, []);
});

test('what runs longer than the grace is given back: it comes again at once, and as the same attempt', async t => {
  let runMs = LONG_MS;
  const site = await sited(t, () => runMs, { grace: 1 });
  const { ledger } = site;
  // `flaky` would not fail a second time, and `fails` has no retry to spare: a cut attempt must not count.
  let n = 0;
  const load = startLoad({ ledger, pick: () => KINDS[n++ % KINDS.length] ?? 'ok' });
  const first = site.start();
  const before = await first.ready;
  const sdk = sdkOf(before);
  for (const FunctionName of KINDS)
    await sdk.PutReservedConcurrencyConfig({ FunctionName, ReservedConcurrencyMem: MEMORY_MB });
  load.serve(before);
  // What has been given to an instance and has not begun yet may begin after the signal: none is left of that.
  const most = KINDS.length * AT_ONCE;
  const areMost = () => ofLife(site, first.number).length >= most && ledger.open.size > most;
  assert.ok(await wait(areMost, PATIENCE_MS), 'all run as many as they may, and more wait');
  const signalled = performance.now();
  const how = await first.stop();
  const took = performance.now() - signalled;
  load.serve(undefined);
  await load.stop();
  assert.equal(how, '0', first.complaints());
  assert.ok(took >= 1_000, `it took ${took} ms`);
  const cut = ofLife(site, first.number);
  assert.ok(cut.every(one => one.endedAt === undefined));
  assert.equal(cut.length, most, 'nothing was begun after the signal');

  runMs = 0;
  const second = site.start();
  const served = await second.ready;
  await own(served, 'POST', '/clock', { action: 'freeze' });
  const again = () => ofLife(site, second.number).filter(({ endedAt }) => endedAt !== undefined).length >= most;
  assert.ok(await wait(again, PATIENCE_MS), 'they come while the clock stands still');
  for (const FunctionName of KINDS) await sdkOf(served).DeleteReservedConcurrencyConfig({ FunctionName });
  await settleRetries(served, ledger);
  assert.ok(await settleDue(ledger), 'all that was accepted came');
  await settleRetries(served, ledger);
  assert.equal(await second.stop(), '0');
  const counted = await problemsOf(site);
  assert.deepEqual(counted.problems, []);
  assert.equal(counted.repeated, cut.length);
});
