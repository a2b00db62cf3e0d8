// How often each file is named. One change takes and gives back names; what nobody names in the end is free.

import type { DatabaseSync, StatementSync } from 'node:sqlite';

export class FilesTable {
  readonly #take: StatementSync;
  readonly #release: StatementSync;
  readonly #drop: StatementSync;
  readonly #find: StatementSync;
  #released = new Set<string>();

  constructor(db: DatabaseSync) {
    this.#take = db.prepare(
      'INSERT INTO files (file, refs) VALUES (?, 1) ON CONFLICT (file) DO UPDATE SET refs = refs + 1',
    );
    this.#release = db.prepare('UPDATE files SET refs = refs - 1 WHERE file = ?');
    this.#drop = db.prepare('DELETE FROM files WHERE file = ? AND refs <= 0');
    this.#find = db.prepare('SELECT 1 FROM files WHERE file = ?');
  }

  begin(): void {
    this.#released = new Set();
  }

  take(file: string): void {
    this.#take.run(file);
  }

  release(file: string): void {
    this.#release.run(file);
    this.#released.add(file);
  }

  isNamed(file: string): boolean {
    return this.#find.get(file) !== undefined;
  }

  /** At the end of the change. */
  freed(): string[] {
    return [...this.#released].filter(file => Number(this.#drop.run(file).changes) > 0);
  }
}
