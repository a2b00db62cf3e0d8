// A server that is killed at random instants under load: while it starts, and while it works.

import { test } from 'node:test';
import { SeededIds } from '../../src/core/ids.ts';
import { campaign, type Kill } from './campaign.ts';

const KILLS = Math.ceil(Number(process.env.OPENSCF_KILLS ?? 200) / 2);
/** One in five dies before it listens, or about then. */
const STARTING = 0.2;
const START_MS = 500;
const WORK_MS = 1_000;

test(`killed ${KILLS} times at random instants: what was answered is not lost, and comes once unless it was cut off`, async t => {
  const seed = process.env.OPENSCF_FAULT_SEED ?? `random-${Date.now()}`;
  const ids = new SeededIds(`${seed}-instants`);
  const kills = Array.from({ length: KILLS }, (): Kill => {
    const isStarting = ids.fraction() < STARTING;
    const share = ids.fraction();
    return isStarting ? { sinceStartMs: share * START_MS } : { sinceReadyMs: share * WORK_MS };
  });
  await campaign(t, seed, kills);
});
