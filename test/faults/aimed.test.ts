// A server that kills itself between two steps of an event's path: each point, at its first passing and at later ones.

import { test } from 'node:test';
import { campaign, type Kill } from './campaign.ts';

const KILLS = Math.ceil(Number(process.env.OPENSCF_KILLS ?? 200) / 2);

/** Of the path: before and after the push, before and after the run, and once the end is written. */
const STEPS = ['push', 'pushed', 'leased', 'ran', 'settled'];
/** Of the queue's writer: when its transaction is open, full, committed, and told to those who wait for it. */
const QUEUE = ['queue.begin', 'queue.written', 'queue.committed', 'queue.answered'];
const TIMES = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233];

const POINTS = [...STEPS, ...QUEUE];
/** Every point with every count, the counts from round to round one place further. */
const aimed = Array.from({ length: KILLS }, (_, n): Kill => {
  const round = Math.floor(n / POINTS.length);
  return { at: `${POINTS[n % POINTS.length]}:${TIMES[round % TIMES.length]}` };
});

test(`killed ${KILLS} times between two steps: what was answered is not lost, and comes once unless it was cut off`, t =>
  campaign(t, process.env.OPENSCF_FAULT_SEED ?? `aimed-${Date.now()}`, aimed));
