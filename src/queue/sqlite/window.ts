// The next events of one function, in order; the rest is on disk.

export interface Place {
  readonly dueAt: number;
  readonly seq: number;
}

export function before(a: Place, b: Place): boolean {
  return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.seq < b.seq);
}

export class Window<T extends Place> {
  readonly #entries: T[] = [];
  /** All waiting entries up to this place are here, and there may be others behind it; undefined: all are here. */
  #upTo: Place | undefined;

  constructor(upTo?: Place) {
    this.#upTo = upTo;
  }

  get size(): number {
    return this.#entries.length;
  }

  get upTo(): Place | undefined {
    return this.#upTo;
  }

  /** The first entry of all, if it is here. */
  get front(): T | undefined {
    const first = this.#entries[0];
    return first && this.covers(first) ? first : undefined;
  }

  /** No entry is before it; undefined if there is none at all. */
  get bound(): Place | undefined {
    return this.front ?? this.#upTo;
  }

  /** An entry of that place belongs here, not on disk alone. */
  covers(place: Place): boolean {
    return this.#upTo === undefined || !before(this.#upTo, place);
  }

  add(entry: T): void {
    this.#entries.splice(this.#placeOf(entry), 0, entry);
  }

  /** False if it is not here. */
  remove(entry: T): boolean {
    const place = this.#placeOf(entry);
    if (this.#entries[place] !== entry) return false;
    this.#entries.splice(place, 1);
    return true;
  }

  /** What is behind `upTo` is left to the disk; `pinned` ones stay. Gives those that went. */
  cut(upTo: Place, pinned: (entry: T) => boolean): T[] {
    if (!this.covers(upTo)) return [];
    this.#upTo = upTo;
    const gone: T[] = [];
    for (let place = this.#entries.length - 1; place >= 0; place--) {
      const entry = this.#entries[place];
      if (!entry || this.covers(entry)) break;
      if (pinned(entry)) continue;
      this.#entries.splice(place, 1);
      gone.push(entry);
    }
    return gone;
  }

  /** Cut so that at most `size` are left, but for pinned ones. */
  shorten(size: number, pinned: (entry: T) => boolean): T[] {
    const last = this.#entries[size - 1];
    return this.#entries.length > size && last ? this.cut({ dueAt: last.dueAt, seq: last.seq }, pinned) : [];
  }

  /** Entries from disk have come: up to `upTo` all are here now; undefined: all of all. */
  extend(upTo: Place | undefined): void {
    this.#upTo = upTo;
  }

  /** Where it is, or would be. */
  #placeOf(entry: Place): number {
    let [low, high] = [0, this.#entries.length];
    // The end is where most are added.
    const last = this.#entries[high - 1];
    if (last && before(last, entry)) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#entries[middle];
      if (other && before(other, entry)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
