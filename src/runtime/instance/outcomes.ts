// How a run's end becomes an Outcome, and the documented texts that go with it.

import type { FunctionVersion } from '../../core/function.ts';
import type { Outcome } from '../../core/invocation.ts';
import { STATUS, type Status } from '../../core/status.ts';
import { USER_ROOT } from '../env.ts';
import { hintFor } from '../installs/hint.ts';
import type { Exit } from '../sandbox/driver.ts';

export const NO_BODY = Buffer.alloc(0);

/** What is known when a run, or the start of an instance, has ended. */
export interface Verdict {
  readonly status: number;
  readonly body: Buffer;
  readonly message: string;
  readonly stack: string;
  /** As measured in the function; undefined when it could not tell. */
  readonly durationMs?: number;
}

export function failure(status: number, message: string, stack = ''): Verdict {
  return { status, body: NO_BODY, message, stack };
}

export const timedOut = (timeoutS: number): Verdict =>
  failure(433, `Invoking task timed out after ${timeoutS} seconds`);

export const outOfMemory = (memoryMB: number): Verdict =>
  failure(434, `Memory limit reached: the function used more than its ${memoryMB} MB`);

/** Sooner than this, in ms, no run fills its memory: the question costs a read. */
const FILL_MS = 5;
export const mayHaveFilled = ({ durationMs = 0 }: Verdict): boolean => durationMs >= FILL_MS;

export const exitedWhileRunning = (stack: string): Verdict => failure(439, 'User process exit when running', stack);

/** It has taken the channel of its runtime for something else. */
export const brokeOff = (starting: boolean, how: 'closed' | 'wrote to'): Verdict =>
  starting ? exitedWhileStarting(`it ${how} the channel of its runtime`) : exitedWhileRunning('');

export const initTimedOut = (initTimeoutS: number): Verdict =>
  failure(450, `Initializing the function timed out after ${initTimeoutS} seconds`);

export const exitedWhileStarting = (how: string): Verdict =>
  failure(405, `The process of the function ended while it was starting (${how})`);

/** The server went away beneath the run: the system's fault, so that a queued event is run again. */
export const stopped = (): Verdict => failure(500, 'The server was stopped before the run had ended');

/** Documented: a run that a user has terminated. */
export const canceled = (): Verdict => failure(499, STATUS[499].name);

/** The same for an event that no instance has begun. */
export function withdrawn(since: number, now: number): Outcome {
  const waitMs = Math.max(0, now - since);
  return outcomeOf(canceled(), { durationMs: 0, initMs: 0, waitMs, memoryBytes: 0, log: '', instance: '' });
}

/** The texts that belong to a status, for failures which the bootstrap names by status alone. */
export function failedRun(status: number, message: string, stack: string, codeDir: string): Verdict {
  return failure(status, message || textOf(status), shownStack(stack, codeDir));
}

function textOf(status: number): string {
  if (status === 430) return 'user code exception caught';
  return STATUS[status as Status]?.name ?? 'InternalError';
}

/** The code lies elsewhere here than users know it. */
export function shownStack(stack: string, codeDir: string): string {
  return stack.replaceAll(codeDir, USER_ROOT);
}

/** Its end before it could run an event; `died` is what its death alone would say. */
export function unstarted(exit: Exit, died: Verdict, stack: string): Verdict {
  if (exit.error) return failure(500, `The instance could not be started: ${exit.error.message}`);
  if (died.status === 434) return died;
  const how = exit.signal ? `signal ${exit.signal}` : `exit code ${exit.code}`;
  return { ...exitedWhileStarting(how), stack };
}

const HEAP_ABORT = /heap out of memory|Allocation failed - |FatalProcessOutOfMemory/;

/** A process that ended by itself: V8 aborts when its heap is full, the kernel kills when the machine is. */
export function exitVerdict(
  exit: Exit,
  log: string,
  memoryBytes: number,
  version: FunctionVersion,
  stack: string,
): Verdict {
  const aborted =
    exit.signal === 'SIGABRT' || exit.signal === 'SIGTRAP' || exit.signal === 'SIGILL' || exit.code === 134;
  if (aborted && HEAP_ABORT.test(log)) return outOfMemory(version.memoryMB);
  // 0.9: the last look may be 50 ms old.
  if (exit.signal === 'SIGKILL' && memoryBytes > version.memoryMB * 1024 * 1024 * 0.9)
    return outOfMemory(version.memoryMB);
  return exitedWhileRunning(stack);
}

/** The log, and behind it which command brings a library that the code has missed. */
export function hintedLog(log: string, { status, message, stack }: Verdict, runtime: string): string {
  if (status !== 430 && status !== 443) return log;
  const hint = hintFor(runtime, `${message}\n${stack}`);
  if (hint === '') return log;
  return `${log}${log === '' || log.endsWith('\n') ? '' : '\n'}${hint}\n`;
}

export interface Measured {
  readonly durationMs: number;
  readonly initMs: number;
  readonly waitMs: number;
  readonly memoryBytes: number;
  readonly log: string;
  readonly instance: string;
}

export function outcomeOf(verdict: Verdict, measured: Measured): Outcome {
  return {
    status: verdict.status,
    body: verdict.body,
    errorMessage: verdict.message,
    stackTrace: verdict.stack,
    durationMs: verdict.durationMs ?? measured.durationMs,
    initMs: measured.initMs,
    waitMs: measured.waitMs,
    memoryBytes: measured.memoryBytes,
    log: measured.log,
    instance: measured.instance,
  };
}

/** The caller's answer while the run goes on: carries no log, duration or memory, as documented. */
export function earlyOutcome(
  verdict: Verdict,
  waitMs: number,
  initMs: number,
  instance: string,
  ended: Promise<Outcome>,
): Outcome {
  const measured = { durationMs: 0, initMs, waitMs, memoryBytes: 0, log: '', instance };
  return { ...outcomeOf({ ...verdict, durationMs: 0 }, measured), ended };
}
