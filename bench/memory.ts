// Resident memory of a server that has functions and does nothing.

import { startProgram } from '../test/program.ts';
import { emptyStore, FLAGS, fullStore, MANY, rssMB } from './many.ts';
import { list, type Measure, median } from './measure.ts';
import { answers } from './sides.ts';

/** After a start: what was read is there, what can be freed soon has had its chance. */
const SETTLE_MS = 1000;

async function idleMB(dataDir: string): Promise<number> {
  const server = await startProgram({ dataDir, flags: FLAGS });
  await answers(`${server.endpoint}/healthz`);
  await new Promise(resolve => setTimeout(resolve, SETTLE_MS));
  const found = await rssMB(server.pid);
  await server.stop();
  return found;
}

export const MEMORY: readonly Measure[] = [
  {
    name: 'memory-1000',
    goal: null,
    better: 'lower',
    async run(bench) {
      const [empty, full] = [await emptyStore(bench), await fullStore(bench)];
      const [without, withAll]: [number[], number[]] = [[], []];
      for (let n = 0; n < bench.rounds; n++) {
        without.push(await idleMB(empty));
        withAll.push(await idleMB(full));
      }
      const detail = `${MANY} functions ${list(withAll)} MB; no function ${list(without)} MB`;
      return { value: median(withAll) / median(without), detail };
    },
  },
];
