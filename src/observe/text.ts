// Cutting text at a number of bytes, never inside a character.

/** At most `bytes` of UTF-8 from the beginning. */
export function head(text: string, bytes: number): string {
  // A UTF-16 unit is at most three bytes: short texts need no count.
  if (text.length * 3 <= bytes) return text;
  const whole = Buffer.from(text);
  if (whole.length <= bytes) return text;
  let end = bytes;
  while (end > 0 && isInside(whole[end])) end--;
  return whole.toString('utf8', 0, end);
}

/** At most `bytes` of UTF-8 from the end. */
export function tail(text: string, bytes: number): string {
  if (text.length * 3 <= bytes) return text;
  const whole = Buffer.from(text);
  if (whole.length <= bytes) return text;
  let start = whole.length - bytes;
  while (start < whole.length && isInside(whole[start])) start++;
  return whole.toString('utf8', start);
}

/** Whether a byte continues a character. */
function isInside(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
