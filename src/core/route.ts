// From a qualifier to the version that runs: versions by number, aliases by weight or rule.

import { type Alias, type FunctionEntry, type FunctionVersion, LATEST, type MatchRule } from './function.ts';

const VERSION = /^[1-9][0-9]*$/;

/** undefined when the qualifier names nothing. `draw` is uniform in [0, 1), used only by weights. */
export function route(
  entry: FunctionEntry,
  qualifier: string,
  routingKey: string | undefined,
  draw: () => number,
): FunctionVersion | undefined {
  if (qualifier === LATEST || VERSION.test(qualifier)) return entry.versions.get(qualifier);
  const alias = entry.aliases.get(qualifier);
  return alias && entry.versions.get(pick(alias, routingKey, draw));
}

/** Versions that an alias may send a call to. */
export function versionsOf({ version, routing }: Alias): readonly string[] {
  if (routing.by === 'weight') return [version, routing.version];
  if (routing.by === 'match') return [version, ...routing.rules.map(rule => rule.version)];
  return [version];
}

function pick(alias: Alias, routingKey: string | undefined, draw: () => number): string {
  const { routing } = alias;
  if (routing.by === 'weight') return draw() < routing.weight ? routing.version : alias.version;
  if (routing.by === 'match' && routingKey !== undefined) {
    const values = parse(routingKey);
    const rule = routing.rules.find(rule => Object.hasOwn(values, rule.key) && matches(rule, values[rule.key]));
    if (rule) return rule.version;
  }
  return alias.version;
}

function parse(routingKey: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(routingKey);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

const INTEGER = /^-?\d+$/;
const RANGE = /^([([])\s*(-?\d+)\s*,\s*(-?\d+)\s*([)\]])$/;

/** The documents say strings; one of their examples passes a number: both count. */
function matches(rule: MatchRule, value: unknown): boolean {
  if (typeof value !== 'string' && typeof value !== 'number') return false;
  if (rule.method === 'exact') return String(value) === rule.expression;
  const range = parseRange(rule.expression);
  if (!range || !INTEGER.test(String(value))) return false;
  const number = Number(value);
  return range.closed ? range.low <= number && number <= range.high : range.low < number && number < range.high;
}

/** `(a,b)` open or `[a,b]` closed, over integers; mixed brackets and a > b are no range. */
export function parseRange(text: string): { low: number; high: number; closed: boolean } | undefined {
  const parts = RANGE.exec(text);
  if (!parts) return undefined;
  const closed = parts[1] === '[';
  if (closed !== (parts[4] === ']')) return undefined;
  const low = Number(parts[2]);
  const high = Number(parts[3]);
  return low <= high ? { low, high, closed } : undefined;
}
