// Whatever a function writes to the channel of its runtime.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decodeDeclined,
  decodeEnded,
  decodeFailed,
  decodeFault,
  decodeLoadError,
  encodeFrame,
  encodeInvoke,
  FROM_INSTANCE,
  FrameError,
  FrameReader,
  HEAD_BYTES,
} from './frames.ts';
import { call, started } from './testing-instance.ts';

const MAX = 200;

/** A frame's head that promises any length. */
const head = fc
  .tuple(
    fc.oneof(fc.integer({ min: 0, max: MAX + 2 }), fc.integer({ min: 0, max: 0xffffffff }), fc.constant(0xffffffff)),
    fc.integer({ min: 0, max: 255 }),
  )
  .map(([length, type]) => {
    const bytes = Buffer.alloc(HEAD_BYTES);
    bytes.writeUInt32BE(length, 0);
    bytes[4] = type;
    return bytes;
  });
const whole = fc
  .tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: MAX }))
  .map(([type, payload]) => encodeFrame(type, Buffer.from(payload)));
const noise = fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes));
const stream = fc.array(fc.oneof({ weight: 6, arbitrary: whole }, head, noise), { maxLength: 12 });
const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 60 });

/** The same stream, read slowly: the frames up to the first that is too long. */
function read(bytes: Buffer): { readonly frames: string[]; readonly refusedAt: number | undefined } {
  const frames: string[] = [];
  for (let at = 0; bytes.length - at >= 4; ) {
    // Its length alone is enough to refuse it, once the head is whole.
    if (bytes.length - at < HEAD_BYTES) break;
    const length = bytes.readUInt32BE(at);
    if (length > MAX) return { frames, refusedAt: at + HEAD_BYTES };
    if (bytes.length - at < HEAD_BYTES + length) break;
    frames.push(`${bytes[at + 4]} ${bytes.toString('hex', at + HEAD_BYTES, at + HEAD_BYTES + length)}`);
    at += HEAD_BYTES + length;
  }
  return { frames, refusedAt: undefined };
}

test('any stream in any pieces gives the frames before the first that is too long, and holds no more than one', () => {
  fc.assert(
    fc.property(stream, cuts, (parts, lengths) => {
      const bytes = Buffer.concat(parts);
      const expected = read(bytes);
      const heard: string[] = [];
      const reader = new FrameReader(MAX, (type, payload) => heard.push(`${type} ${payload.toString('hex')}`));
      let at = 0;
      let refused = false;
      for (let i = 0; at < bytes.length && !refused; i++) {
        const end = Math.min(bytes.length, at + (lengths[i] ?? bytes.length));
        try {
          reader.push(bytes.subarray(at, end));
        } catch (error) {
          assert.ok(error instanceof FrameError);
          refused = true;
          assert.ok(expected.refusedAt !== undefined && end >= expected.refusedAt && at < expected.refusedAt);
        }
        assert.ok(reader.held <= MAX + HEAD_BYTES);
        at = end;
      }
      assert.deepEqual(heard, expected.frames);
      assert.equal(refused, expected.refusedAt !== undefined);
    }),
    { numRuns: 1000 },
  );
});

test('a length of four gigabytes takes no memory', () => {
  const reader = new FrameReader(0xffffffff - 1, () => {});
  assert.throws(() => reader.push(Buffer.from([0xff, 0xff, 0xff, 0xff, 17])), FrameError);
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 100; i++) {
    const small = new FrameReader(MAX, () => {});
    assert.throws(() => small.push(Buffer.from([0xff, 0xff, 0xff, 0xff, 17])), FrameError);
  }
  assert.ok(process.memoryUsage().arrayBuffers - before < 1 << 20);
});

test('a hearer that throws stops the stream there, and its error is passed on', () => {
  const reader = new FrameReader(MAX, type => {
    if (type === 2) throw new RangeError('enough');
  });
  const two = Buffer.concat([encodeFrame(1, Buffer.alloc(3)), encodeFrame(2, Buffer.alloc(3))]);
  assert.throws(() => reader.push(two), /enough/);
});

