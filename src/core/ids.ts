// Everything random comes from here.

import { createHash, randomBytes, randomUUID } from 'node:crypto';

export interface Ids {
  /** A version 4 UUID. */
  uuid(): string;
  /**
   * A version 7 UUID (RFC 9562): rises with the time it was made. Rows that come by the thousand are kept under such
   * ids: in the order of the key they are appended, where random keys would each change a page of their own.
   */
  risingUuid(): string;
  bytes(count: number): Buffer;
  /** Uniform in [0, 1). */
  fraction(): number;
}

/** Bytes of chance fetched at once: a call for them costs what hundreds of bytes do. */
const POOL_BYTES = 2048;
/** Of them for a rising id. */
const TAIL_BYTES = 8;

export class SystemIds implements Ids {
  #ms = 0;
  /** Of this millisecond: the front of its ids, and how many there were. */
  #front = '';
  #count = 0;
  /** Hex digits of the pool, and the first that is not used up. */
  #pool = '';
  #next = 0;
  /** None of its bytes is given twice. */
  #bytes = Buffer.alloc(0);

  uuid(): string {
    return randomUUID();
  }
  risingUuid(): string {
    const now = Date.now();
    if (now !== this.#ms) {
      this.#ms = now;
      this.#front = frontOf(now);
      this.#count = 0;
    }
    if (this.#next === this.#pool.length) this.#refill();
    const at = this.#next;
    this.#next += TAIL_BYTES * 2;
    const third = (0x7000 | (this.#count++ & 0xfff)).toString(16);
    return `${this.#front}-${third}-${this.#pool.slice(at, at + 4)}-${this.#pool.slice(at + 4, this.#next)}`;
  }
  #refill(): void {
    const bytes = randomBytes(POOL_BYTES);
    for (let i = 0; i < POOL_BYTES; i += TAIL_BYTES) bytes[i] = ((bytes[i] ?? 0) & 0x3f) | 0x80;
    this.#pool = bytes.toString('hex');
    this.#next = 0;
  }
  bytes(count: number): Buffer {
    if (count > POOL_BYTES / 8) return randomBytes(count);
    if (this.#bytes.length < count) this.#bytes = randomBytes(POOL_BYTES);
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
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

  risingUuid(): string {
    return `${frontOf(this.#count)}${formatUuid(this.bytes(16), 7).slice(13)}`;
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

/** The same for the same instant and text, and rises with the instant as rising ids do (version 8 shape). */
export function uuidAt(ms: number, text: string): string {
  const hash = createHash('sha256').update(text).digest().subarray(0, 16);
  return `${frontOf(Math.min(Math.max(Math.trunc(ms), 0), LAST_MS))}${formatUuid(hash, 8).slice(13)}`;
}

/** 48 bits: more do not fit into the front. */
const LAST_MS = 2 ** 48 - 1;

/** The first two groups of a rising UUID. */
function frontOf(ms: number): string {
  const hex = ms.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}

function formatUuid(bytes: Buffer, version: number): string {
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | (version << 4);
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
