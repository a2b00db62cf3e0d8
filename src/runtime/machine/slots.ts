// Prepared sandboxes: processes whose interpreter has started and waits for its function, so that a start costs
// milliseconds. They are made in the background, one at a time, within a budget of memory; what is missing
// when it is wanted is started at once by whoever wants it.

import type { Clock } from '../../core/clock.ts';
import type { Sandbox, SandboxDriver, SandboxSpec } from '../sandbox/driver.ts';

/** Memory of a prepared process (measured: 12 MB of its own for Node.js 18, 5 for Python). */
export const SLOT_MB = 12;
/** Of one kind; a burst that needs more finds the machine's cores busy anyway. */
const SLOTS_MAX = 32;
/** Kinds that nothing deployed wants any more and that stay. */
export const FORMER = 2;
/** Between two preparations while events run: they matter more. */
const BUSY_MS = 20;
/** The first few of a kind come one after the other; the rest leave the cores to others for so many times what one takes. */
const SOON = 2;
const REST = 4;
/** An interpreter that does not come up in this time never will. */
const LOAD_MS = 30_000;
/** After a preparation that failed. */
const FAILED_MS = 5000;

interface Slot {
  readonly sandbox: Sandbox;
  loaded: boolean;
}

interface Kind {
  readonly spec: SandboxSpec;
  readonly slots: Slot[];
}

export interface SlotsOptions {
  readonly driver: SandboxDriver;
  readonly clock: Clock;
  /** For all prepared sandboxes together. */
  readonly memoryMB: number;
  /** Events wait or instances start: not the time to prepare. */
  readonly busy: () => boolean;
}

export class Slots {
  readonly #options: SlotsOptions;
  readonly #kinds = new Map<string, Kind>();
  #preparing = false;
  #alarm: Disposable | undefined;
  #fillAt = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor(options: SlotsOptions) {
    this.#options = options;
  }

  /** Sandboxes that wait now. */
  get count(): number {
    let count = 0;
    for (const kind of this.#kinds.values()) count += kind.slots.length;
    return count;
  }

  /** Which kinds are worth preparing, the most wanted first; the others end. */
  plan(specs: readonly SandboxSpec[]): void {
    const { memoryMB, driver } = this.#options;
    const room = Math.floor(memoryMB / SLOT_MB);
    const planned = new Set(specs.map(keyOf));
    // A function that is deleted and made again, as deployments do, finds what it left.
    const former = [...this.#kinds].filter(([key]) => !planned.has(key)).map(([, kind]) => kind.spec);
    const wanted = driver.lateAssign ? [...specs, ...former.slice(-FORMER)].slice(0, room) : [];
    const keys = new Set(wanted.map(keyOf));
    for (const [key, kind] of this.#kinds) {
      if (keys.has(key)) continue;
      this.#kinds.delete(key);
      endAll(kind.slots.splice(0));
    }
    for (const spec of wanted) if (!this.#kinds.has(keyOf(spec))) this.#kinds.set(keyOf(spec), { spec, slots: [] });
    // More kinds have less each.
    for (const kind of this.#kinds.values()) endAll(kind.slots.splice(this.#share));
    this.#fillSoon(0);
  }

  /** A prepared sandbox of that kind, a loaded one if there is any. */
  take(spec: SandboxSpec): Sandbox | undefined {
    const slots = this.#kinds.get(keyOf(spec))?.slots;
    if (!slots || slots.length === 0) return undefined;
    const loaded = slots.findIndex(slot => slot.loaded);
    const [slot] = slots.splice(Math.max(0, loaded), 1);
    this.#fillSoon(BUSY_MS);
    return slot?.sandbox;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#alarm?.[Symbol.dispose]();
    const slots = [...this.#kinds.values()].flatMap(kind => kind.slots);
    for (const slot of slots) slot.sandbox.kill();
    await Promise.all(slots.map(slot => slot.sandbox.exited));
  }

  #fillSoon(ms: number): void {
    if (this.#closed || this.#preparing || !this.#poorest()) return;
    const { clock } = this.#options;
    const at = clock.now() + ms;
    // What is wanted sooner now does not wait for the rest of what was wanted before.
    if (at >= this.#fillAt) return;
    this.#alarm?.[Symbol.dispose]();
    this.#fillAt = at;
    this.#alarm = clock.at(at, () => {
      this.#fillAt = Number.POSITIVE_INFINITY;
      this.#fill();
    });
  }

  #fill(): void {
    const kind = this.#poorest();
    if (!kind || this.#closed) return;
    if (this.#options.busy()) {
      this.#fillSoon(BUSY_MS);
      return;
    }
    const sandbox = this.#started(kind.spec);
    if (!sandbox) {
      this.#fillSoon(FAILED_MS);
      return;
    }
    const began = this.#options.clock.now();
    const slot: Slot = { sandbox, loaded: false };
    kind.slots.push(slot);
    this.#preparing = true;
    const late = this.#options.clock.at(began + LOAD_MS, () => sandbox.kill());
    const next = (ms: number) => {
      late[Symbol.dispose]();
      if (slot.loaded) return;
      slot.loaded = true;
      this.#preparing = false;
      this.#fillSoon(ms);
    };
    // The first bytes say that the bootstrap waits; they stay where they are for the instance to read.
    sandbox.channel.once('readable', () => {
      // That it has ended is told the same way.
      if (sandbox.channel.readableLength === 0) return;
      const took = this.#options.clock.now() - began;
      next((this.#poorest()?.slots.length ?? 0) < SOON ? 0 : took * REST);
    });
    sandbox.channel.on('error', () => {});
    void sandbox.exited.then(() => {
      const at = kind.slots.indexOf(slot);
      // Taken, or not wanted any more.
      if (at < 0) return next(0);
      kind.slots.splice(at, 1);
      sandbox.close();
      next(FAILED_MS);
      this.#fillSoon(FAILED_MS);
    });
  }

  #started(spec: SandboxSpec): Sandbox | undefined {
    try {
      return this.#options.driver.start(spec);
    } catch {
      // No descriptors or processes left: those who need an instance now hear of it.
      return undefined;
    }
  }

  /** How many of each kind there may be. */
  get #share(): number {
    const room = Math.floor(this.#options.memoryMB / SLOT_MB / Math.max(1, this.#kinds.size));
    return Math.min(SLOTS_MAX, room);
  }

  /** The kind that lacks most. */
  #poorest(): Kind | undefined {
    let poorest: Kind | undefined;
    for (const kind of this.#kinds.values()) {
      if (kind.slots.length < (poorest?.slots.length ?? this.#share)) poorest = kind;
    }
    return poorest;
  }
}

/** Ends those that nobody can take any more. */
function endAll(slots: readonly Slot[]): void {
  for (const { sandbox } of slots) {
    sandbox.kill();
    void sandbox.exited.then(() => sandbox.close());
  }
}

function keyOf({ command, args, env, memoryMB, network }: SandboxSpec): string {
  return JSON.stringify([command, args, env, memoryMB, network]);
}
