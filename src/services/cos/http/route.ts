// The shape of a row of the table of calls.

import type { Permission } from '../model.ts';
import type { Handler } from './ask.ts';

export type Level = 'service' | 'bucket' | 'object';

export interface Right {
  /** As policies name it, without `name/cos:`. */
  readonly action: string;
  /** What an ACL has to grant; undefined: the owner's alone. */
  readonly permission?: Permission;
  /** Whose ACL: an object that has one of its own, or the bucket. */
  readonly of?: 'object';
  /** Anyone may ask: who may is found out by the handler, or it does not matter. */
  readonly open?: true;
}

export interface Row {
  readonly level: Level;
  readonly method: string;
  /** The name in the query that tells it, in lower case; '' for the bucket or object itself. */
  readonly sub: string;
  readonly right: Right;
  /** With the header x-cos-copy-source. */
  readonly copies?: true;
  readonly handle: Handler;
}

export const row = (level: Level, method: string, sub: string, right: Right, handle: Handler): Row => ({
  level,
  method,
  sub,
  right,
  handle,
});
