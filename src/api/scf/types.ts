// Request schemas that several actions share. Numbers and booleans may have come as text: the server has turned them.

import { z } from 'zod';
import { fail as failFunction } from '../../control/errors.ts';
import { fail } from '../../core/errors.ts';
import { DEFAULT_NAMESPACE, type FunctionKey } from '../../core/function.ts';

export const text = z.string();
export const int = z.number().int();

/** FunctionName and Namespace, as nearly every request has them. */
export const FUNCTION = { FunctionName: text, Namespace: text.optional() };

export function keyOf(
  request: { readonly FunctionName: string; readonly Namespace?: string | undefined },
  region: string,
): FunctionKey {
  return { region, namespace: namespaceOf(request.Namespace), name: request.FunctionName };
}

/** Clients send an empty Namespace for the default one. */
export function namespaceOf(namespace: string | undefined): string {
  return namespace || DEFAULT_NAMESPACE;
}

export const Filters = z.array(z.object({ Name: text, Values: z.array(text) })).optional();

export const Tag = z.object({ Key: text, Value: text });

export const Code = z.object({
  ZipFile: text.optional(),
  CosBucketName: text.optional(),
  CosObjectName: text.optional(),
  CosBucketRegion: text.optional(),
  DemoId: text.optional(),
  TempCosObjectName: text.optional(),
  GitUrl: text.optional(),
  ImageConfig: z.object({ ImageType: text.optional(), ImageUri: text.optional() }).optional(),
});

/** "TRUE" and "FALSE"; undefined and an empty text leave the setting as it is. */
export function isTrue(name: string, value: string | undefined): boolean | undefined {
  if (value === undefined || value === '') return undefined;
  if (value === 'TRUE') return true;
  if (value === 'FALSE') return false;
  return fail('InvalidParameterValue', { name, reason: `"${value}" (TRUE | FALSE)` });
}

/** OPEN and CLOSE. */
export function isOpen(value: string): boolean {
  if (value === 'OPEN') return true;
  if (value === 'CLOSE') return false;
  return failFunction('InvalidParameterValue.Enable', { value: JSON.stringify(value) });
}

/** Offset, Limit and Order as control's lists take them. */
export const PAGE = { Offset: int.optional(), Limit: int.optional(), Order: text.optional() };

export function filtersOf(filters: z.output<typeof Filters>) {
  return filters?.map(({ Name, Values }) => ({ name: Name, values: Values }));
}
