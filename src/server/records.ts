// What has happened: a file of its own, kept within the settings.

import { join } from 'node:path';
import type { Config } from '../config.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { createHistory, type KeptHistory } from '../observe/history.ts';
import { createTimeline, type KeptTimeline } from '../observe/timeline.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import type { Closers } from './closers.ts';

const DAY_MS = 86_400_000;
const MB = 1024 * 1024;
/** Records in memory that wait to be written. */
const MEMORY_ROWS = 4_000;

interface RecordsDeps {
  readonly config: Pick<Config, 'records'>;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly wallClock: Clock;
  readonly log: Log;
}

export async function openRecords(
  { config, dataDir, clock, wallClock, log }: RecordsDeps,
  opened: Closers,
): Promise<{ readonly timeline: KeptTimeline; readonly history: KeptHistory }> {
  // Records of calls come by the thousand and are no promise to anybody: they never make the loop wait for a disk.
  const file = join(dataDir, 'records.db');
  const store = await openSqliteStore({ file, clock: wallClock, log, synchronous: 'NORMAL' });
  opened.defer(() => store.close());
  const { rows, days, bytesMB } = config.records;
  const budget = { rows, ageMs: days * DAY_MS, bytes: bytesMB * MB, memoryRows: MEMORY_ROWS };
  const timeline = createTimeline({ store, clock, wallClock, log, budget });
  opened.defer(() => timeline.close());
  return { timeline, history: createHistory({ store, timeline }) };
}
