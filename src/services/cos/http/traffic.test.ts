import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { TurnableClock } from '../../../core/clock.ts';
import { MB, someBytes } from '../testing.ts';
import { openShop, type Shop, textIn } from './testing.ts';
import { slowed } from './traffic.ts';

let shop: Shop;
before(async () => {
  shop = await openShop();
});
after(() => shop[Symbol.asyncDispose]());

const inChunks = (body: Buffer, bytes: number) =>
  Readable.from(
    (function* () {
      for (let at = 0; at < body.length; at += bytes) yield body.subarray(at, at + bytes);
    })(),
    { objectMode: false },
  );

test('bytes take the time that they may take, and are all there', async () => {
  const clock = new TurnableClock(0);
  const body = someBytes(1000);
  const done: Buffer[] = [];
  const reading = buffer(slowed(inChunks(body, 100), 200, clock)).then(got => done.push(got));
  await clock.advance(4999);
  assert.equal(done.length, 0);
  await clock.advance(1);
  await reading;
  assert.ok(done[0]?.equals(body));
});

test('without a limit the stream is the same', () => {
  const source = inChunks(Buffer.alloc(1), 1);
  assert.equal(slowed(source, undefined, new TurnableClock(0)), source);
});

test('an error of the source is one of the slowed', async () => {
  const source = Readable.from(
    (async function* () {
      yield Buffer.from('x');
      throw new Error('lost');
    })(),
    { objectMode: false },
  );
  const clock = new TurnableClock();
  await assert.rejects(buffer(slowed(source, 1_000_000, clock)), { message: 'lost' });
});

test('an object goes no faster, by header or by query', async () => {
  const body = someBytes(MB);
  await shop.house.put('slow', body);
  for (const [target, headers] of [
    ['/slow', { 'x-cos-traffic-limit': '838860800' }],
    ['/slow?x-cos-traffic-limit=838860800', {}],
  ] as const) {
    const done: Buffer[] = [];
    const asked = shop.ask('GET', target, { headers }).then(got => done.push(got.body));
    // A hundredth of a second for each megabyte.
    for (let turns = 0; done.length === 0 && turns < 1000; turns++) await shop.house.clock.advance(1);
    await asked;
    assert.ok(done[0]?.equals(body), target);
  }
});

test('limits out of bounds are refused', async () => {
  for (const limit of ['819199', '838860801', 'fast', '-1']) {
    for (const method of ['GET', 'PUT']) {
      const body = method === 'PUT' ? 'x' : '';
      const got = await shop.ask(method, '/slow', { body, headers: { 'x-cos-traffic-limit': limit } });
      assert.deepEqual([got.status, textIn(got.text, 'Code')], [400, 'InvalidArgument'], `${method} ${limit}`);
    }
  }
});
