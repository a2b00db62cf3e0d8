// What a client says of an object when it writes it.

import { fail } from '../errors.ts';
import type { ObjectHead } from '../model.ts';
import { aclOf, INHERITED } from './acl.ts';
import { isHeaderText } from './answer.ts';
import { type Ask, headerOf } from './ask.ts';
import { mediaTypeOf } from './mediatypes.ts';
import { storageClassOf } from './storage.ts';
import { MAX_OBJECT_TAGS, tagsOfHeader } from './tags.ts';

/** Given back as they came. */
const KEPT = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
  'x-cos-server-side-encryption',
  'x-cos-server-side-encryption-cos-kms-key-id',
  'x-cos-server-side-encryption-context',
];

const META = 'x-cos-meta-';
const MAX_META_BYTES = 2048;
/** Of the others: triggers are told of some, clients want none longer, and a form could bring more than any answer can carry. */
export const MAX_KEPT_BYTES = 8192;
/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** By lower-case names; undefined and '' are as if they had not come. */
export interface Named {
  readonly names: readonly string[];
  get(lowerName: string): string | undefined;
}

export const headersOf = (ask: Pick<Ask, 'request'>): Named => ({
  names: Object.keys(ask.request.headers),
  get: name => headerOf(ask, name),
});

/** `key`: of the object; its ending tells the type where the client does not. */
export function headOf(given: Named, key: string): ObjectHead {
  const tags = given.get('x-cos-tagging');
  return {
    headers: typed(keptOf(given), key),
    storageClass: storageClassOf(given.get('x-cos-storage-class') ?? 'STANDARD'),
    acl: aclOf(name => given.get(name), 'object') ?? INHERITED,
    tags: tags === undefined ? [] : tagsOfHeader(tags, MAX_OBJECT_TAGS),
  };
}

function typed(headers: Readonly<Record<string, string>>, key: string): Readonly<Record<string, string>> {
  const type = headers['content-type'] === undefined ? mediaTypeOf(key) : undefined;
  return type === undefined ? headers : { ...headers, 'content-type': type };
}

function keptOf(given: Named): Readonly<Record<string, string>> {
  refuseUnbuilt(given);
  const kept: [string, string][] = [];
  let metaBytes = 0;
  let keptBytes = 0;
  for (const name of given.names) {
    const value = given.get(name);
    const isMeta = name.startsWith(META);
    if (value === undefined || (!isMeta && !KEPT.includes(name))) continue;
    // Fields of forms are called whatever their senders like.
    if (!TOKEN.test(name))
      fail('InvalidArgument', { name: META, reason: 'it goes on with letters, digits and hyphens' });
    if (!isHeaderText(value)) fail('InvalidArgument', { name, reason: 'it has control characters' });
    if (isMeta) metaBytes += name.length + value.length;
    else keptBytes += value.length;
    kept.push([name, value]);
  }
  if (metaBytes > MAX_META_BYTES) {
    fail('InvalidArgument', { name: META, reason: `metadata has at most ${MAX_META_BYTES} bytes` });
  }
  if (keptBytes > MAX_KEPT_BYTES) {
    const name = 'Content-Type, Content-Disposition …';
    fail('InvalidArgument', { name, reason: `they have at most ${MAX_KEPT_BYTES} bytes together` });
  }
  const encryption = given.get('x-cos-server-side-encryption');
  if (encryption !== undefined && encryption !== 'AES256' && encryption !== 'cos/kms') {
    fail('InvalidArgument', { name: 'x-cos-server-side-encryption', reason: 'it is AES256 or cos/kms' });
  }
  return Object.fromEntries(kept);
}

/** Of these the client would believe that they were done with the writing: images made, others told. */
const BESIDE = ['pic-operations', 'x-cos-callback', 'x-cos-callback-var', 'x-cos-return-body'];

export function refuseUnbuilt(given: Named): void {
  const name =
    // Content that the client believes to be closed to all who lack its key would lie open.
    given.names.find(header => header.includes('server-side-encryption-customer-')) ??
    BESIDE.find(header => given.get(header) !== undefined);
  if (name !== undefined) fail('NotImplemented', { name });
}
