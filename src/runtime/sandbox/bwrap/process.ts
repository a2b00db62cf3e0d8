// One sandbox's processes: bubblewrap behind our program, and the descriptors between them and this server.

import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';
import type { Clock } from '../../../core/clock.ts';
import type { Exit } from '../driver.ts';
import { sendSignal } from '../signal.ts';
import { exitOf, mayBeFailure } from './ending.ts';
import { innerOf } from './inner.ts';

/** Descriptors of the child, beside the standard ones, the channel (3) and the turn file (4). */
export const OPTIONS_FD = 5;
export const INFO_FD = 6;
/** A bubblewrap that is hung; it tells the pid within milliseconds. */
const PATIENCE_MS = 2000;
const COMPLAINT_CHARS = 4096;

export interface Started {
  readonly channel: Duplex;
  readonly output: Readable;
  readonly exited: Promise<Exit>;
  /** Host pid of the first process in the sandbox, once everything is in place; rejects when that never comes. */
  readonly standing: Promise<number>;
  /** bubblewrap waits for its options; NUL-separated. */
  configure(options: readonly string[]): void;
  /** To the function's own process: bubblewrap's would leave it, or take it along. */
  signal(name: NodeJS.Signals): boolean;
  kill(): void;
}

/** Throws when the system has no descriptors left. */
export function startProcess(command: string, args: readonly string[], turnFd: number, clock: Clock): Started {
  const child = spawn(command, args, {
    cwd: '/',
    env: {},
    // Its own group: a terminal's interrupt is for the server, which ends its sandboxes itself.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', turnFd, 'pipe', 'pipe', 'pipe'],
  });
  // Without processes left the reason comes as an event.
  child.on('error', () => {});
  // The last one is closed by the last step, and by nobody before it: its end says that the sandbox stands.
  const [, output, complaints, channel, , options, info, standing] = child.stdio as readonly (Duplex | null)[];
  if (!output || !complaints || !channel || !options || !info || !standing)
    throw new Error('the system has no descriptors or processes left for an instance');
  for (const stream of [complaints, options, info, standing]) stream.on('error', () => {});
  const first = new FirstProcess(child, info, standing, clock);
  const exited = ended(child, complaints, first);
  return {
    channel,
    output,
    exited,
    standing: first.standing,
    configure(list) {
      first.configured();
      options.end(list.map(one => `${one}\0`).join(''));
    },
    signal: name => first.signal(name),
    kill: () => first.kill(),
  };
}

/** The init of the sandbox's pid namespace: everything in there ends with it. */
class FirstProcess {
  readonly standing: Promise<number>;
  readonly #child: ChildProcess;
  #pid: number | undefined;
  #entered = false;
  #over = false;
  #killed = false;
  #configured = false;
  #patience: Disposable | undefined;
  readonly #clock: Clock;
  readonly #resolve: (pid: number) => void;
  readonly #reject: (error: Error) => void;

  constructor(child: ChildProcess, info: Duplex, standing: Duplex, clock: Clock) {
    this.#child = child;
    this.#clock = clock;
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.standing = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    // Not everybody waits for it.
    promise.catch(() => {});
    let text = '';
    info.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const told = /"child-pid"\s*:\s*(\d+)/.exec(text)?.[1];
      if (told !== undefined && this.#pid === undefined) this.#named(Number(told));
    });
    standing.resume();
    standing.once('close', () => {
      this.#entered = true;
      this.#settle();
    });
  }

  /** bubblewrap's outer process has ended, and what there was to say has been read. */
  over(error: Error | undefined): void {
    this.#over = true;
    this.#patience?.[Symbol.dispose]();
    // Killed before it had told its child to die with it, it leaves that behind.
    if (!this.#entered) this.#killFirst();
    this.#reject(error ?? new Error('the sandbox has ended'));
  }

  /** From now on bubblewrap may make its first process inside. */
  configured(): void {
    this.#configured = true;
  }

  /** What it has started, not itself: it is an init, which hears no signal that it has no handler for. */
  signal(name: NodeJS.Signals): boolean {
    if (this.#over || !this.#entered || this.#pid === undefined) return false;
    const inner = innerOf(this.#pid);
    return inner !== undefined && sendSignal(inner, name);
  }

  kill(): void {
    this.#killed = true;
    if (this.#over) return;
    if (this.#pid !== undefined) {
      // bubblewrap's outer process notices, and leaves no zombie to whoever is the parent of orphans here.
      this.#killFirst();
    } else if (this.#configured) {
      // Ended between its clone and the word that lets the new process go on, bubblewrap would leave that waiting
      // for ever. The pid is told right after the clone.
      this.#patience ??= this.#clock.at(this.#clock.now() + PATIENCE_MS, () => this.#child.kill('SIGKILL'));
    } else this.#child.kill('SIGKILL');
  }

  #named(pid: number): void {
    this.#pid = pid;
    if ((this.#killed || this.#over) && !this.#entered) this.#killFirst();
    this.#settle();
  }

  #settle(): void {
    if (this.#entered && this.#pid !== undefined && !this.#over) this.#resolve(this.#pid);
  }

  #killFirst(): void {
    if (this.#pid !== undefined) sendSignal(this.#pid, 'SIGKILL');
  }
}

function ended(child: ChildProcess, complaints: Readable, first: FirstProcess): Promise<Exit> {
  let complaint = '';
  complaints.on('data', (chunk: Buffer) => {
    if (complaint.length < COMPLAINT_CHARS) complaint += chunk.toString('utf8').slice(0, COMPLAINT_CHARS);
  });
  return new Promise(resolve => {
    const settle = (exit: Exit) => {
      first.over(exit.error);
      resolve(exit);
    };
    child.once('error', error => settle({ code: null, signal: null, error }));
    child.once('exit', (code, signal) => {
      const settleWith = () => settle(exitOf(code, signal, complaint));
      // The reason is in the pipe, which ends with the last of its writers.
      if (!mayBeFailure(code) || complaints.closed) settleWith();
      else complaints.once('close', settleWith);
    });
  });
}
