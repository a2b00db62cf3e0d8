// Names of storage classes.

import { fail } from '../errors.ts';
import type { StorageClass } from '../model.ts';

const CLASSES = [
  'STANDARD',
  'STANDARD_IA',
  'INTELLIGENT_TIERING',
  'ARCHIVE',
  'DEEP_ARCHIVE',
  'MAZ_STANDARD',
  'MAZ_STANDARD_IA',
  'MAZ_INTELLIGENT_TIERING',
] as const satisfies readonly StorageClass[];

/** NotSupportedStorageClass; clients write it in any case. */
export function storageClassOf(text: string): StorageClass {
  const name = text.toUpperCase();
  return CLASSES.find(known => known === name) ?? fail('NotSupportedStorageClass', { name: text });
}
