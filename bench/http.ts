// An event function behind API Gateway, integrated response, against what a bare server in the same language does.

import type { Bench } from './bench.ts';
import { compare, cpuRatio, measured, p50Ratio, perSRatio, type Ratio } from './compare.ts';
import type { Request } from './load.ts';
import type { Measure } from './measure.ts';
import { bareSide, oursSide } from './sides.ts';

/** JSON with quotes, as gateways see it: they are escaped on the way into the event. */
const json = (bytes: number): string =>
  JSON.stringify({
    items: Array.from({ length: Math.floor(bytes / 9) - 3 }, (_, n) => `${n % 1000}`.padStart(6)),
  }).padEnd(bytes);
const post = (bytes: number): Request => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: json(bytes),
});
export const GET: Request = { method: 'GET' };
export const POST: Request = post(1024);
const LARGE: Request = post(100 * 1024);

interface Row {
  readonly name: string;
  readonly request: Request;
  readonly connections: number;
  readonly ratio: Ratio;
  readonly goal: number;
  readonly better: Measure['better'];
}

const ROWS: readonly Row[] = [
  { name: 'http-get-1', request: GET, connections: 1, ratio: p50Ratio, goal: 3, better: 'lower' },
  { name: 'http-get-16', request: GET, connections: 16, ratio: perSRatio, goal: 0.65, better: 'higher' },
  { name: 'http-get-64', request: GET, connections: 64, ratio: perSRatio, goal: 0.65, better: 'higher' },
  { name: 'http-post-1k-16', request: POST, connections: 16, ratio: perSRatio, goal: 0.5, better: 'higher' },
  { name: 'http-post-1k-64', request: POST, connections: 64, ratio: perSRatio, goal: 0.5, better: 'higher' },
  { name: 'http-body-100k', request: LARGE, connections: 16, ratio: perSRatio, goal: 0.35, better: 'higher' },
  { name: 'cpu-16', request: GET, connections: 16, ratio: cpuRatio, goal: 1.9, better: 'lower' },
];

export const HTTP: readonly Measure[] = ROWS.map(({ name, request, connections, ratio, goal, better }) => ({
  name,
  goal,
  better,
  run: async bench => {
    const { rounds, names } = await loaded(bench, request, connections);
    return measured(rounds, ratio, names);
  },
}));

/** Two measures of one load look at the same rounds. */
function loaded(bench: Bench, request: Request, connections: number) {
  const key = `${request.method} ${request.body?.length ?? 0} ${connections}`;
  return bench.shared(key, async () => {
    const [ours, yardstick] = [await oursSide(bench, request), await bareSide(bench, request)];
    const rounds = await compare(bench, ours, yardstick, connections);
    return { rounds, names: [ours.name, yardstick.name] as const };
  });
}
