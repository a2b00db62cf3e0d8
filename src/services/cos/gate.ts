// Many may pass together, or one alone: parts of an upload go on side by side, and none lands once it is being completed.

interface Waiting {
  readonly alone: boolean;
  readonly go: () => void;
}

interface Door {
  /** How many are inside; -1: one, alone. */
  inside: number;
  readonly waiting: Waiting[];
}

export class Gate {
  readonly #doors = new Map<string, Door>();

  /** Beside others that pass. Never take a key inside itself. */
  pass<R>(key: string, work: () => Promise<R>): Promise<R> {
    return this.#take(key, false, work);
  }

  /** With nobody else inside. */
  alone<R>(key: string, work: () => Promise<R>): Promise<R> {
    return this.#take(key, true, work);
  }

  /** How many keys have work. */
  get busy(): number {
    return this.#doors.size;
  }

  async #take<R>(key: string, alone: boolean, work: () => Promise<R>): Promise<R> {
    const door = this.#doors.get(key) ?? { inside: 0, waiting: [] };
    this.#doors.set(key, door);
    // In the order of their coming: a stream of those that pass would keep out the one that must be alone.
    if (door.waiting.length > 0 || !fits(door, alone)) {
      await new Promise<void>(go => door.waiting.push({ alone, go }));
    } else enter(door, alone);
    try {
      return await work();
    } finally {
      door.inside = alone ? 0 : door.inside - 1;
      for (let next = door.waiting[0]; next && fits(door, next.alone); next = door.waiting[0]) {
        door.waiting.shift();
        enter(door, next.alone);
        next.go();
      }
      if (door.inside === 0) this.#doors.delete(key);
    }
  }
}

const fits = (door: Door, alone: boolean) => (alone ? door.inside === 0 : door.inside >= 0);

function enter(door: Door, alone: boolean): void {
  door.inside = alone ? -1 : door.inside + 1;
}