test('a payload that came in pieces is not changed by what comes after it', () => {
  const kept: Buffer[] = [];
  const reader = new FrameReader(MAX, (_, payload) => kept.push(payload));
  const [a, b] = [encodeFrame(1, Buffer.alloc(50, 'a')), encodeFrame(1, Buffer.alloc(50, 'b'))];
  for (const frame of [a, b]) for (let at = 0; at < frame.length; at += 7) reader.push(frame.subarray(at, at + 7));
  assert.deepEqual(
    kept.map(payload => payload.toString()),
    ['a'.repeat(50), 'b'.repeat(50)],
  );
});

test('DECLINED names a turn', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), turn => {
      const payload = Buffer.alloc(4);
      payload.writeUInt32BE(turn, 0);
      assert.equal(decodeDeclined(payload), turn);
    }),
  );
  for (const length of [0, 1, 2, 3]) assert.throws(() => decodeDeclined(Buffer.alloc(length)), FrameError);
});

test('any payload is read or refused with a FrameError, by every reader', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), bytes => {
      for (const decode of [decodeEnded, decodeFailed, decodeLoadError, decodeDeclined, decodeFault]) {
        try {
          decode(Buffer.from(bytes));
        } catch (error) {
          assert.ok(error instanceof FrameError, `${error}`);
        }
      }
    }),
    { numRuns: 1000 },
  );
});

test('INVOKE is what its parts say, for any event and id', () => {
  const ids = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map(code => String.fromCharCode(code)),
    maxLength: 255,
  });
  const number = fc.integer({ min: 0, max: 0xffffffff });
  fc.assert(
    fc.property(
      ids,
      number,
      number,
      fc.nat(3),
      fc.uint8Array({ maxLength: 300 }),
      (requestId, turn, limitMs, flags, event) => {
        const frame = encodeInvoke({ turn, requestId, limitMs, flags }, Buffer.from(event), true);
        assert.equal(frame.readUInt32BE(0), frame.length - HEAD_BYTES);
        assert.deepEqual([frame[4], frame[5], frame[6]], [2, flags, requestId.length]);
        assert.deepEqual([frame.readUInt32BE(7), frame.readUInt32BE(11)], [limitMs, turn]);
        assert.equal(frame.toString('latin1', 15, 15 + requestId.length), requestId);
        assert.deepEqual(frame.subarray(15 + requestId.length), Buffer.from(event));
      },
    ),
  );
});

const frameTypes = fc.constantFrom(...Object.values(FROM_INSTANCE), 0, 1, 2, 255);
const payload = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes)),
  // Heads that make sense, of turns that may.
  fc.tuple(fc.nat(7), fc.nat(4), fc.uint8Array({ maxLength: 20 })).map(([flags, turn, rest]) => {
    const bytes = Buffer.alloc(9);
    bytes[0] = flags;
    bytes.writeUInt32BE(turn, 1);
    return Buffer.concat([bytes, rest]);
  }),
);
const script = fc.array(fc.tuple(frameTypes, payload), { maxLength: 10 });

test('whatever frames an instance sends, at its start or with events in hand: each is answered or comes back', async () => {
  await fc.assert(
    fc.asyncProperty(script, fc.boolean(), fc.nat(3), async (frames, ready, events) => {
      const it = await started({ ready });
      let answered = 0;
      const ends: Promise<unknown>[] = [];
      if (ready) {
        for (let i = 0; i < events; i++) {
          void it.begin(call(`r${i + 1}`)).then(outcome => {
            answered++;
            if (outcome.ended) ends.push(outcome.ended);
          });
        }
      }
      await it.turn();
      for (const [type, bytes] of frames) it.process.send(type, bytes);
      await it.turn();
      if (it.instance.state !== 'gone') it.process.die(1);
      await it.turn(300);
      assert.equal(it.instance.state, 'gone');
      await Promise.all(ends);
      const back = it.heard.filter(line => line.startsWith('back ')).flatMap(line => line.split(','));
      assert.equal(answered + back.length, ready ? events : 0, `${it.heard}`);
      if (!it.heard.includes('ready')) assert.equal(it.failures.length, 1);
    }),
    { numRuns: 500 },
  );
});
