// One server per data folder. The lock is the operating system's, held through SQLite on a file of its own:
// it ends with the process, however that dies, and never has to be cleaned up.

import { DatabaseSync } from 'node:sqlite';
import { fail } from './errors.ts';

export function lockStore(file: string): Disposable {
  const lock = new DatabaseSync(`${file}.lock`);
  try {
    // In memory, or a killed process leaves an empty journal file behind.
    lock.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === BUSY)
      fail('InternalError.StoreLocked', { file }, error);
    throw error;
  }
  return { [Symbol.dispose]: () => lock.isOpen && lock.close() };
}

const BUSY = 5;
