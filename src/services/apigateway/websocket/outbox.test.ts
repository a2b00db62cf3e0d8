import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ALL_BYTES, CONNECTION_BYTES, Outbox, PATIENCE_MS } from './outbox.ts';

/** A client whose reading the test does. */
function line() {
  const written: { data: Buffer; done: () => void }[] = [];
  const alarms: (() => void)[] = [];
  const state = { slow: 0, stopped: 0 };
  return {
    written,
    alarms,
    state,
    write: (data: Buffer, _binary: boolean, done: () => void) => void written.push({ data, done }),
    patience(ms: number, expire: () => void) {
      assert.equal(ms, PATIENCE_MS);
      alarms.push(expire);
      return () => state.stopped++;
    },
    slow: () => void state.slow++,
  };
}

const HALF = Buffer.alloc(CONNECTION_BYTES / 2);
const BIG = Buffer.alloc(CONNECTION_BYTES * 2);

it('takes one of any size when nothing waits, and then no more than the limit', async () => {
  const to = line();
  const budget = { bytes: 0 };
  const outbox = new Outbox(to, budget);
  assert.equal(outbox.push(BIG, false), 'sent');
  const second = outbox.push(HALF, false);
  assert.equal(to.written.length, 1);
  to.written[0]?.done();
  assert.equal(await second, 'sent');
  assert.equal(to.written.length, 2);
  to.written[1]?.done();
  assert.equal(budget.bytes, 0);
  assert.equal(to.state.stopped, 1);
});

it('does not let empty messages pile up either', () => {
  const to = line();
  const outbox = new Outbox(to, { bytes: 0 });
  const results = Array.from({ length: CONNECTION_BYTES / 10 }, () => outbox.push(Buffer.alloc(0), false));
  assert.ok(results.includes('slow'));
  assert.ok(to.written.length < CONNECTION_BYTES / 50);
});

it('keeps the order of those that wait', async () => {
  const to = line();
  const outbox = new Outbox(to, { bytes: 0 });
  outbox.push(BIG, false);
  const waiting = ['a', 'b', 'c'].map(text => outbox.push(Buffer.from(text), false));
  to.written[0]?.done();
  assert.deepEqual(await Promise.all(waiting), ['sent', 'sent', 'sent']);
  assert.deepEqual(
    to.written.slice(1).map(({ data }) => data.toString()),
    ['a', 'b', 'c'],
  );
});

it('lets no message pass those that wait, also where it had room', () => {
  const to = line();
  const outbox = new Outbox(to, { bytes: 0 });
  outbox.push(HALF, false);
  void outbox.push(HALF, false);
  void outbox.push(Buffer.from('small'), false);
  assert.equal(to.written.length, 1);
});

it('gives up on a client that does not read', async () => {
  const to = line();
  const budget = { bytes: 0 };
  const outbox = new Outbox(to, budget);
  outbox.push(BIG, false);
  const waiting = outbox.push(HALF, false);
  to.alarms[0]?.();
  assert.equal(await waiting, 'slow');
  assert.equal(to.state.slow, 1);
  assert.equal(outbox.push(HALF, false), 'gone');
  assert.equal(budget.bytes, 0);
  to.written[0]?.done();
  assert.equal(budget.bytes, 0);
});

it('gives those that wait their full time again when something has been read', async () => {
  const to = line();
  const outbox = new Outbox(to, { bytes: 0 });
  outbox.push(BIG, false);
  const [first, second] = [outbox.push(HALF, false), outbox.push(BIG.subarray(HALF.length), false)];
  assert.equal(second, 'slow');
  const third = outbox.push(HALF.subarray(1000), false);
  to.written[0]?.done();
  assert.equal(await first, 'sent');
  assert.equal(await third, 'sent');
  const fourth = outbox.push(HALF, false);
  assert.equal(to.alarms.length, 2);
  outbox.close();
  assert.equal(await fourth, 'gone');
});

it('shares one limit with all other connections', async () => {
  const to = line();
  const budget = { bytes: ALL_BYTES };
  const outbox = new Outbox(to, budget);
  assert.equal(outbox.push(HALF, false), 'sent');
  const waiting = outbox.push(Buffer.from('a'), false);
  assert.equal(to.written.length, 1);
  budget.bytes -= HALF.length * 2;
  to.written[0]?.done();
  assert.equal(await waiting, 'sent');
});
