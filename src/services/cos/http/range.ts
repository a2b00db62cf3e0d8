// The header Range, and its like for copies: one range of bytes.

import { byteRange } from '../../../http/range.ts';
import type { ByteRange } from '../contract.ts';
import { fail } from '../errors.ts';

const BOTH = /^bytes=(\d{1,18})-(\d{1,18})$/i;

/** As byteRange; InvalidRange if nothing lies in it. */
export function rangeOf(text: string | undefined, bytes: number): ByteRange | undefined {
  const range = byteRange(text, bytes);
  return range === 'empty' ? fail('InvalidRange', { bytes }) : range;
}

/** Of x-cos-copy-source-range, which has both ends. */
export function copyRangeOf(text: string | undefined): ByteRange | undefined {
  if (text === undefined) return undefined;
  const [, first = '', last = ''] = BOTH.exec(text.replaceAll(' ', '')) ?? [];
  if (first === '' || Number(last) < Number(first)) {
    fail('InvalidArgument', { name: 'x-cos-copy-source-range', reason: 'it is bytes=<first>-<last>' });
  }
  return { from: Number(first), to: Number(last) + 1 };
}
