// How a sandbox's end is told: bubblewrap's exit code, and what the steps before the function had to say.

import { constants } from 'node:os';
import type { Exit } from '../driver.ts';

/** Some have two names; the first one listed, such as SIGABRT, is the usual one. */
const SIGNALS = new Map(
  Object.entries(constants.signals)
    .reverse()
    .map(([name, number]) => [number, name as NodeJS.Signals]),
);
/** As of a shell: a program that died of signal n. */
const BY_SIGNAL = 128;

/** Of our own steps when they fail, and of bubblewrap when it does. */
const OWN_FAILURE = 125;
const BWRAP_FAILURE = 1;

/** Whether it may be that of a step before the function, which then has said why. */
export function mayBeFailure(code: number | null): boolean {
  return code === OWN_FAILURE || code === BWRAP_FAILURE;
}

/**
 * `complaint`: what was written to the descriptor that only the steps before the function have;
 * a function cannot write there.
 */
export function exitOf(code: number | null, signal: NodeJS.Signals | null, complaint: string): Exit {
  const text = complaint.trim();
  const failed = code === OWN_FAILURE ? text !== '' : code === BWRAP_FAILURE && text.startsWith('bwrap: ');
  if (failed) return { code: null, signal: null, error: new Error(text) };
  const inner = code === null ? undefined : SIGNALS.get(code - BY_SIGNAL);
  return inner === undefined ? { code, signal } : { code: null, signal: inner };
}
