// The data folder copied while the server works, as a power cut would leave it: a server on the copy has all that was
// answered before, whatever became of the last bytes.

import assert from 'node:assert/strict';
import { cpSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SeededIds } from '../../src/core/ids.ts';
import { unsettled } from './count.ts';
import { corrupt, keptIn } from './folder.ts';
import type { Delivery, Kind, Ledger } from './ledger.ts';
import type { Served } from './life.ts';
import { type Load, startLoad } from './load.ts';
import { type NumberedLife, openDeployedSite, pause, type Site, settleRetries, wait } from './site.ts';
import { tear, type Written, writtenOf } from './wal.ts';

const seed = process.env.OPENSCF_FAULT_SEED ?? `torn-${Date.now()}`;
const ids = new SeededIds(seed);
const draw = () => ids.fraction();
const WORK_MS = 600;
const DRAIN_MS = 120_000;
/** A checkpoint while it is copied makes the copy one that no instant has seen. */
const TRIES = 20;

let site: Site;
let life: NumberedLife;
let served: Served;
let load: Load;
let copies = 0;

before(async () => {
  site = await openDeployedSite(() => Math.floor(draw() * 20));
  const kinds: readonly Kind[] = ['ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'fails', 'fails', 'flaky'];
  load = startLoad({
    ledger: site.ledger,
    pick: () => kinds[Math.floor(draw() * kinds.length)] ?? 'ok',
    padding: () => Math.floor(draw() * 2_000),
  });
  life = site.start();
  served = await life.ready;
  load.serve(served);
});
after(async () => {
  await load.stop();
  assert.equal(await life.stop(), '0', life.complaints());
  assert.deepEqual(await site.close(), []);
});

/** Copies bring events as well, and what one of them did is nothing to the next. */
const isOriginal = (one: Delivery) => one.life === life.number;

/** What changes when a checkpoint writes into the databases themselves. */
const stamps = () =>
  readdirSync(site.dataDir)
    .filter(name => name.endsWith('.db'))
    .map(name => `${name} ${statSync(join(site.dataDir, name), { bigint: true }).mtimeNs}`)
    .join();

interface Logs {
  readonly [name: string]: Written;
}

const logs = (): Logs =>
  Object.fromEntries(
    readdirSync(site.dataDir)
      .filter(name => name.endsWith('-wal'))
      .map(name => [name, writtenOf(join(site.dataDir, name))]),
  );

const anew = (before: Logs, now: Logs) => Object.keys(before).some(name => before[name]?.salt !== now[name]?.salt);

interface Copy {
  readonly dir: string;
  /** Answered, and what was settled some moments before the copy began. */
  readonly answered: ReadonlyMap<string, Kind>;
  readonly settled: ReadonlySet<string>;
  readonly beforeLogs: Logs;
  readonly takenAt: number;
}

/** All that has come to its end by an instant at which the server has written each end that there was. */
async function settledForSure(ledger: Ledger): Promise<ReadonlySet<string>> {
  load.serve(undefined);
  assert.ok(await wait(() => unsettled(life.number, ledger) === 0, DRAIN_MS), 'the ends are written');
  const settled = [...ledger.deliveries].flatMap(([id, all]) => {
    const last = (failed = false) => failed === (ledger.kinds.get(id) === 'fails');
    return all.some(one => isOriginal(one) && one.endedAt !== undefined && last(one.failed)) ? [id] : [];
  });
  load.serve(served);
  return new Set(settled);
}

/** `stopped`: the server stands still while it is copied, some moments after the first look. */
async function taken(stopped: boolean): Promise<Copy> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    await pause(WORK_MS * (0.5 + draw()));
    const dir = join(site.scratchDir, `copy-${++copies}`);
    const { ledger } = site;
    const settled = await settledForSure(ledger);
    await pause(WORK_MS * draw());
    const answered = new Map(ledger.answered);
    const [beforeStamps, beforeLogs] = [stamps(), logs()];
    if (stopped) {
      await pause(draw() * 100);
      life.signal('SIGSTOP');
    }
    // The logs last: what they name is in no database yet.
    const names = readdirSync(site.dataDir).filter(name => !/-shm$|\.lock/.test(name));
    for (const name of names.toSorted((a, b) => Number(a.endsWith('-wal')) - Number(b.endsWith('-wal'))))
      cpSync(join(site.dataDir, name), join(dir, name), { recursive: true });
    const clean = stamps() === beforeStamps && !anew(beforeLogs, logs());
    if (stopped) life.signal('SIGCONT');
    if (clean) return { dir, answered, settled, beforeLogs, takenAt: performance.now() };
    rmSync(dir, { recursive: true });
  }
  throw new Error(`${TRIES} times there was a checkpoint while the folder was copied`);
}

async function check({ dir, answered, settled, takenAt }: Copy): Promise<string> {
  const { ledger } = site;
  load.serve(undefined);
  assert.deepEqual(corrupt(dir, `${dir}-looked-at`), []);
  const copy = site.start({ dataDir: dir });
  try {
    const there = await copy.ready;
    const brought = (id: string) => ledger.deliveries.get(id)?.filter(one => one.life === copy.number) ?? [];
    /** By the copy, or by the original while it was not yet one. */
    const isDone = (id: string) =>
      ledger.deliveries
        .get(id)
        ?.some(
          one =>
            one.failed === false &&
            (one.life === copy.number || (isOriginal(one) && (one.endedAt ?? Infinity) < takenAt)),
        );
    await wait(() => [...answered].every(([id, kind]) => kind !== 'ok' || isDone(id)), DRAIN_MS);
    await settleRetries(there, ledger);
    assert.equal(await copy.stop(), '0', copy.complaints());
    const { pending, letters } = await keptIn(dir);
    const kept = new Set(letters);
    const lost = [...answered].filter(([id, kind]) => (kind === 'fails' ? !kept.has(id) : !isDone(id)));
    assert.deepEqual(lost, [], `lost (OPENSCF_FAULT_SEED=${seed})`);
    assert.equal(pending, 0);
    const again = [...settled].filter(id => brought(id).length > 0);
    assert.deepEqual(again, [], `settled long before, and brought again (OPENSCF_FAULT_SEED=${seed})`);
    const count = [...ledger.deliveries.keys()].filter(id => brought(id).length > 0).length;
    return `${answered.size} answered, ${settled.size} settled before; the copy brought ${count}`;
  } finally {
    await copy.kill();
    rmSync(dir, { recursive: true, force: true });
    load.serve(served);
  }
}

for (let round = 1; round <= 4; round++)
  test(`copied while it is written to (${round})`, async t => {
    t.diagnostic(await check(await taken(false)));
  });

for (const how of ['cut', 'flip', 'zero'] as const)
  for (let round = 1; round <= 2; round++)
    test(`the last bytes of the logs ${how === 'cut' ? 'missing' : how === 'flip' ? 'wrong' : 'zero'} (${round})`, async t => {
      const copy = await taken(true);
      const torn = Object.entries(copy.beforeLogs).map(([name, { bytes }]) => {
        const file = join(copy.dir, name);
        const end = writtenOf(file).bytes;
        // What was answered lies before `bytes`; behind it the disk may have any part.
        const from = bytes + Math.floor(draw() * (end - bytes));
        tear(file, from, how);
        return `${name} from ${from} of ${end}`;
      });
      t.diagnostic(torn.join(', '));
      t.diagnostic(await check(copy));
    });
