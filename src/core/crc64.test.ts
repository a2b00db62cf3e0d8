import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Crc64, combineCrc64, crc64 } from './crc64.ts';

/** Bit by bit, as the definition says it. */
function model(content: Uint8Array): string {
  let sum = 2n ** 64n - 1n;
  for (const byte of content) {
    sum ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) sum = sum & 1n ? (sum >> 1n) ^ 0xc96c5795d7870f42n : sum >> 1n;
  }
  return (sum ^ (2n ** 64n - 1n)).toString();
}

const content = fc.uint8Array({ maxLength: 100 });

describe('CRC-64/XZ', () => {
  // The first is the check value of the catalogue of CRCs, the second the sample of the vendor's page on PUT Object.
  const known = [
    ['123456789', '11051210869376104954'],
    ['[Object Content]', '16749565679157681890'],
    ['', '0'],
  ] as const;
  for (const [text, expected] of known)
    test(`of ${JSON.stringify(text)}`, () => assert.equal(crc64(Buffer.from(text)), expected));

  test('is what the definition says', () => {
    fc.assert(fc.property(content, bytes => assert.equal(crc64(bytes), model(bytes))));
  });

  test('every length around the stride, at every place in memory', () => {
    const memory = Buffer.from(Array.from({ length: 64 }, (_, i) => (i * 89 + 7) & 255));
    for (let from = 0; from < 9; from++)
      for (let bytes = 0; bytes < 34; bytes++) {
        const part = memory.subarray(from, from + bytes);
        assert.equal(crc64(part), model(part), `${bytes} bytes from ${from}`);
      }
  });

  test('the same in any pieces', () => {
    fc.assert(
      fc.property(fc.array(content, { maxLength: 8 }), pieces => {
        const sum = new Crc64();
        for (const piece of pieces) sum.update(piece);
        assert.equal(sum.digest(), model(Buffer.concat(pieces)));
      }),
    );
  });

  test('a digest does not end it', () => {
    const sum = new Crc64();
    assert.equal(sum.digest(), '0');
    assert.equal(sum.update(Buffer.from('12345')).digest(), crc64(Buffer.from('12345')));
    assert.equal(sum.update(Buffer.from('6789')).digest(), '11051210869376104954');
  });

  test('one bit is another sum', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), fc.nat(), (bytes, chosen) => {
        const damaged = Uint8Array.from(bytes);
        const at = chosen % bytes.length;
        damaged[at] = (damaged[at] ?? 0) ^ (1 << (chosen & 7));
        assert.notEqual(crc64(damaged), crc64(bytes));
      }),
    );
  });
});

describe('joined sums', () => {
  test('are the sum of the whole', () => {
    fc.assert(
      fc.property(content, content, (a, b) => {
        assert.equal(combineCrc64(crc64(a), crc64(b), b.length), model(Buffer.concat([a, b])));
      }),
    );
  });

  test('of many pieces, from either end', () => {
    fc.assert(
      fc.property(fc.array(content, { maxLength: 6 }), pieces => {
        const whole = model(Buffer.concat(pieces));
        const forward = pieces.reduce((sum, piece) => combineCrc64(sum, crc64(piece), piece.length), '0');
        assert.equal(forward, whole);
        let [tail, bytes] = ['0', 0];
        for (const piece of pieces.toReversed()) {
          tail = combineCrc64(crc64(piece), tail, bytes);
          bytes += piece.length;
        }
        assert.equal(tail, whole);
      }),
    );
  });

  test('of lengths with many bits', () => {
    const a = Buffer.alloc(1_000_003, 'ab');
    const b = Buffer.alloc(0x1fffff, 'xyz');
    assert.equal(combineCrc64(crc64(a), crc64(b), b.length), crc64(Buffer.concat([a, b])));
  });

  test('lengths beyond 32 bits: moved at once as moved in halves', () => {
    const sum = crc64(Buffer.from('a piece'));
    const zeroes = (from: string, bytes: number) => combineCrc64(from, '0', bytes);
    for (const bytes of [2 ** 32, 2 ** 32 + 2, 5 * 2 ** 30, 48 * 2 ** 40, 2 ** 52]) {
      const once = zeroes(sum, bytes);
      assert.equal(once, zeroes(zeroes(sum, bytes / 2), bytes / 2), `${bytes}`);
      assert.notEqual(once, zeroes(sum, bytes % 2 ** 32), `${bytes}`);
      assert.notEqual(once, sum);
    }
  });

  test('an empty piece changes nothing', () => {
    assert.equal(combineCrc64('11051210869376104954', '0', 0), '11051210869376104954');
    assert.equal(combineCrc64('0', '11051210869376104954', 9), '11051210869376104954');
  });

  test('ten thousand parts of one length, as their halves say', () => {
    const part = crc64(Buffer.alloc(1 << 20, 7));
    let sum = '0';
    for (let i = 0; i < 10_000; i++) sum = combineCrc64(sum, part, 1 << 20);
    const half = Array.from({ length: 5000 }).reduce<string>(all => combineCrc64(all, part, 1 << 20), '0');
    assert.equal(combineCrc64(half, half, 5000 * 2 ** 20), sum);
  });
});
