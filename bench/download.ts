// Objects of 1 MB on their way out, against a bare server that streams the same file.

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench } from './bench.ts';
import { compare, measured, perSRatio } from './compare.ts';
import { load, type Request, type Side } from './load.ts';
import { type Measure, median, round, Skipped } from './measure.ts';
import { files } from './nginx.ts';
import { MB, servedStore } from './objects.ts';
import { ANSWER_MS, program } from './sides.ts';

const CONNECTIONS = 16;
const KEY = 'photos/one';

async function sides(bench: Bench): Promise<{ ours: Side; bare: Side; file: string }> {
  const store = await servedStore(bench);
  const [body, folder] = [randomBytes(MB), await bench.folder()];
  const file = join(folder, 'one');
  await writeFile(file, body);
  await store.ask(store.bucket, `/${KEY}`, { method: 'PUT', body });
  const signed: Request = {
    method: 'GET',
    headers: { Host: store.hostOf(store.bucket) },
  };
  const url = `${store.url}${store.presigned(store.bucket, KEY)}`;
  const yardstick = await program(bench, 'file.ts', [file]);
  const got = await store.ask(store.bucket, `/${KEY}`);
  const plain = Buffer.from(
    await (await fetch(yardstick.url, { signal: AbortSignal.timeout(ANSWER_MS) })).arrayBuffer(),
  );
  if (!got.equals(body) || !plain.equals(body)) throw new Error('a side sends other bytes');
  return {
    ours: { name: 'openscf, presigned', url, pid: store.pid, request: () => signed },
    bare: { name: 'bare', ...yardstick, request: () => ({ method: 'GET' }) },
    file,
  };
}

/** For the record: what a server in C makes of the same file. */
async function nginx(bench: Bench, file: string): Promise<string> {
  try {
    const { url, pid } = await files(bench, file);
    const side: Side = { name: 'nginx', url, pid, request: () => ({ method: 'GET' }) };
    await load(bench, side, CONNECTIONS, 1);
    return `nginx ${Math.round((await load(bench, side, CONNECTIONS, bench.roundS)).perS)} MB/s`;
  } catch (error) {
    if (error instanceof Skipped) return error.message;
    throw error;
  }
}

export const DOWNLOAD: readonly Measure[] = [
  {
    name: `cos-get-1m-${CONNECTIONS}`,
    goal: 0.7,
    better: 'higher',
    async run(bench) {
      const { ours, bare, file } = await sides(bench);
      const rounds = await compare(bench, ours, bare, CONNECTIONS);
      const { value, detail } = measured(rounds, perSRatio, [ours.name, bare.name]);
      const perS = round(median(rounds.map(one => one.ours.perS)));
      return { value, detail: `${perS} MB/s; ${detail}; ${await nginx(bench, file)}` };
    },
  },
];
