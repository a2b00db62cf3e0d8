// Everything random comes from here.

import { createHash, randomBytes, randomUUID } from 'node:crypto';

export interface Ids {
  /** A version 4 UUID. */
  uuid(): string;
  bytes(count: number): Buffer;
  /** Uniform in [0, 1). */
  fraction(): number;
}

export class SystemIds implements Ids {
  uuid(): string {
    return randomUUID();
  }
  bytes(count: number): Buffer {
    return randomBytes(count);
  }
  fraction(): number {
    return Math.random();
  }
}

/** The same seed gives the same ids: for tests that compare whole answers. */
export class SeededIds implements Ids {
  #seed: string;
  #count = 0;

  constructor(seed = 'openscf') {
    this.#seed = seed;
  }

  bytes(count: number): Buffer {
    const parts: Buffer[] = [];
    for (let have = 0; have < count; have += 32) {
      parts.push(
        createHash('sha256')
          .update(`${this.#seed}:${this.#count++}`)
          .digest(),
      );
    }
    return Buffer.concat(parts).subarray(0, count);
  }

  uuid(): string {
    return formatUuid(this.bytes(16), 4);
  }

  fraction(): number {
    return this.bytes(4).readUInt32BE() / 2 ** 32;
  }
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Lower-case letters and digits, as in `lam-` and `service-` ids. Starts with a letter. */
export function shortId(ids: Ids, length = 8): string {
  const bytes = ids.bytes(length);
  let text = ALPHABET[(bytes[0] ?? 0) % 26] ?? '';
  for (let i = 1; i < length; i++) text += ALPHABET[(bytes[i] ?? 0) % 36];
  return text;
}

/** The same text gives the same UUID (version 5 shape): one tick of one timer is one request, however often it is pushed. */
export function uuidOf(text: string): string {
  return formatUuid(createHash('sha256').update(text).digest().subarray(0, 16), 5);
}

function formatUuid(bytes: Buffer, version: number): string {
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | (version << 4);
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
