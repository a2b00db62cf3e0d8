// One campaign: a server under load is killed again and again, started again at once, and in the end everything is counted.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { SeededIds } from '../../src/core/ids.ts';
import { type Counted, count } from './count.ts';
import { corrupt, keptIn } from './folder.ts';
import type { Kind } from './ledger.ts';
import { startLoad } from './load.ts';
import { openDeployedSite, type Site, settleDue, settleRetries } from './site.ts';

/** A point of the path, `<point>:<n>`; or an instant, ms from the start of the process or from when it listens. */
export type Kill = { readonly at: string } | { readonly sinceStartMs: number } | { readonly sinceReadyMs: number };

/** The server has to come by the point it is to die at. */
const AIM_MS = 120_000;
const CHECK_EVERY = 20;
/** A function takes up to this long, so that kills cut runs as well. */
const RUN_MS = 20;
const PADDING_BYTES = 2_000;
const SHARES: readonly (readonly [upTo: number, kind: Kind])[] = [
  [0.7, 'ok'],
  [0.85, 'fails'],
  [1, 'flaky'],
];
/** Of all problems; one cause has many. */
const SHOWN = 20;

export async function campaign(t: TestContext, seed: string, kills: readonly Kill[]): Promise<void> {
  t.diagnostic(`seed ${seed}`);
  const ids = new SeededIds(seed);
  const draw = () => ids.fraction();
  const site = await openDeployedSite(() => Math.floor(draw() * RUN_MS));
  const problems: string[] = [];
  try {
    const { counted, startsMs } = await run(site, kills, draw, problems);
    problems.push(...counted.problems);
    t.diagnostic(words(counted, kills.length));
    t.diagnostic(`start to listening: ${spread(startsMs)}`);
  } finally {
    const left = await site.close();
    problems.push(...left.map(one => `left behind: ${one}`));
  }
  const shown = problems.slice(0, SHOWN).join('\n');
  assert.equal(problems.length, 0, `${problems.length} problems (OPENSCF_FAULT_SEED=${seed})\n${shown}`);
}

async function run(site: Site, kills: readonly Kill[], draw: () => number, problems: string[]) {
  const { ledger, dataDir, scratchDir } = site;
  const pick = () => {
    const value = draw();
    return SHARES.find(([upTo]) => value < upTo)?.[1] ?? 'ok';
  };
  const load = startLoad({ ledger, pick, padding: () => Math.floor(draw() * PADDING_BYTES) });
  const startsMs: number[] = [];
  let killed = 0;
  for (const kill of kills) {
    const life = site.start('at' in kill ? { kill: kill.at } : {});
    void life.ready.then(
      served => load.serve(served),
      () => undefined,
    );
    if ('at' in kill) {
      const passed = await within(life.ended, AIM_MS);
      if (!passed) problems.push(`kill ${killed}: nothing came by ${kill.at} in ${AIM_MS} ms`);
    } else if ('sinceStartMs' in kill) await within(life.ended, kill.sinceStartMs);
    else {
      await life.ready.catch(() => problems.push(`kill ${killed}: it did not start\n${life.complaints()}`));
      await within(life.ended, kill.sinceReadyMs);
    }
    await life.kill();
    load.serve(undefined);
    const how = await life.ended;
    if (how !== 'SIGKILL') problems.push(`kill ${killed}: it ended with ${how}\n${life.complaints()}`);
    const startMs = life.startMs();
    if (startMs !== undefined) startsMs.push(startMs);
    if (++killed % CHECK_EVERY === 0)
      problems.push(...corrupt(dataDir, join(scratchDir, `copy-${killed}`)).map(one => `after kill ${killed}: ${one}`));
    // The first loss is enough to know; the load would stand still for what never comes.
    if (problems.length > 0) break;
  }
  await load.stop();
  const last = site.start();
  const served = await last.ready;
  await settleDue(ledger);
  await settleRetries(served, ledger);
  const how = await last.stop();
  if (how !== '0') problems.push(`the last server ended with ${how}\n${last.complaints()}`);
  problems.push(...load.refused.map(answer => `refused: ${JSON.stringify(answer)}`));
  const { pending, letters } = await keptIn(dataDir);
  if (pending > 0) problems.push(`${pending} events wait after the end`);
  return { counted: count(ledger, letters), startsMs };
}

/** Whether it came about in that time. */
async function within(what: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>(resolve => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const came = await Promise.race([what.then(() => true), late]);
  clearTimeout(timer);
  return came;
}

function words({ answered, unanswered, deliveries, repeated, retried }: Counted, kills: number): string {
  return `${kills} kills; ${answered} answered, ${unanswered} more that came without an answer; ${deliveries} deliveries, ${repeated} of them since a kill had cut one off, ${retried} retries`;
}

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
  return `median ${at(0.5)} ms, 99 % within ${at(0.99)} ms`;
}
