// The headers of conditions, as RFC 9110 §13 has them, and those of copies.

import type { Conditions } from '../contract.ts';
import { type Ask, headerOf } from './ask.ts';

/** `prefix`: '' or `x-cos-copy-source-`. A time that is none is as if it had not come. */
export function conditionsOf(ask: Pick<Ask, 'request'>, prefix = ''): Conditions {
  const etags = (name: string) => {
    const text = headerOf(ask, prefix + name);
    return text === undefined ? undefined : etagsOf(text);
  };
  const time = (name: string) => {
    const at = Date.parse(headerOf(ask, prefix + name) ?? '');
    return Number.isNaN(at) ? undefined : at;
  };
  return Object.fromEntries(
    Object.entries({
      match: etags('if-match'),
      noneMatch: etags('if-none-match'),
      modifiedSince: time('if-modified-since'),
      unmodifiedSince: time('if-unmodified-since'),
    }).filter(([, value]) => value !== undefined),
  );
}

/** `"a", W/"b"` and, as some clients send it, `a`. */
function etagsOf(text: string): string[] {
  return text
    .split(',')
    .map(part =>
      part
        .trim()
        .replace(/^W\//, '')
        .replace(/^"(.*)"$/, '$1'),
    )
    .filter(etag => etag !== '');
}
