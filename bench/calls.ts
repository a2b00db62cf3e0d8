// Single calls whose time counts, and the quiet before them.

import { Agent } from 'node:http';
import { ask } from '../test/fixture.ts';
import type { Program } from '../test/program.ts';
import type { Bench } from './bench.ts';
import { cpuOf } from './processes.ts';

export interface Caller {
  /** Opens so many connections, so that no later call has to; no function is asked. */
  open(url: string, connections: number): Promise<void>;
  timed(url: string): Promise<{ readonly ms: number; readonly text: string }>;
}

export function caller(bench: Bench): Caller {
  const agent = new Agent({ keepAlive: true, keepAliveMsecs: 60_000 });
  bench.atEnd(async () => agent.destroy());
  return {
    async open(url, connections) {
      const nowhere = new URL('/of-no-function', url).href;
      await Promise.all(Array.from({ length: connections }, () => ask(nowhere, { agent })));
    },
    async timed(url) {
      const from = performance.now();
      const { status, body } = await ask(url, { agent });
      const ms = performance.now() - from;
      const text = body.toString();
      if (status !== 200) throw new Error(`${url} answers ${status} ${text.slice(0, 200)}`);
      return { ms, text };
    },
  };
}

const LOOK_MS = 300;
/** CPU in one look that counts as nothing: two ticks of the kernel. */
const QUIET_MS = 20;
const QUIET_WITHIN_MS = 20_000;

/** Waits until a server and all that it started have nothing left to do: a pool is filled, an instance is gone. */
export async function quiet({ pid }: Pick<Program, 'pid'>): Promise<void> {
  const until = performance.now() + QUIET_WITHIN_MS;
  for (let last = await busyMs(pid); ; ) {
    await new Promise(resolve => setTimeout(resolve, LOOK_MS));
    const now = await busyMs(pid);
    if (Math.abs(now - last) <= QUIET_MS) return;
    if (performance.now() > until) throw new Error(`the server does not come to rest within ${QUIET_WITHIN_MS} ms`);
    last = now;
  }
}

async function busyMs(pid: number): Promise<number> {
  const cpu = await cpuOf(pid);
  return cpu ? cpu.serverMs + cpu.functionsMs : 0;
}
