import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TurnableClock } from '../../core/clock.ts';
import { refusal } from '../../core/invocation.ts';
import { call } from '../instance/testing-instance.ts';
import { Lobby } from './lobby.ts';

function lobby() {
  const clock = new TurnableClock(1000);
  const { promise: ready, resolve: open } = Promise.withResolvers<void>();
  const ran: string[] = [];
  const it = new Lobby(clock);
  const enter = (id: string) =>
    it.run(call(id), ready, async () => {
      ran.push(id);
      return refusal(432, id);
    });
  return { clock, it, enter, open, ran };
}

test('events run once what they wait for is there', async () => {
  const { enter, open, ran } = lobby();
  const runs = [enter('a'), enter('b')];
  await new Promise(setImmediate);
  assert.deepEqual(ran, []);
  open();
  assert.deepEqual(
    (await Promise.all(runs)).map(outcome => outcome.errorMessage),
    ['a', 'b'],
  );
});

test('one that is taken out is told so at once and never runs', async () => {
  const { clock, it, enter, open, ran } = lobby();
  const runs = [enter('a'), enter('b')] as const;
  await clock.advance(70);
  assert.equal(it.withdraw('b'), true);
  const { status, errorMessage, waitMs, durationMs, instance } = await runs[1];
  assert.deepEqual([status, errorMessage, waitMs, durationMs, instance], [499, 'RequestCanceled', 70, 0, '']);
  assert.equal(it.withdraw('b'), false, 'it is not here any more');
  assert.equal(it.withdraw('c'), false);
  open();
  await runs[0];
  assert.deepEqual(ran, ['a']);
  assert.equal(it.withdraw('a'), false, 'it has gone in');
});
