// The settings of the section records, as the timeline takes them.

import type { Config } from '../config.ts';
import type { TimelineBudget } from '../observe/timeline.ts';

/** Entries that wait in memory to be written: more would be a longer stall when they are. */
const MEMORY_ROWS = 4_000;

export function recordBudget({ rows, days, bytesMB }: Config['records']): TimelineBudget {
  return { rows, ageMs: days * 86_400_000, bytes: bytesMB * 1024 * 1024, memoryRows: MEMORY_ROWS };
}
