// What measures share: how long to measure, things started once, and their end.

import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Skipped } from './measure.ts';

export class Bench {
  readonly rounds: number;
  /** Of one load in one round. */
  readonly roundS: number;
  /** Starts of each side, where starts are compared. */
  readonly starts: number;
  readonly #shared = new Map<string, Promise<unknown>>();
  #count = 0;
  readonly #closers: (() => Promise<void>)[] = [];

  constructor(quick: boolean) {
    this.rounds = quick ? 3 : 5;
    this.roundS = quick ? 1 : 3;
    this.starts = quick ? 3 : 7;
  }

  /** Opened by the first measure that wants it. */
  shared<T>(key: string, open: () => Promise<T>): Promise<T> {
    const known = this.#shared.get(key) as Promise<T> | undefined;
    const value = known ?? open();
    if (!known) this.#shared.set(key, value);
    return value;
  }

  /** Numbers for names. */
  next(): number {
    return ++this.#count;
  }

  /** Run by `close`, the last one first. */
  atEnd(close: () => Promise<void>): void {
    this.#closers.push(close);
  }

  async folder(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'openscf-bench-'));
    this.atEnd(() => rm(path, { recursive: true, force: true }));
    return path;
  }

  async close(): Promise<void> {
    const failures: unknown[] = [];
    // What cannot be closed keeps nothing else open.
    for (const close of this.#closers.splice(0).reverse()) await close().catch(error => failures.push(error));
    this.#shared.clear();
    if (failures.length > 0) throw failures[0];
  }
}

/** The path of a program of the system. */
export function tool(name: string): string {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];
  const path = folders.map(folder => join(folder, name)).find(one => existsSync(one));
  if (path === undefined) throw new Skipped(`${name} is missing: apt-get install -y ${name}`);
  return path;
}
