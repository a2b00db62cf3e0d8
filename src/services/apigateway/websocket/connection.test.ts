import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { SocketStandOptions } from './testing.ts';
import { SocketStand, until } from './testing.ts';
import { closeFrame, frame, OP, type RawClient } from './testing-client.ts';

async function stand(options: SocketStandOptions = {}) {
  const open = await SocketStand.open(options);
  const { client, id } = await open.connect();
  const got = (count: number) => until(`${count} messages`, () => open.functions.messages.length >= count);
  const seen = () => open.functions.messages.map(({ dataType, data }) => [dataType, data]);
  return { open, client, id, got, seen };
}

describe('messages', () => {
  it('go to the function as text or as Base64, and nothing comes back', async () => {
    const { open, client, id, got } = await stand();
    await using _ = open;
    client.send(frame(OP.text, '你好 "a"'), frame(OP.binary, Buffer.from([0, 255, 128])), frame(OP.text, ''));
    await got(3);
    const [first, second, third] = open.functions.messages;
    assert.deepEqual([first?.dataType, first?.data, first?.connectionId], ['text', '你好 "a"', id]);
    assert.deepEqual([second?.dataType, second?.data], ['binary', 'AP+A']);
    assert.deepEqual([third?.dataType, third?.data], ['text', '']);
    assert.equal(first?.apiId, open.apiId);
    assert.equal(new Set(open.functions.messages.map(({ requestId }) => requestId)).size, 3);
    client.send(frame(OP.ping, 'still there'));
    assert.equal((await client.frame())?.opcode, OP.pong);
  });

  it('are put together from fragments, with control frames between them', async () => {
    const { open, client, got, seen } = await stand();
    await using _ = open;
    const euro = Buffer.from('€');
    client.send(
      frame(OP.text, Buffer.concat([Buffer.from('1 '), euro.subarray(0, 1)]), { fin: false }),
      frame(OP.ping, 'a'),
      frame(OP.more, euro.subarray(1, 2), { fin: false }),
      frame(OP.pong, 'unasked'),
      frame(OP.more, euro.subarray(2)),
      frame(OP.binary, 'x', { fin: false }),
      frame(OP.more, '', { fin: false }),
      frame(OP.more, 'y'),
    );
    const pong = await client.frame();
    assert.deepEqual([pong?.opcode, pong?.data.toString()], [OP.pong, 'a']);
    await got(2);
    assert.deepEqual(seen(), [
      ['text', '1 €'],
      ['binary', Buffer.from('xy').toString('base64')],
    ]);
  });

  it('come byte by byte as well', async () => {
    const { open, client, got, seen } = await stand();
    await using _ = open;
    client.socket.setNoDelay();
    for (const byte of frame(OP.text, 'slow')) {
      client.send(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    await got(1);
    assert.deepEqual(seen(), [['text', 'slow']]);
  });

  it('of one connection keep their order: one is in the function at a time', async () => {
    const { open, client, got } = await stand();
    await using _ = open;
    let running = 0;
    let most = 0;
    open.functions.transport = async () => {
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running--;
      return 'ok';
    };
    for (let i = 0; i < 40; i++) client.send(frame(OP.text, String(i)));
    await got(40);
    assert.deepEqual(
      open.functions.messages.map(({ data }) => Number(data)),
      Array.from({ length: 40 }, (_, i) => i),
    );
    assert.equal(most, 1);
  });

  it('need not wait for each other where that is set', async () => {
    const { open, client, got } = await stand({ settings: { parallel: true } });
    await using _ = open;
    open.functions.transport = () => new Promise(() => {});
    for (let i = 0; i < 20; i++) client.send(frame(OP.text, String(i)));
    await got(16);
    await new Promise(setImmediate);
    assert.equal(open.functions.messages.length, 16);
  });

  it('of one client wait while those of another go through', async () => {
    const { open, client, id } = await stand();
    await using _ = open;
    const other = await open.connect();
    open.functions.transport = ({ connectionId }) =>
      connectionId === id ? new Promise(() => {}) : Promise.resolve('ok');
    client.send(frame(OP.text, 'stuck'), frame(OP.text, 'waits'));
    other.client.send(frame(OP.text, 'a'), frame(OP.text, 'b'));
    await until('the other’s', () => open.functions.messages.length === 3);
    assert.deepEqual(open.functions.messages.map(({ data }) => data).sort(), ['a', 'b', 'stuck']);
  });

  it('are not read from a client while too many of its wait, and all arrive in the end', async () => {
    const { open, client, got } = await stand();
    await using _ = open;
    let release: () => void = () => {};
    const gate = new Promise<void>(resolve => (release = resolve));
    open.functions.transport = () => gate.then(() => 'ok');
    const text = 'x'.repeat(64 * 1024);
    const count = 400;
    let written = 0;
    for (let i = 0; i < count; i++) client.socket.write(frame(OP.text, text), () => written++);
    await until('the socket is full', () => written > 4);
    const before = written;
    for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
    // What the kernel holds has gone out; the rest of 25 MB waits at the client.
    assert.ok(written < count / 2, `${before}, then ${written} of ${count} were taken`);
    assert.equal(open.functions.messages.length, 1);
    release();
    await got(count);
  });
});

describe('pings', () => {
  it('are answered each with its own bytes, however many come at once', async () => {
    const { open, client } = await stand();
    await using _ = open;
    const texts = Array.from({ length: 1000 }, (_, i) => `${i}`.padEnd(i % 125, 'x'));
    client.send(...texts.map(text => frame(OP.ping, text)));
    for (const text of texts) {
      const pong = await client.frame();
      assert.deepEqual([pong?.opcode, pong?.data.toString()], [OP.pong, text]);
    }
  });

  it('of a client that does not read their answers are not read either, until it does', async () => {
    const { open, client, got } = await stand();
    await using _ = open;
    client.socket.pause();
    const thousand = Buffer.concat(Array.from({ length: 1000 }, () => frame(OP.ping, 'x'.repeat(125))));
    let [sent, taken] = [0, 0];
    // What the kernel holds goes out; of 52 MB most must stay with the client.
    for (let turn = 0; turn < 300; turn++) {
      if (sent === taken) {
        assert.ok(sent < 400, 'all were taken');
        client.socket.write(thousand, () => taken++);
        [sent, turn] = [sent + 1, 0];
      }
      await new Promise(setImmediate);
    }
    let bytes = 0;
    client.socket
      .removeAllListeners('data')
      .on('data', (chunk: Buffer) => (bytes += chunk.length))
      .resume();
    await until('all answers', () => bytes === sent * 1000 * (2 + 125));
    client.send(frame(OP.text, 'still there'));
    await got(1);
  });
});

describe('compression', () => {
  it('is used both ways where it was agreed upon', async () => {
    await using open = await SocketStand.open();
    open.functions.register = async () => ({ accepted: true, protocol: '', extensions: 'permessage-deflate' });
    const { client, id } = await open.connect({ headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } });
    // RFC 7692 §7.2.1: the last four bytes are left out.
    const packed = deflateRawSync(Buffer.from('hello hello hello'), { finishFlush: 2 }).subarray(0, -4);
    client.send(frame(OP.text, packed, { rsv: 0x40 }));
    await until('the message', () => open.functions.messages.length === 1);
    assert.equal(open.functions.messages[0]?.data, 'hello hello hello');
    const long = 'answer '.repeat(1000);
    await open.push({ action: 'data send', secConnectionID: id, dataType: 'text', data: long });
    const came = await client.frame();
    assert.ok(came && came.data.length < long.length / 4);
    const whole = Buffer.concat([came.data, Buffer.from([0, 0, 0xff, 0xff])]);
    assert.equal(inflateRawSync(whole, { finishFlush: 2 }).toString(), long);
  });

  it('hides no message that is too large', async () => {
    await using open = await SocketStand.open({ settings: { messageBytes: 1000 } });
    open.functions.register = async () => ({ accepted: true, protocol: '', extensions: 'permessage-deflate' });
    const { client } = await open.connect({ headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } });
    const packed = deflateRawSync(Buffer.alloc(100_000), { finishFlush: 2 }).subarray(0, -4);
    assert.ok(packed.length < 1000);
    client.send(frame(OP.text, packed, { rsv: 0x40 }));
    assert.equal(await client.closeCode(), 1009);
    assert.deepEqual(open.functions.messages, []);
  });
});

