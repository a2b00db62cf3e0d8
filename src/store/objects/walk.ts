// One page of a list: keys under one common prefix are skipped with one step, not read.

import type { Listing, ListQuery } from '../../core/objects.ts';
import { behindKey, behindPrefix, FIRST_PLACE, keyBytes } from './bytes.ts';

type Page = Pick<ListQuery, 'prefix' | 'delimiter' | 'limit'>;
type Cut = Omit<Page, 'limit'>;

/** Of a key that begins with the prefix; undefined: it is given itself. */
export function commonPrefixOf(key: string, { prefix, delimiter }: Cut): string | undefined {
  if (delimiter === '') return undefined;
  const place = key.indexOf(delimiter, prefix.length);
  return place === -1 ? undefined : key.slice(0, place + delimiter.length);
}

/** The common prefix that a marker is, or lies in. */
export function markedPrefix(after: string, cut: Cut): string | undefined {
  return after.startsWith(cut.prefix) ? commonPrefixOf(after, cut) : undefined;
}

/** The first place of a page. */
export function firstPlace(after: string, cut: Cut): Buffer {
  const start = cut.prefix === '' ? FIRST_PLACE : keyBytes(cut.prefix);
  if (after === '') return start;
  const common = markedPrefix(after, cut);
  const behind = common === undefined ? behindKey(after) : behindPrefix(common);
  return Buffer.compare(behind, start) > 0 ? behind : start;
}

/** `rowsFrom` gives rows in the order of their keys, from a place on or, without one, from the first place of the page. */
export function walk<Row extends { readonly key: string }>(
  page: Page,
  rowsFrom: (place: Buffer | undefined) => Iterable<Row>,
): Listing<Row> {
  const entries: ({ readonly row: Row } | { readonly commonPrefix: string })[] = [];
  let place: Buffer | undefined;
  for (;;) {
    let common: string | undefined;
    for (const row of rowsFrom(place)) {
      if (!row.key.startsWith(page.prefix)) break;
      if (entries.length >= page.limit) return { entries, more: true };
      common = commonPrefixOf(row.key, page);
      if (common !== undefined) break;
      entries.push({ row });
    }
    if (common === undefined) return { entries, more: false };
    entries.push({ commonPrefix: common });
    place = behindPrefix(common);
  }
}
