// One load on one URL, by wrk.

import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Bench, tool } from './bench.ts';
import { countOf, type Latencies, parseLatencies, percentileUs, uncorrected } from './latency.ts';
import { type Cpu, cpuOf } from './processes.ts';

export interface Request {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Instead of one body: these in turn. */
  readonly bodies?: readonly string[];
  /** Every so many requests have this appended to their URL. */
  readonly rare?: { readonly every: number; readonly query: string };
}

export interface Side {
  readonly name: string;
  readonly url: string;
  /** The process that answers; what it started counts as functions. */
  readonly pid: number;
  /** Made anew for each round: signatures age. */
  request(): Request;
}

export interface Load {
  readonly requests: number;
  readonly perS: number;
  readonly latencies: Latencies;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly cpu: Cpu | undefined;
}

export async function load(bench: Bench, side: Side, connections: number, seconds: number): Promise<Load> {
  const wrk = tool('wrk');
  const folder = await bench.shared('scripts', () => bench.folder());
  const script = join(folder, `${bench.next()}.lua`);
  await writeFile(script, lua(side.request()));
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '5s', '-s', script, side.url];
  const before = await cpuOf(side.pid);
  const { stdout } = await promisify(execFile)(wrk, args, { timeout: (seconds + 20) * 1000, maxBuffer: OUTPUT_BYTES });
  const after = await cpuOf(side.pid);
  return { ...parseWrk(stdout, side.name, connections), cpu: before && after && spent(before, after) };
}

/** A histogram may have a row per µs of five seconds. */
const OUTPUT_BYTES = 128 * 1024 * 1024;

const spent = (before: Cpu, after: Cpu): Cpu => ({
  serverMs: after.serverMs - before.serverMs,
  functionsMs: after.functionsMs - before.functionsMs,
});

/** What the script below prints at the end. */
export function parseWrk(stdout: string, name: string, connections: number): Omit<Load, 'cpu'> {
  const lines = stdout.split('\n');
  const at = lines.findIndex(one => one.startsWith('{'));
  const { requests, us, bad } = JSON.parse(lines[at] ?? '{}') as Record<string, number>;
  if (!requests || !us) throw new Error(`wrk said: ${stdout.slice(0, 1000)}`);
  if (bad) throw new Error(`${name}: ${bad} of ${requests} requests failed`);
  const shown = parseLatencies(lines[at + 1] ?? '');
  const gapUs = Math.floor(us / Math.max(1, Math.floor(requests / connections)));
  const latencies = countOf(shown) > requests ? uncorrected(shown, gapUs) : shown;
  if (countOf(latencies) !== requests) throw new Error(`${name}: ${countOf(latencies)} latencies of ${requests} calls`);
  const [p50Us, p99Us] = [percentileUs(latencies, 50), percentileUs(latencies, 99)];
  return { requests, perS: (requests / us) * 1e6, latencies, p50Us, p99Us };
}

/** A Lua string in long brackets drops a first line break, so one is put there. */
const quoted = (text: string): string => `[==[\n${text}]==]`;

export function lua({ method, headers = {}, body, bodies, rare }: Request): string {
  return [
    `wrk.method = "${method}"`,
    ...Object.entries(headers).map(([name, value]) => `wrk.headers["${name}"] = ${quoted(value)}`),
    ...(body === undefined ? [] : [`wrk.body = ${quoted(body)}`]),
    ...(bodies === undefined ? [] : inTurn(bodies)),
    ...(rare === undefined ? [] : rarely(rare)),
    'done = function(summary, latency)',
    '  local e, all = summary.errors, {}',
    '  for i = 1, #latency do',
    '    local us, count = latency(i)',
    '    all[i] = string.format("%d:%d", us, count)',
    '  end',
    '  io.write(string.format(\'{"requests":%d,"us":%d,"bad":%d}\\n\', summary.requests, summary.duration,',
    '    e.connect + e.read + e.write + e.status + e.timeout), table.concat(all, " "), "\\n")',
    'end',
    '',
  ].join('\n');
}

const rarely = ({ every, query }: NonNullable<Request['rare']>): string[] => [
  'local count, usual, rare = 0, nil, nil',
  'init = function()',
  '  usual = wrk.format()',
  `  rare = wrk.format(nil, wrk.path .. ${quoted(query)})`,
  'end',
  'request = function()',
  '  count = count + 1',
  `  return count % ${every} == 0 and rare or usual`,
  'end',
];

const inTurn = (bodies: readonly string[]): string[] => [
  'local count, requests = 0, {}',
  'init = function()',
  ...bodies.map((body, n) => `  requests[${n}] = wrk.format(nil, nil, nil, ${quoted(body)})`),
  'end',
  'request = function()',
  '  count = count + 1',
  `  return requests[count % ${bodies.length}]`,
  'end',
];