describe('what breaks the rules ends the connection', () => {
  const BAD = Buffer.from([0xce, 0xba, 0xe1, 0xbd, 0xb9, 0xcf, 0x83, 0xed, 0xa0, 0x80]);
  const CASES: readonly (readonly [what: string, frames: readonly Buffer[], code: number])[] = [
    ['an unmasked frame', [frame(OP.text, 'a', { masked: false })], 1002],
    ['a reserved bit', [frame(OP.text, 'a', { rsv: 0x20 })], 1002],
    ['compression that was not agreed upon', [frame(OP.text, 'a', { rsv: 0x40 })], 1002],
    ['a reserved opcode', [frame(3, 'a')], 1002],
    ['a reserved control opcode', [frame(11, 'a')], 1002],
    ['a continuation of nothing', [frame(OP.more, 'a')], 1002],
    ['a message within a message', [frame(OP.text, 'a', { fin: false }), frame(OP.text, 'b')], 1002],
    ['a control frame of 126 bytes', [frame(OP.ping, 'x'.repeat(126))], 1002],
    ['a control frame in fragments', [frame(OP.ping, 'a', { fin: false })], 1002],
    ['a close frame of one byte', [frame(OP.close, 'a')], 1002],
    ['bad UTF-8', [frame(OP.text, BAD)], 1007],
    [
      'bad UTF-8 across frames',
      [frame(OP.text, BAD.subarray(0, 8), { fin: false }), frame(OP.more, BAD.subarray(8))],
      1007,
    ],
    ['UTF-8 that is cut off', [frame(OP.text, Buffer.from('€').subarray(0, 2))], 1007],
    ['bad UTF-8 as a reason', [closeFrame(1000, BAD)], 1007],
    ['a message that is too large', [frame(OP.binary, Buffer.alloc(1025))], 1009],
    ['a length that is too large, before its bytes', [frame(OP.text, 'a', { length: 1025 })], 1009],
    ['a length beyond all numbers', [frame(OP.text, 'a', { length: 2 ** 53 })], 1009],
    [
      'fragments that are too large together',
      [frame(OP.text, 'x'.repeat(600), { fin: false }), frame(OP.more, 'x'.repeat(600))],
      1009,
    ],
    ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535].map(
      code => [`close code ${code}`, [closeFrame(code)], 1002] as const,
    ),
  ];
  for (const [what, frames, code] of CASES) {
    it(`${what}: ${code}`, async () => {
      const { open, client, id } = await stand({ settings: { messageBytes: 1024 } });
      await using _ = open;
      client.send(...frames);
      assert.equal(await client.closeCode(), code);
      client.send(closeFrame(code));
      await client.ended();
      await until('the function is told', () => open.functions.gone.length === 1);
      assert.equal(open.functions.gone[0]?.connectionId, id);
      assert.deepEqual(open.functions.messages, []);
      assert.equal(open.stand.gateway.connections(), 0);
    });
  }

  it('a message of exactly the limit is none of it', async () => {
    const { open, client, got } = await stand({ settings: { messageBytes: 1024 } });
    await using _ = open;
    client.send(frame(OP.text, 'x'.repeat(1024)));
    await got(1);
    assert.equal(open.functions.messages[0]?.data.length, 1024);
  });
});

