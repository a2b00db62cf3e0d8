// Writes a batch of what happened: rows and bytes, all or nothing.

import type { Clock } from '../core/clock.ts';
import { CloudError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Store } from '../core/ports.ts';
import type { PayloadRow } from '../core/rows.ts';
import { type Latest, latestOf, slicesOf } from './batch.ts';
import { payloadOf } from './payload.ts';
import { type Entry, isAttempt, rowOf } from './row.ts';

export interface WriterDeps {
  readonly store: Store;
  readonly wallClock: Clock;
  readonly log: Log;
  /** What is larger is not kept; 0: nothing is. */
  readonly budgetBytes: number;
}

export interface Written {
  readonly rows: number;
  readonly bytes: number;
  /** Of these bytes, how many may have taken the place of the same. */
  readonly again: number;
  /** Records without their bytes, for which there was no room. */
  readonly bare: number;
  /** Of real time, without what others did meanwhile. */
  readonly ms: number;
}

export interface Writer {
  /** `room`: how many bytes of events and replies may come with the batch. Rejects when the store cannot write. */
  write(batch: readonly Entry[], room: number): Promise<Written>;
}

/** How much is written without letting others have their turn. */
const SLICE_ROWS = 64;
const SLICE_BYTES = 256 * 1024;

export function createWriter({ store, wallClock, log, budgetBytes }: WriterDeps): Writer {
  return {
    async write(batch, room) {
      const { rows: entries, payloads: bearing } = latestOf(batch);
      const { payloads, bare, again } = payloadsWithin(bearing, budgetBytes, room);
      const bytes = payloads.reduce((sum, row) => sum + row.bytes, 0);
      const written = { rows: entries.length, bytes, bare };
      let ms = 0;
      let began = wallClock.now();
      const turn = async () => {
        ms += wallClock.now() - began;
        await new Promise(setImmediate);
        began = wallClock.now();
      };
      try {
        await store.transaction(async rows => {
          let isFirst = true;
          for (const slice of slicesOf(entries, SLICE_ROWS)) {
            if (!isFirst) await turn();
            isFirst = false;
            await rows.putAll('invocations', slice.map(rowOf));
          }
          for (const slice of slicesOf(payloads, SLICE_ROWS, { limit: SLICE_BYTES, of: row => row.bytes })) {
            await turn();
            await rows.putAll('payloads', slice);
          }
        });
        return { ...written, again, ms: ms + wallClock.now() - began };
      } catch (error) {
        if (error instanceof CloudError) throw error;
        await writeEach(entries, payloads);
        return { ...written, again: bytes, ms };
      }
    },
  };

  /** Not the store's state but a row it cannot hold: that one alone is lost. */
  async function writeEach(entries: readonly Entry[], payloads: readonly PayloadRow[]): Promise<void> {
    const lost = new Set<string>();
    for (const entry of entries) {
      const { requestId } = entry.event;
      await store.put('invocations', rowOf(entry)).catch(why => {
        if (why instanceof CloudError) throw why;
        lost.add(requestId);
        log.error({ err: why, requestId }, 'an invocation could not be recorded');
      });
    }
    const found = payloads.filter(({ requestId }) => !lost.has(requestId));
    await store.putAll('payloads', found);
  }
}

function payloadsWithin(bearing: Latest['payloads'], budgetBytes: number, room: number) {
  const payloads: PayloadRow[] = [];
  let left = room;
  let bare = 0;
  let again = 0;
  if (!(budgetBytes > 0)) return { payloads, bare, again };
  for (const entry of bearing) {
    const row = payloadOf(entry);
    if (row.bytes > budgetBytes) continue;
    if (row.bytes > left) {
      bare++;
      continue;
    }
    left -= row.bytes;
    payloads.push(row);
    // The event was written when it was accepted.
    if (isAttempt(entry) && entry.mode !== 'sync') again += row.event.length;
  }
  return { payloads, bare, again };
}
