// Files that nobody names any more, and that somebody still reads: they go when the last reader has gone.

import type { Log } from '../../core/log.ts';
import type { ObjectFiles } from '../../core/objects.ts';

export class HeldFiles {
  readonly #files: ObjectFiles;
  readonly #log: Log;
  readonly #readers = new Map<string, number>();
  readonly #freed = new Set<string>();
  readonly #going = new Set<Promise<void>>();

  constructor(files: ObjectFiles, log: Log) {
    this.#files = files;
    this.#log = log;
  }

  hold(files: readonly string[]): Disposable {
    for (const file of files) this.#readers.set(file, (this.#readers.get(file) ?? 0) + 1);
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        for (const file of files) this.#leave(file);
      },
    };
  }

  /** After the commit that made them nobody's. One that cannot be removed is swept at the next start. */
  free(files: readonly string[]): void {
    for (const file of files) {
      if (this.#readers.has(file)) this.#freed.add(file);
      else this.#remove(file);
    }
  }

  async idle(): Promise<void> {
    while (this.#going.size > 0) await Promise.all(this.#going);
  }

  #leave(file: string): void {
    const readers = (this.#readers.get(file) ?? 1) - 1;
    if (readers > 0) {
      this.#readers.set(file, readers);
      return;
    }
    this.#readers.delete(file);
    if (this.#freed.delete(file)) this.#remove(file);
  }

  #remove(file: string): void {
    const going = this.#files
      .remove(file)
      .catch(error => this.#log.warn({ err: error, file }, 'a file that holds nothing any more could not be removed'))
      .finally(() => this.#going.delete(going));
    this.#going.add(going);
  }
}
