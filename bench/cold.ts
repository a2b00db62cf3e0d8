// What a start adds to the first HTTP call of a function, against a bare fresh process of the very interpreter that ran
// it: with an instance kept ready, and with none.

import type { Program } from '../test/program.ts';
import { bareProcess, msOf } from './bare.ts';
import type { Bench } from './bench.ts';
import { type Caller, caller, quiet } from './calls.ts';
import { cloud, publish } from './cloud.ts';
import { list, type Measure, median } from './measure.ts';
import { type Started, started } from './sides.ts';
import { flagsOf, NO_POOL } from './switches.ts';
import { TONGUES, type Tongue } from './tongues.ts';

const WARM_CALLS = 5;

interface Start {
  /** The first call without what a warm one takes. */
  readonly coldMs: number;
  readonly warmMs: number;
  /** As the server measured it; 0 when it saw no start. */
  readonly initMs: number;
  readonly freshMs: number;
}

interface Kind {
  readonly name: string;
  readonly goals: Readonly<Record<Tongue['name'], number>>;
  readonly open: (bench: Bench) => Promise<Started>;
}

const KINDS: readonly Kind[] = [
  { name: 'cold-hit', goals: { node: 0.12, python: 0.1 }, open: bench => bench.shared('cold', () => started(bench)) },
  {
    name: 'cold-empty',
    goals: { node: 1.4, python: 1.4 },
    open: async bench => {
      const flags = flagsOf(NO_POOL);
      return bench.shared('cold-empty', () => started(bench, flags));
    },
  },
];

export const COLD: readonly Measure[] = KINDS.flatMap(kind =>
  TONGUES.map(
    (tongue): Measure => ({
      name: `${kind.name}-${tongue.name}`,
      goal: kind.goals[tongue.name],
      better: 'lower',
      async run(bench) {
        const [server, calls] = [await kind.open(bench), caller(bench)];
        // The first finds cold caches of the disk.
        await start(server, calls, tongue, `${kind.name}-${tongue.name}-0`);
        const starts: Start[] = [];
        for (let n = 1; n <= bench.starts; n++) {
          starts.push(await start(server, calls, tongue, `${kind.name}-${tongue.name}-${n}`));
        }
        const ms = (of: (one: Start) => number) => list(starts.map(of));
        const detail = [
          `cold ${ms(one => one.coldMs)} ms over a warm call of ${list([median(starts.map(one => one.warmMs))])} ms`,
          `init ${ms(one => one.initMs)} ms`,
          `bare process ${ms(one => one.freshMs)} ms`,
          `sandbox ${server.driver}`,
        ].join('; ');
        return { value: median(starts.map(one => one.coldMs)) / median(starts.map(one => one.freshMs)), detail };
      },
    }),
  ),
);

async function start(server: Program, calls: Caller, tongue: Tongue, FunctionName: string): Promise<Start> {
  const client = cloud(server);
  const { runtime: Runtime, files } = tongue;
  const url = await publish(client, { FunctionName, Runtime, files });
  await calls.open(url, 1);
  await quiet(server);
  const before = await inits(server);
  const first = await calls.timed(url);
  const warm: number[] = [];
  for (let n = 0; n < WARM_CALLS; n++) warm.push((await calls.timed(url)).ms);
  const after = await inits(server);
  const freshMs = await msOf(() => bareProcess(first.text, tongue.nothing));
  await client.scf('DeleteFunction', { FunctionName });
  const warmMs = median(warm);
  return { coldMs: first.ms - warmMs, warmMs, initMs: after - before, freshMs };
}

/** All that starts took since the server runs, in ms. */
async function inits({ endpoint }: Program): Promise<number> {
  const text = await (await fetch(`${endpoint}/metrics`)).text();
  const seconds = /^openscf_cold_start_seconds_sum (\S+)$/m.exec(text)?.[1];
  if (seconds === undefined) throw new Error('the server has no metric openscf_cold_start_seconds');
  return Number(seconds) * 1000;
}
