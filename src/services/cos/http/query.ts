// The query of a request. Names are told apart without regard to case: clients write versionId, VersionId and versionid.

import { fail } from '../errors.ts';

export interface CosQuery {
  /** undefined if it was not sent; '' without a value. */
  get(lowerName: string): string | undefined;
  has(lowerName: string): boolean;
  /** In lower case, in the order in which they were sent. */
  readonly names: readonly string[];
  /** Of those, what was sent without a value. */
  readonly bare: readonly string[];
  /** Decoded, all of them, as they are spelled: what a signature is checked against. */
  readonly pairs: readonly (readonly [name: string, value: string])[];
}

/** `text`: as sent, behind the `?`. The first of several with one name counts. */
export function queryOf(text: string): CosQuery {
  const values = new Map<string, string>();
  const pairs: [string, string][] = [];
  for (const part of text.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const pair: [string, string] =
      equals < 0 ? [decode(part), ''] : [decode(part.slice(0, equals)), decode(part.slice(equals + 1))];
    pairs.push(pair);
    const name = pair[0].toLowerCase();
    if (!values.has(name)) values.set(name, pair[1]);
  }
  const names = [...values.keys()];
  const bare = names.filter(name => values.get(name) === '');
  return { get: name => values.get(name), has: name => values.has(name), names, bare, pairs };
}

function decode(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  // Characters above ASCII that were sent as they are come from node as Latin-1.
  const raw = /[\u0080-\uffff]/.test(spaced) ? Buffer.from(spaced, 'latin1').toString() : spaced;
  if (!raw.includes('%')) return raw;
  try {
    return decodeURIComponent(raw);
  } catch (error) {
    return fail('InvalidURI', {}, error);
  }
}

/** InvalidArgument unless it is a whole number in these bounds; `otherwise` where it was not sent. */
export function numberIn(query: CosQuery, name: string, least: number, most: number, otherwise: number): number {
  const text = query.get(name);
  if (text === undefined || text === '') return otherwise;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  return fail('InvalidArgument', { name, reason: `it is a whole number from ${least} to ${most}` });
}
