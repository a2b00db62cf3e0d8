// CRC-64/XZ: polynomial of ECMA-182, reflected, all ones before and after. Numbers of 64 bits are kept as two halves of 32,
// since a BigInt for each byte is slower by far.

/** The reflected polynomial, 0xc96c5795d7870f42. */
const POLY_HIGH = 0xc96c5795 | 0;
const POLY_LOW = 0xd7870f42 | 0;

/** Eight bytes at a time: table k (at k × 256) is what a byte does to the sum when k bytes follow it. */
const SLICES = 8;
const LOW = new Int32Array(SLICES * 256);
const HIGH = new Int32Array(SLICES * 256);
for (let byte = 0; byte < 256; byte++) {
  const sum: Half64 = { high: 0, low: byte };
  for (let bit = 0; bit < 8; bit++) timesX(sum);
  LOW[byte] = sum.low;
  HIGH[byte] = sum.high;
}
for (let i = 256; i < SLICES * 256; i++) {
  const low = LOW[i - 256] as number;
  const high = HIGH[i - 256] as number;
  LOW[i] = ((low >>> 8) | (high << 24)) ^ (LOW[low & 255] as number);
  HIGH[i] = (high >>> 8) ^ (HIGH[low & 255] as number);
}

interface Half64 {
  high: number;
  low: number;
}

export class Crc64 {
  #high = -1;
  #low = -1;

  update(chunk: Uint8Array): this {
    // A view reads four bytes in their order on every machine, whether or not they are aligned.
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const end = chunk.byteLength;
    let high = this.#high;
    let low = this.#low;
    let at = 0;
    // Indices are in range by their masks, hence the casts: a fallback for each would cost time.
    for (const last = end - 8; at <= last; at += 8) {
      const a = low ^ view.getInt32(at, true);
      const b = high ^ view.getInt32(at + 4, true);
      const i0 = 1792 + (a & 255);
      const i1 = 1536 + ((a >>> 8) & 255);
      const i2 = 1280 + ((a >>> 16) & 255);
      const i3 = 1024 + (a >>> 24);
      const i4 = 768 + (b & 255);
      const i5 = 512 + ((b >>> 8) & 255);
      const i6 = 256 + ((b >>> 16) & 255);
      const i7 = b >>> 24;
      low =
        (LOW[i0] as number) ^
        (LOW[i1] as number) ^
        (LOW[i2] as number) ^
        (LOW[i3] as number) ^
        (LOW[i4] as number) ^
        (LOW[i5] as number) ^
        (LOW[i6] as number) ^
        (LOW[i7] as number);
      high =
        (HIGH[i0] as number) ^
        (HIGH[i1] as number) ^
        (HIGH[i2] as number) ^
        (HIGH[i3] as number) ^
        (HIGH[i4] as number) ^
        (HIGH[i5] as number) ^
        (HIGH[i6] as number) ^
        (HIGH[i7] as number);
    }
    for (; at < end; at++) {
      const index = (low ^ view.getUint8(at)) & 255;
      low = ((low >>> 8) | (high << 24)) ^ (LOW[index] as number);
      high = (high >>> 8) ^ (HIGH[index] as number);
    }
    this.#high = high;
    this.#low = low;
    return this;
  }

  /** Decimal, of what has come so far. */
  digest(): string {
    return decimal(~this.#high, ~this.#low);
  }
}

/** Decimal. */
export function crc64(content: Uint8Array): string {
  return new Crc64().update(content).digest();
}

/** The sum of `A B` from those of A and of B: the former moved `bytesOfB` bytes on. Decimal. */
export function combineCrc64(a: string, b: string, bytesOfB: number): string {
  const moved = times(halves(a), powerOfBytes(bytesOfB));
  const sum = halves(b);
  return decimal(moved.high ^ sum.high, moved.low ^ sum.low);
}

/** x to the power of 2 to the power of its place, modulo the polynomial: made as far as a length needs. */
const SQUARES: Readonly<Half64>[] = [{ high: 0x40000000, low: 0 }];
/** Parts of an upload mostly have one length. */
let lastPower = { bytes: 0, power: one() };

function one(): Readonly<Half64> {
  return { high: 1 << 31, low: 0 };
}

/** x^(8 × bytes) modulo the polynomial. */
function powerOfBytes(bytes: number): Readonly<Half64> {
  if (lastPower.bytes === bytes) return lastPower.power;
  let power = one();
  // Eight bits in a byte, hence from the third square on. Halving, not shifting: a length may have more than 32 bits.
  for (let left = bytes, place = 3; left > 0; left = Math.floor(left / 2), place++)
    if (left % 2 === 1) power = times(power, square(place));
  lastPower = { bytes, power };
  return power;
}

function square(place: number): Readonly<Half64> {
  let last = SQUARES[SQUARES.length - 1] ?? one();
  while (SQUARES.length <= place) {
    last = times(last, last);
    SQUARES.push(last);
  }
  return SQUARES[place] ?? last;
}

/** The product of two polynomials modulo ours; reflected, so the highest bit stands for 1. */
function times(a: Readonly<Half64>, b: Readonly<Half64>): Readonly<Half64> {
  const product = { high: 0, low: 0 };
  const moving = { high: b.high, low: b.low };
  for (let place = 0; place < 64; place++) {
    const word = place < 32 ? a.high : a.low;
    if ((word << (place & 31)) & 0x80000000) {
      product.high ^= moving.high;
      product.low ^= moving.low;
    }
    timesX(moving);
  }
  return product;
}

function timesX(number: Half64): void {
  const over = number.low & 1;
  number.low = (number.low >>> 1) | (number.high << 31);
  number.high >>>= 1;
  if (over === 0) return;
  number.low ^= POLY_LOW;
  number.high ^= POLY_HIGH;
}

function halves(text: string): Readonly<Half64> {
  const number = BigInt(text);
  return { high: Number(BigInt.asIntN(32, number >> 32n)), low: Number(BigInt.asIntN(32, number)) };
}

const decimal = (high: number, low: number): string => ((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)).toString();
