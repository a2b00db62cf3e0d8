import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FunctionVersion } from '../core/function.ts';
import { NO_LOG } from '../core/log.ts';
import { type SweepDeps, sweep } from './sweep.ts';

test('the rooms are told which triggers exist and which packages are in use by any version', async () => {
  const version = (name: string, sha256: string) => [name, { code: { sha256, bytes: 1 } } as FunctionVersion] as const;
  const entries = [[version('$LATEST', 'b'), version('1', 'a')], [version('$LATEST', 'c')]];
  const told: unknown[] = [];
  await sweep({
    store: { list: async () => [{ id: 't-1' }] } as unknown as SweepDeps['store'],
    catalog: { all: () => entries.map(versions => ({ entry: { versions: new Map(versions) } })) } as never,
    gateway: {
      async sweep(exists) {
        told.push(exists('t-1'), exists('t-2'));
        return 0;
      },
    },
    runtime: {
      async sweepCode(inUse) {
        told.push([...inUse].sort());
        throw new Error('a folder that cannot be removed');
      },
    },
    log: { ...NO_LOG, warn: (_fields, text) => told.push(text) },
  });
  assert.deepEqual(told.slice(0, 3), [true, false, ['a', 'b', 'c']]);
  // It keeps nobody from starting.
  assert.match(String(told[3]), /could not be removed/);
});
