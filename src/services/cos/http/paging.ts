// What all lists have in common: their parameters, and keys that are written encoded where the client asks for it.

import { fail } from '../errors.ts';
import type { Ask } from './ask.ts';
import { numberIn } from './query.ts';
import { element, type Written } from './xml.ts';

const MAX_ENTRIES = 1000;

export interface Page {
  readonly prefix: string;
  readonly delimiter: string;
  /** 0 gives nothing. */
  readonly limit: number;
  /** Of everything in the answer that is a key, a part of one or a delimiter. */
  readonly encoded: (text: string) => string;
  readonly encoding: Written | undefined;
}

/** `limitName`: max-keys or the like. */
export function pageOf({ query }: Pick<Ask, 'query'>, limitName: string): Page {
  const delimiter = query.get('delimiter') ?? '';
  if ([...delimiter].length > 1) fail('InvalidDelimiter');
  const encoding = query.get('encoding-type') || undefined;
  if (encoding !== undefined && encoding.toLowerCase() !== 'url') {
    fail('InvalidArgument', { name: 'encoding-type', reason: 'it is url' });
  }
  return {
    prefix: query.get('prefix') ?? '',
    delimiter,
    limit: Math.min(MAX_ENTRIES, numberIn(query, limitName, 0, Number.MAX_SAFE_INTEGER, MAX_ENTRIES)),
    encoded: encoding === undefined ? text => text : encodeKey,
    encoding: element('EncodingType', encoding),
  };
}

/** Slashes stay as they are. */
export function encodeKey(key: string): string {
  return encodeURIComponent(key)
    .replaceAll('%2F', '/')
    .replace(/[!'()*]/g, char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

export const commonPrefixes = (prefixes: readonly string[], { encoded }: Page): (Written | undefined)[] =>
  prefixes.map(prefix => element('CommonPrefixes', [element('Prefix', encoded(prefix))]));

/** In lists the owner is the application. */
export const writeOwner = (appId: string, name = 'Owner'): Written | undefined =>
  element(name, [element('ID', appId), element('DisplayName', appId)]);
