// The server's end of the thread: changes gather while a batch is under way, and go together.

import type { Worker } from 'node:worker_threads';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { Committed, Expected, ObjectChange } from '../../core/objects.ts';
import { firstWord, startThread, threadFile } from '../../core/thread.ts';
import { closed, explained, threadGone } from './errors.ts';
import type { Asked, FromThread, ThreadOptions, Told, WireRow } from './protocol.ts';

/** A batch that grows with the backlog would make its own members wait. */
const BATCH_CHANGES = 512;
const BATCH_BYTES = 4 << 20;

interface Op {
  readonly asked: Asked;
  readonly inlines: readonly ArrayBuffer[];
  readonly bytes: number;
  readonly done: (committed: Committed | undefined) => void;
  readonly failed: (error: Error) => void;
}

export interface LinkOptions {
  readonly file: string;
  readonly clock: Clock | undefined;
  readonly log: Log;
}

export class Link {
  readonly #options: LinkOptions;
  readonly #thread: Worker;
  readonly #exit: Promise<void>;
  #waiting: Op[] = [];
  #underWay: readonly Op[] = [];
  #planned = false;
  #hold: Disposable | undefined;
  #idle: (() => void) | undefined;
  #closing: Promise<void> | undefined;
  /** Why nothing more is taken. */
  #ended: Error | undefined;

  private constructor(options: LinkOptions, thread: Worker) {
    this.#options = options;
    this.#thread = thread;
    thread.on('message', (answer: readonly Told[]) => this.#heard(answer));
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
      threadFile(import.meta.url, './thread.ts', './objects-thread.js'),
      'objects',
      threadOptions,
    );
    const said = await firstWord<FromThread>(thread, 'objects');
    if (said === 'open') return new Link(options, thread);
    await thread.terminate();
    throw 'notOpened' in said ? explained(said.notOpened, options.file) : new Error('the object index did not open');
  }

  commit(change: ObjectChange, expected: Expected | undefined): Promise<Committed | undefined> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...wired(change, expected), done: resolve, failed: reject });
      this.#plan();
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#ended ??= closed(this.#options.file);
    if (this.#hold) {
      await new Promise<void>(resolve => {
        this.#idle = resolve;
      });
    }
    this.#thread.ref();
    this.#thread.postMessage('close');
    await this.#exit;
  }

  /** Those of one turn of the event loop go together. */
  #plan(): void {
    if (this.#planned || this.#underWay.length > 0 || this.#waiting.length === 0) return;
    this.#planned = true;
    if (!this.#hold) {
      this.#hold = this.#options.clock?.hold() ?? NO_HOLD;
      this.#thread.ref();
    }
    setImmediate(() => this.#send());
  }

  #send(): void {
    this.#planned = false;
    const ops = this.#next();
    if (ops.length === 0) return;
    this.#underWay = ops;
    this.#thread.postMessage(
      ops.map(op => op.asked),
      ops.flatMap(op => op.inlines),
    );
  }

  #next(): Op[] {
    let [count, bytes] = [0, 0];
    for (const op of this.#waiting) {
      if (count === BATCH_CHANGES || (count > 0 && bytes + op.bytes > BATCH_BYTES)) break;
      count++;
      bytes += op.bytes;
    }
    return this.#waiting.splice(0, count);
  }

  #heard(answer: readonly Told[]): void {
    const ops = this.#underWay;
    this.#underWay = [];
    for (const [place, op] of ops.entries()) {
      const told = answer[place];
      if (told === undefined) op.failed(new Error('the thread of the object index did not answer'));
      else if (told === 'refused') op.done(undefined);
      else if ('failure' in told) op.failed(explained(told.failure, this.#options.file));
      else op.done(told);
    }
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

  #broken(reason: string): void {
    const lost = [...this.#underWay, ...this.#waiting.splice(0)];
    this.#underWay = [];
    // Closed, and nobody waits: this is how it ends.
    if (this.#ended && lost.length === 0) return;
    const { log, file } = this.#options;
    const error = threadGone(file, reason);
    this.#ended = error;
    log.error({ err: error, file }, 'the thread of the object index has ended');
    for (const op of lost) op.failed(error);
    this.#restIfDone();
  }
}

const NO_HOLD: Disposable = { [Symbol.dispose]() {} };

/** Bytes in blocks of their own, which change threads without another copy; a pool would be copied as a whole. */
function wired(change: ObjectChange, expected: Expected | undefined): Pick<Op, 'asked' | 'inlines' | 'bytes'> {
  const inlines: ArrayBuffer[] = [];
  let bytes = 0;
  const put = change.put?.map((row): WireRow => {
    const inline = row.inline && new Uint8Array(row.inline);
    if (inline) inlines.push(inline.buffer);
    bytes += row.detail.length + (inline?.byteLength ?? 0);
    return { ...row, inline };
  });
  const { put: _, ...rest } = change;
  return { asked: { change: put ? { ...rest, put } : rest, expected }, inlines, bytes };
}
