// Request schemas and shapes that several actions share.

import { z } from 'zod';
import { fail } from './errors.ts';

export const text = z.string();
export const int = z.number().int();
export const texts = z.array(z.string());

/** A boolean, or TRUE and FALSE as older clients send them. */
export const flag = z.union([z.boolean(), z.string()]).transform((value, context) => {
  if (typeof value === 'boolean') return value;
  const word = value.toLowerCase();
  if (word === 'true' || word === '1') return true;
  if (word === 'false' || word === '0' || word === '') return false;
  context.addIssue({ code: 'custom', message: 'true | false' });
  return z.NEVER;
});

export const Tag = z.object({ Key: text, Value: text });
export const Tags = z.array(Tag).optional();

export const PAGE = { Offset: int.optional(), Limit: int.optional() };

interface Paging {
  readonly Offset?: number | undefined;
  readonly Limit?: number | undefined;
}

const LIMIT = { default: 20, max: 100 };

export interface Paged<T> {
  readonly total: number;
  readonly rows: readonly T[];
}

export function paged<T>(all: readonly T[], { Offset = 0, Limit = LIMIT.default }: Paging): Paged<T> {
  if (Limit < 1 || Limit > LIMIT.max)
    fail('InvalidParameterValue.RangeExceeded', { name: 'Limit', min: 1, max: LIMIT.max });
  if (Offset < 0) fail('InvalidParameterValue.RangeExceeded', { name: 'Offset', min: 0, max: Number.MAX_SAFE_INTEGER });
  return { total: all.length, rows: all.slice(Offset, Offset + Limit) };
}

export const Filters = z.array(z.object({ Name: text, Values: texts })).optional();

/** Filter's name → whether a row has one of its values. */
export type FilterTable<T> = Readonly<Record<string, (row: T, value: string) => boolean>>;

/** All filters must hold; of the values of one, any. */
export function filtered<T>(
  rows: readonly T[],
  filters: z.output<typeof Filters>,
  table: FilterTable<T>,
): readonly T[] {
  let left = rows;
  for (const { Name, Values } of filters ?? []) {
    const has = Object.hasOwn(table, Name) ? table[Name] : undefined;
    if (!has) {
      const options = Object.keys(table).join(', ');
      return fail('InvalidParameterValue.NotInOptions', { name: 'Filters.Name', value: Name, options });
    }
    left = left.filter(row => Values.some(value => has(row, value)));
  }
  return left;
}

export const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Times of this API: ISO 8601, in seconds, UTC. */
export function wireTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** With or without an offset; without one it is UTC. */
export function timeOf(name: string, value: string): number {
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(value) ? value : `${value.replace(' ', 'T')}Z`;
  const ms = Date.parse(zoned);
  return Number.isNaN(ms) ? fail('InvalidParameterValue.InvalidTime', { name, value }) : ms;
}

/** -1, any number, is shown as null. */
export const wireLimit = (limit: number): number | null => (limit === -1 ? null : limit);
