// What lies in a data folder when no server runs on it.

import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SystemClock } from '../../src/core/clock.ts';
import { keptLog } from '../../src/core/fixture.ts';
import { SystemIds } from '../../src/core/ids.ts';
import { openSqliteEvents } from '../../src/queue/sqlite.ts';

export interface Kept {
  /** Events that wait, by request id. */
  readonly pending: number;
  /** Request ids of the dead letters. */
  readonly letters: readonly string[];
}

/** By way of the queue's own driver. */
export async function keptIn(dataDir: string): Promise<Kept> {
  const file = join(dataDir, 'events.db');
  const events = await openSqliteEvents({ file, clock: new SystemClock(), ids: new SystemIds(), log: keptLog() });
  try {
    const letters: string[] = [];
    for (let total = 1; letters.length < total; ) {
      const found = await events.letters.list({}, { offset: letters.length, limit: 1000 });
      total = found.total;
      letters.push(...found.rows.map(one => one.item.event.requestId));
      if (found.rows.length === 0) break;
    }
    return { pending: await events.queue.pending(), letters };
  } finally {
    await events.close();
  }
}

const isDatabase = (name: string) => /\.db(-wal|-shm)?$/.test(name);

/** Databases of a folder that say something else than `ok` of themselves; looked at in a copy, which is dropped. */
export function corrupt(dataDir: string, scratchDir: string): string[] {
  mkdirSync(scratchDir, { recursive: true });
  // What the kill left is to be recovered by the next server and not here.
  for (const name of readdirSync(dataDir).filter(isDatabase)) cpSync(join(dataDir, name), join(scratchDir, name));
  const found = readdirSync(scratchDir)
    .filter(name => name.endsWith('.db'))
    .flatMap(name => {
      const db = new DatabaseSync(join(scratchDir, name));
      try {
        const rows = db.prepare('PRAGMA integrity_check').all();
        const words = rows.flatMap(row => Object.values(row)).join(', ');
        return words === 'ok' ? [] : [`${name}: ${words}`];
      } finally {
        db.close();
      }
    });
  rmSync(scratchDir, { recursive: true });
  return found;
}

/** Processes that know of the folder: functions are told it in their environment, servers in their command line. */
export function processesOf(dataDir: string): string[] {
  return readdirSync('/proc').flatMap(pid => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
    const [command, environment] = [textOf(`/proc/${pid}/cmdline`), textOf(`/proc/${pid}/environ`)];
    return command.includes(dataDir) || environment.includes(`${dataDir}/`)
      ? [`${pid} ${command.replaceAll('\0', ' ')}`]
      : [];
  });
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It has just ended.
    return '';
  }
}
