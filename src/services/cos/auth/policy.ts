// A bucket's policy, and a request as policies see it.

import type { Policy, Resource } from '../../../core/policy.ts';
import { COS_KEYS, type RequestValues } from '../../../core/policy-conditions.ts';
import { PolicyError, readPolicy } from '../../../core/policy-text.ts';
import type { SignedPairs } from '../../../http/qsign.ts';
import { fail } from '../errors.ts';

/** Documented: "Put Bucket policy". */
const MAX_BYTES = 20 * 1024;

/** MalformedPolicy. Each of its statements says whom it is about. */
export function readBucketPolicy(text: string): Policy {
  if (Buffer.byteLength(text) > MAX_BYTES) fail('MalformedPolicy', { reason: `larger than ${MAX_BYTES} bytes` });
  try {
    const policy = readPolicy(text);
    if (policy.statements.some(({ principals }) => principals === undefined)) throw new PolicyError('principal');
    return policy;
  } catch (error) {
    if (error instanceof PolicyError) return fail('MalformedPolicy', { reason: error.reason }, error);
    throw error;
  }
}

export interface Account {
  readonly appId: string;
  readonly uin: string;
}

interface Thing {
  readonly region: string;
  /** `<name>-<appid>`; undefined of the service. */
  readonly bucket: string | undefined;
  /** '' of the bucket itself. */
  readonly key: string;
}

export function resourceOf({ appId, uin }: Account, { region, bucket, key }: Thing): Resource {
  const where = { service: 'cos', region, accounts: [`uid/${appId}`, `uin/${uin}`] };
  // Patterns of all buckets fit the service too.
  if (bucket === undefined) return { ...where, paths: [''] };
  const dash = bucket.lastIndexOf('-');
  const older = `prefix//${bucket.slice(dash + 1)}/${bucket.slice(0, dash)}/${key}`;
  return { ...where, paths: [`${bucket}/${key}`, older] };
}

export interface Described {
  readonly method: string;
  readonly query: SignedPairs;
  readonly headers: SignedPairs;
  /** Where it is known; without the port. */
  readonly sourceIp?: string | undefined;
  /** `TLSv1.3` or the like, '' without; undefined: not known. */
  readonly tls?: string | undefined;
  /** Of a form, by lower-case names. */
  readonly fields?: ReadonlyMap<string, string> | undefined;
}

/** The query alone says these. */
const IN_QUERY = /^(?:prefix|delimiter|max-keys|versionid|response-[a-z-]+)$/;
/** A form says these in its fields, whatever the headers of the request say that brings it. */
const OF_OBJECT: ReadonlySet<string> = new Set([
  ...['x-cos-acl', 'x-cos-storage-class', 'x-cos-server-side-encryption', 'content-type'],
]);
/** An empty one is one. */
const MAY_BE_EMPTY: ReadonlySet<string> = new Set(['prefix', 'delimiter']);

/** Each from where those take it who act on it: a caller who may say it elsewhere as well could say there what is allowed. */
export function requestValues({ method, query, headers, sourceIp, tls, fields }: Described): RequestValues {
  const [asked, sent] = [firstByName(query), firstByName(headers)];
  const saidOf = (name: string): string | undefined => {
    const value = (IN_QUERY.test(name) ? asked : fields && OF_OBJECT.has(name) ? fields : sent).get(name);
    if (name === 'x-cos-acl' && !value) return fields?.get('acl') || undefined;
    // It is taken in any letters.
    if (name === 'x-cos-storage-class') return value?.toUpperCase() || undefined;
    return MAY_BE_EMPTY.has(name) ? value : value || undefined;
  };
  const values = new Map([
    ['qcs:ip', sourceIp],
    ['qcs:referer', sent.get('referer') || undefined],
    ['cos:secure-transport', tls === undefined ? undefined : String(tls !== '')],
    ['cos:tls-version', tls ? tls.replace(/^TLSv/, '') : undefined],
    ...COS_KEYS.map(name => [`cos:${name}`, saidOf(name)] as const),
  ]);
  // How much comes in chunks nobody knows, which is not the same as that nothing comes.
  const mayBeMuch = (method === 'PUT' || method === 'POST') && !sent.get('content-length');
  if (mayBeMuch || sent.has('transfer-encoding')) values.delete('cos:content-length');
  // A list says what no word does.
  const isListed = method === 'PUT' && asked.has('acl') && values.get('cos:x-cos-acl') === undefined;
  const isGranted = [...(fields ?? sent)].some(([name, value]) => name.startsWith('x-cos-grant-') && value !== '');
  if (isListed || isGranted) values.delete('cos:x-cos-acl');
  return values;
}

/** A name that comes several times counts by the first, as for those who act on it. */
function firstByName(pairs: SignedPairs): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of pairs) {
    const key = name.toLowerCase();
    if (!found.has(key)) found.set(key, value);
  }
  return found;
}
