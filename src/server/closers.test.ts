import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_LOG } from '../core/log.ts';
import { Closers } from './closers.ts';

test('what was opened last is closed first, each once, and one that fails stops no other', async () => {
  const done: string[] = [];
  const failed: string[] = [];
  const log = { ...NO_LOG, error: (_fields: object, text: string) => failed.push(text) };
  const closers = new Closers();
  closers.defer(() => done.push('first'));
  closers.defer(async () => {
    await new Promise(setImmediate);
    throw new Error('second');
  });
  closers.defer(() => done.push('third'));
  await closers.close(log);
  await closers.close(log);
  assert.deepEqual([done, failed.length], [['third', 'first'], 1]);
});
