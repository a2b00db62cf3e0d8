import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TurnableClock } from '../../../core/clock.ts';
import { Idle } from './idle.ts';
import { SocketStand, type SocketStandOptions, until } from './testing.ts';
import { closeFrame, frame, OP } from './testing-client.ts';

async function stand(options: SocketStandOptions = {}) {
  const open = await SocketStand.open(options);
  const { client, id } = await open.connect();
  return { open, client, id };
}

describe('a connection on which nothing moves', () => {
  it('is closed with 1001, and the function is told', async () => {
    const { open, client, id } = await stand();
    await using _ = open;
    await open.stand.clock.advance(899_999);
    assert.equal(open.stand.gateway.connections(), 1);
    await open.stand.clock.advance(1);
    assert.equal(open.stand.gateway.connections(), 0);
    assert.equal(await client.closeCode(), 1001);
    client.send(closeFrame(1001));
    await client.ended();
    await until('cleanup', () => open.functions.gone.length === 1);
    assert.equal(open.functions.gone[0]?.connectionId, id);
  });

  it('may have moved while the server stood still', async () => {
    const { open, client } = await stand();
    await using _ = open;
    await open.stand.clock.advance(600_000);
    open.stand.slept.sleepFor(3_600_000);
    await open.stand.clock.advance(299_999);
    client.send(frame(OP.text, 'a'));
    await until('a message', () => open.functions.messages.length === 1);
    assert.equal(open.stand.gateway.connections(), 1);
  });

  const MOVES: Readonly<Record<string, (at: Awaited<ReturnType<typeof stand>>) => Promise<unknown>>> = {
    'a message': async ({ open, client }) => {
      client.send(frame(OP.text, 'a'));
      await until('a message', () => open.functions.messages.length === 1);
      await new Promise(setImmediate);
    },
    'a ping': ({ client }) => {
      client.send(frame(OP.ping, ''));
      return client.frame();
    },
    'a push': ({ open, id }) => open.push({ action: 'data send', secConnectionID: id, data: 'a' }),
  };
  for (const [what, move] of Object.entries(MOVES)) {
    it(`has its full time again after ${what}`, async () => {
      const at = await stand({ settings: { idleMs: 1000 } });
      await using open = at.open;
      await open.stand.clock.advance(999);
      await move(at);
      await open.stand.clock.advance(999);
      assert.equal(open.stand.gateway.connections(), 1);
      await open.stand.clock.advance(1);
      assert.equal(open.stand.gateway.connections(), 0);
    });
  }

  it('is not idle while the function is at work', async () => {
    const { open, client } = await stand({ settings: { idleMs: 1000 }, api: { timeoutS: 1800 } });
    await using _ = open;
    let finish: () => void = () => {};
    open.functions.transport = () => new Promise(resolve => (finish = () => resolve('ok')));
    client.send(frame(OP.text, 'a'));
    await until('a message', () => open.functions.messages.length === 1);
    await open.stand.clock.advance(5500);
    assert.equal(open.stand.gateway.connections(), 1);
    finish();
    await new Promise(setImmediate);
    await open.stand.clock.advance(999);
    assert.equal(open.stand.gateway.connections(), 1);
    await open.stand.clock.advance(1);
    assert.equal(open.stand.gateway.connections(), 0);
  });
});

describe('Idle', () => {
  it('finds each at its own instant with one alarm', async () => {
    const clock = new TurnableClock(0);
    const expired: string[] = [];
    const idle = new Idle<string>(clock, 100, item => expired.push(`${item} at ${clock.now()}`));
    idle.seen('a');
    await clock.advance(10);
    idle.seen('b');
    await clock.advance(10);
    idle.seen('c');
    idle.seen('a');
    await clock.advance(10);
    idle.drop('c');
    await clock.advance(500);
    assert.deepEqual(expired, ['b at 110', 'a at 120']);
    idle.seen('d');
    idle.close();
    await clock.advance(500);
    assert.equal(expired.length, 2);
  });

  it('takes back one that is seen again in the very moment', async () => {
    const clock = new TurnableClock(0);
    let rounds = 0;
    const idle = new Idle<string>(clock, 100, item => {
      if (++rounds < 3) idle.seen(item);
    });
    idle.seen('a');
    await clock.advance(1000);
    assert.equal(rounds, 3);
  });
});

describe('the end of the server', () => {
  it('is told to every client with 1001, and to the functions', async () => {
    await using open = await SocketStand.open();
    const clients = await Promise.all(Array.from({ length: 5 }, () => open.connect()));
    const closed = open.stand.gateway.closeConnections(10_000);
    for (const { client } of clients) {
      assert.equal(await client.closeCode(), 1001);
      client.send(closeFrame(1001));
      await client.ended();
    }
    await closed;
    assert.equal(open.functions.gone.length, 5);
    assert.equal(open.stand.gateway.connections(), 0);
  });

  it('refuses new connections, also those that are being registered', async () => {
    const { open, client } = await stand();
    await using _ = open;
    let accept: () => void = () => {};
    open.functions.register = () =>
      new Promise(resolve => (accept = () => resolve({ accepted: true, protocol: '', extensions: '' })));
    const late = open.ask();
    await until('the function is asked', () => open.functions.registered.length === 2);
    const closed = open.stand.gateway.closeConnections(10_000);
    assert.equal((await open.ask().answer()).status, 503);
    accept();
    assert.equal((await late.answer()).status, 503);
    client.send(closeFrame(1001));
    await closed;
    await until('both are told', () => open.functions.gone.length === 2);
  });

  it('waits for clients and functions no longer than it may', async () => {
    const { open, client } = await stand();
    await using _ = open;
    const other = await open.connect();
    open.functions.transport = () => new Promise(() => {});
    open.functions.cleanup = () => new Promise(() => {});
    other.client.send(frame(OP.text, 'never answered'));
    await until('a message', () => open.functions.messages.length === 1);
    const closed = open.stand.gateway.closeConnections(3000);
    other.client.socket.end();
    let done = false;
    void closed.then(() => (done = true));
    await new Promise(setImmediate);
    assert.equal(done, false);
    await open.stand.clock.advance(3000);
    await closed;
    assert.equal(await client.closeCode(), 1001);
    await client.ended();
  });

  it('of a gateway without connections is quick', async () => {
    await using open = await SocketStand.open();
    await open.stand.gateway.closeConnections(10_000);
  });
});

it('200 connections are told apart', async () => {
  await using open = await SocketStand.open();
  open.functions.transport = async ({ connectionId, data }) => {
    await open.push({ action: 'data send', secConnectionID: connectionId, data: `${connectionId} ${data}` });
    return 'ok';
  };
  const ids = await Promise.all(
    Array.from({ length: 200 }, async (_, i) => {
      const { client } = await open.connect();
      client.send(frame(OP.text, `${i}`));
      const [id, back] = (await client.text())?.split(' ') ?? [];
      assert.equal(back, `${i}`);
      return id;
    }),
  );
  assert.equal(new Set(ids).size, 200);
  assert.deepEqual(new Set(ids), new Set(open.functions.registered.map(({ connectionId }) => connectionId)));
});
