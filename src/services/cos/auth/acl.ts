// What access control lists let others do than the owner.

import type { Acl, Grant, Permission } from '../model.ts';

/** Who asks, as lists see them. */
export interface Grantees {
  /** `qcs::cam::uin/<owner>:uin/<sub>`; none of somebody unknown. */
  readonly names: readonly string[];
}

const EVERYBODY = { group: 'AllUsers' } as const;

/** What the words of x-cos-acl stand for, beside the owner's own rights. */
export const MEANT: Readonly<Record<Acl['canned'], readonly Grant[]>> = {
  private: [],
  default: [],
  custom: [],
  'public-read': [{ to: EVERYBODY, permission: 'READ' }],
  'public-read-write': [
    { to: EVERYBODY, permission: 'READ' },
    { to: EVERYBODY, permission: 'WRITE' },
  ],
  'authenticated-read': [{ to: { group: 'AuthenticatedUsers' }, permission: 'READ' }],
};

export function grants({ canned, grants: own }: Acl, permission: Permission, { names }: Grantees): boolean {
  return [...MEANT[canned], ...own].some(grant => {
    if (grant.permission !== permission && grant.permission !== 'FULL_CONTROL') return false;
    if ('id' in grant.to) return names.includes(grant.to.id);
    return grant.to.group === 'AllUsers' || names.length > 0;
  });
}

/** An object without a list of its own has its bucket's; so has what is not there, which those may know who may read the bucket. */
export function listOf(bucket: Acl, object: Acl | undefined): Acl {
  return object === undefined || object.canned === 'default' ? bucket : object;
}
