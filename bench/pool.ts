// Memory of an instance that waits for a function, with what processes share divided among them.

import type { Program } from '../test/program.ts';
import { quiet } from './calls.ts';
import { cloud, publish } from './cloud.ts';
import { list, type Measure, median, Skipped } from './measure.ts';
import { cmdlineOf, type Proc, processes, pssMB, treeOf } from './processes.ts';
import { started } from './sides.ts';
import { TONGUES, type Tongue } from './tongues.ts';

const GOALS_MB: Readonly<Record<Tongue['name'], number>> = { node: 10, python: 6 };

export const POOL: readonly Measure[] = TONGUES.map(tongue => ({
  name: `pss-${tongue.name}`,
  goal: GOALS_MB[tongue.name],
  better: 'lower',
  async run(bench) {
    if (process.platform !== 'linux') throw new Skipped('memory of processes is read from /proc of Linux');
    const server = await bench.shared('pool', () => started(bench));
    const { runtime: Runtime, files } = tongue;
    // It never runs: whatever instance there is waits.
    await publish(cloud(server), { FunctionName: `pss-${tongue.name}`, Runtime, files });
    await quiet(server);
    const found = await waiting(server, tongue);
    if (found.length === 0) throw new Error('the server keeps no instance ready');
    const sizes = await Promise.all(found.map(sizeMB));
    const counts = found.map(pids => pids.length);
    const detail = `${list(sizes)} MB; ${list(counts)} processes; sandbox ${server.driver}`;
    return { value: median(sizes), detail };
  },
}));

async function waiting({ pid }: Program, { bootstrap }: Tongue): Promise<number[][]> {
  const tree = treeOf(await processes(), pid);
  const lines = new Map(await Promise.all(tree.map(async one => [one.pid, await cmdlineOf(one.pid)] as const)));
  return instancesOf(tree, pid, one => bootstrap.test(lines.get(one) ?? ''));
}

/** The processes of each instance: that of the bootstrap, all below it, and those above that have nothing else below. */
export function instancesOf(tree: readonly Proc[], server: number, isBootstrap: (pid: number) => boolean): number[][] {
  const parentOf = new Map(tree.map(one => [one.pid, one.parent]));
  const children = (pid: number) => tree.filter(one => one.parent === pid).length;
  const tops = new Set<number>();
  for (const { pid } of tree.filter(one => one.pid !== server && isBootstrap(one.pid))) {
    let top = pid;
    for (;;) {
      const above = parentOf.get(top);
      if (above === undefined || above === server) break;
      if (children(above) > 1 && !isBootstrap(above)) break;
      top = above;
    }
    tops.add(top);
  }
  return [...tops].map(top => treeOf(tree, top).map(one => one.pid));
}

async function sizeMB(pids: readonly number[]): Promise<number> {
  const sizes = await Promise.all(pids.map(pssMB));
  return sizes.reduce((sum, one) => sum + one, 0);
}
