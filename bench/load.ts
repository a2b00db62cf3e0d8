// One load on one URL, by wrk.

import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Bench, tool } from './bench.ts';
import { list, type Measured, median, round } from './measure.ts';

export interface Request {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Side {
  readonly name: string;
  readonly url: string;
  /** Made anew for each round: signatures age. */
  request(): Request;
}

interface Load {
  readonly perS: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** Rounds of both sides in turn; the value is the median of requests/s of the first ÷ the second. */
export async function compare(bench: Bench, ours: Side, bare: Side, connections: number): Promise<Measured> {
  // Instances, connections and the optimizing compiler: not measured.
  for (const side of [ours, bare]) await load(bench, side, connections, 1);
  const rounds: { ours: Load; bare: Load }[] = [];
  for (let n = 0; n < bench.rounds; n++) {
    rounds.push({
      bare: await load(bench, bare, connections, bench.roundS),
      ours: await load(bench, ours, connections, bench.roundS),
    });
  }
  const ratios = rounds.map(one => one.ours.perS / one.bare.perS);
  const told = (name: string, loads: readonly Load[]) => {
    const ms = (of: (one: Load) => number) => round(median(loads.map(of)) / 1000);
    const perS = Math.round(median(loads.map(one => one.perS)));
    return `${name} ${perS}/s p50 ${ms(one => one.p50Us)} p99 ${ms(one => one.p99Us)} ms`;
  };
  return {
    value: median(ratios),
    detail: [
      told(
        ours.name,
        rounds.map(one => one.ours),
      ),
      told(
        bare.name,
        rounds.map(one => one.bare),
      ),
      `rounds ${list(ratios)}`,
    ].join('; '),
  };
}

export async function load(bench: Bench, side: Side, connections: number, seconds: number): Promise<Load> {
  const wrk = tool('wrk');
  const script = join(await bench.shared('scripts', () => bench.folder()), 'load.lua');
  await writeFile(script, lua(side.request()));
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '5s', '-s', script, side.url];
  const { stdout } = await promisify(execFile)(wrk, args, { timeout: (seconds + 20) * 1000 });
  const line = stdout.split('\n').find(one => one.startsWith('{'));
  const { requests, us, p50, p99, bad } = JSON.parse(line ?? '{}') as Record<string, number>;
  if (!requests || !us || p50 === undefined || p99 === undefined) throw new Error(`wrk said: ${stdout}`);
  if (bad) throw new Error(`${side.name}: ${bad} of ${requests} requests failed`);
  return { perS: (requests / us) * 1e6, p50Us: p50, p99Us: p99 };
}

/** A Lua string in long brackets drops a first line break, so one is put there. */
const quoted = (text: string): string => `[==[\n${text}]==]`;

function lua({ method, headers = {}, body }: Request): string {
  return [
    `wrk.method = "${method}"`,
    ...Object.entries(headers).map(([name, value]) => `wrk.headers["${name}"] = ${quoted(value)}`),
    ...(body === undefined ? [] : [`wrk.body = ${quoted(body)}`]),
    'done = function(summary, latency)',
    '  local e = summary.errors',
    '  io.write(string.format(\'{"requests":%d,"us":%d,"p50":%d,"p99":%d,"bad":%d}\\n\', summary.requests,',
    '    summary.duration, latency:percentile(50), latency:percentile(99),',
    '    e.connect + e.read + e.write + e.status + e.timeout))',
    'end',
    '',
  ].join('\n');
}
