// Code and layers that wait to be taken over: while an update is under way the version's row keeps the former ones,
// and this row, in the same transaction, the new ones. It survives the process.

import type { BoundLayer, CodePackage, FunctionKey } from '../core/function.ts';
import type { ResourceRow } from '../core/rows.ts';

/** Kind of the rows in `resources`; their id is the function's. */
export const PENDING = 'control/pending-code';

export interface Pending extends FunctionKey {
  readonly code: CodePackage;
  readonly handler: string;
  /** undefined keeps them. */
  readonly layers?: readonly BoundLayer[];
  /** Publish a version once all is active. */
  readonly publish: boolean;
}

export function pendingRow(functionId: string, pending: Pending): ResourceRow {
  return { kind: PENDING, region: pending.region, id: functionId, parent: '', body: pending };
}

export function pendingOf(row: ResourceRow): Pending {
  return row.body as Pending;
}
