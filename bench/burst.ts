// Many slow calls at once of a function that has no instance yet.

import type { Program } from '../test/program.ts';
import { type Caller, caller, quiet } from './calls.ts';
import { cloud, publishFolder } from './cloud.ts';
import { list, type Measure, median, Skipped } from './measure.ts';
import { started } from './sides.ts';

const CALLS = 64;
const QUERY = '?waitMs=100';
const FOLDER = 'work-node';
/** Of configured memory, for all of them at once. */
const ROOM_MB = CALLS * 128 * 2;
/** What as many bare Node.js processes hold. */
const HELD_MB = CALLS * 45;

export const BURST: readonly Measure[] = [
  {
    name: `burst-${CALLS}`,
    goal: 3,
    better: 'lower',
    async run(bench) {
      const freeMB = Math.floor(process.availableMemory() / 1024 ** 2);
      if (freeMB < HELD_MB) throw new Skipped(`${CALLS} instances need ${HELD_MB} MB, ${freeMB} are free`);
      const server = await started(bench, ['--memory', String(ROOM_MB)]);
      const calls = caller(bench);
      const [alone, warm, burst]: [number[], number[], number[]] = [[], [], []];
      // The first finds cold caches of the disk.
      await onCold(server, async url => void (await calls.timed(url)));
      for (let n = 0; n < bench.rounds; n++) {
        await onCold(server, async url => {
          await calls.open(url, 1);
          alone.push((await calls.timed(url)).ms);
          warm.push((await calls.timed(url)).ms);
        });
        await onCold(server, async url => void burst.push(await lastOf(calls, url)));
      }
      const ratios = burst.map((ms, n) => ms / (alone[n] ?? Number.NaN));
      const detail = [
        `last of ${CALLS} after ${list(burst)} ms`,
        `one alone, cold ${list(alone)} ms, warm ${list(warm)} ms`,
        `rounds ${list(ratios)}`,
        `sandbox ${server.driver}`,
      ].join('; ');
      return { value: median(ratios), detail };
    },
  },
];

async function onCold(server: Program, work: (url: string) => Promise<void>): Promise<void> {
  const client = cloud(server);
  const url = await publishFolder(client, FOLDER);
  await quiet(server);
  await work(url + QUERY);
  await client.scf('DeleteFunction', { FunctionName: FOLDER });
  await quiet(server);
}

async function lastOf(calls: Caller, url: string): Promise<number> {
  await calls.open(url, CALLS);
  const from = performance.now();
  await Promise.all(Array.from({ length: CALLS }, () => calls.timed(url)));
  return performance.now() - from;
}
