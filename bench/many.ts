// A store of 1,000 functions, and starts over it.

import { readFile } from 'node:fs/promises';
import { startProgram } from '../test/program.ts';
import type { Bench } from './bench.ts';
import { active, cloud, create } from './cloud.ts';

export const MANY = 1000;
const QUOTA = ['--quota-functions', String(MANY)];
const AT_ONCE = 16;
export const FLAGS: readonly string[] = ['--log-level', 'error', ...QUOTA];

/** A data folder after a first start: keys and tables exist. */
export const emptyStore = (bench: Bench): Promise<string> =>
  bench.shared('empty', async () => {
    const dataDir = await bench.folder();
    await (await startProgram({ dataDir, flags: FLAGS })).stop();
    return dataDir;
  });

export const fullStore = (bench: Bench): Promise<string> =>
  bench.shared('full', async () => {
    const dataDir = await bench.folder();
    const server = await startProgram({ dataDir, flags: FLAGS });
    const call = cloud(server).scf;
    const names = Array.from({ length: MANY }, (_, n) => `many-${n}`);
    const files = { 'index.js': 'exports.main_handler = async event => event;\n' };
    const left = names.values();
    const workers = Array.from({ length: AT_ONCE }, async () => {
      for (const FunctionName of left) {
        await create(call, { FunctionName, Runtime: 'Nodejs18.15', files });
        await active(call, FunctionName);
      }
    });
    await Promise.all(workers);
    const { TotalCount } = await call('ListFunctions', { Limit: 1 });
    if (TotalCount !== MANY) throw new Error(`the store has ${TotalCount} functions`);
    await server.stop();
    return dataDir;
  });

/** Resident set of a process, in MB. */
export async function rssMB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kB = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1];
  if (kB === undefined) throw new Error(`/proc/${pid}/status has no VmRSS`);
  return Number(kB) / 1024;
}
