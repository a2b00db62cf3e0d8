// From `openscf start` to the first answer of /healthz.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, SOURCE, startProgram } from '../test/program.ts';
import { bareProcess, msOf, PLAIN_ENV } from './bare.ts';
import type { Bench } from './bench.ts';
import { emptyStore, FLAGS, fullStore, MANY } from './many.ts';
import { list, type Measure, median } from './measure.ts';
import { answers } from './sides.ts';

const bareNode = (): Promise<void> => bareProcess(process.execPath, ['-e', '0']);

/** The published program; made here, so that it is that of this tree. */
export async function bundle(bench: Bench): Promise<readonly string[]> {
  return bench.shared('bundle', async () => {
    await bareProcess(process.execPath, [join(ROOT, 'scripts', 'bundle.ts')]);
    const path = join(ROOT, 'dist', 'openscf.js');
    if (!existsSync(path)) throw new Error(`${path} was not built`);
    return [process.execPath, path];
  });
}

async function startMs(command: readonly string[], dataDir: string): Promise<number> {
  let stop = async () => {};
  const ms = await msOf(async () => {
    const server = await startProgram({ command, dataDir, flags: FLAGS, env: PLAIN_ENV });
    stop = server.stop;
    await answers(`${server.endpoint}/healthz`);
  });
  await stop();
  return ms;
}

async function inTurn(bench: Bench, ours: () => Promise<number>, yardstick: () => Promise<number>, names: string[]) {
  const [a, b]: [number[], number[]] = [[], []];
  await ours();
  for (let n = 0; n < bench.starts; n++) {
    b.push(await yardstick());
    a.push(await ours());
  }
  return { value: median(a) / median(b), detail: `${names[0]} ${list(a)} ms; ${names[1]} ${list(b)} ms` };
}

export const START: readonly Measure[] = [
  {
    name: 'server-start',
    goal: null,
    better: 'lower',
    async run(bench) {
      const [command, dataDir] = [await bundle(bench), await emptyStore(bench)];
      return inTurn(
        bench,
        () => startMs(command, dataDir),
        () => msOf(bareNode),
        ['bundle', 'node -e 0'],
      );
    },
  },
  {
    name: 'server-start-source',
    goal: null,
    better: 'lower',
    async run(bench) {
      const dataDir = await emptyStore(bench);
      return inTurn(
        bench,
        () => startMs(SOURCE, dataDir),
        () => msOf(bareNode),
        ['source tree', 'node -e 0'],
      );
    },
  },
  {
    name: 'server-start-1000',
    goal: 3,
    better: 'lower',
    async run(bench) {
      const [command, empty, full] = [await bundle(bench), await emptyStore(bench), await fullStore(bench)];
      const names = [`${MANY} functions`, 'no function'];
      return inTurn(
        bench,
        () => startMs(command, full),
        () => startMs(command, empty),
        names,
      );
    },
  },
];
