// Counting requests: windows of fixed length, one for each thing that is limited. Memory alone; they begin anew with the process.

/** So many requests in each stretch of time. */
export class Window {
  limit: number;
  readonly #ms: number;
  #stretch = -1;
  #used = 0;

  constructor(limit: number, ms: number) {
    this.limit = limit;
    this.#ms = ms;
  }

  /** How many were taken in the stretch that `now` lies in. */
  used(now: number): number {
    const stretch = Math.floor(now / this.#ms);
    if (stretch !== this.#stretch) {
      this.#stretch = stretch;
      this.#used = 0;
    }
    return this.#used;
  }

  /** Call `used` first. */
  take(): void {
    this.#used++;
  }
}

const CLIENTS = 65_536;

/** One window per client. Above a number of clients in one stretch those that came first are forgotten. */
export class ClientWindows {
  limit: number;
  readonly #ms: number;
  readonly #windows = new Map<string, Window>();
  #stretch = -1;

  constructor(limit: number, ms: number) {
    this.limit = limit;
    this.#ms = ms;
  }

  of(client: string, now: number): Window {
    const stretch = Math.floor(now / this.#ms);
    if (stretch !== this.#stretch) {
      this.#stretch = stretch;
      this.#windows.clear();
    }
    let window = this.#windows.get(client);
    if (!window) {
      window = new Window(this.limit, this.#ms);
      this.#windows.set(client, window);
      for (const oldest of this.#windows.keys()) {
        if (this.#windows.size <= CLIENTS) break;
        this.#windows.delete(oldest);
      }
    }
    window.limit = this.limit;
    return window;
  }
}

/** The windows by what they limit: a change of settings keeps the count, whatever else is compiled anew. */
export class Counters {
  readonly #windows = new Map<string, Window>();
  readonly #clients = new Map<string, ClientWindows>();

  window(key: string, limit: number, ms: number): Window {
    const named = `${key} ${ms}`;
    const known = this.#windows.get(named);
    if (known) {
      known.limit = limit;
      return known;
    }
    const window = new Window(limit, ms);
    this.#windows.set(named, window);
    return window;
  }

  clients(key: string, limit: number, ms: number): ClientWindows {
    const named = `${key} ${ms}`;
    const known = this.#clients.get(named);
    if (known) {
      known.limit = limit;
      return known;
    }
    const windows = new ClientWindows(limit, ms);
    this.#clients.set(named, windows);
    return windows;
  }

  /** Forgets what nobody limits any more. */
  keep(wanted: (key: string) => boolean): void {
    for (const map of [this.#windows, this.#clients]) {
      for (const named of map.keys()) if (!wanted(named.slice(0, named.lastIndexOf(' ')))) map.delete(named);
    }
  }
}
