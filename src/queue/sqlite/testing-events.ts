// A folder for one test of the SQLite driver, and stores in it that are closed after the test.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { TurnableClock } from '../../core/clock.ts';
import { SystemIds } from '../../core/ids.ts';
import type { Log } from '../../core/log.ts';
import type { EventStore } from '../../core/ports.ts';
import { openSqliteEvents, type SqliteEventsLimits } from '../sqlite.ts';

export interface Place {
  readonly dir: string;
  readonly file: string;
  readonly clock: TurnableClock;
  /** What was logged: level and text. */
  readonly said: string[];
  open(limits?: SqliteEventsLimits, file?: string): Promise<EventStore>;
}

export function place(t: TestContext): Place {
  const dir = mkdtempSync(join(tmpdir(), 'openscf-events-'));
  const file = join(dir, 'data', 'events.db');
  const clock = new TurnableClock(0);
  const said: string[] = [];
  const say = (level: string) => (_: object, text: string) => void said.push(`${level}: ${text}`);
  const log: Log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
  const opened: EventStore[] = [];
  t.after(async () => {
    for (const events of opened) await events.close();
    rmSync(dir, { recursive: true });
  });
  return {
    dir,
    file,
    clock,
    said,
    async open(limits, at = file) {
      const events = await openSqliteEvents({ file: at, clock, ids: new SystemIds(), log }, limits);
      opened.push(events);
      return events;
    },
  };
}
