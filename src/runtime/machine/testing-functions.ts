// For tests: instances that run what they are sent as bootstraps do, on the turned clock, so fast that events are sent ahead.

import assert from 'node:assert/strict';
import type { Outcome } from '../../core/invocation.ts';
import { AHEAD } from '../instance/frames.ts';
import type { FakeProcess } from '../testing-process.ts';
import type { Pool } from './pool.ts';
import { type Rig, rig } from './testing-machine.ts';

export interface Work {
  readonly ms: number;
  readonly waits: boolean;
}

const FAST: Work = { ms: 0.02, waits: false };

/** Runs what the machine's instances are sent, as bootstraps do, on the turned clock. */
export class Functions {
  readonly #it: Rig;
  readonly #work = new Map<string, Work>();
  readonly #at = new Map<FakeProcess, { next: number; turn: number; until: number; work: Work }>();
  /** Request ids in the order in which they began. */
  readonly ran: string[] = [];
  /** When they began. */
  readonly begunAt = new Map<string, number>();
  #requests = 0;

  constructor(it: Rig) {
    this.#it = it;
  }

  submit(pool: Pool, work = FAST): Promise<Outcome> {
    this.#work.set(`r${++this.#requests}`, work);
    return this.#it.submit(pool);
  }

  /** Lets so many ms pass, one after the other. */
  async pass(ms: number): Promise<void> {
    for (let i = 0; i < ms; i++) {
      await this.#it.clock.advance(1);
      await this.now();
    }
  }

  /** All that can happen in this instant, with twenty fast events a millisecond. */
  async now(): Promise<void> {
    for (let i = 0, moved = true; i < 20 && moved; i++) {
      // What was sent in this instant arrives.
      await this.#it.clock.advance(0);
      moved = this.#it.launcher.processes.filter(process => !process.killed && this.#step(process)).length > 0;
    }
    await this.#it.clock.advance(0);
  }

  /** Whether it did anything. */
  #step(process: FakeProcess): boolean {
    const now = this.#it.clock.now();
    const at = this.#at.get(process) ?? { next: 0, turn: 0, until: 0, work: FAST };
    this.#at.set(process, at);
    let answered = false;
    if (at.turn > 0) {
      if (now < at.until) return false;
      process.answer('1', { turn: at.turn, durationMs: at.work.ms, waited: at.work.waits });
      at.turn = 0;
      answered = true;
    }
    for (;;) {
      const turn = process.turns[at.next];
      const id = process.invoked[at.next] ?? '';
      if (turn === undefined) return answered;
      const ahead = ((process.flags[at.next] ?? 0) & AHEAD) !== 0;
      at.next++;
      if (ahead && !process.takeTurn(turn)) process.decline(turn);
      else {
        at.work = this.#work.get(id) ?? FAST;
        at.turn = turn;
        at.until = now + Math.floor(at.work.ms);
        this.ran.push(id);
        this.begunAt.set(id, now);
        return true;
      }
    }
  }
}

/** A pool with one instance that is known to be fast. */
export async function fast(options: Parameters<typeof rig>[0] = {}) {
  const it = rig(options);
  const functions = new Functions(it);
  const p = it.pool({ timeoutS: 900 });
  const first = functions.submit(p);
  await it.ready();
  await functions.now();
  await first;
  for (let i = 0; i < 20; i++) {
    const run = functions.submit(p);
    await functions.now();
    await run;
  }
  assert.equal(it.launcher.processes.length, 1);
  return { ...it, functions, p };
}

/** One more instance for the pool, idle: started while the others were stuck. */
export async function another(it: Awaited<ReturnType<typeof fast>>): Promise<void> {
  it.machine.provision(it.p, it.p.live + 1);
  await it.ready();
  assert.equal(it.p.idle.length, it.p.live);
}
