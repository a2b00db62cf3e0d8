// The first call of a function, from the signed request to the answer, against a bare fresh process of the very
// interpreter that ran it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startProgram } from '../test/program.ts';
import type { Bench } from './bench.ts';
import { active, type Call, cloud, create, invoke } from './cloud.ts';
import { list, type Measure, median } from './measure.ts';

interface Tongue {
  readonly name: string;
  readonly runtime: string;
  readonly files: Readonly<Record<string, string>>;
  /** Starts, does nothing, ends. */
  readonly nothing: readonly string[];
}

const TONGUES: readonly Tongue[] = [
  {
    name: 'node',
    runtime: 'Nodejs18.15',
    files: { 'index.js': 'exports.main_handler = async () => process.execPath;\n' },
    nothing: ['-e', '0'],
  },
  {
    name: 'python',
    runtime: 'Python3.10',
    files: { 'index.py': 'import sys\n\ndef main_handler(event, context):\n    return sys.executable\n' },
    nothing: ['-c', '0'],
  },
];

export const COLD: readonly Measure[] = TONGUES.map(tongue => ({
  name: `cold-start-${tongue.name}`,
  goal: 1.4,
  better: 'lower',
  run: async bench => {
    const call = await server(bench);
    const [cold, fresh]: [number[], number[]] = [[], []];
    // The first of each finds cold caches of the disk.
    for (let n = -1; n < bench.starts; n++) {
      const FunctionName = `cold-${tongue.name}-${n + 1}`;
      await create(call, { FunctionName, Runtime: tongue.runtime, files: tongue.files });
      await active(call, FunctionName);
      let interpreter: unknown;
      const coldMs = await msOf(async () => {
        interpreter = await invoke(call, FunctionName);
      });
      const freshMs = await msOf(() => bareProcess(String(interpreter), tongue.nothing));
      await call('DeleteFunction', { FunctionName });
      if (n >= 0) {
        cold.push(coldMs);
        fresh.push(freshMs);
      }
    }
    return { value: median(cold) / median(fresh), detail: `cold ${list(cold)} ms; bare process ${list(fresh)} ms` };
  },
}));

function server(bench: Bench): Promise<Call> {
  return bench.shared('cold', async () => {
    const program = await startProgram({ dataDir: await bench.folder(), flags: ['--log-level', 'error'] });
    bench.atEnd(program.stop);
    return cloud(program);
  });
}

export async function msOf(work: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

/** Without NODE_EXTRA_CA_CERTS and the like, which cost a start more than it takes by itself. */
export const PLAIN_ENV: NodeJS.ProcessEnv = { PATH: process.env.PATH, HOME: process.env.HOME, LANG: 'C' };

export async function bareProcess(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: 'ignore', env: PLAIN_ENV });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`);
}
