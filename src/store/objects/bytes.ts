// Keys in the order of their UTF-8 bytes, which is not that of JavaScript's strings beyond U+FFFF.

export const keyBytes = (key: string): Buffer => Buffer.from(key, 'utf8');

export function keyText(bytes: unknown): string {
  if (!(bytes instanceof Uint8Array)) throw new TypeError('a key is kept as bytes');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** Before all keys: none is empty. */
export const FIRST_PLACE: Buffer = Buffer.alloc(1);

/** The first place behind this key alone. */
export const behindKey = (key: string): Buffer => Buffer.concat([keyBytes(key), ZERO]);

/** The first place behind every key that begins so; the prefix is not empty. */
export function behindPrefix(prefix: string): Buffer {
  const bytes = keyBytes(prefix);
  // UTF-8 has no byte 255, so that nothing is carried over.
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) + 1, bytes.length - 1);
  return bytes;
}

const ZERO = Buffer.alloc(1);
