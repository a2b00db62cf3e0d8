// One after another: writes that touch the same thing wait for each other, all others go on.

export class Turns {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Runs `work` once all earlier work under `key` has ended. Never take a key inside itself. */
  take<R>(key: string, work: () => Promise<R>): Promise<R> {
    const turn = (this.#tails.get(key) ?? Promise.resolve()).then(work);
    const tail = turn
      .catch(() => undefined)
      .then(() => {
        if (this.#tails.get(key) === tail) this.#tails.delete(key);
      });
    this.#tails.set(key, tail);
    return turn;
  }

  /** How many keys have work. */
  get busy(): number {
    return this.#tails.size;
  }
}
