// Waiting events in a SQLite file of their own: what is accepted is on disk.

import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { Ids } from '../core/ids.ts';
import type { Log } from '../core/log.ts';
import type { EventStore } from '../core/ports.ts';
import { explain, failureOf } from './errors.ts';
import { SqliteExecutions } from './sqlite/executions.ts';
import { LANE_LIMITS, type LaneLimits, Lanes } from './sqlite/lanes.ts';
import { SqliteLetters } from './sqlite/letters.ts';
import { Link } from './sqlite/link.ts';
import type { KillPoint } from './sqlite/protocol.ts';
import { SqliteQueue } from './sqlite/queue.ts';

export interface SqliteEventsOptions {
  /** Path of the file, or `:memory:`. Its folder is made if need be. */
  readonly file: string;
  /** For another try at what could not be written. */
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** For fault tests: the process ends by SIGKILL when it passes `at` for the `after`th time. */
  readonly kill?: { readonly at: KillPoint; readonly after: number };
}

/** What tests set otherwise: a small disk, small windows, other tables. */
export interface SqliteEventsLimits extends Partial<LaneLimits> {
  readonly maxPages?: number;
  readonly migrations?: readonly string[];
}

export async function openSqliteEvents(
  options: SqliteEventsOptions,
  limits: SqliteEventsLimits = {},
): Promise<EventStore> {
  const { file, ids, kill } = options;
  const { maxPages, migrations, ...laneLimits } = limits;
  try {
    if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true });
  } catch (error) {
    throw explain(failureOf(error), file);
  }
  const link = await Link.open(options, {
    file,
    ...(kill && { kill }),
    ...(maxPages !== undefined && { maxPages }),
    ...(migrations && { migrations }),
  });
  const lanes = new Lanes(link.opened.lanes, { ...LANE_LIMITS, ...laneLimits }, key => link.addLane(key));
  const queue = new SqliteQueue(link, lanes, ids);
  const letters = new SqliteLetters(link, lanes, queue);
  return { queue, letters, executions: new SqliteExecutions(link, lanes), close: () => link.close() };
}
