import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  AHEAD,
  BY_TIMER,
  decodeEnded,
  decodeFailed,
  decodeFault,
  decodeLoadError,
  EARLY,
  encodeFrame,
  encodeInvoke,
  FrameError,
  FrameReader,
  HEAD_BYTES,
  PRINTED,
  WAITED,
} from './frames.ts';

interface Heard {
  readonly type: number;
  readonly text: string;
}

function reader(maxBytes: number): { readonly reader: FrameReader; readonly heard: Heard[] } {
  const heard: Heard[] = [];
  return {
    heard,
    reader: new FrameReader(maxBytes, (type, payload) => heard.push({ type, text: payload.toString('hex') })),
  };
}

function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (const length of lengths) {
    chunks.push(bytes.subarray(at, at + length));
    at += length;
  }
  return [...chunks, bytes.subarray(at)];
}

const frames = fc.array(
  fc.record({ type: fc.integer({ min: 0, max: 255 }), payload: fc.uint8Array({ maxLength: 300 }) }),
  {
    maxLength: 20,
  },
);
const cuts = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 });

test('frames come out as they went in, however the stream is cut', () => {
  fc.assert(
    fc.property(frames, cuts, (sent, lengths) => {
      const { heard, reader: frameReader } = reader(300);
      const stream = Buffer.concat(sent.map(({ type, payload }) => encodeFrame(type, Buffer.from(payload))));
      for (const chunk of cut(stream, lengths)) frameReader.push(chunk);
      assert.deepEqual(
        heard,
        sent.map(({ type, payload }) => ({ type, text: Buffer.from(payload).toString('hex') })),
      );
      assert.equal(frameReader.held, 0);
    }),
  );
});

test('any bytes give frames or a FrameError, and never more than one frame is held', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), cuts, (bytes, lengths) => {
      const { reader: frameReader } = reader(64);
      try {
        for (const chunk of cut(Buffer.from(bytes), lengths)) {
          frameReader.push(chunk);
          assert.ok(frameReader.held <= 64 + HEAD_BYTES);
        }
      } catch (error) {
        assert.ok(error instanceof FrameError);
      }
    }),
  );
});

test('a length over the limit is refused as soon as it is known', () => {
  const head = Buffer.from([0, 0, 1, 1, 17]);
  assert.throws(() => reader(256).reader.push(head), FrameError);
  const split = reader(256).reader;
  split.push(head.subarray(0, 3));
  assert.throws(() => split.push(head.subarray(3)), FrameError);
  reader(257).reader.push(head);
});

const HEAD = { turn: 77, requestId: 'id-1', limitMs: 3000, flags: BY_TIMER | AHEAD };

test('INVOKE holds flags, id, time limit, turn and event, with the event behind it or not', () => {
  const event = Buffer.from('{"键":1}');
  const whole = encodeInvoke(HEAD, event, true);
  const head = encodeInvoke(HEAD, event, false);
  assert.deepEqual(Buffer.concat([head, event]), whole);
  assert.equal(whole.readUInt32BE(0), whole.length - HEAD_BYTES);
  assert.equal(whole[4], 2);
  assert.equal(whole[5], BY_TIMER | AHEAD);
  assert.equal(whole.readUInt32BE(7), 3000);
  assert.equal(whole.readUInt32BE(11), 77);
  assert.equal(whole.toString('latin1', 15, 19), 'id-1');
  assert.throws(() => encodeInvoke({ ...HEAD, requestId: 'x'.repeat(256) }, event, true), FrameError);
});

test('answers are read', () => {
  const head = Buffer.from([PRINTED | EARLY, 0, 0, 1, 2, 0, 0, 0x05, 0xdc]);
  assert.deepEqual(decodeEnded(head), { printed: true, early: true, waited: false, turn: 258, durationMs: 1.5 });
  const failed = Buffer.concat([
    Buffer.from([WAITED, 0, 0, 0, 9, 0, 0, 0, 0]),
    Buffer.from([1, 0xae, 0, 0, 0, 3]),
    Buffer.from('为stack'),
  ]);
  assert.deepEqual(decodeFailed(failed), {
    printed: false,
    early: false,
    waited: true,
    turn: 9,
    durationMs: 0,
    status: 430,
    message: '为',
    stack: 'stack',
  });
  assert.deepEqual(decodeLoadError(Buffer.from([1, 0xbb, 0x78])), { status: 443, message: 'x' });
});

test('more than fits the field of a duration is no duration', () => {
  const ended = (micros: number) => {
    const head = Buffer.alloc(9);
    head.writeUInt32BE(micros, 5);
    return decodeEnded(head).durationMs;
  };
  assert.deepEqual([ended(0xfffffffe), ended(0xffffffff)], [4_294_967.294, undefined]);
});

test('a status that a function cannot have is refused, and a long stack is cut', () => {
  const failed = (status: number) =>
    Buffer.concat([Buffer.alloc(9), Buffer.from([status >> 8, status & 255, 0, 0, 0, 0])]);
  for (const status of [400, 407, 430]) assert.equal(decodeFailed(failed(status)).status, status);
  for (const status of [0, 200, 432, 434, 449, 500, 65_535])
    assert.throws(() => decodeFailed(failed(status)), FrameError);
  for (const status of [0, 200, 430, 450, 500]) {
    assert.throws(() => decodeLoadError(Buffer.from([status >> 8, status & 255])), FrameError);
  }
  assert.equal(decodeFault(Buffer.alloc(1 << 20, 'x')).length, 256 * 1024);
});

test('answers of any bytes are read or refused, never an other error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
      for (const decode of [decodeEnded, decodeFailed, decodeLoadError]) {
        try {
          decode(Buffer.from(bytes));
        } catch (error) {
          assert.ok(error instanceof FrameError);
        }
      }
    }),
  );
});
