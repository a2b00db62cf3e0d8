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

/** Exit code of our own steps when they fail. */
export const OWN_FAILURE = 125;

/**
 * `complaint`: what was written to the descriptor that only the steps before the function have;
 * a function cannot write there. `entered`: the last of them was under way.
 */
export function exitOf(code: number | null, signal: NodeJS.Signals | null, complaint: string, entered: boolean): Exit {
  const text = complaint.trim();
  if (text !== '' && (!entered || code === OWN_FAILURE)) return { code: null, signal: null, error: new Error(text) };
  const inner = code === null ? undefined : SIGNALS.get(code - BY_SIGNAL);
  return inner === undefined ? { code, signal } : { code: null, signal: inner };
}
