// The rows that a function is born with.

import {
  DEFAULT_ALIAS,
  DEFAULT_ASYNC_POLICY,
  type FunctionKey,
  type FunctionVersion,
  LATEST,
} from '../core/function.ts';
import type { Rows } from '../core/ports.ts';
import { fail } from './errors.ts';
import { namespaceOf } from './namespaces.ts';
import { keyOf } from './validate.ts';

/** Inside a transaction: whether one more function may have this name. */
export async function checkFree(rows: Rows, key: FunctionKey, limit: number): Promise<void> {
  const { region, namespace } = key;
  await namespaceOf(rows, region, namespace);
  if (await rows.get('functions', key)) fail('ResourceInUse.Function', { ...key });
  if ((await rows.count('functions', { region, namespace })) >= limit)
    fail('LimitExceeded.Function', { namespace, limit });
}

/** Inside a transaction: a new function with its `$LATEST` and `$DEFAULT`. */
export async function putFunction(rows: Rows, latest: FunctionVersion): Promise<void> {
  const key = keyOf(latest);
  const { id, addTime, modTime } = latest;
  await rows.put('functions', { ...key, id, lastVersion: 0, async: DEFAULT_ASYNC_POLICY, addTime });
  await rows.put('versions', latest);
  await rows.put('aliases', {
    ...key,
    alias: DEFAULT_ALIAS,
    version: LATEST,
    description: '',
    routing: { by: 'none' },
    addTime,
    modTime,
  });
}

/** Inside a transaction: `$LATEST` as it is kept, which another node may have changed. */
export async function latestRow(rows: Rows, key: FunctionKey): Promise<FunctionVersion> {
  return (
    (await rows.get('versions', { ...keyOf(key), version: LATEST })) ?? fail('ResourceNotFound.Function', { ...key })
  );
}
