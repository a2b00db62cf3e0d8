// An invoker over stand-ins, and all that it did; for tests alone.

import { TurnableClock } from './clock.ts';
import { ACCOUNT, anEntry, catalogOf, keptLog, someEvents } from './fixture.ts';
import type { AsyncPolicy, FunctionEntry } from './function.ts';
import { SeededIds } from './ids.ts';
import type { Attempt, Outcome } from './invocation.ts';
import { createInvoker } from './invoker.ts';
import type { Call, EventStore, Queue, Runner } from './ports.ts';

export const MINUTE = 60_000;
export const START = 1_700_000_000_000;

export type Run = (call: Call) => Outcome | Promise<Outcome>;

/** An invoker over stand-ins, and all that it did. `run` plays the function. */
export function house(
  run: Run,
  options: {
    entry?: FunctionEntry;
    queue?: Partial<Queue>;
    events?: EventStore;
    pendingEvents?: number;
    async?: AsyncPolicy;
    terminate?: Runner['terminate'];
  } = {},
) {
  const clock = new TurnableClock(START);
  const own = options.events ?? someEvents();
  const events = { ...own, queue: { ...own.queue, ...options.queue } };
  const log = keptLog();
  const settled: Attempt[] = [];
  const accepted: string[] = [];
  const begun: string[] = [];
  const calls: (Call & { at: number; version: string; timeoutS: number })[] = [];
  const entry = options.entry ?? anEntry(options.async ? { async: options.async } : {});
  const invoker = createInvoker({
    catalog: catalogOf(entry),
    runner: {
      async run(version, call) {
        calls.push({ ...call, at: clock.now() - START, version: version.version, timeoutS: version.timeoutS });
        return run(call);
      },
      terminate: options.terminate ?? (() => false),
      printed: () => undefined,
    },
    events,
    account: ACCOUNT,
    timeline: {
      accepted: event => void accepted.push(event.requestId),
      began: ({ event, retryNum }) => void begun.push(`${event.requestId} ${retryNum}`),
      settled: attempt => void settled.push(attempt),
    },
    clock,
    ids: new SeededIds(),
    log,
    ...(options.pendingEvents === undefined ? {} : { pendingEvents: options.pendingEvents }),
  });
  return { clock, events: own, queue: own.queue, log, settled, accepted, begun, calls, invoker };
}

/** When each attempt began, in minutes, and what became of it. */
export const story = (settled: Attempt[]) =>
  settled.map(it => `${(it.startedAt - START) / MINUTE} min ${it.outcome.status} ${it.verdict}`);
