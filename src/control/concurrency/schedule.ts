// What a schedule of provisioned concurrency says at an instant. The cron grammar comes from outside.

import type { ScheduledNumber } from '../../core/rows.ts';

export interface Ticks {
  /** The first instant strictly after `afterMs`, in whole seconds; undefined if there is none. */
  next(afterMs: number): number | undefined;
}

/** Reads an expression, or fails with a CloudError whose parameters `zh` and `en` say why. */
export type ReadCron = (cron: string) => Ticks;

export interface Planned {
  readonly ticks: Ticks;
  readonly instances: number;
}

export interface Due {
  readonly at: number;
  readonly instances: number;
}

export function plan(schedule: readonly ScheduledNumber[], cron: ReadCron): readonly Planned[] {
  return schedule.map(({ cron: text, instances }) => ({ ticks: cron(text), instances }));
}

export function nextTick(planned: readonly Planned[], afterMs: number): number | undefined {
  const ticks = planned.map(({ ticks }) => ticks.next(afterMs)).filter(tick => tick !== undefined);
  return ticks.length > 0 ? Math.min(...ticks) : undefined;
}

/**
 * What holds at `untilMs` of what fell due after `afterMs`: a number holds until another one's time comes, so that
 * ticks which nobody saw count as well. Documented: of two at one instant the later in the list.
 */
export function dueAt(planned: readonly Planned[], afterMs: number, untilMs: number): Due | undefined {
  let due: Due | undefined;
  for (const { ticks, instances } of planned) {
    const at = lastTick(ticks, afterMs, untilMs);
    if (at !== undefined && (due === undefined || at >= due.at)) due = { at, instances };
  }
  return due;
}

/** Halving finds it in some forty questions, however many ticks there were. */
function lastTick(ticks: Ticks, afterMs: number, untilMs: number): number | undefined {
  const falls = (from: number) => (ticks.next(from) ?? Number.POSITIVE_INFINITY) <= untilMs;
  if (!falls(afterMs)) return undefined;
  // A tick lies after `low` and none after `high`.
  let low = afterMs;
  let high = untilMs;
  while (high - low > 1000) {
    const middle = low + Math.floor((high - low) / 2);
    if (falls(middle)) low = middle;
    else high = middle;
  }
  return ticks.next(low);
}