describe('a client that closes', () => {
  const told = (open: SocketStand) => until('cleanup', () => open.functions.gone.length > 0);

  for (const code of [1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 4999]) {
    it(`with ${code} has the same code back, and the function is told once`, async () => {
      const { open, client, id } = await stand();
      await using _ = open;
      client.send(closeFrame(code, 'bye'));
      assert.equal(await client.closeCode(), code);
      await client.ended();
      await told(open);
      assert.deepEqual(
        open.functions.gone.map(({ connectionId, apiId }) => [connectionId, apiId]),
        [[id, open.apiId]],
      );
    });
  }

  it('without a code has an empty close frame back', async () => {
    const { open, client } = await stand();
    await using _ = open;
    client.send(frame(OP.close, ''));
    assert.equal((await client.frame())?.data.length, 0);
    await client.ended();
    await told(open);
  });

  const drops: Readonly<Record<string, (client: RawClient) => void>> = {
    'ends its connection': client => void client.socket.end(),
    'breaks its connection': client => void client.socket.resetAndDestroy(),
    'goes in the middle of a frame': client => void client.socket.end(frame(OP.text, 'half').subarray(0, 5)),
  };
  for (const [what, drop] of Object.entries(drops)) {
    it(`${what}: the function is told`, async () => {
      const { open, client, id } = await stand();
      await using _ = open;
      drop(client);
      await told(open);
      assert.equal(open.functions.gone[0]?.connectionId, id);
      assert.equal(open.stand.gateway.connections(), 0);
    });
  }

  it('has what it sent before delivered before the function is told', async () => {
    const { open, client, got } = await stand();
    await using _ = open;
    const order: string[] = [];
    open.functions.transport = async ({ data }) => {
      await new Promise(setImmediate);
      order.push(data);
      return 'ok';
    };
    open.functions.cleanup = async () => {
      order.push('closed');
      return true;
    };
    client.send(frame(OP.text, '1'), frame(OP.text, '2'), frame(OP.text, '3'), closeFrame(1000));
    await got(3);
    await told(open);
    assert.deepEqual(order, ['1', '2', '3', 'closed']);
  });

  it('does not depend on the cleanup function', async () => {
    await using open = await SocketStand.open();
    for (const cleanup of [
      async () => false,
      () => Promise.reject(new Error('broken')),
      () => new Promise<boolean>(() => {}),
    ]) {
      open.functions.cleanup = cleanup;
      const { client } = await open.connect();
      client.send(closeFrame(1000));
      assert.equal(await client.closeCode(), 1000);
      await client.ended();
    }
    await until('all three', () => open.functions.gone.length === 3);
    await open.stand.clock.advance(15_000);
    await open.connect();
  });
});

