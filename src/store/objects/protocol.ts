// What the server's thread and the thread of the object index say to each other.

import type { Expected, ObjectChange, ObjectRow } from '../../core/objects.ts';
import type { Failure } from './errors.ts';

/** A Buffer crosses threads as plain bytes. */
export type WireRow = Omit<ObjectRow, 'inline'> & { readonly inline: Uint8Array | undefined };
export type WireChange = Omit<ObjectChange, 'put'> & { readonly put?: readonly WireRow[] };

export interface Asked {
  readonly change: WireChange;
  readonly expected: Expected | undefined;
}

/** `refused`: what was expected is not so. */
export type Told = { readonly freed: readonly string[] } | 'refused' | { readonly failure: Failure };

export type ToThread = readonly Asked[] | 'close';
/** One for each change of the batch. */
export type FromThread = 'open' | { readonly notOpened: Failure } | readonly Told[];

/** Between the steps of a batch; a test ends the process there. */
export type KillPoint = 'begin' | 'written' | 'committed' | 'answered';

export interface ThreadOptions {
  readonly file: string;
  readonly maxPages?: number;
  /** SIGKILL to the own process when `at` is passed for the `after`th time. */
  readonly kill?: { readonly at: KillPoint; readonly after: number };
}
