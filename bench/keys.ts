// A page of a list out of very many keys, against one out of few.

import { join } from 'node:path';
import { SystemClock } from '../src/core/clock.ts';
import { NO_LOG } from '../src/core/log.ts';
import type { ObjectIndex, ObjectRow } from '../src/core/objects.ts';
import { rowOf } from '../src/services/cos/row.ts';
import { openObjectIndex } from '../src/store/objects/sqlite.ts';
import { startProgram } from '../test/program.ts';
import type { Bench } from './bench.ts';
import { list, type Measure, median, round } from './measure.ts';
import { type ObjectStore, percentile, storeOf } from './objects.ts';
import { started } from './sides.ts';

const MANY = 1_000_000;
const FEW = 1_000;
const PAGE = 1_000;
/** Of each side in one round, in turn. */
const PAGES = 100;
const CHANGE_ROWS = 1_000;
const AT_ONCE = 16;

const keyOf = (n: number): string => `photos/${String(n).padStart(9, '0')}.jpg`;

function rowAt(bucket: string, n: number): ObjectRow {
  return rowOf({
    ...{ bucket, key: keyOf(n), versionId: 'null', order: n + 1, modifiedAt: n },
    ...{ etag: 'd41d8cd98f00b204e9800998ecf8427e', bytes: 0, crc64: '0', storageClass: 'STANDARD' },
    ...{ headers: { 'content-type': 'image/jpeg' }, acl: { canned: 'default', grants: [] }, tags: [] },
    ...{ pieces: [], appendable: false, restore: undefined, inline: undefined },
  });
}

async function fill(index: ObjectIndex, bucket: string, count: number): Promise<void> {
  for (let made = 0; made < count; made += CHANGE_ROWS * AT_ONCE) {
    const changes = Array.from({ length: Math.min(AT_ONCE, Math.ceil((count - made) / CHANGE_ROWS)) }, (_, place) => {
      const first = made + place * CHANGE_ROWS;
      return Array.from({ length: CHANGE_ROWS }, (_, n) => rowAt(bucket, first + n));
    });
    await Promise.all(changes.map(put => index.commit({ put })));
  }
}

/** A server over an index with both buckets. */
async function filled(bench: Bench): Promise<ObjectStore> {
  const dataDir = await bench.folder();
  const first = await startProgram({ dataDir, flags: ['--log-level', 'error'] });
  const store = await storeOf(bench, first);
  for (const bucket of ['many', 'few']) await store.make(bucket);
  const idOf = (bucket: string) => store.hostOf(bucket).split('.')[0] ?? '';
  await first.stop();
  const index = await openObjectIndex({ file: join(dataDir, 'objects.db'), clock: new SystemClock(), log: NO_LOG });
  await fill(index, idOf('many'), MANY);
  await fill(index, idOf('few'), FEW);
  await index.close();
  return storeOf(bench, await started(bench, [], dataDir));
}

async function page(store: ObjectStore, bucket: string, behind: number): Promise<number> {
  const marker = behind < 0 ? '' : `&marker=${encodeURIComponent(keyOf(behind))}`;
  const from = performance.now();
  const text = (await store.ask(bucket, `/?max-keys=${PAGE}${marker}`)).toString();
  const ms = performance.now() - from;
  if (!text.includes(`<Key>${keyOf(behind + PAGE)}</Key>`))
    throw new Error(`a page is not whole: ${text.slice(0, 300)}`);
  return ms;
}

interface Round {
  readonly many: readonly number[];
  readonly few: readonly number[];
  readonly fewAgain: readonly number[];
}

async function pages(store: ObjectStore): Promise<Round> {
  const found = { many: [] as number[], few: [] as number[], fewAgain: [] as number[] };
  for (let n = 0; n < PAGES; n++) {
    found.few.push(await page(store, 'few', -1));
    found.many.push(await page(store, 'many', Math.floor(Math.random() * (MANY - PAGE - 1))));
    found.fewAgain.push(await page(store, 'few', -1));
  }
  return found;
}

export const KEYS: readonly Measure[] = [
  {
    name: `cos-list-${MANY}`,
    goal: 2,
    better: 'lower',
    async run(bench) {
      const store = await filled(bench);
      await pages(store);
      const rounds: Round[] = [];
      for (let n = 0; n < bench.rounds; n++) rounds.push(await pages(store));
      const p99 = (side: keyof Round) => rounds.map(one => percentile(one[side], 99));
      const p50 = (side: keyof Round) => round(median(rounds.map(one => percentile(one[side], 50))));
      const [many, few, again] = [p99('many'), p99('few'), p99('fewAgain')];
      const over = (a: readonly number[], b: readonly number[]) => a.map((ms, n) => ms / (b[n] ?? Number.NaN));
      const ratios = over(many, few);
      const detail = [
        `page of ${PAGE} p99 ${round(median(many))} p50 ${p50('many')} ms`,
        `of ${FEW} keys p99 ${round(median(few))} p50 ${p50('few')} ms`,
        `rounds ${list(ratios)}; the few against themselves ${list(over(again, few))}`,
      ].join('; ');
      return { value: median(ratios), detail };
    },
  },
];
