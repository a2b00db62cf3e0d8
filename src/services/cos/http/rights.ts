// Whether a caller may do what they ask for.

import { CloudError } from '../../../core/errors.ts';
import type { Caller, Deed } from '../auth/guard.ts';
import { fail } from '../errors.ts';
import type { Acl, Bucket } from '../model.ts';
import type { Ask, CosHttp } from './ask.ts';
import type { Right } from './route.ts';

export interface Target {
  readonly bucket: Bucket | undefined;
  readonly key: string;
  /** All keys that begin with this one are meant. */
  readonly below?: true;
  readonly versionId: string | undefined;
}

/** AccessDenied. */
export function demand(http: Pick<CosHttp, 'guard' | 'cos'>, caller: Caller, right: Right, target: Target): void {
  if (right.open) return;
  let known: { readonly acl: Acl | undefined } | undefined;
  const deed: Deed = {
    action: right.action,
    permission: right.permission,
    bucket: target.bucket,
    key: target.key,
    below: target.below,
    versionId: target.versionId,
    acl: () => {
      known ??= { acl: right.of === 'object' ? aclOfObject(http, target) : undefined };
      return known.acl;
    },
  };
  if (!http.guard.mayDo(caller, deed)) fail('AccessDenied');
}

/** undefined of what is not there: whoever may not even list must not be told so. */
function aclOfObject({ cos }: Pick<CosHttp, 'cos'>, { bucket, key, versionId }: Target): Acl | undefined {
  if (!bucket) return undefined;
  try {
    return cos.objects.head({ bucket: bucket.id, key, versionId }).acl;
  } catch (error) {
    if (error instanceof CloudError && (error.code === 'NoSuchKey' || error.code === 'NoSuchVersion')) return undefined;
    throw error;
  }
}

/** For what is read or written beside the request's own object. */
export function demandBeside(ask: Ask, right: Right, target: Target): void {
  demand(ask, ask.caller, right, target);
}
