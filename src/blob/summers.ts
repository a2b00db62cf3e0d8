// Threads that sum up contents, as many as there are cores beside the server's own; before one runs, and where none can, it
// is done here.

import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { startThread, threadFile } from '../core/thread.ts';
import { type Summing, type Sums, summingHere } from './sums.ts';
import type { FromSums, ToSums } from './sums-thread.ts';

/** Disks take no more than so many can sum up. */
const MOST = 4;

export class Summers {
  readonly #most: number;
  readonly #file: URL;
  readonly #threads: SumThread[] = [];
  #isStarting = false;

  constructor(
    most = Math.min(MOST, Math.max(1, availableParallelism() - 1)),
    file = threadFile(import.meta.url, './sums-thread.ts', './sums-thread.js'),
  ) {
    this.#most = most;
    this.#file = file;
  }

  begin(sha1: boolean): Summing {
    const [thread] = this.#threads.toSorted((a, b) => a.jobs - b.jobs);
    if ((!thread || thread.jobs > 0) && this.#threads.length < this.#most) this.#start();
    return thread?.begin(sha1) ?? summingHere(sha1);
  }

  /** How many run. */
  get running(): number {
    return this.#threads.length;
  }

  #start(): void {
    if (this.#isStarting) return;
    this.#isStarting = true;
    const worker = startThread(this.#file, 'sums');
    // Uploads do not wait for it, nor does the end of the process.
    worker.unref();
    worker.once('online', () => {
      this.#isStarting = false;
      const thread = new SumThread(worker);
      this.#threads.push(thread);
      worker.once('exit', () => void this.#threads.splice(this.#threads.indexOf(thread), 1));
    });
    // One that cannot start is not needed: it is done here, and tried again with the next upload.
    worker.on('error', () => undefined);
    worker.once('exit', () => {
      this.#isStarting = false;
    });
  }
}

/** The cores are the process's: all stores of one share them. */
export const SUMMERS = new Summers();

interface Waiting {
  readonly resolve: (sums: Sums | undefined) => void;
  readonly reject: (error: Error) => void;
}

class SumThread {
  readonly #worker: Worker;
  /** One for each block that has not been answered: they are, in their order. */
  readonly #waiting: Waiting[] = [];
  #lastJob = 0;
  #isOver = false;
  jobs = 0;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', ({ sums }: FromSums) => {
      const first = this.#waiting.shift();
      if (this.#waiting.length === 0) worker.unref();
      first?.resolve(sums);
    });
    worker.once('exit', () => {
      this.#isOver = true;
      for (const { reject } of this.#waiting.splice(0)) reject(ended());
    });
    // To listen for messages is to keep the process.
    worker.unref();
  }

  begin(sha1: boolean): Summing {
    const job = ++this.#lastJob;
    let isOver = false;
    this.jobs++;
    const end = () => {
      if (!isOver) this.jobs--;
      isOver = true;
    };
    return {
      add: async block => void (await this.#ask({ job, sha1, block, isLast: false })),
      last: async block => {
        end();
        return (await this.#ask({ job, sha1, block, isLast: true })) ?? Promise.reject(ended());
      },
      drop: () => {
        if (!isOver) this.#worker.postMessage({ job, drop: true } satisfies ToSums);
        end();
      },
    };
  }

  #ask(asked: ToSums): Promise<Sums | undefined> {
    if (this.#isOver) return Promise.reject(ended());
    return new Promise((resolve, reject) => {
      // An answer that is waited for keeps the process.
      if (this.#waiting.push({ resolve, reject }) === 1) this.#worker.ref();
      this.#worker.postMessage(asked);
    });
  }
}

const ended = () => new Error('the thread that sums up contents has ended');
