// What a server keeps on disk: rows, waiting events, packages, objects.

import { existsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openDiskBlob } from '../blob/disk.ts';
import { openObjectFiles } from '../blob/files.ts';
import type { Clock } from '../core/clock.ts';
import { type Ids, SystemIds } from '../core/ids.ts';
import type { Log } from '../core/log.ts';
import type { ObjectFiles, ObjectIndex } from '../core/objects.ts';
import type { Blob, EventStore, Step, Store } from '../core/ports.ts';
import { openSqliteEvents, type SqliteEventsOptions } from '../queue/sqlite.ts';
import { openObjectIndex } from '../store/objects/sqlite.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import type { Closers } from './closers.ts';
import { fail } from './errors.ts';

/** Where a test stops the process: between the steps of an event's path, and in the thread that writes the queue. */
export interface Faults {
  readonly step?: Step;
  readonly queue?: NonNullable<SqliteEventsOptions['kill']>;
}

interface StoresDeps {
  readonly dataDir: string;
  /** Of events that are about objects. */
  readonly clock: Clock;
  readonly wallClock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly faults: Faults;
}

export interface Stores {
  readonly store: Store;
  readonly blob: Blob;
  readonly events: EventStore;
  readonly index: ObjectIndex;
  readonly files: ObjectFiles;
}

/** At once: most of their time goes to the start of threads. */
export async function openStores(
  { dataDir, clock, wallClock, ids, log, faults }: StoresDeps,
  opened: Closers,
): Promise<Stores> {
  const closing = async <Kept extends { close(): Promise<void> }>(opening: Promise<Kept>): Promise<Kept> => {
    const kept = await opening;
    opened.defer(() => kept.close());
    return kept;
  };
  const file = (name: string) => join(dataDir, name);
  await needIndex(file('objects.db'), file('objects'));
  const kill = faults.queue && { kill: faults.queue };
  const store = closing(openSqliteStore({ file: file('openscf.db'), clock: wallClock, log }));
  const events = closing(openSqliteEvents({ file: file('events.db'), clock: wallClock, ids, log, ...kill }));
  const index = closing(openObjectIndex({ file: file('objects.db'), clock, log }));
  const blob = openDiskBlob(file('blobs'));
  // Nobody sees their names, and names of a seed would come again after a restart.
  const files = openObjectFiles(file('objects'), { ids: new SystemIds() });
  // Whatever fails, what has been opened is known to be closed.
  await Promise.allSettled([store, events, index, blob, files]);
  return { store: await store, blob: await blob, events: await events, index: await index, files: await files };
}

/** A new index names none of the files that are there: all of them would be taken for leftovers, and removed. */
async function needIndex(file: string, dir: string): Promise<void> {
  // Whoever opens the folder says what is wrong with one that is none.
  if (existsSync(file) || !statSync(dir, { throwIfNoEntry: false })?.isDirectory()) return;
  for (const folder of await readdir(dir, { withFileTypes: true })) {
    if (!folder.isDirectory() || !/^[0-9a-f]{2}$/.test(folder.name)) continue;
    if ((await readdir(join(dir, folder.name))).length > 0) fail('Server.ObjectIndex', { file, dir });
  }
}
