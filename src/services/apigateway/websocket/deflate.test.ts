import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { deflationOf } from './deflate.ts';
import { SocketStand, until } from './testing.ts';
import { frame, OP } from './testing-client.ts';

const NAME = 'permessage-deflate';

describe('an offer', () => {
  const CASES: readonly (readonly [offered: string, offer: string | undefined, limitsClient?: boolean])[] = [
    [NAME, NAME, false],
    [`${NAME}; client_max_window_bits`, `${NAME}; client_max_window_bits`, true],
    [`${NAME};client_max_window_bits=15`, `${NAME};client_max_window_bits=15`, true],
    [`${NAME}; client_max_window_bits="12"`, `${NAME}; client_max_window_bits="12"`, true],
    [`${NAME}; client_max_window_bits=9`, `${NAME}; client_max_window_bits=9`, false],
    [`${NAME}; server_max_window_bits=12`, `${NAME}; server_max_window_bits=12`, false],
    [
      `${NAME}; server_no_context_takeover; client_no_context_takeover`,
      `${NAME}; server_no_context_takeover; client_no_context_takeover`,
      false,
    ],
    [`x-other; a=1, ${NAME}`, NAME, false],
    // The first that can be kept.
    [`${NAME}; server_max_window_bits=10, ${NAME}; client_max_window_bits`, `${NAME}; client_max_window_bits`, true],
    [`${NAME}; server_max_window_bits=11`, undefined],
    [`${NAME}; server_max_window_bits`, undefined],
    [`${NAME}; server_max_window_bits=16`, undefined],
    [`${NAME}; client_max_window_bits=7`, undefined],
    [`${NAME}; client_max_window_bits=012`, undefined],
    [`${NAME}; client_max_window_bits="12`, undefined],
    [`${NAME}; server_no_context_takeover=1`, undefined],
    [`${NAME}; server_no_context_takeover; server_no_context_takeover`, undefined],
    [`${NAME}; client_max_window_bits=12; client_max_window_bits`, undefined],
    [`${NAME}; mine`, undefined],
    [`${NAME};`, undefined],
    [`${NAME.toUpperCase()}x`, undefined],
    ['', undefined],
  ];
  for (const [offered, offer, limitsClient] of CASES) {
    it(`${offered || 'of nothing'}: ${offer ?? 'none'}`, () => {
      assert.deepEqual(deflationOf(NAME, offered), offer === undefined ? undefined : { offer, limitsClient });
    });
  }

  it('is taken up if the function has named it, with or without terms', () => {
    for (const given of [NAME, `${NAME}; client_max_window_bits`, `x, ${NAME};a`])
      assert.ok(deflationOf(given, NAME), given);
    for (const given of ['', 'x', `x;${NAME}`]) assert.equal(deflationOf(given, NAME), undefined, given);
    assert.equal(deflationOf(NAME, undefined), undefined);
  });
});

const PARAMETERS = fc.constantFrom(
  ...['server_no_context_takeover', 'client_no_context_takeover', 'server_max_window_bits', 'client_max_window_bits'],
  ...['server_max_window_bits=15', 'server_max_window_bits=9', 'client_max_window_bits=8', 'client_max_window_bits=13'],
  ...['server_max_window_bits="12"', 'x', '', ' ', 'client_max_window_bits=', 'client_max_window_bits=1;0'],
);
const OFFERS = fc
  .array(fc.tuple(fc.constantFrom(NAME, NAME, 'x'), fc.array(PARAMETERS, { maxLength: 3 })), { maxLength: 3 })
  .map(offers => offers.map(([name, parameters]) => [name, ...parameters].join(';')).join(', '));

it('what is taken up is what both sides then do, whatever is offered', async () => {
  await using open = await SocketStand.open();
  open.functions.register = async () => ({ accepted: true, protocol: '', extensions: NAME });
  await fc.assert(
    fc.asyncProperty(OFFERS, async offered => {
      const before = open.functions.messages.length;
      using client = open.ask({ headers: { 'Sec-WebSocket-Extensions': offered } });
      const { status, headers } = await client.answer();
      assert.equal(status, 101);
      const agreed = headers.get('sec-websocket-extensions');
      const taken = deflationOf(NAME, offered);
      assert.equal(agreed !== undefined, taken !== undefined);
      const bits = (side: string) => Number(new RegExp(`${side}_max_window_bits=(\\d+)`).exec(agreed ?? '')?.[1] ?? 15);
      // More than the window, and the same again: what is far back cannot be pointed at.
      const noise = Array.from({ length: 600 }, (_, i) => `${(i * 7919) % 10_007}`).join(' ');
      const text = `${noise}${noise}`;
      // zlib has no window of 8 bits for this form.
      const windowBits = Math.max(9, bits('client'));
      const packed = deflateRawSync(text, { finishFlush: 2, windowBits }).subarray(0, -4);
      client.send(taken ? frame(OP.text, packed, { rsv: 0x40 }) : frame(OP.text, text));
      if (bits('client') > 8) {
        await until('the message', () => open.functions.messages.length > before);
        assert.equal(open.functions.messages[before]?.data, text);
      }
      const secConnectionID = open.functions.registered.at(-1)?.connectionId;
      await open.push({ action: 'data send', secConnectionID, data: text });
      const { data = Buffer.alloc(0) } = (await client.frame()) ?? {};
      if (taken) {
        const whole = Buffer.concat([data, Buffer.from([0, 0, 0xff, 0xff])]);
        const unpacked = inflateRawSync(whole, { finishFlush: 2, windowBits: bits('server') });
        assert.equal(unpacked.toString(), text);
      } else assert.equal(data.toString(), text);
    }),
    { numRuns: 60 },
  );
});
