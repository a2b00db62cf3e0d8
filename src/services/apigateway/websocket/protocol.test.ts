// Any sequence of frames against a plain model of RFC 6455 §5–8.

import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { it } from 'node:test';
import fc from 'fast-check';
import { SocketStand, until } from './testing.ts';
import { frame, OP } from './testing-client.ts';

const LIMIT = 100_000;

interface Sent {
  readonly opcode: number;
  readonly fin: boolean;
  readonly rsv: number;
  readonly masked: boolean;
  readonly data: Buffer;
}

interface Seen {
  /** `text …` or `binary …` */
  readonly messages: string[];
  readonly pongs: string[];
  /** Of the close frame that ends it; undefined if nothing does, null if it has none. */
  readonly code: number | null | undefined;
}

function model(frames: readonly Sent[]): Seen {
  const [messages, pongs]: [string[], string[]] = [[], []];
  let open: { text: boolean; parts: Buffer[] } | undefined;
  const end = (code: number | null): Seen => ({ messages, pongs, code });
  for (const { opcode, fin, rsv, masked, data } of frames) {
    const control = opcode >= 8;
    if (rsv !== 0 || !masked || opcode > 10 || (opcode > 2 && opcode < 8)) return end(1002);
    if (control && (!fin || data.length > 125)) return end(1002);
    if (!control && (opcode === OP.more) !== (open !== undefined)) return end(1002);
    if (opcode === OP.ping) pongs.push(data.toString('hex'));
    if (opcode === OP.close) return end(closing(data));
    if (control) continue;
    open ??= { text: opcode === OP.text, parts: [] };
    open.parts.push(data);
    const whole = Buffer.concat(open.parts);
    if (whole.length > LIMIT) return end(1009);
    if (!fin) continue;
    if (open.text && !isUtf8(whole)) return end(1007);
    messages.push(open.text ? `text ${whole}` : `binary ${whole.toString('base64')}`);
    open = undefined;
  }
  return { messages, pongs, code: undefined };
}

/** The code that comes back. */
function closing(data: Buffer): number | null {
  if (data.length === 0) return null;
  if (data.length === 1) return 1002;
  const code = data.readUInt16BE(0);
  const may = (code >= 3000 && code <= 4999) || (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code));
  if (!may) return 1002;
  return isUtf8(data.subarray(2)) ? code : 1007;
}

const EURO = Buffer.from('€');
const PIECES: readonly Buffer[] = [
  ...['', 'a', 'é', '𝄞', 'x'.repeat(125), 'x'.repeat(126), 'y'.repeat(70_000), 'z'.repeat(LIMIT + 1)].map(text =>
    Buffer.from(text),
  ),
  ...[EURO.subarray(0, 1), EURO.subarray(1), EURO.subarray(0, 2), EURO.subarray(2), Buffer.from([0xff])],
];
const CODES = [0, 999, 1000, 1001, 1004, 1005, 1006, 1011, 1014, 1015, 2999, 3000, 4999, 5000, 65_535];
const closes = fc
  .tuple(fc.constantFrom(...CODES), fc.constantFrom(...PIECES.filter(({ length }) => length < 124)))
  .map(([code, reason]) => Buffer.concat([Buffer.from([code >> 8, code & 0xff]), reason]));
const rare = <T>(usual: T, odd: T) => fc.integer({ min: 0, max: 30 }).map(n => (n === 0 ? odd : usual));
const sent: fc.Arbitrary<Sent> = fc
  .record({
    opcode: fc.oneof(
      { weight: 30, arbitrary: fc.constantFrom(OP.more, OP.text, OP.binary, OP.ping, OP.pong) },
      { weight: 1, arbitrary: fc.nat({ max: 15 }) },
    ),
    fin: fc.boolean(),
    rsv: rare(0, 0x20),
    masked: rare(true, false),
    data: fc.constantFrom(...PIECES),
  })
  .chain(one => (one.opcode === OP.close ? closes.map(data => ({ ...one, data })) : fc.constant(one)));

/** Most sequences of frames break the rules at once: these are nearly all within them. */
const message: fc.Arbitrary<Sent[]> = fc
  .tuple(
    fc.constantFrom(OP.text, OP.binary),
    fc.array(fc.constantFrom(...PIECES.slice(0, -1)), { minLength: 1, maxLength: 4 }),
  )
  .map(([opcode, parts]) =>
    parts.flatMap((data, n) => {
      const last = n === parts.length - 1;
      const part = { opcode: n === 0 ? opcode : OP.more, fin: last, rsv: 0, masked: true, data };
      return n % 2 ? [part, { ...part, opcode: OP.ping, fin: true, data: Buffer.from([n]) }] : [part];
    }),
  );
const close: fc.Arbitrary<Sent[]> = closes.map(data => [{ opcode: OP.close, fin: true, rsv: 0, masked: true, data }]);
const sequence = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: message },
      { weight: 2, arbitrary: sent.map(one => [one]) },
      { weight: 1, arbitrary: close },
    ),
    { maxLength: 8 },
  )
  .map(parts => parts.flat());

it('any frames end as the standard says, and all that was whole before has been delivered', async () => {
  await using open = await SocketStand.open({ settings: { messageBytes: LIMIT } });
  const { functions } = open;
  await fc.assert(
    fc.asyncProperty(sequence, fc.nat({ max: 5000 }), async (frames, cut) => {
      functions.messages.length = 0;
      functions.gone.length = 0;
      const { client, id } = await open.connect();
      using _ = client;
      const bytes = Buffer.concat(frames.map(({ opcode, data, ...how }) => frame(opcode, data, how)));
      client.send(bytes.subarray(0, cut));
      await new Promise(setImmediate);
      client.send(bytes.subarray(cut), frame(OP.ping, 'the end'));
      const pongs: string[] = [];
      let code: number | null | undefined;
      for (;;) {
        const next = await client.frame();
        assert.ok(next, 'the connection ends with a close frame');
        const { opcode, data } = next;
        if (opcode === OP.close) code = data.length === 0 ? null : data.readUInt16BE(0);
        if (opcode === OP.close || data.toString() === 'the end') break;
        pongs.push(data.toString('hex'));
      }
      client.socket.destroy();
      await until('the function is told', () => functions.gone.length === 1);
      assert.equal(functions.gone[0]?.connectionId, id);
      const messages = functions.messages.map(({ dataType, data }) => `${dataType} ${data}`);
      assert.deepEqual({ messages, pongs, code }, model(frames));
    }),
    { numRuns: 200 },
  );
});
