import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ALL_BYTES, Budget, PATIENCE_MS } from './budget.ts';
import { CONNECTION_BYTES, Outbox } from './outbox.ts';

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

const plenty = () => new Budget(() => assert.fail('nobody waits for others'));

const HALF = Buffer.alloc(CONNECTION_BYTES / 2);
const BIG = Buffer.alloc(CONNECTION_BYTES * 2);

it('takes one of any size when nothing waits, and then no more than the limit', async () => {
  const to = line();
  const budget = plenty();
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
  const outbox = new Outbox(to, plenty());
  const results = Array.from({ length: CONNECTION_BYTES / 10 }, () => outbox.push(Buffer.alloc(0), false));
  assert.ok(results.includes('slow'));
  assert.ok(to.written.length < CONNECTION_BYTES / 50);
});

it('keeps the order of those that wait', async () => {
  const to = line();
  const outbox = new Outbox(to, plenty());
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
  const outbox = new Outbox(to, plenty());
  outbox.push(HALF, false);
  void outbox.push(HALF, false);
  void outbox.push(Buffer.from('small'), false);
  assert.equal(to.written.length, 1);
});

it('gives up on a client that does not read', async () => {
  const to = line();
  const budget = plenty();
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
  const outbox = new Outbox(to, plenty());
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

/** Clients that share one budget, and its alarms. */
function crowd(clients: number) {
  const alarms = new Set<() => void>();
  const budget = new Budget((ms, expire) => {
    assert.equal(ms, PATIENCE_MS);
    alarms.add(expire);
    return () => void alarms.delete(expire);
  });
  const ring = () => {
    const [alarm] = alarms;
    if (alarm) alarms.delete(alarm);
    alarm?.();
    return alarm !== undefined;
  };
  const lines = Array.from({ length: clients }, line);
  const outboxes = lines.map(to => new Outbox(to, budget));
  const sent = (n: number) => lines[n]?.written.length;
  const push = (n: number, data = HALF) => outboxes[n]?.push(data, false) ?? 'gone';
  return { alarms, ring, budget, lines, outboxes, sent, push };
}

/** Fills all that clients share: each of the first ones holds half of what one may. */
function full(more: number) {
  const hogs = Math.floor(ALL_BYTES / HALF.length) - 1;
  const all = crowd(hogs + more);
  for (let n = 0; n < hogs; n++) assert.equal(all.push(n), 'sent');
  return { ...all, hogs };
}

describe('when all clients together have too much', () => {
  it('a push waits until others have read, in the order in which pushes came', async () => {
    const { hogs, lines, sent, push, alarms, budget } = full(3);
    const first = push(hogs);
    const second = push(hogs + 1);
    // A small one does not overtake them.
    const third = push(hogs + 2, Buffer.from('small'));
    assert.deepEqual([sent(hogs), sent(hogs + 1), sent(hogs + 2)], [0, 0, 0]);
    lines[0]?.written[0]?.done();
    assert.equal(await first, 'sent');
    assert.deepEqual([sent(hogs), sent(hogs + 1), sent(hogs + 2)], [1, 0, 0]);
    lines[1]?.written[0]?.done();
    assert.deepEqual([await second, await third], ['sent', 'sent']);
    assert.ok(budget.bytes <= ALL_BYTES);
    assert.equal(alarms.size, 0);
  });

  it('those who read nothing while others wait are ended, and nobody else', async () => {
    const { hogs, lines, outboxes, push, alarms, ring, budget } = full(1);
    push(5, Buffer.from('a'));
    const waiting = push(hogs);
    // Not enough for the other.
    lines[5]?.written[1]?.done();
    assert.ok(ring());
    assert.equal(await waiting, 'sent');
    for (let n = 0; n < hogs; n++) assert.equal(lines[n]?.state.slow, n === 5 ? 0 : 1, `${n}`);
    assert.equal(outboxes[0]?.push(HALF, false), 'gone');
    assert.ok(budget.bytes < CONNECTION_BYTES * 3);
    assert.equal(alarms.size, 0);
  });

  it('a client is not ended for what others have not read: its push alone has failed', async () => {
    const { hogs, lines, push, alarms, ring } = full(1);
    for (let n = 0; n < hogs; n++) assert.equal(push(n, Buffer.alloc(0)), 'sent');
    const waiting = push(hogs);
    // They read a little, all of them, but never enough.
    for (let n = 0; n < hogs; n++) lines[n]?.written[1]?.done();
    assert.ok(ring());
    assert.equal(alarms.size, 1);
    lines[hogs]?.alarms[0]?.();
    assert.equal(await waiting, 'slow');
    assert.equal(alarms.size, 0);
    for (const to of lines) assert.equal(to.state.slow, 0);
    for (let n = 0; n < 4; n++) lines[n]?.written[0]?.done();
    assert.equal(push(hogs), 'sent');
  });

  it('one that goes away makes room, and waits no more', async () => {
    const { hogs, lines, outboxes, sent, push } = full(2);
    const [first, second] = [push(hogs), push(hogs + 1)];
    outboxes[hogs]?.close();
    assert.equal(await first, 'gone');
    outboxes[0]?.close();
    assert.equal(await second, 'sent');
    lines[0]?.written[0]?.done();
    assert.deepEqual([sent(hogs), sent(hogs + 1)], [0, 1]);
  });

  it('no more waits than may be on its way', () => {
    const { hogs, push } = full(hogsThatWait);
    const results = Array.from({ length: hogsThatWait }, (_, n) => push(hogs + n, ONE));
    const refused = results.filter(one => one === 'slow').length;
    assert.ok(refused > 0 && refused < 20, `${refused}`);
  });
});

const ONE = Buffer.alloc(CONNECTION_BYTES);
const hogsThatWait = ALL_BYTES / CONNECTION_BYTES + 10;

it('counts to nothing in the end, whatever happens in between', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 9 })), { maxLength: 60 }), async steps => {
      const { lines, outboxes, push, alarms, ring, budget } = full(5);
      const base = outboxes.length - 5;
      const done = lines.map(() => 0);
      const read = (n: number) => {
        const at = done[n] ?? 0;
        if (at < (lines[n]?.written.length ?? 0)) done[n] = at + 1;
        lines[n]?.written[at]?.done();
        return at < (lines[n]?.written.length ?? 0);
      };
      let pending = 0;
      const pushed = (result: Promise<unknown> | string) => {
        if (typeof result === 'string') return;
        pending++;
        void result.then(() => pending--);
      };
      for (const [who, what] of steps) {
        if (what < 5) pushed(push(base + who, what < 3 ? HALF : ONE));
        else if (what === 5) outboxes[base + who]?.close();
        else if (what === 6) read(who);
        else if (what === 7) lines[base + who]?.alarms.at(-1)?.();
        else if (what === 8) ring();
        else read(base + who);
        assert.ok(budget.bytes <= ALL_BYTES);
      }
      for (let more = true; more; ) more = lines.map((_, n) => read(n)).includes(true);
      await new Promise(setImmediate);
      assert.equal(pending, 0, 'all has been read, and somebody waits');
      for (const outbox of outboxes) outbox.close();
      assert.equal(budget.bytes, 0);
      assert.equal(budget.queue(ALL_BYTES), true);
      assert.equal(alarms.size, 0);
    }),
    { numRuns: 50 },
  );
});
