import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { SystemClock } from '../core/clock.ts';
import { SystemIds } from '../core/ids.ts';
import { NO_LOG } from '../core/log.ts';
import { queueContract } from './queue.contract.ts';
import { openSqliteEvents } from './sqlite.ts';

const dir = mkdtempSync(join(tmpdir(), 'openscf-queue-'));
after(() => rmSync(dir, { recursive: true }));
let count = 0;
const options = () => ({ clock: new SystemClock(), ids: new SystemIds(), log: NO_LOG });

queueContract('SQLite file', {
  open: () => openSqliteEvents({ file: join(dir, `${count++}.db`), ...options() }),
  schedules: 100,
});

// Most of what waits is on disk alone, and is read from there all the time.
queueContract('SQLite with hardly any memory', {
  open: () => openSqliteEvents({ file: ':memory:', ...options() }, { window: 2, bytes: 2_000 }),
  schedules: 500,
});
