// What a server keeps on disk: rows, waiting events, packages.

import { join } from 'node:path';
import { openDiskBlob } from '../blob/disk.ts';
import type { Clock } from '../core/clock.ts';
import type { Ids } from '../core/ids.ts';
import type { Log } from '../core/log.ts';
import type { Blob, EventStore, Step, Store } from '../core/ports.ts';
import { openSqliteEvents, type SqliteEventsOptions } from '../queue/sqlite.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import type { Closers } from './closers.ts';

/** Where a test stops the process: between the steps of an event's path, and in the thread that writes the queue. */
export interface Faults {
  readonly step?: Step;
  readonly queue?: NonNullable<SqliteEventsOptions['kill']>;
}

interface StoresDeps {
  readonly dataDir: string;
  readonly wallClock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly faults: Faults;
}

export async function openStores(
  { dataDir, wallClock: clock, ids, log, faults }: StoresDeps,
  opened: Closers,
): Promise<{ readonly store: Store; readonly blob: Blob; readonly events: EventStore }> {
  const store = await openSqliteStore({ file: join(dataDir, 'openscf.db'), clock, log });
  opened.defer(() => store.close());
  const kill = faults.queue && { kill: faults.queue };
  const events = await openSqliteEvents({ file: join(dataDir, 'events.db'), clock, ids, log, ...kill });
  opened.defer(() => events.close());
  return { store, blob: await openDiskBlob(join(dataDir, 'blobs')), events };
}
