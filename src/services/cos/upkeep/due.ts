// What the rules of a bucket say of a version, or of an upload, at an instant.

import type { UploadRow } from '../../../core/objects.ts';
import type { Tag } from '../../../core/ports.ts';
import type { Due, LifecycleRule, StorageClass } from '../model.ts';
import { DAY_MS } from '../row.ts';

/** A version among those of its key. */
export interface Versioned {
  readonly key: string;
  readonly marker: boolean;
  readonly newest: boolean;
  /** The key has no other. */
  readonly alone: boolean;
  /** ms since 1970. */
  readonly modifiedAt: number;
  /** When the next one took its place; undefined of the newest. */
  readonly replacedAt: number | undefined;
  readonly storageClass: string;
  readonly tags: readonly Tag[];
  readonly appendable: boolean;
}

/** `expire`: as if a client had removed the key; `remove`: the version is gone. */
export type Deed =
  | { readonly act: 'expire' }
  | { readonly act: 'remove' }
  | { readonly act: 'move'; readonly to: StorageClass };

/** Objects move one way only, towards what is cheaper to keep. */
const RANKS: Readonly<Record<StorageClass, number>> = {
  STANDARD: 0,
  MAZ_STANDARD: 0,
  STANDARD_IA: 1,
  MAZ_STANDARD_IA: 1,
  INTELLIGENT_TIERING: 2,
  MAZ_INTELLIGENT_TIERING: 2,
  ARCHIVE: 3,
  DEEP_ARCHIVE: 4,
};

export function deedOf(rules: readonly LifecycleRule[], version: Versioned, now: number): Deed | undefined {
  const meant = rules.filter(rule => concerns(rule, version.key, version.tags));
  const { replacedAt, modifiedAt } = version;
  if (replacedAt !== undefined) {
    const days = meant.flatMap(rule => rule.noncurrentExpirationDays ?? []);
    if (days.some(count => isDue({ days: count }, replacedAt, now))) return { act: 'remove' };
    const moves = meant.flatMap(rule => rule.noncurrentTransitions);
    return moveOf(
      version,
      moves.filter(move => isDue(move, replacedAt, now)),
    );
  }
  if (version.marker) {
    return version.alone && meant.some(rule => rule.expiresLoneMarkers) ? { act: 'remove' } : undefined;
  }
  const ends = meant.flatMap(rule => rule.expiration ?? []);
  if (ends.some(due => isDue(due, modifiedAt, now))) return { act: 'expire' };
  const moves = meant.flatMap(rule => rule.transitions);
  return moveOf(
    version,
    moves.filter(move => isDue(move, modifiedAt, now)),
  );
}

export function isUploadDue(
  rules: readonly LifecycleRule[],
  upload: Pick<UploadRow, 'key' | 'startedAt'>,
  now: number,
): boolean {
  return rules
    .filter(rule => concerns(rule, upload.key, []))
    .flatMap(rule => rule.abortUploadsAfterDays ?? [])
    .some(days => isDue({ days }, upload.startedAt, now));
}

/** What all keys begin with that any rule can mean: nothing else has to be looked at. */
export function prefixOf(rules: readonly LifecycleRule[]): string {
  const prefixes = rules.filter(rule => rule.enabled).map(rule => rule.prefix);
  const [first = '', ...others] = prefixes;
  // By code points: half of one is no beginning of a key.
  const points = [...first];
  while (points.length > 0 && !others.every(prefix => prefix.startsWith(points.join('')))) points.pop();
  return points.join('');
}

function concerns(rule: LifecycleRule, key: string, tags: readonly Tag[]): boolean {
  if (!rule.enabled || !key.startsWith(rule.prefix)) return false;
  return rule.tags.every(({ Key, Value }) => tags.some(tag => tag.Key === Key && tag.Value === Value));
}

const isDue = (due: Due, since: number, now: number) =>
  'days' in due ? now >= since + due.days * DAY_MS : now >= due.date;

/** The farthest of those that are due. */
function moveOf(version: Versioned, moves: readonly { readonly storageClass: string }[]): Deed | undefined {
  // Documented: appendable objects keep their class.
  if (version.marker || version.appendable) return undefined;
  let to = version.storageClass;
  for (const { storageClass } of moves) if (rankOf(storageClass) > rankOf(to)) to = storageClass;
  return to === version.storageClass ? undefined : { act: 'move', to: to as StorageClass };
}

const rankOf = (storageClass: string) => RANKS[storageClass as StorageClass] ?? 0;
