import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { closeFrame, FrameWatch, NO_CODE } from './frames.ts';

interface Frame {
  readonly opcode: number;
  readonly final: boolean;
  readonly masked: boolean;
  readonly payload: Buffer;
  /** Lengths may be written longer than they need to be. */
  readonly width?: 7 | 16 | 64;
}

function encode({ opcode, final, masked, payload, width }: Frame): Buffer {
  const bytes = payload.length;
  const form = width ?? (bytes < 126 ? 7 : bytes < 65536 ? 16 : 64);
  const mask = masked ? Buffer.from([0x12, 0x34, 0x56, 0x78]) : Buffer.alloc(0);
  const second = (masked ? 0x80 : 0) | (form === 7 ? bytes : form === 16 ? 126 : 127);
  const length = Buffer.alloc(form === 7 ? 0 : form / 8);
  if (form === 16) length.writeUInt16BE(bytes);
  if (form === 64) length.writeBigUInt64BE(BigInt(bytes));
  const body = Buffer.from(payload);
  if (masked) for (let i = 0; i < body.length; i++) body[i] = (body[i] ?? 0) ^ (mask[i % 4] ?? 0);
  return Buffer.concat([Buffer.from([(final ? 0x80 : 0) | opcode, second]), length, mask, body]);
}

function watch(pieces: readonly Buffer[], limit = 1000) {
  const messages: number[] = [];
  const closes: number[] = [];
  const frames = new FrameWatch(limit, { message: bytes => messages.push(bytes), close: code => closes.push(code) });
  let passed = 0;
  for (const piece of pieces) {
    const some = frames.push(piece);
    passed += some;
    if (some < piece.length) return { messages, closes, passed, refused: true, between: frames.between };
  }
  return { messages, closes, passed, refused: false, between: frames.between };
}

const text = (payload: string, change: Partial<Frame> = {}): Frame => ({
  ...{ opcode: 1, final: true, masked: true, payload: Buffer.from(payload) },
  ...change,
});
const close = (code: number, masked: boolean) =>
  encode({ opcode: 8, final: true, masked, payload: Buffer.from([code >> 8, code & 255]) });

test('messages are counted once, however many fragments they have, and control frames are none', () => {
  const ping = encode({ opcode: 9, final: true, masked: true, payload: Buffer.from('p') });
  const got = watch([
    encode(text('hello')),
    encode(text('abc', { final: false })),
    ping,
    encode(text('de', { opcode: 0, final: false })),
    encode(text('', { opcode: 0 })),
    encode(text('')),
  ]);
  assert.deepEqual(got.messages, [5, 5, 0]);
  assert.ok(got.between);
});

test('the code of the first close frame is read, masked or not, with or without one', () => {
  assert.deepEqual(watch([close(1000, true)]).closes, [1000]);
  assert.deepEqual(watch([close(4999, false)]).closes, [4999]);
  assert.deepEqual(watch([close(1001, true), close(1000, true)]).closes, [1001]);
  assert.deepEqual(watch([encode({ opcode: 8, final: true, masked: true, payload: Buffer.alloc(0) })]).closes, [
    NO_CODE,
  ]);
  const withReason = Buffer.concat([Buffer.from([0x03, 0xf3]), Buffer.from('a reason')]);
  assert.deepEqual(watch([encode({ opcode: 8, final: true, masked: true, payload: withReason })]).closes, [1011]);
});

test('our own close frames are close frames', () => {
  for (const masked of [true, false]) assert.deepEqual(watch([closeFrame(1009, masked)]).closes, [1009]);
  // What a client sends has to be masked, and what a server sends must not be.
  assert.equal((closeFrame(1000, true)[1] ?? 0) & 0x80, 0x80);
  assert.equal((closeFrame(1000, false)[1] ?? 0) & 0x80, 0);
});

test('of a message that is too large nothing is passed on', () => {
  const small = encode(text('hello'));
  const large = encode(text('a'.repeat(1001)));
  const got = watch([Buffer.concat([small, large])]);
  assert.deepEqual(got, { messages: [5], closes: [], passed: small.length, refused: true, between: true });
  assert.equal(watch([encode(text('a'.repeat(1000)))]).refused, false);
});

test('fragments that become too large together are refused at the one that is too much', () => {
  const first = encode(text('a'.repeat(600), { final: false }));
  const got = watch([first, encode(text('a'.repeat(600), { opcode: 0 }))]);
  assert.equal(got.refused, true);
  assert.equal(got.passed, first.length);
  // A new message begins anew.
  assert.equal(watch([encode(text('a'.repeat(600))), encode(text('a'.repeat(600)))]).refused, false);
});

test('when some of the header has gone by, the frame has begun', () => {
  const large = encode(text('a'.repeat(1001)));
  const got = watch([large.subarray(0, 3), large.subarray(3)]);
  assert.deepEqual([got.passed, got.refused, got.between], [3, true, false]);
});

test('a length of 64 bits is refused like any other that is too large', () => {
  const huge = Buffer.from([0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
  assert.equal(watch([huge]).refused, true);
});

const frame: fc.Arbitrary<Frame> = fc.record({
  opcode: fc.constantFrom(0, 1, 2, 8, 9, 10),
  final: fc.boolean(),
  masked: fc.boolean(),
  payload: fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes)),
  width: fc.constantFrom(undefined, 16 as const, 64 as const),
}) as fc.Arbitrary<Frame>;

/** The plain way: whole frames, one after the other. */
function model(frames: readonly Frame[]) {
  const messages: number[] = [];
  const closes: number[] = [];
  let size = 0;
  for (const { opcode, final, payload } of frames) {
    if (opcode === 8 && closes.length === 0) closes.push(payload.length < 2 ? NO_CODE : payload.readUInt16BE(0));
    if (opcode >= 8) continue;
    size = (opcode === 0 ? size : 0) + payload.length;
    if (final) messages.push(size);
    if (final) size = 0;
  }
  return { messages, closes };
}

test('frames read the same however they are cut', () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat(400), { maxLength: 20 }), (frames, cuts) => {
      const bytes = Buffer.concat(frames.map(encode));
      const places = [...new Set([0, ...cuts.filter(cut => cut < bytes.length), bytes.length])].sort((a, b) => a - b);
      const pieces = places.slice(1).map((to, i) => bytes.subarray(places[i], to));
      const { messages, closes, passed, between } = watch(pieces, 1e9);
      assert.deepEqual({ messages, closes }, model(frames));
      assert.equal(passed, bytes.length);
      assert.ok(between);
    }),
    { numRuns: 500 },
  );
});

test('noise is passed on or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
      const { passed } = watch([Buffer.from(bytes)]);
      assert.ok(passed >= 0 && passed <= bytes.length);
    }),
    { numRuns: 500 },
  );
});
