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
  readonly query: SignedPairs;
  readonly headers: SignedPairs;
  /** Where it is known; without the port. */
  readonly sourceIp?: string | undefined;
  /** `TLSv1.3` or the like, '' without; undefined: not known. */
  readonly tls?: string | undefined;
  readonly fields?: ReadonlyMap<string, string> | undefined;
}

/** A name that comes several times counts by the first, as for those who act on it. */
export function requestValues({ query, headers, sourceIp, tls, fields }: Described): RequestValues {
  const found = new Map<string, string>();
  for (const [name, value] of [...(fields ?? []), ...query, ...headers]) {
    const key = name.toLowerCase();
    if (!found.has(key)) found.set(key, value);
  }
  const canned = fields?.get('acl');
  if (canned !== undefined) found.set('x-cos-acl', canned);
  return new Map([
    ['qcs:ip', sourceIp],
    ['qcs:referer', found.get('referer')],
    ['cos:secure-transport', tls === undefined ? undefined : String(tls !== '')],
    ['cos:tls-version', tls ? tls.replace(/^TLSv/, '') : undefined],
    ...COS_KEYS.map(name => [`cos:${name}`, found.get(name)] as const),
  ]);
}
