// The server's end of the thread of the database: ops gather while a batch is under way, and go together.

import type { Worker } from 'node:worker_threads';
import type { Clock } from '../../core/clock.ts';
import type { FunctionKey } from '../../core/function.ts';
import type { Log } from '../../core/log.ts';
import { firstWord, startThread, threadFile } from '../../core/thread.ts';
import { explain, threadGone } from '../errors.ts';
import { Pace } from './pace.ts';
import { packed } from './pack.ts';
import {
  type Answer,
  type Batch,
  type FromThread,
  type LaneNumber,
  type Opened,
  READS,
  type ThreadOptions,
  type Verb,
  type Verbs,
} from './protocol.ts';

/** A batch that grows with the backlog would make its own members wait. */
const BATCH_BYTES = 4 << 20;
const RETRY_MS = 1_000;

type Result<V extends Verb> = ReturnType<Verbs[V]>;

export interface Call<V extends Verb> {
  readonly bytes?: readonly Uint8Array[];
  /** It settles a lease: it is never refused, but tried until it is done. */
  readonly kept?: boolean;
  /** Called in the order of the calls, before anybody who waits goes on. */
  readonly done?: (result: Result<V>) => void;
}

interface Op {
  readonly verb: Verb;
  readonly args: readonly unknown[];
  readonly bytes: readonly Uint8Array[];
  readonly size: number;
  readonly kept: boolean;
  readonly done: (result: unknown) => void;
  readonly failed: (error: Error) => void;
}

export interface LinkOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly log: Log;
}

export class Link {
  readonly opened: Opened;
  readonly #options: LinkOptions;
  readonly #thread: Worker;
  #waiting: Op[] = [];
  /** Could not be written; their events are neither free nor gone until they are. */
  #undone: Op[] = [];
  #failing = false;
  /** Batches that the thread has, the first one first. */
  #underWay: (readonly Op[])[] = [];
  readonly #pace = new Pace();
  #newLanes: FunctionKey[] = [];
  #lanes: number;
  #planned = false;
  #hold: Disposable | undefined;
  #alarm: Disposable | undefined;
  #idle: (() => void) | undefined;
  readonly #exit: Promise<void>;
  #closing: Promise<void> | undefined;
  /** Why nothing more is taken. */
  #ended: Error | undefined;

  private constructor(options: LinkOptions, thread: Worker, opened: Opened) {
    this.#options = options;
    this.#thread = thread;
    this.opened = opened;
    this.#lanes = opened.lanes.length;
    thread.on('message', (answer: Answer) => this.#heard(answer));
    thread.on('error', error => this.#broken(error.stack ?? String(error)));
    this.#exit = new Promise(resolve => {
      thread.on('exit', code => {
        this.#broken(`exit code ${code}`);
        resolve();
      });
    });
    thread.unref();
  }

  static async open(options: LinkOptions, threadOptions: ThreadOptions): Promise<Link> {
    const thread = startThread(
      threadFile(import.meta.url, './thread.ts', './events-thread.js'),
      'events',
      threadOptions,
    );
    const said = await firstWord<FromThread>(thread, 'events');
    if ('opened' in said) return new Link(options, thread, said.opened);
    await thread.terminate();
    throw 'failed' in said ? explain(said.failed, options.file) : new Error('the event database did not open');
  }

  /** The thread learns of it with the next batch. */
  addLane(key: FunctionKey): LaneNumber {
    this.#newLanes.push(key);
    return this.#lanes++;
  }

