import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryBus } from '../bus/memory.ts';
import { FUNCTION_CHANGED } from '../control/catalog.ts';
import { anEntry, aVersion, catalogOf, KEY } from '../core/fixture.ts';
import { NO_LOG } from '../core/log.ts';
import { Closers } from './closers.ts';
import { prefetch } from './languages.ts';

test('what is deployed is fetched at the start, each runtime once, and what is deployed later then', async () => {
  const fetched: string[] = [];
  const languages = { prefetch: (runtime: string) => void fetched.push(runtime) };
  const entries = ['Nodejs18.15', 'Nodejs18.15', 'Python3.9'].map((runtime, index) => {
    const key = { ...KEY, name: `f${index}` };
    return anEntry({ key, versions: [aVersion({ ...key, runtime })] });
  });
  const later = anEntry({ versions: [aVersion({ runtime: 'Nodejs12.16' })] });
  const bus = memoryBus(NO_LOG);
  const opened = new Closers();
  const { find } = catalogOf(later);
  prefetch(languages, { find, all: () => entries.map(entry => ({ entry })) }, bus, opened);
  assert.deepEqual(fetched, ['Nodejs18.15', 'Python3.9']);
  bus.publish(FUNCTION_CHANGED, JSON.stringify(KEY));
  await new Promise(setImmediate);
  assert.deepEqual(fetched.slice(2), ['Nodejs12.16']);
  bus.publish(FUNCTION_CHANGED, JSON.stringify({ ...KEY, name: 'gone' }));
  await opened.close(NO_LOG);
  bus.publish(FUNCTION_CHANGED, JSON.stringify(KEY));
  await new Promise(setImmediate);
  assert.equal(fetched.length, 3);
});
