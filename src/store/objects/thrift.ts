// How much of the write-ahead log is kept. What is in it is still to be written into the file, which may have to grow for it:
// on a disk that runs full that must not be more than there is room for.

import type { DatabaseSync } from 'node:sqlite';
import { CHECKPOINT_PAGES } from './database.ts';
import type { Reserve } from './reserve.ts';

/** Below this a disk runs full. */
const LOW_BYTES = 128 << 20;
/** 1 MB. */
const LOW_CHECKPOINT_PAGES = 256;
/** Batches between two looks at the disk: at 4 MB each they cannot write as much as that. */
const LOOK_EVERY = 16;

export class Thrift {
  readonly #db: DatabaseSync;
  readonly #reserve: Pick<Reserve, 'free'>;
  #left = 0;
  #isLow = false;

  constructor(db: DatabaseSync, reserve: Pick<Reserve, 'free'>) {
    this.#db = db;
    this.#reserve = reserve;
  }

  /** Before a batch. */
  look(): void {
    if (this.#left-- > 0) return;
    this.#left = LOOK_EVERY - 1;
    const isLow = this.#reserve.free() < LOW_BYTES;
    if (isLow === this.#isLow) return;
    this.#isLow = isLow;
    this.#db.exec(`PRAGMA wal_autocheckpoint = ${isLow ? LOW_CHECKPOINT_PAGES : CHECKPOINT_PAGES}`);
  }
}
