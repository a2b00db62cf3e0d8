// Two sides under the same load, in turn, and what is told of it.

import type { Bench } from './bench.ts';
import { type Load, load, type Side } from './load.ts';
import { list, type Measured, median, round } from './measure.ts';

export interface Round {
  readonly ours: Load;
  readonly bare: Load;
}

const COMPILED_S = 6;

/** What a round's value is; the median of all rounds counts. */
export type Ratio = (round: Round) => number;

export const perSRatio: Ratio = ({ ours, bare }) => ours.perS / bare.perS;
export const p50Ratio: Ratio = ({ ours, bare }) => ours.p50Us / bare.p50Us;

/** Server and functions together, of one request. */
export const cpuRatio: Ratio = ({ ours, bare }) => {
  const [a, b] = [cpuUs(ours), cpuUs(bare)];
  if (a === undefined || b === undefined) throw new Error('the system does not tell what CPU processes took');
  return (a.server + a.functions) / (b.server + b.functions);
};

export async function compare(bench: Bench, ours: Side, bare: Side, connections: number): Promise<readonly Round[]> {
  // Instances, connections and the optimizing compiler, which takes seconds with a program that is new: not measured.
  for (const side of [ours, bare]) {
    await bench.shared(`warm ${side.pid}`, () => load(bench, side, connections, COMPILED_S));
    await load(bench, side, connections, 1);
  }
  return inRounds(bench, async () => ({
    bare: await load(bench, bare, connections, bench.roundS),
    ours: await load(bench, ours, connections, bench.roundS),
  }));
}

export async function inRounds<T>(bench: Bench, one: () => Promise<T>): Promise<readonly T[]> {
  const rounds: T[] = [];
  for (let n = 0; n < bench.rounds; n++) rounds.push(await one());
  return rounds;
}

export function measured(rounds: readonly Round[], ratio: Ratio, names: readonly [string, string]): Measured {
  const ratios = rounds.map(ratio);
  const extra = ratio === perSRatio ? [] : [`requests/s ${round(median(rounds.map(perSRatio)))} of ${names[1]}`];
  const detail = [
    told(
      names[0],
      rounds.map(one => one.ours),
    ),
    told(
      names[1],
      rounds.map(one => one.bare),
    ),
    ...extra,
    `rounds ${list(ratios)}, lowest ${round(Math.min(...ratios))}, highest ${round(Math.max(...ratios))}`,
  ];
  return { value: median(ratios), detail: detail.join('; ') };
}

/** CPU of one request, in µs. */
export function cpuUs({ cpu, requests }: Load): { server: number; functions: number } | undefined {
  return cpu && { server: (cpu.serverMs * 1000) / requests, functions: (cpu.functionsMs * 1000) / requests };
}

export function told(name: string, loads: readonly Load[]): string {
  const ms = (of: (one: Load) => number) => round(median(loads.map(of)) / 1000);
  const perS = Math.round(median(loads.map(one => one.perS)));
  const spent = loads.map(cpuUs).filter(one => one !== undefined);
  const us = (of: (one: { server: number; functions: number }) => number) => round(median(spent.map(of)));
  const functions = spent.length > 0 && us(one => one.functions) > 0 ? ` + ${us(one => one.functions)}` : '';
  const cpu = spent.length > 0 ? `, CPU ${us(one => one.server)}${functions} µs` : '';
  return `${name} ${perS}/s p50 ${ms(one => one.p50Us)} p99 ${ms(one => one.p99Us)} ms${cpu}`;
}
