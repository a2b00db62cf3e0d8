// A thread that sums up contents: MD5 takes longer than all else that an upload asks of the server's own thread.

import { parentPort } from 'node:worker_threads';
import { RunningSums, type Sums } from './sums.ts';

/** Blocks lie in memory that both threads see. */
export type ToSums =
  | { readonly job: number; readonly sha1: boolean; readonly block: Uint8Array; readonly isLast: boolean }
  | { readonly job: number; readonly drop: true };

/** One for each block, in their order; with the sums for the last one of its job. */
export interface FromSums {
  readonly sums?: Sums;
}

const port = parentPort;
if (!port) throw new Error('this file is run as a thread');

const jobs = new Map<number, RunningSums>();

port.on('message', (asked: ToSums) => {
  const { job } = asked;
  if ('drop' in asked) {
    jobs.delete(job);
    return;
  }
  const sums = jobs.get(job) ?? new RunningSums(asked.sha1);
  sums.add(asked.block);
  if (asked.isLast) jobs.delete(job);
  else jobs.set(job, sums);
  const answer: FromSums = asked.isLast ? { sums: sums.digest() } : {};
  port.postMessage(answer);
});
