// A whole object in one request.

import type { ObjectRow } from '../../core/objects.ts';
import { type Received, receive } from './content.ts';
import type { Objects, OverwriteOptions } from './contract.ts';
import { fail } from './errors.ts';
import { checkKey } from './find.ts';
import type { ObjectHead, StoredObject } from './model.ts';
import { type Scope, writing } from './scope.ts';

export function createPut({ buckets, files, finder, writer }: Scope): Objects['put'] {
  return async (ref, head, content, options, cause) => {
    buckets.need(ref.bucket);
    checkKey(ref.key);
    const newest = { bucket: ref.bucket, key: ref.key };
    // Asked before the content is taken, and again when it has come.
    checkOverwrite(options, finder.row(newest));
    const received = await receive(files, content);
    try {
      return await writer.change(ref, now => {
        checkOverwrite(options, now.newest);
        return writing(ref, now, { ...headOf(head), ...contentOf(received) }, options.event, cause);
      });
    } catch (error) {
      if (received.piece) writer.drop([received.piece.file]);
      throw error;
    }
  };
}

/** `there`: the newest version. */
export function checkOverwrite({ forbidOverwrite = false }: OverwriteOptions, there: ObjectRow | undefined): void {
  if (forbidOverwrite && there?.marker === false) fail('FileAlreadyExists');
}

/** These and nothing else that the given one may have. */
export function headOf({ headers, storageClass, acl, tags }: ObjectHead): ObjectHead {
  return { headers, storageClass, acl, tags };
}

type Made = Pick<StoredObject, 'etag' | 'bytes' | 'crc64' | 'inline' | 'pieces' | 'appendable'>;

export function contentOf({ md5, bytes, crc64, inline, piece }: Received): Made {
  return { etag: md5, bytes, crc64, inline, pieces: piece ? [piece] : [], appendable: false };
}
