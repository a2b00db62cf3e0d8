// The snapshot that a published version is.

import type { FunctionVersion } from '../core/function.ts';
import type { Rows } from '../core/ports.ts';
import { fail } from './errors.ts';
import { keyOf } from './validate.ts';

/** Inside a transaction: freezes `latest` under the next number, which no version has ever had. */
export async function addVersion(
  rows: Rows,
  latest: FunctionVersion,
  description: string,
  now: number,
): Promise<FunctionVersion> {
  const key = keyOf(latest);
  const row = (await rows.get('functions', key)) ?? fail('ResourceNotFound.Function', { ...key });
  const lastVersion = row.lastVersion + 1;
  await rows.put('functions', { ...row, lastVersion });
  const version: FunctionVersion = Object.freeze({
    ...latest,
    version: String(lastVersion),
    description,
    status: 'Publishing',
    statusReasons: [],
    revision: 1,
    addTime: now,
    modTime: now,
  });
  await rows.put('versions', version);
  return version;
}

/** Inside a transaction: refuses one version too many. */
export async function checkVersionQuota(rows: Rows, latest: FunctionVersion, limit: number): Promise<void> {
  const published = (await rows.count('versions', keyOf(latest))) - 1;
  if (published >= limit) fail('LimitExceeded', { name: latest.name, limit });
}
