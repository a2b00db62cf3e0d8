// What a trigger adds to the PUT that sets it off: the event is on disk before the answer.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { SystemClock } from '../src/core/clock.ts';
import { SystemIds } from '../src/core/ids.ts';
import { NO_LOG } from '../src/core/log.ts';
import type { EventStore } from '../src/core/ports.ts';
import { openSqliteEvents } from '../src/queue/sqlite.ts';
import { drained } from './async.ts';
import type { Bench } from './bench.ts';
import { active, cloud, create } from './cloud.ts';
import { inRounds } from './compare.ts';
import { list, type Measure, median, round } from './measure.ts';
import { atOnce, percentile, type ServedStore, servedStore } from './objects.ts';

/** Of each kind, by the seconds of a round. */
const WRITES_PER_S = 50;
const PAUSE_MS = 4;
const WARM_WRITES = 1500;
const TOLD = 'told';
const FN = 'told';
const BODY = randomBytes(1024);

/** A bucket beside the other: each object of it is told of to a function that does nothing. */
async function told(bench: Bench): Promise<ServedStore> {
  const store = await servedStore(bench);
  await store.make(TOLD);
  const { scf } = cloud(store);
  await create(scf, { FunctionName: FN, Runtime: 'Nodejs18.15', files: { 'index.js': HANDLER } });
  await active(scf, FN);
  const TriggerDesc = JSON.stringify({ event: 'cos:ObjectCreated:*', filter: { Prefix: '', Suffix: '' } });
  await scf('CreateTrigger', { FunctionName: FN, TriggerName: store.hostOf(TOLD), Type: 'cos', TriggerDesc });
  return store;
}

const HANDLER = 'exports.main_handler = async () => {};\n';

/** µs of each, in turn. Between two of them the function has time to run: it would be what is measured. */
async function inTurn<Name extends string>(
  count: number,
  ways: Readonly<Record<Name, () => Promise<unknown>>>,
): Promise<(name: Name) => number> {
  const names = Object.keys(ways) as Name[];
  const waits = new Map<Name, number[]>(names.map(name => [name, []]));
  for (let n = 0; n < count; n++) {
    for (const name of names) {
      await new Promise(resolve => setTimeout(resolve, PAUSE_MS));
      const from = performance.now();
      await ways[name]();
      waits.get(name)?.push((performance.now() - from) * 1000);
    }
  }
  return name => percentile(waits.get(name) ?? [], 50);
}

async function events(bench: Bench): Promise<{ push(): Promise<unknown> }> {
  const [ids, clock] = [new SystemIds(), new SystemClock()];
  const file = join(await bench.folder(), 'events.db');
  const { queue, close }: EventStore = await openSqliteEvents({ file, clock, ids, log: NO_LOG });
  bench.atEnd(close);
  const target = { region: 'ap-guangzhou', namespace: 'default', name: FN };
  return {
    push() {
      const event = { requestId: ids.risingUuid(), target, qualifier: '$LATEST', source: 'cos', body: BODY };
      const now = clock.now();
      return queue.push({ event, acceptedAt: now, dueAt: now, retryNum: 0, runErrors: 0 }, 1e9);
    },
  };
}

export const NOTICES: readonly Measure[] = [
  {
    name: 'cos-put-1k-trigger',
    goal: 1,
    better: 'lower',
    async run(bench) {
      const [store, queue] = [await told(bench), await events(bench)];
      const put = (bucket: string) => () => store.ask(bucket, `/${bench.next()}`, { method: 'PUT', body: BODY });
      for (const bucket of [store.bucket, TOLD]) await atOnce(4, WARM_WRITES, put(bucket));
      await atOnce(1, WARM_WRITES, queue.push);
      await drained(store);
      const rounds = await inRounds(bench, async () => {
        const p50 = await inTurn(bench.roundS * WRITES_PER_S, {
          before: put(store.bucket),
          withTrigger: put(TOLD),
          insert: queue.push,
          after: put(store.bucket),
        });
        const [before, withTrigger] = [p50('before'), p50('withTrigger')];
        return { before, withTrigger, insert: p50('insert'), after: p50('after') };
      });
      const ratios = rounds.map(one => (one.withTrigger - (one.before + one.after) / 2) / one.insert);
      const noise = rounds.map(one => (one.after - one.before) / one.insert);
      const of = (what: (one: (typeof rounds)[number]) => number) => round(median(rounds.map(what)));
      const detail = [
        `p50 ${of(one => one.withTrigger)} µs, without ${of(one => (one.before + one.after) / 2)} µs`,
        `push of one event of 1 KB ${of(one => one.insert)} µs; rounds ${list(ratios)}`,
        `without against without ${list(noise)}`,
      ].join('; ');
      return { value: median(ratios), detail };
    },
  },
];
