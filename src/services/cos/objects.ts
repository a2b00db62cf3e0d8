// Verbs on objects.

import type { Listing, ObjectRow, VersionRef } from '../../core/objects.ts';
import { createAppend } from './append.ts';
import { isLost } from './content.ts';
import type { ObjectRef, Objects, Removed, VersionEntry } from './contract.ts';
import { createCopy } from './copy.ts';
import { checkReadable, objectOf } from './find.ts';
import type { StoredObject } from './model.ts';
import { createPut } from './put.ts';
import { feedObject, readObject } from './read.ts';
import { removing } from './remove.ts';
import { NULL_VERSION, objectIn, rowOf } from './row.ts';
import type { Scope } from './scope.ts';
import { examine } from './upkeep/examine.ts';
import { namedVersion } from './versioning.ts';

export function createObjects(
  scope: Scope,
  restore: Objects['restore'],
  damaged: (version: VersionRef) => void = () => undefined,
): Objects {
  const { index, files, held, clock, log, buckets, finder, writer } = scope;

  /** Another value of a version that stays what it is. */
  function amend(ref: ObjectRef, change: (object: StoredObject, at: number) => StoredObject): Promise<StoredObject> {
    return writer.change(ref, ({ newest, at }) => {
      const version = namedVersion(ref);
      const before = objectOf(ref, version === undefined ? newest : index.find(ref.bucket, ref.key, version));
      const after = change(before, at);
      return after === before ? { result: before } : { change: { put: [rowOf(after)] }, result: after };
    });
  }

  function remove(...[ref, cause]: Parameters<Objects['remove']>): Promise<Removed> {
    return writer.change(ref, now => {
      const version = namedVersion(ref);
      const there = version === undefined ? now.newest : index.find(ref.bucket, ref.key, version);
      return removing(ref, there, now, cause);
    });
  }

  async function markDamaged(object: Pick<StoredObject, 'bucket' | 'key' | 'versionId' | 'order'>): Promise<void> {
    await writer.change(object, ({ at }) => {
      const row = index.find(object.bucket, object.key, object.versionId);
      // It has been written again.
      if (!row || row.marker || row.order !== object.order) return { result: undefined };
      const { bucket, key, versionId } = row;
      log.error({ bucket, key, versionId }, 'the content of an object is damaged: write it again');
      damaged({ bucket, key, versionId });
      return { change: { put: [rowOf({ ...objectIn(row), damagedAt: at })] }, result: undefined };
    });
  }

  /** A read that broke off may have met damage. */
  async function suspect(object: StoredObject): Promise<void> {
    const finding = await examine(object, { index, files, spend: async () => undefined });
    if (finding === 'damaged') await markDamaged(object);
  }

  function brokeOff(object: StoredObject, error: unknown): void {
    // Readers go away whenever they like.
    if (!isLost(error)) return;
    suspect(object).catch(cause => log.error({ err: cause, key: object.key }, 'an object could not be examined'));
  }

  return Object.freeze<Objects>({
    put: createPut(scope),
    append: createAppend(scope),
    copy: createCopy(scope),
    restore,
    remove,
    markDamaged,
    head: ref => finder.object(ref),
    open: ref => {
      const object = finder.object(ref);
      checkReadable(object, clock.now());
      // Whoever has asked for it reads it in this turn of the event loop, or does not.
      const hold = held.hold(object.pieces.map(piece => piece.file));
      setImmediate(() => hold[Symbol.dispose]());
      return {
        object,
        read: (from, to) =>
          readObject(files, held, object, { from, to }).once('error', error => brokeOff(object, error)),
        feed: async (from, to, take) => {
          try {
            await feedObject(files, held, object, { from, to }, take);
          } catch (error) {
            brokeOff(object, error);
            throw error;
          }
        },
      };
    },
    setAcl: async (ref, acl) => {
      await amend(ref, object => ({ ...object, acl }));
    },
    setTags: (ref, tags) => amend(ref, object => ({ ...object, tags })),
    list: query => {
      buckets.need(query.bucket);
      return mapped(index.list(query), objectIn);
    },
    versions: query => {
      const { versioning } = buckets.need(query.bucket);
      return mapped(index.versions(query), row => versionEntry(row, versioning === 'never'));
    },
  });
}

function mapped<A, B>({ entries, more }: Listing<A>, map: (row: A) => B): Listing<B> {
  return { entries: entries.map(entry => ('row' in entry ? { row: map(entry.row) } : entry)), more };
}

function versionEntry(row: ObjectRow & { readonly newest: boolean }, unversioned: boolean): VersionEntry {
  const { key, modifiedAt, etag, bytes, storageClass, newest, marker } = row;
  // Documented: empty in a bucket that never had versioning.
  const versionId = unversioned && row.versionId === NULL_VERSION ? '' : row.versionId;
  // Written by this room alone.
  const stored = storageClass as VersionEntry['storageClass'];
  return { key, versionId, modifiedAt, etag, bytes, storageClass: stored, newest, marker };
}
