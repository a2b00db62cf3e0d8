// Access control lists: headers, XML, and back.

import { MEANT } from '../auth/acl.ts';
import { fail } from '../errors.ts';
import type { Acl, Grant, Grantee, Permission } from '../model.ts';
import { type Ask, headerOf } from './ask.ts';
import { childOf, childrenOf, expectOnly, wordOf, type XmlElement } from './readxml.ts';
import { element, type Written } from './xml.ts';

const MAX_GRANTS = 100;

export const PRIVATE: Acl = Object.freeze({ canned: 'private', grants: [] });
export const INHERITED: Acl = Object.freeze({ canned: 'default', grants: [] });

const ALL_USERS = 'http://cam.qcloud.com/groups/global/AllUsers';
const AUTHENTICATED = 'http://cam.qcloud.com/groups/global/AuthenticatedUsers';
const ANYONE = 'qcs::cam::anyone:anyone';

const GRANT_HEADERS: Readonly<Record<string, Permission>> = {
  'x-cos-grant-read': 'READ',
  'x-cos-grant-write': 'WRITE',
  'x-cos-grant-read-acp': 'READ_ACP',
  'x-cos-grant-write-acp': 'WRITE_ACP',
  'x-cos-grant-full-control': 'FULL_CONTROL',
};

const CANNED = ['private', 'public-read', 'public-read-write', 'authenticated-read'] as const;
/** Documented for objects: the owner of both is the same here. */
const OWNERS = ['bucket-owner-read', 'bucket-owner-full-control'];

export const rootId = (uin: string): string => `qcs::cam::uin/${uin}:uin/${uin}`;

/** undefined if no header speaks of it. */
export function aclOfHeaders(ask: Pick<Ask, 'request'>, of: 'bucket' | 'object'): Acl | undefined {
  return aclOf(name => headerOf(ask, name), of);
}

export function aclOf(get: (lowerName: string) => string | undefined, of: 'bucket' | 'object'): Acl | undefined {
  const canned = get('x-cos-acl');
  const grants = Object.entries(GRANT_HEADERS).flatMap(([name, permission]) =>
    granteesOf(name, get(name) ?? '').map(to => ({ to, permission })),
  );
  if (canned === undefined && grants.length === 0) return undefined;
  if (grants.length > MAX_GRANTS) tooMany();
  return { canned: canned === undefined ? 'private' : cannedOf(canned, of), grants };
}

const tooMany = (): never => fail('InvalidArgument', { name: 'Grant', reason: `there are at most ${MAX_GRANTS}` });

function cannedOf(text: string, of: 'bucket' | 'object'): Acl['canned'] {
  const known = CANNED.find(name => name === text);
  if (known) return known;
  if (of === 'object' && text === 'default') return 'default';
  if (of === 'object' && OWNERS.includes(text)) return 'private';
  return fail('InvalidArgument', { name: 'x-cos-acl', reason: `it is one of ${CANNED.join(', ')}` });
}

/** `id="qcs::cam::uin/1:uin/1", id="100000000001"` */
function granteesOf(name: string, text: string): Grantee[] {
  if (text.trim() === '') return [];
  return text.split(',').map(part => {
    const [, quoted, plain] = /^\s*(?:id|uin)\s*=\s*(?:"([^"]+)"|([^"\s]+))\s*$/i.exec(part) ?? [];
    const id = quoted ?? plain ?? fail('InvalidArgument', { name, reason: 'it is a list of id="…"' });
    return granteeOf(id) ?? fail('InvalidArgument', { name, reason: `${id} is nobody's id` });
  });
}

function granteeOf(id: string): Grantee | undefined {
  if (id === ANYONE) return { group: 'AllUsers' };
  // Documented: the account alone, or with its user.
  const [, account, user = account] = /^(\d{1,20})(?:\/(\d{1,20}))?$/.exec(id) ?? [];
  if (account !== undefined) return { id: `qcs::cam::uin/${account}:uin/${user}` };
  return /^qcs::cam::uin\/\d+:(?:uin\/\d+|root|roleName\/[\w.@+-]+|service\/[\w-]+)$/.test(id) ? { id } : undefined;
}

/** Given back as they came: what is not said of the owner is not shown, and holds all the same. */
export function readAcl(policy: XmlElement): Acl {
  expectOnly(policy, 'Owner', 'AccessControlList');
  const list = childOf(policy, 'AccessControlList') ?? fail('MalformedXML');
  expectOnly(list, 'Grant');
  const grants = childrenOf(list, 'Grant').map(readGrant);
  if (grants.length > MAX_GRANTS) tooMany();
  return { canned: 'custom', grants };
}

const PERMISSIONS = Object.values(GRANT_HEADERS);

function readGrant(grant: XmlElement): Grant {
  expectOnly(grant, 'Grantee', 'Permission');
  const grantee = childOf(grant, 'Grantee') ?? fail('MalformedXML');
  const word = wordOf(grant, 'Permission');
  const permission = PERMISSIONS.find(name => name === word) ?? fail('MalformedXML');
  const uri = wordOf(grantee, 'URI');
  if (uri === ALL_USERS) return { to: { group: 'AllUsers' }, permission };
  if (uri === AUTHENTICATED) return { to: { group: 'AuthenticatedUsers' }, permission };
  const id = wordOf(grantee, 'ID') ?? wordOf(grantee, 'Subaccount') ?? '';
  return {
    to: granteeOf(id) ?? fail('InvalidArgument', { name: 'Grantee', reason: `${id} is nobody's id` }),
    permission,
  };
}

/** What stands in `AccessControlPolicy`. */
export function writeAcl({ canned, grants }: Acl, uin: string): (Written | undefined)[] {
  const owner = rootId(uin);
  // The vendor's tests find the grants alone where there is nothing else, be they of headers.
  const isGrants = canned === 'custom' || (canned === 'private' && grants.length > 0);
  const own: Grant[] = isGrants ? [] : [{ to: { id: owner }, permission: 'FULL_CONTROL' }];
  const all = [...own, ...MEANT[canned], ...grants];
  return [writeUser('Owner', owner), element('AccessControlList', all.map(writeGrant))];
}

export const writeUser = (name: string, id: string, shown = id): Written | undefined =>
  element(name, [element('ID', id), element('DisplayName', shown)]);

const XSI = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';

function writeGrant({ to, permission }: Grant): Written | undefined {
  const grantee =
    'id' in to
      ? element('Grantee', [element('ID', to.id), element('DisplayName', to.id)], `${XSI} xsi:type="CanonicalUser"`)
      : element(
          'Grantee',
          [element('URI', to.group === 'AllUsers' ? ALL_USERS : AUTHENTICATED)],
          `${XSI} xsi:type="Group"`,
        );
  return element('Grant', [grantee, element('Permission', permission)]);
}
