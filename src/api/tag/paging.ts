// The two ways in which the tag API cuts lists: by offset, and by a token.

import { z } from 'zod';
import { fail } from './errors.ts';

export interface Cut<T> {
  readonly rows: readonly T[];
  /** The fields of the answer that tell of the page. */
  readonly page: object;
}

const LIMIT = { default: 15, max: 1000 };

export const PAGE = {
  Offset: z.number().int().min(0).optional(),
  Limit: z.number().int().min(1).max(LIMIT.max).optional(),
};

export function cut<T>(
  all: readonly T[],
  { Offset = 0, Limit = LIMIT.default }: z.output<z.ZodObject<typeof PAGE>>,
): Cut<T> {
  if (Offset % Limit !== 0) fail('InvalidParameterValue.OffsetInvalid', { offset: Offset, limit: Limit });
  return { rows: all.slice(Offset, Offset + Limit), page: { TotalCount: all.length, Offset, Limit } };
}

export const TOKEN = {
  PaginationToken: z.string().optional(),
  MaxResults: z.number().int().min(1).max(1000).optional(),
};

const RESULTS = 50;

/** The answer's token is empty on the last page. */
export function cutByToken<T>(
  all: readonly T[],
  { PaginationToken = '', MaxResults = RESULTS }: z.output<z.ZodObject<typeof TOKEN>>,
): Cut<T> {
  const offset = PaginationToken === '' ? 0 : offsetOf(PaginationToken);
  const end = offset + MaxResults;
  return {
    rows: all.slice(offset, end),
    page: { PaginationToken: end < all.length ? Buffer.from(`from ${end}`).toString('base64url') : '' },
  };
}

function offsetOf(token: string): number {
  const [, digits] = /^from (\d{1,9})$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  return digits === undefined ? fail('InvalidParameter.PaginationTokenInvalid') : Number(digits);
}
