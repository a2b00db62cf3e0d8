// The memory of a server while many large objects come in at once.

import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { startProgram } from '../test/program.ts';
import { FLAGS, rssMB } from './many.ts';
import { list, type Measure, median } from './measure.ts';
import { atOnce, MB, storeOf } from './objects.ts';
import { bundle } from './start.ts';

const CLIENTS = 64;
const EACH_MB = 64;
/** More would take minutes: four gigabytes go to the disk each time. */
const ROUNDS = 2;

/** The most that it ever had. */
async function peakMB(pid: number): Promise<number> {
  const kB = /^VmHWM:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kB === undefined) throw new Error(`/proc/${pid}/status has no VmHWM`);
  return Number(kB) / 1024;
}

export const UPLOADS: readonly Measure[] = [
  {
    name: `cos-upload-memory-${CLIENTS}`,
    goal: 300,
    better: 'lower',
    async run(bench) {
      const [command, body] = [await bundle(bench), randomBytes(EACH_MB * MB)];
      const [before, peak, perS]: [number[], number[], number[]] = [[], [], []];
      for (let n = 0; n < ROUNDS; n++) {
        // The peak is of a process's whole life.
        const server = await startProgram({ command, dataDir: await bench.folder(), flags: FLAGS });
        bench.atEnd(server.stop);
        const store = await storeOf(bench, server);
        await store.make('bench');
        before.push(await rssMB(server.pid));
        const from = performance.now();
        await atOnce(CLIENTS, CLIENTS, n => store.ask('bench', `/${n}`, { method: 'PUT', body }));
        perS.push((CLIENTS * EACH_MB * 1000) / (performance.now() - from));
        peak.push(await peakMB(server.pid));
        await server.stop();
      }
      const detail = [
        `peak ${list(peak)} MB, before ${list(before)} MB`,
        `${CLIENTS} clients with ${EACH_MB} MB each, ${list(perS)} MB/s`,
      ].join('; ');
      return { value: median(peak), detail };
    },
  },
];
