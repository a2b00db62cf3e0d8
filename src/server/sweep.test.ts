import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BoundLayer, FunctionVersion } from '../core/function.ts';
import { NO_LOG } from '../core/log.ts';
import { type SweepDeps, sweep } from './sweep.ts';

test('the rooms are told which triggers exist and which packages are in use by any version', async () => {
  const layer = { name: 'deps', version: 1, code: { sha256: 'd', bytes: 1 } };
  const version = (name: string, sha256: string, layers: readonly BoundLayer[] = []) =>
    [name, { code: { sha256, bytes: 1 }, layers } as unknown as FunctionVersion] as const;
  const entries = [[version('$LATEST', 'b'), version('1', 'a', [layer])], [version('$LATEST', 'c')]];
  const told: unknown[] = [];
  await sweep({
    store: { list: async () => [{ id: 't-1' }] } as unknown as SweepDeps['store'],
    catalog: { all: () => entries.map(versions => ({ entry: { versions: new Map(versions) } })) } as never,
    products: {
      async sweep(exists) {
        told.push(exists('t-1'), exists('t-2'));
      },
    },
    runtime: {
      async sweepLayers(inUse) {
        told.push([...inUse]);
      },
      async sweepCode(inUse) {
        told.push([...inUse].sort());
        throw new Error('a folder that cannot be removed');
      },
    },
    log: { ...NO_LOG, warn: (_fields, text) => told.push(text) },
  });
  assert.deepEqual(told.slice(0, 4), [true, false, [[], [layer], []], ['a', 'b', 'c', 'd']]);
  // It keeps nobody from starting.
  assert.match(String(told[4]), /could not be removed/);
});
