import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_LOG } from '../core/log.ts';
import { busContract } from './bus.contract.ts';
import { memoryBus } from './memory.ts';

busContract('memory', async log => ({
  bus: memoryBus(log),
  settled: () => new Promise(resolve => setImmediate(resolve)),
  close: async () => {},
}));

test('a notice is heard before anything that waits for the event loop', async () => {
  const bus = memoryBus(NO_LOG);
  let heard = false;
  bus.subscribe('t', () => {
    heard = true;
  });
  bus.publish('t', '');
  await Promise.resolve();
  assert.ok(heard);
});
