// Threads of the server's own: where their programs lie, how they are started, and the first word of one.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

/** Instead of the program's own, which may be for its file alone; an older Node.js warns of node:sqlite in each thread. */
const THREAD_FLAGS = ['--disable-warning=ExperimentalWarning'];

/** `source` beside the module at `base`, or, in the published program, `bundled` beside that. */
export function threadFile(base: string, source: string, bundled: string): URL {
  const file = new URL(source, base);
  return existsSync(fileURLToPath(file)) ? file : new URL(bundled, base);
}

export const startThread = (file: URL, name: string, workerData?: unknown): Worker =>
  new Worker(file, { name, workerData, execArgv: THREAD_FLAGS });

/** Rejects when the thread ends before it says anything. Afterwards nothing listens to it. */
export async function firstWord<Word>(thread: Worker, name: string): Promise<Word> {
  try {
    return await new Promise<Word>((resolve, reject) => {
      thread.once('message', resolve);
      thread.once('error', reject);
      thread.once('exit', code => reject(new Error(`the thread ${name} ended with ${code}`)));
    });
  } finally {
    // By name: its own listeners of listeners keep the port between the two threads going.
    for (const event of ['message', 'error', 'exit']) thread.removeAllListeners(event);
  }
}
