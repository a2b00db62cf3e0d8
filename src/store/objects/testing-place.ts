// A folder for one test of the SQLite driver, and indexes in it that are closed after the test.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { TurnableClock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { ObjectIndex } from '../../core/objects.ts';
import { type ObjectIndexLimits, openObjectIndex } from './sqlite.ts';

export interface Place {
  readonly dir: string;
  readonly file: string;
  readonly clock: TurnableClock;
  /** What was logged: level and text. */
  readonly said: string[];
  open(limits?: ObjectIndexLimits, file?: string): Promise<ObjectIndex>;
}

export function place(t: TestContext): Place {
  const dir = mkdtempSync(join(tmpdir(), 'openscf-objects-'));
  const file = join(dir, 'data', 'objects.db');
  const clock = new TurnableClock(0);
  const said: string[] = [];
  const say = (level: string) => (_: object, text: string) => void said.push(`${level}: ${text}`);
  const log: Log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
  const opened: ObjectIndex[] = [];
  t.after(async () => {
    for (const index of opened) await index.close();
    rmSync(dir, { recursive: true });
  });
  return {
    dir,
    file,
    clock,
    said,
    async open(limits, at = file) {
      const index = await openObjectIndex({ file: at, clock, log }, limits);
      opened.push(index);
      return index;
    },
  };
}