  call<V extends Verb>(verb: V, args: Parameters<Verbs[V]>, call: Call<V> = {}): Promise<Result<V>> {
    const { bytes = [], kept = false, done } = call;
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      let size = 0;
      for (const part of bytes) size += part.byteLength;
      this.#waiting.push({
        verb,
        args,
        bytes,
        size,
        kept,
        done(result) {
          done?.(result as Result<V>);
          resolve(result as Result<V>);
        },
        failed: reject,
      });
      this.#plan();
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#ended ??= new Error('the event queue is closed');
    await this.#rest();
    this.#tryUndone();
    await this.#rest();
    const { log, file } = this.#options;
    this.#alarm?.[Symbol.dispose]();
    if (this.#undone.length > 0) {
      log.error({ file, events: this.#undone.length }, 'the ends of events could not be written: they will run again');
      for (const op of this.#undone.splice(0)) op.failed(this.#ended);
    }
    this.#thread.ref();
    this.#thread.postMessage('close');
    await this.#exit;
  }

  /** Until nothing is under way. */
  async #rest(): Promise<void> {
    if (!this.#hold) return;
    await new Promise<void>(resolve => {
      this.#idle = resolve;
    });
  }

  /** Those of one turn of the event loop go together. */
  #plan(): void {
    if (this.#planned || this.#pace.share(this.#waiting.length, this.#underWay.length) === 0) return;
    this.#planned = true;
    if (!this.#hold) {
      this.#hold = this.#options.clock.hold();
      this.#thread.ref();
    }
    setImmediate(() => this.#send());
  }

  #send(): void {
    this.#planned = false;
    const ops = this.#next();
    if (ops.length === 0) return;
    this.#underWay.push(ops);
    const bytes = packed(ops);
    const batch: Batch = {
      verbs: ops.map(op => op.verb),
      args: ops.map(op => op.args),
      lengths: ops.flatMap(op => op.bytes.map(piece => piece.byteLength)),
      bytes,
      lanes: this.#newLanes,
    };
    this.#newLanes = [];
    this.#thread.postMessage(batch, [bytes]);
    this.#plan();
  }

  #next(): Op[] {
    const most = this.#pace.share(this.#waiting.length, this.#underWay.length);
    let [count, size] = [0, 0];
    for (const op of this.#waiting) {
      if (count === most || (count > 0 && size + op.size > BATCH_BYTES)) break;
      count++;
      size += op.size;
    }
    if (count === this.#waiting.length) {
      const all = this.#waiting;
      this.#waiting = [];
      return all;
    }
    return this.#waiting.splice(0, count);
  }

  #heard({ results, failures, commitMs }: Answer): void {
    if (commitMs !== undefined) this.#pace.heard(commitMs);
    const ops = this.#underWay.shift() ?? [];
    const failed = new Map(failures);
    for (const [place, op] of ops.entries()) {
      const failure = failed.get(place);
      if (!failure) op.done(results[place]);
      else if (op.kept) this.#keep(op, explain(failure, this.#options.file));
      else op.failed(explain(failure, this.#options.file));
    }
    if (this.#failing && failures.length === 0 && ops.some(op => !READS.has(op.verb))) this.#recovered();
    this.#plan();
    this.#restIfDone();
  }

  #restIfDone(): void {
    if (!this.#hold || this.#waiting.length > 0 || this.#underWay.length > 0) return;
    this.#hold[Symbol.dispose]();
    this.#hold = undefined;
    this.#thread.unref();
    this.#idle?.();
    this.#idle = undefined;
  }

  #keep(op: Op, error: Error): void {
    const { clock, log, file } = this.#options;
    if (!this.#failing) {
      log.error({ err: error, file }, 'the end of an event could not be written: it is tried again until it is');
    }
    this.#failing = true;
    this.#undone.push(op);
    if (!this.#ended) this.#alarm ??= clock.at(clock.now() + RETRY_MS, () => this.#tryUndone());
  }

  /** The disk takes writes again. */
  #recovered(): void {
    if (this.#undone.length > 0) {
      this.#tryUndone();
      return;
    }
    this.#failing = false;
    const { log, file } = this.#options;
    log.info({ file }, 'the ends of events that could not be written are written now');
  }

  #tryUndone(): void {
    this.#alarm?.[Symbol.dispose]();
    this.#alarm = undefined;
    this.#waiting = [...this.#undone.splice(0), ...this.#waiting];
    this.#plan();
  }

  #broken(reason: string): void {
    if (this.#ended && this.#waiting.length + this.#underWay.length + this.#undone.length === 0) return;
    const { log, file } = this.#options;
    const error = threadGone(file, reason);
    this.#ended = error;
    this.#alarm?.[Symbol.dispose]();
    log.error({ err: error, file }, 'the thread of the event database has ended');
    const lost = [...this.#underWay.flat(), ...this.#waiting.splice(0), ...this.#undone.splice(0)];
    this.#underWay = [];
    for (const op of lost) {
      op.failed(error);
    }
    this.#restIfDone();
  }
}
