// An event function behind API Gateway, integrated response, against what a bare server in the same language does.

import type { Bench } from './bench.ts';
import { compare, type Request, type Side } from './load.ts';
import type { Measure } from './measure.ts';
import { ANSWER_MS, bare, proxied, served } from './sides.ts';

/** JSON with quotes, as gateways see it: they are escaped on the way into the event. */
const ITEMS = JSON.stringify({ items: Array.from({ length: 110 }, (_, n) => `${n}`.padStart(3)) });
const BODY = ITEMS.padEnd(1024);
export const GET: Request = { method: 'GET' };
export const POST: Request = {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: BODY,
};

const LOADS: readonly (readonly [request: Request, name: string, connections: number, goal: number])[] = [
  [GET, 'http-get', 1, 0.3],
  [GET, 'http-get', 16, 0.6],
  [GET, 'http-get', 64, 0.6],
  [POST, 'http-post-1k', 16, 0.45],
  [POST, 'http-post-1k', 64, 0.45],
];

export const HTTP: readonly Measure[] = [
  ...LOADS.map(
    ([request, name, connections, goal]): Measure => ({
      name: `${name}-${connections}`,
      goal,
      better: 'higher',
      run: async bench => compare(bench, await ours(bench, request), await yardstick(bench, request), connections),
    }),
  ),
  {
    name: 'http-get-16-nginx',
    goal: null,
    better: 'higher',
    async run(bench) {
      const url = await proxied(bench);
      await same(url, GET);
      return compare(bench, await ours(bench, GET), { name: 'nginx + bare', url, request: () => GET }, 16);
    },
  },
];

async function ours(bench: Bench, request: Request): Promise<Side> {
  const { url } = await served(bench);
  await same(url, request);
  return { name: 'openscf', url, request: () => request };
}

async function yardstick(bench: Bench, request: Request): Promise<Side> {
  const url = await bare(bench);
  await same(url, request);
  return { name: 'bare', url, request: () => request };
}

/** Both sides must do the same work, or the ratio means nothing. */
async function same(url: string, request: Request): Promise<void> {
  const response = await fetch(url, { ...request, signal: AbortSignal.timeout(ANSWER_MS) });
  const text = await response.text();
  if (response.status !== 200 || text !== (request.body ?? 'Hello, world!\n')) {
    throw new Error(`${request.method} ${url} answers ${response.status} ${text.slice(0, 200)}`);
  }
}
