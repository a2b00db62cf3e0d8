// Versions: reading them from runtime ids and choosing the nearest interpreter.

import type { Choice, Interpreter } from './language.ts';

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

/**
 * The newest one that agrees with the asked version in its first `places` numbers; else the lowest above it
 * (newer interpreters run older code more often than the other way round); else the highest there is.
 */
export function nearest(
  asked: readonly number[],
  found: readonly Interpreter[],
  places: number,
): Interpreter | undefined {
  const sorted = [...found].sort((a, b) => compareVersions(numbersOf(a.version), numbersOf(b.version)));
  const head = asked.slice(0, places);
  const place = (one: Interpreter) => compareVersions(numbersOf(one.version).slice(0, places), head);
  const above = sorted.find(one => place(one) > 0);
  const exact = sorted.findLast(one => place(one) === 0);
  // Of several with the lowest higher version the newest patch.
  const next = above && sorted.findLast(one => sameHead(one, above, places));
  return exact ?? next ?? sorted.at(-1);
}

function sameHead(a: Interpreter, b: Interpreter, places: number): boolean {
  return compareVersions(numbersOf(a.version).slice(0, places), numbersOf(b.version).slice(0, places)) === 0;
}

export function choiceOf(runtime: string, title: string, found: readonly Interpreter[], places: number): Choice {
  const asked = numbersOf(runtime);
  const interpreter = nearest(asked, found, places);
  if (!interpreter) throw new Error(`no interpreter of ${title} was found`);
  const exact = compareVersions(numbersOf(interpreter.version).slice(0, places), asked.slice(0, places)) === 0;
  const note = exact
    ? ''
    : `[PLATFORM] ${runtime} is not installed; the function runs on ${title} ${interpreter.version}.`;
  return { interpreter, note };
}
