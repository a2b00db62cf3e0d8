// The header Range, and its like for copies: one range of bytes.

import type { ByteRange } from '../contract.ts';
import { fail } from '../errors.ts';

const ONE = /^bytes=(\d{0,18})-(\d{0,18})$/i;

/** undefined for none, for several and for what is no range, as RFC 9110 §14.2 wants it; InvalidRange if nothing lies in it. */
export function rangeOf(text: string | undefined, bytes: number): ByteRange | undefined {
  const [whole, first = '', last = ''] = ONE.exec(text?.replaceAll(' ', '') ?? '') ?? [];
  if (whole === undefined || (first === '' && last === '')) return undefined;
  if (first === '') {
    const from = Math.max(0, bytes - Number(last));
    return from < bytes ? { from, to: bytes } : fail('InvalidRange', { bytes });
  }
  const from = Number(first);
  if (last !== '' && Number(last) < from) return undefined;
  if (from >= bytes) fail('InvalidRange', { bytes });
  return { from, to: last === '' ? bytes : Math.min(Number(last) + 1, bytes) };
}

/** Of x-cos-copy-source-range, which has both ends. */
export function copyRangeOf(text: string | undefined): ByteRange | undefined {
  if (text === undefined) return undefined;
  const [, first = '', last = ''] = ONE.exec(text.replaceAll(' ', '')) ?? [];
  if (first === '' || last === '' || Number(last) < Number(first)) {
    fail('InvalidArgument', { name: 'x-cos-copy-source-range', reason: 'it is bytes=<first>-<last>' });
  }
  return { from: Number(first), to: Number(last) + 1 };
}