describe('a transport function that fails', () => {
  it('ends the connection with 1011; what waits is dropped and the function is told', async () => {
    const { open, client, id } = await stand();
    await using _ = open;
    open.functions.transport = async () => 'failed';
    client.send(frame(OP.text, 'a'), frame(OP.text, 'b'));
    assert.equal(await client.closeCode(), 1011);
    client.send(closeFrame(1011));
    await client.ended();
    await until('cleanup', () => open.functions.gone.length === 1);
    assert.equal(open.functions.gone[0]?.connectionId, id);
    assert.deepEqual(
      open.functions.messages.map(({ data }) => data),
      ['a'],
    );
  });

  it('by the size of the event: 1009', async () => {
    const { open, client } = await stand();
    await using _ = open;
    open.functions.transport = async () => 'too large';
    client.send(frame(OP.text, 'a'));
    assert.equal(await client.closeCode(), 1009);
  });

  it('by a fault of ours, or by being gone: 1011', async () => {
    const { open, client } = await stand();
    await using _ = open;
    const other = await open.connect();
    open.functions.transport = () => Promise.reject(new Error('a fault of ours'));
    client.send(frame(OP.text, 'a'));
    assert.equal(await client.closeCode(), 1011);
    open.detach();
    other.client.send(frame(OP.text, 'a'));
    assert.equal(await other.client.closeCode(), 1011);
    assert.equal((await open.ask().answer()).status, 404);
  });

  it('by taking longer than the API waits: 1011', async () => {
    const { open, client, got } = await stand({ api: { timeoutS: 2 } });
    await using _ = open;
    open.functions.transport = () => new Promise(() => {});
    client.send(frame(OP.text, 'a'));
    await got(1);
    await open.stand.clock.advance(1999);
    client.send(frame(OP.ping, 'open'));
    assert.equal((await client.frame())?.opcode, OP.pong);
    await open.stand.clock.advance(1);
    assert.equal(await client.closeCode(), 1011);
  });
});
