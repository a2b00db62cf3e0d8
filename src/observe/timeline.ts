// What happened, kept: in memory first, written behind in batches, bounded in memory, number and age.

import type { Clock } from '../core/clock.ts';
import type { FunctionEvent } from '../core/event.ts';
import type { Attempt } from '../core/invocation.ts';
import type { Log } from '../core/log.ts';
import type { Store, Timeline } from '../core/ports.ts';
import type { InvocationRow } from '../core/rows.ts';
import { acceptedRow, attemptRow } from './row.ts';

export interface Budget {
  /** Kept in the store. */
  readonly rows: number;
  readonly ageMs: number;
  /** Waiting to be written; what comes on top while the store is slow is dropped and counted. */
  readonly memoryRows: number;
}

export interface TimelineDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly budget: Budget;
}

export interface KeptTimeline extends Timeline {
  /** Resolves when all that has happened so far is in the store. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

type Entry = { readonly attempt: Attempt } | { readonly event: FunctionEvent; readonly acceptedAt: number };

/** Rows in one transaction. */
const BATCH = 256;
/** Old rows are looked for once in so many. */
const PRUNE_EVERY = 4096;

export function createTimeline(deps: TimelineDeps): KeptTimeline {
  const { store, clock, log, budget } = deps;
  const waiting: Entry[] = [];
  let dropped = 0;
  let sincePrune = 0;
  let writing: Promise<void> | undefined;

  function add(entry: Entry): void {
    if (waiting.length >= budget.memoryRows) {
      dropped++;
      return;
    }
    waiting.push(entry);
    writing ??= writeBehind();
  }

  /** Leaves the calls of this turn of the loop in peace; what comes meanwhile is one batch. */
  async function writeBehind(): Promise<void> {
    try {
      do {
        await new Promise(setImmediate);
        const batch = waiting.splice(0, BATCH);
        await write(batch.map(rowOf));
      } while (waiting.length > 0);
    } finally {
      writing = undefined;
    }
    if (waiting.length > 0) writing ??= writeBehind();
  }

  async function write(rows: readonly InvocationRow[]): Promise<void> {
    try {
      await store.transaction(async tx => {
        for (const row of rows) await tx.put('invocations', row);
      });
      sincePrune += rows.length;
      if (sincePrune >= PRUNE_EVERY) {
        sincePrune = 0;
        await prune();
      }
    } catch (error) {
      dropped += rows.length;
      log.error({ err: error, rows: rows.length }, 'records of invocations could not be written');
    }
    if (dropped > 0) {
      log.warn({ dropped }, 'records of invocations were dropped');
      dropped = 0;
    }
  }

  async function prune(): Promise<void> {
    await store.remove('invocations', {}, { column: 'startedAt', before: clock.now() - budget.ageMs });
    const count = await store.count('invocations');
    if (count <= budget.rows) return;
    const page = { orderBy: 'startedAt', offset: count - budget.rows, limit: 1 };
    const [oldestKept] = await store.list('invocations', {}, page);
    if (oldestKept) await store.remove('invocations', {}, { column: 'startedAt', before: oldestKept.startedAt });
  }

  async function flush(): Promise<void> {
    while (writing) await writing;
  }

  return {
    accepted: (event, acceptedAt) => add({ event, acceptedAt }),
    settled: attempt => add({ attempt }),
    flush,
    async close() {
      await flush();
      await prune().catch(error => log.warn({ err: error }, 'old records could not be dropped'));
    },
  };
}

function rowOf(entry: Entry): InvocationRow {
  return 'attempt' in entry ? attemptRow(entry.attempt) : acceptedRow(entry.event, entry.acceptedAt);
}
