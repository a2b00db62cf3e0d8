// Lengths of time and instants as people write them.

import { fail } from './errors.ts';

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const WHOLE = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/;
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g;

/** `90s`, `1h30m`, `2d` → milliseconds. */
export function parseDuration(text: string): number {
  if (!WHOLE.test(text)) return fail('Cli.Duration', { text });
  let total = 0;
  for (const [, count, unit] of text.matchAll(PART)) total += Number(count) * (UNITS_MS[unit ?? ''] ?? 0);
  return Math.round(total);
}

/** An ISO instant; without a zone it is the user's own. */
export function parseInstant(text: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? fail('Cli.Instant', { text }) : ms;
}
