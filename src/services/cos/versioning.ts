// What becomes of the versions of a key when it is written and when it is removed: the documents' table, as pure functions.

import type { ObjectChange, ObjectRow } from '../../core/objects.ts';
import type { ObjectRef, Removed } from './contract.ts';
import type { ObjectEventName, Versioning } from './model.ts';
import { markerRow, NULL_VERSION, versionIdOf } from './row.ts';

/** A version of its own while versioning is on; else it takes the place of the version `null`. */
export function newVersionId(versioning: Versioning, order: number): string {
  return versioning === 'Enabled' ? versionIdOf(order) : NULL_VERSION;
}

/** As a client names it: the empty id is that of what was written without versioning. */
export const namedVersion = ({ versionId }: Pick<ObjectRef, 'versionId'>) =>
  versionId === '' ? NULL_VERSION : versionId;

export interface Removal {
  readonly change: ObjectChange | undefined;
  readonly event: ObjectEventName | undefined;
  /** The version that is gone or new. */
  readonly row: ObjectRow | undefined;
  readonly result: Removed;
}

/** `there`: the version that the client names, else the newest one. */
export function removal(
  versioning: Versioning,
  ref: ObjectRef,
  there: ObjectRow | undefined,
  fresh: Pick<ObjectRow, 'order' | 'modifiedAt'>,
): Removal {
  const { bucket, key } = ref;
  const named = namedVersion(ref);
  if (named === undefined && versioning !== 'never') {
    const row = markerRow({ bucket, key, versionId: newVersionId(versioning, fresh.order), ...fresh });
    const result = { versionId: row.versionId, marker: true };
    return { change: { put: [row] }, event: 'ObjectRemove:DeleteMarkerCreated', row, result };
  }
  const result = { versionId: named, marker: there?.marker ?? false };
  if (!there) return { change: undefined, event: undefined, row: undefined, result };
  const change = { remove: [{ bucket, key, versionId: there.versionId }] };
  return { change, event: 'ObjectRemove:Delete', row: there, result };
}
