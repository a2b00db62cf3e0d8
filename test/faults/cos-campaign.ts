// One campaign: servers whose object store is written to are killed or stopped one after the other, and all is counted.

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { SeededIds } from '../../src/core/ids.ts';
import { startLoad } from './cos-load.ts';
import { type CosSite, clientOf, leftIn, openCosSite, versionsAt } from './cos-site.ts';
import { keptIn } from './folder.ts';
import type { Served } from './life.ts';
import { type NumberedLife, pause, wait } from './site.ts';

/** A point of an event's path, `<point>:<n>`; else once so many writes have begun; and it is told to stop instead. */
export interface End {
  readonly at?: string;
  readonly writes: number;
  readonly stops?: true;
}

/** Of all problems; one cause has many. */
const SHOWN = 20;
/** From when its connections break until a server that is killed has ended, on a busy machine. */
const GONE_MS = 60_000;
const TOLD_MS = 120_000;
const WORK_MS = 120_000;

export async function cosCampaign(t: TestContext, seed: string, ends: readonly End[]): Promise<void> {
  t.diagnostic(`seed ${seed}`);
  const ids = new SeededIds(seed);
  const problems: string[] = [];
  const site = await openCosSite();
  try {
    for (const end of ends) {
      await live(site, end, () => ids.fraction(), problems);
      // The first loss is enough to know.
      if (problems.length > 0) break;
    }
    await count(site, problems);
    const { answered, done, undone } = site.book;
    t.diagnostic(`${ends.length} ends; ${answered} writes answered; not answered: ${done} done, ${undone} not`);
  } finally {
    problems.push(...(await site.close()).map(one => `left behind: ${one}`));
  }
  assert.equal(
    problems.length,
    0,
    `${problems.length} problems (OPENSCF_FAULT_SEED=${seed})\n${problems.slice(0, SHOWN).join('\n')}`,
  );
}

/** What the last end left in doubt is looked at, then written on until this end. */
async function live(site: CosSite, end: End, draw: () => number, problems: string[]): Promise<void> {
  const life = site.start(end.at === undefined ? {} : { kill: end.at });
  const served = await life.ready.catch(() => undefined);
  // What is told again after the last end may be the way to that point already.
  if (!served || !(await looked(site, served, life, problems))) {
    const how = await life.ended;
    if (end.at === undefined || how !== 'SIGKILL') problems.push(`it ended with ${how}\n${life.complaints()}`);
    return;
  }
  let writes = 0;
  const many = Promise.withResolvers<void>();
  const load = startLoad({
    ...{ cos: await clientOf(served), book: site.book, draw, problems },
    writing: () => {
      if (++writes === end.writes) many.resolve();
    },
  });
  const late = setTimeout(() => {
    problems.push(`${writes} writes in ${WORK_MS} ms`);
    many.resolve();
  }, WORK_MS);
  await Promise.race([many.promise, life.ended]);
  clearTimeout(late);
  // In the middle of what is under way.
  await pause(draw() * 50);
  if (end.stops) {
    const how = await life.stop();
    if (how !== '0') problems.push(`it ended with ${how} when it was told to stop\n${life.complaints()}`);
  } else await life.kill();
  load.stop();
  await load.ended;
}

/** false when the server went meanwhile. */
async function looked(site: CosSite, served: Served, life: NumberedLife, problems: string[]): Promise<boolean> {
  const { book } = site;
  try {
    const cos = await clientOf(served);
    for (const place of book.inDoubt()) {
      const problem = book.see(place, await versionsAt(cos, place));
      if (problem !== undefined) problems.push(problem);
    }
    return true;
  } catch (error) {
    const gone = await Promise.race([life.ended.then(() => true), pause(GONE_MS).then(() => false)]);
    if (!gone) throw error;
    return false;
  }
}

/** Everything that was ever written, everything that is told, and what lies in the folder. */
async function count(site: CosSite, problems: string[]): Promise<void> {
  const { book, dataDir } = site;
  const life = site.start();
  const served = await life.ready;
  await looked(site, served, life, problems);
  const cos = await clientOf(served);
  for (const place of book.all()) {
    const problem = book.see(place, await versionsAt(cos, place));
    if (problem !== undefined) problems.push(problem);
  }
  await wait(() => book.complaints().length === 0, TOLD_MS);
  const how = await life.stop();
  if (how !== '0') problems.push(`the last server ended with ${how}\n${life.complaints()}`);
  const { pending } = await keptIn(dataDir);
  if (pending > 0) problems.push(`${pending} events wait after the end`);
  problems.push(...book.complaints(), ...(await leftIn(dataDir)));
}
