import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turns } from './turns.ts';

test('one after another under one key, side by side under two', async () => {
  const turns = new Turns();
  const done: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = turns.take('a', async () => {
    await gate.promise;
    done.push('first');
  });
  const second = turns.take('a', async () => void done.push('second'));
  await turns.take('b', async () => void done.push('other'));
  gate.resolve();
  await Promise.all([first, second]);
  assert.deepEqual(done, ['other', 'first', 'second']);
});

test('a failure is its own; the next one runs', async () => {
  const turns = new Turns();
  const failing = turns.take('a', async () => {
    throw new Error('mine');
  });
  const next = turns.take('a', async () => 'fine');
  await assert.rejects(failing, /mine/);
  assert.equal(await next, 'fine');
});

test('nothing is kept of a key without work', async () => {
  const turns = new Turns();
  await turns.take('a', async () => {});
  await new Promise(setImmediate);
  assert.equal(turns.busy, 0);
});
