import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyText } from '../core/function.ts';
import { SeededIds, SystemIds } from '../core/ids.ts';
import { memoryEvents } from './memory.ts';
import { queueContract } from './queue.contract.ts';
import { MANY, queued } from './samples.ts';

queueContract('memory', { open: async () => memoryEvents(new SystemIds()), schedules: 3000 });

test('tokens come from the ids that were passed in', async () => {
  const { queue } = memoryEvents(new SeededIds('x'));
  await queue.push(queued('a', 0), MANY);
  assert.equal((await queue.lease(1, 0, 1))[0]?.token, new SeededIds('x').uuid());
});

test('a long queue of a function that can take none costs the others nothing', async () => {
  const { queue } = memoryEvents(new SeededIds());
  const count = 20_000;
  for (let i = 0; i < count; i++) await queue.push(queued(`s${i}`, i), MANY);
  for (let i = 0; i < 100; i++) await queue.push(queued(`g${i}`, i, { name: 'g' }), MANY);
  const stuck = queued('s', 0).event.target;
  const skip = new Set([keyText(stuck)]);
  // Passing over the stuck events one by one would be 100 × 20 000 steps, far above the bound of the test's time.
  for (let i = 0; i < 100; i++) {
    const [lease] = await queue.lease(1, count, count + 1, skip);
    assert.equal(lease?.item.event.requestId, `g${i}`);
    assert.ok(lease && (await queue.ack(lease)));
  }
  assert.deepEqual(await queue.lease(1, count, count + 1, skip), []);
  assert.equal(await queue.pending(stuck), count);
});

test('what came out cannot be changed from outside', async () => {
  const { queue } = memoryEvents(new SeededIds());
  await queue.push(queued('a', 0), MANY);
  const [lease] = await queue.lease(1, 0, 10);
  assert.ok(lease && Object.isFrozen(lease));
  await queue.later(lease, { dueAt: 0, retryNum: 1, runErrors: 0 });
  const [again] = await queue.lease(1, 0, 10);
  assert.ok(again && Object.isFrozen(again.item));
});
