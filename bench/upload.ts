// Objects on their way in: against dd that syncs as many files of the same bytes, and with and without a trigger.

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Bench, tool } from './bench.ts';
import { list, type Measure, median, round } from './measure.ts';
import { atOnce, MB, type ServedStore, servedStore } from './objects.ts';

/** Of one side in one round. */
const FILES = 100;
/** Before it counts: the optimizing compiler takes seconds with a program that is new. */
const WARM_FILES = 1500;

interface Round {
  readonly ours: number;
  readonly dd: number;
}

const perS = (ms: number) => (FILES * 1000) / ms;

/** As many at once as the clients of the other side. Removing the files does not count. */
async function dd(bench: Bench, folder: string, source: string, width: number): Promise<number> {
  const out = join(folder, `dd-${bench.next()}`);
  await mkdir(out);
  const command = ['-P', String(width), '-I{}', tool('dd'), `if=${source}`, `of=${out}/{}`, 'bs=1M', 'conv=fsync'];
  const from = performance.now();
  const names = Array.from({ length: FILES }, (_, n) => n).join('\n');
  const running = promisify(execFile)(tool('xargs'), [...command, 'status=none']);
  running.child.stdin?.end(names);
  await running;
  const ms = performance.now() - from;
  await rm(out, { recursive: true });
  return ms;
}

async function puts(bench: Bench, store: ServedStore, body: Buffer, width: number, files: number): Promise<number> {
  const folder = `up-${bench.next()}`;
  const free = Array.from({ length: width }, () => store.putter(store.bucket));
  const all = [...free];
  const from = performance.now();
  await atOnce(width, files, async n => {
    const one = free.pop();
    await one?.put(`${folder}/${n}`, body);
    if (one) free.push(one);
  });
  const ms = performance.now() - from;
  for (const one of all) one.end();
  return ms;
}

const put = (width: number): Measure => ({
  name: `cos-put-1m-${width}`,
  goal: 0.5,
  better: 'higher',
  async run(bench) {
    const [store, folder, body] = [await servedStore(bench), await bench.folder(), randomBytes(MB)];
    const source = join(folder, 'source');
    await writeFile(source, body);
    await bench.shared('warm uploads', () => puts(bench, store, body, 16, WARM_FILES));
    await dd(bench, folder, source, width);
    const rounds: Round[] = [];
    for (let n = 0; n < bench.starts * 2; n++) {
      rounds.push({ dd: await dd(bench, folder, source, width), ours: await puts(bench, store, body, width, FILES) });
    }
    const ratios = rounds.map(one => one.dd / one.ours);
    const [a, b] = [perS(median(rounds.map(one => one.ours))), perS(median(rounds.map(one => one.dd)))];
    const how = width === 1 ? 'one after another' : `${width} at once`;
    const detail = `${round(a)} MB/s, ${how}; dd ${round(b)} MB/s in the same way; rounds ${list(ratios)}`;
    return { value: median(ratios), detail };
  },
});

export const UPLOAD: readonly Measure[] = [put(1), put(16)];
