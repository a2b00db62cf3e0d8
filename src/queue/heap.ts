// A binary heap whose members know their place, so that any of them can be moved or taken out in O(log n).

export interface Placed {
  /** Index in the heap; −1 outside. Written by the heap alone. */
  place: number;
}

export class Heap<T extends Placed> {
  readonly #before: (a: T, b: T) => boolean;
  readonly #items: T[] = [];

  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    item.place = this.#items.length;
    this.#items.push(item);
    this.#rise(item);
  }

  pop(): T | undefined {
    const first = this.#items[0];
    if (first) this.remove(first);
    return first;
  }

  remove(item: T): void {
    const place = item.place;
    const last = this.#items.pop();
    item.place = -1;
    if (!last || last === item) return;
    this.#set(place, last);
    this.moved(last);
  }

  /** To be called when the rank of a member has changed. */
  moved(item: T): void {
    this.#rise(item);
    this.#sink(item);
  }

  #set(place: number, item: T): void {
    this.#items[place] = item;
    item.place = place;
  }

  #rise(item: T): void {
    while (item.place > 0) {
      const parent = this.#items[(item.place - 1) >> 1];
      if (!parent || !this.#before(item, parent)) return;
      this.#swap(item, parent);
    }
  }

  #sink(item: T): void {
    for (;;) {
      const left = this.#items[2 * item.place + 1];
      const right = this.#items[2 * item.place + 2];
      const child = left && right && this.#before(right, left) ? right : left;
      if (!child || !this.#before(child, item)) return;
      this.#swap(item, child);
    }
  }

  #swap(a: T, b: T): void {
    const place = a.place;
    this.#set(b.place, a);
    this.#set(place, b);
  }
}
