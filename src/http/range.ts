// The header Range: one range of bytes.

export interface ByteRange {
  readonly from: number;
  /** Not part of it. */
  readonly to: number;
}

const ONE = /^bytes=(\d{0,18})-(\d{0,18})$/i;

/** undefined for none, for several and for what is no range, as RFC 9110 §14.2 wants it; 'empty' if nothing lies in it. */
export function byteRange(text: string | undefined, bytes: number): ByteRange | 'empty' | undefined {
  const [whole, first = '', last = ''] = ONE.exec(text?.replaceAll(' ', '') ?? '') ?? [];
  if (whole === undefined || (first === '' && last === '')) return undefined;
  if (first === '') {
    const from = Math.max(0, bytes - Number(last));
    return from < bytes ? { from, to: bytes } : 'empty';
  }
  const from = Number(first);
  if (last !== '' && Number(last) < from) return undefined;
  if (from >= bytes) return 'empty';
  return { from, to: last === '' ? bytes : Math.min(Number(last) + 1, bytes) };
}
