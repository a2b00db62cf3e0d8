// Copies: links to the same bytes where the file system can.

import { judge } from './conditions.ts';
import { OBJECT_BYTES, told } from './content.ts';
import type { CopySource, Objects } from './contract.ts';
import { fail } from './errors.ts';
import { checkKey, checkReadable } from './find.ts';
import type { Acl, Piece, StoredObject } from './model.ts';
import { checkOverwrite } from './put.ts';
import { type Scope, writing } from './scope.ts';

const DEFAULT_ACL: Acl = Object.freeze({ canned: 'default', grants: [] });

/** What can be copied; PreconditionFailed. */
export function sourceOf({ finder, clock }: Pick<Scope, 'finder' | 'clock'>, source: CopySource): StoredObject {
  const object = finder.object(source);
  checkReadable(object, clock.now());
  if (judge(source.conditions, object) !== 'met') fail('PreconditionFailed');
  return object;
}

/** The same bytes under names of their own; none is kept if one fails. */
export async function copyPieces(scope: Scope, pieces: readonly Piece[]): Promise<Piece[]> {
  const hold = scope.held.hold(pieces.map(piece => piece.file));
  const copies: Piece[] = [];
  try {
    for (const piece of pieces) copies.push({ ...piece, file: await told(() => scope.files.copy(piece.file)) });
    return copies;
  } catch (error) {
    scope.held.free(copies.map(piece => piece.file));
    throw error;
  } finally {
    hold[Symbol.dispose]();
  }
}

export function createCopy(scope: Scope): Objects['copy'] {
  const { buckets, finder, writer } = scope;
  return async (source, to, head, cause, options = {}) => {
    buckets.need(to.bucket);
    checkKey(to.key);
    checkOverwrite(options, finder.row({ bucket: to.bucket, key: to.key }));
    const object = sourceOf(scope, source);
    if (object.bytes > OBJECT_BYTES) fail('EntityTooLarge', { limit: '5 GB' });
    const replaces = Object.values(head).some(value => value !== undefined);
    const ontoItself = source.bucket === to.bucket && source.key === to.key && isNewest(object);
    if (ontoItself && !replaces)
      fail('InvalidRequest', {
        reason: 'a copy onto itself has to change the metadata, the storage class or the tags',
      });
    const {
      headers = object.headers,
      storageClass = object.storageClass,
      tags = object.tags,
      acl = DEFAULT_ACL,
    } = head;
    const pieces = await copyPieces(scope, object.pieces);
    const { etag, bytes, crc64, inline } = object;
    const content = { etag, bytes, crc64, inline, pieces, appendable: false };
    try {
      return await writer.change(to, now => {
        checkOverwrite(options, now.newest);
        return writing(to, now, { ...content, headers, storageClass, acl, tags }, 'ObjectCreated:Copy', cause);
      });
    } catch (error) {
      writer.drop(pieces.map(piece => piece.file));
      throw error;
    }
  };

  function isNewest({ bucket, key, versionId }: StoredObject): boolean {
    return finder.row({ bucket, key })?.versionId === versionId;
  }
}
