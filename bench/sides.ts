// What is loaded: a server with one function, and the bare yardstick.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Status } from '../src/cli/wire.ts';
import { type Program, startProgram } from '../test/program.ts';
import type { Bench } from './bench.ts';
import { cloud, publishFolder } from './cloud.ts';
import type { Request, Side } from './load.ts';

const HELLO = 'hello-node';

export interface Started extends Program {
  /** The sandbox that its functions run in: a ratio means little without it. */
  readonly driver: string;
}

export interface Served extends Started {
  readonly functionName: string;
  readonly url: string;
}

/** A server with bench/functions/hello-node behind API Gateway. */
export function served(bench: Bench): Promise<Served> {
  return bench.shared('served', async () => {
    const server = await started(bench);
    return { ...server, ...(await publishHello(server)) };
  });
}

export async function publishHello(server: Program): Promise<{ functionName: string; url: string }> {
  return { functionName: HELLO, url: await publishFolder(cloud(server), HELLO) };
}

/** A server on a store of its own unless one is given, stopped at the end. */
export async function started(bench: Bench, flags: readonly string[] = [], folder?: string): Promise<Started> {
  const dataDir = folder ?? (await bench.folder());
  const server = await startProgram({ dataDir, flags: ['--log-level', 'error', ...flags] });
  bench.atEnd(server.stop);
  const { driver } = await cloud(server).get<Status>('/status');
  return { ...server, driver };
}

/** bench/echo.ts in a process of its own. */
export function bare(bench: Bench): Promise<{ url: string; pid: number }> {
  return bench.shared('bare', () => program(bench, 'echo.ts'));
}

/** One of the servers in bench/, which print their port, in a process of its own. */
export async function program(
  bench: Bench,
  name: string,
  args: readonly string[] = [],
): Promise<{ url: string; pid: number }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, name), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  bench.atEnd(() => ended(child, 'SIGTERM'));
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  return { url: `http://127.0.0.1:${Number(port.toString())}/`, pid: child.pid ?? 0 };
}

export const nameOf = (driver: string): string => `openscf in ${driver}`;

export async function oursSide(bench: Bench, request: Request): Promise<Side> {
  const { url, pid, driver } = await served(bench);
  return side(nameOf(driver), url, pid, request);
}

export async function bareSide(bench: Bench, request: Request): Promise<Side> {
  const { url, pid } = await bare(bench);
  return side('bare', url, pid, request);
}

export const ANSWER_MS = 10_000;

/** All sides must do the same work, or the ratio means nothing: one call shows it. */
export async function side(name: string, url: string, pid: number, request: Request): Promise<Side> {
  const { method, headers = {}, body } = request;
  const asked = { method, headers, ...(body !== undefined && { body }), signal: AbortSignal.timeout(ANSWER_MS) };
  const response = await fetch(url, asked);
  const text = await response.text();
  if (response.status !== 200 || text !== (body ?? 'Hello, world!\n')) {
    throw new Error(`${method} ${url} answers ${response.status} ${text.slice(0, 200)}`);
  }
  return { name, url, pid, request: () => request };
}

/** Waits until a URL gives 200. */
export async function answers(url: string, withinMs = ANSWER_MS): Promise<void> {
  const until = performance.now() + withinMs;
  for (;;) {
    const status = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) }).then(
      async response => (await response.arrayBuffer()) && response.status,
      () => 0,
    );
    if (status === 200) return;
    if (performance.now() > until) throw new Error(`${url} does not answer with 200 (${status})`);
    await new Promise(resolve => setTimeout(resolve, 1));
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

export async function ended(child: ReturnType<typeof spawn>, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}
