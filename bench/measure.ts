// What a measure is, and the arithmetic of all of them.

import type { Bench } from './bench.ts';

export interface Measured {
  /** The median ratio to the yardstick, or MB. */
  readonly value: number;
  /** The numbers behind it, with units. */
  readonly detail: string;
}

export interface Measure {
  readonly name: string;
  /** null: nothing is promised, the number is for the record. */
  readonly goal: number | null;
  readonly better: 'higher' | 'lower';
  run(bench: Bench): Promise<Measured>;
}

export interface Line {
  readonly measure: string;
  readonly value: number | null;
  readonly goal: number | null;
  /** null without a goal, or when it could not be measured. */
  readonly ok: boolean | null;
  readonly detail: string;
}

/** Something the machine lacks. */
export class Skipped extends Error {}

export async function lineOf(measure: Measure, bench: Bench): Promise<Line> {
  const { name, goal, better } = measure;
  try {
    const { value, detail } = await measure.run(bench);
    const ok = goal === null ? null : better === 'higher' ? value >= goal : value <= goal;
    return { measure: name, value: round(value), goal, ok, detail };
  } catch (error) {
    if (error instanceof Skipped) {
      return { measure: name, value: null, goal, ok: null, detail: `skipped: ${error.message}` };
    }
    return { measure: name, value: null, goal, ok: false, detail: `failed: ${(error as Error).message}` };
  }
}

/** Time that other guests of the host took is in nobody's ratio, but it explains strange ones. */
export function withSteal(line: Line, percent: number | undefined): Line {
  return percent === undefined ? line : { ...line, detail: `${line.detail}; steal ${round(percent)} %` };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  if (low === undefined || high === undefined) throw new Error('nothing was measured');
  return (low + high) / 2;
}

/** Three significant digits at least, for people. */
export const round = (value: number): number => Number(value >= 100 ? value.toFixed(0) : value.toPrecision(3));

export const list = (values: readonly number[]): string => values.map(round).join(' ');
