// Versions: reading them from runtime ids and choosing the nearest interpreter.

import type { Choice, Interpreter } from './language.ts';

/** Runtime ids name a major and a minor version; any patch of it is that very version. */
const PLACES = 2;

/** "Nodejs18.15" → [18, 15] */
export function numbersOf(text: string): readonly number[] {
  return (text.match(/\d+/g) ?? []).map(Number);
}

export function compareVersions(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether the version is a patch of what was asked for. */
export function isExact(asked: readonly number[], version: string): boolean {
  return compareVersions(numbersOf(version).slice(0, PLACES), asked.slice(0, PLACES)) === 0;
}

/**
 * The newest patch of the asked version; else within its major the lowest above it, or the highest; else the lowest
 * above it (newer interpreters run older code more often than the other way round); else the highest there is.
 */
export function nearest<T extends Pick<Interpreter, 'version'>>(
  asked: readonly number[],
  found: readonly T[],
): T | undefined {
  const sorted = [...found].sort((a, b) => compareVersions(numbersOf(a.version), numbersOf(b.version)));
  const sameMajor = sorted.filter(one => numbersOf(one.version)[0] === asked[0]);
  const from = sameMajor.length > 0 ? sameMajor : sorted;
  const above = from.find(one => compareVersions(headOf(one), asked.slice(0, PLACES)) >= 0);
  // Of several with that version the newest patch.
  const next = above && from.findLast(one => compareVersions(headOf(one), headOf(above)) === 0);
  return next ?? from.at(-1);
}

function headOf(one: Pick<Interpreter, 'version'>): readonly number[] {
  return numbersOf(one.version).slice(0, PLACES);
}

export function choiceOf(runtime: string, title: string, found: readonly Interpreter[]): Choice {
  const asked = numbersOf(runtime);
  const interpreter = nearest(asked, found);
  if (!interpreter) throw new Error(`no interpreter of ${title} was found`);
  const note = isExact(asked, interpreter.version)
    ? ''
    : `[PLATFORM] ${runtime} is not installed; the function runs on ${title} ${interpreter.version}.`;
  return { interpreter, note };
}
