// Parts of queries that several routes share.

import { z } from 'zod';
import { fail } from '../../core/errors.ts';
import { DEFAULT_NAMESPACE, type FunctionKey } from '../../core/function.ts';

const MOST = 100;
const USUAL = 20;

/** A whole number of at least 0, written out. */
export const wholeText = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);

export const LIMIT = wholeText.pipe(z.number().min(1).max(MOST)).default(USUAL);
export const OFFSET = wholeText.default(0);

export const functionQuery = {
  function: z.string().min(1).optional(),
  namespace: z.string().min(1).optional(),
  region: z.string().min(1).optional(),
};

interface Asked {
  readonly function?: string | undefined;
  readonly namespace?: string | undefined;
  readonly region?: string | undefined;
}

/** undefined for all functions; namespace and region alone would ask for nothing. */
export function functionTarget(asked: Asked, region: string): FunctionKey | undefined {
  if (asked.function !== undefined)
    return { region: asked.region ?? region, namespace: asked.namespace ?? DEFAULT_NAMESPACE, name: asked.function };
  if (asked.namespace !== undefined || asked.region !== undefined) fail('MissingParameter', { name: 'function' });
  return undefined;
}
