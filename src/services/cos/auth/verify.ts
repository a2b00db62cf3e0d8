// Checks the signature of a request. Clients differ in what they take for the host, for the path and for a header that is
// not there: each reading is tried, and all of them mean the same request.

import { timingSafeEqual } from 'node:crypto';
import {
  byName,
  encodeName,
  encodeText,
  httpText,
  joinPairs,
  qSignature,
  type SignedPairs,
  signKey,
} from '../../../http/qsign.ts';
import { fail } from '../errors.ts';
import { type FormerSignature, findFormer, holdsFormer } from './former.ts';
import { needSecret, type Secret, type Secrets } from './secrets.ts';
import { checkTimes, findSignature, type Signature } from './signature.ts';

export interface SignedRequest {
  readonly method: string;
  /** Decoded, as sent: with the bucket where it stands in the path. */
  readonly path: string;
  /** Decoded. */
  readonly query: SignedPairs;
  /** As sent, empty ones too; names in any case. */
  readonly headers: SignedPairs;
  /** What the host and the path were found to mean. */
  readonly bucket: string | undefined;
  readonly inPath: boolean;
  readonly region: string;
}

export interface Verified<Found extends Secret = Secret> {
  readonly secretId: string;
  readonly secret: Found;
  /** `q-sign-algorithm=…` */
  readonly authorization: string;
  /**
   * Whether x-cos-copy-source is its signer's word: whoever is given a URL to write one object by could add it, and read whatever
   * its signer may. Nothing tells such a URL's signature from a header's, and clients sign this with theirs.
   */
  readonly mayCopy: boolean;
}

/** undefined: nobody signed. The time comes first, then the key, its token and the signature. */
export function verify<Found extends Secret>(
  request: SignedRequest,
  secrets: Secrets<Found>,
  nowMs: number,
): Verified<Found> | undefined {
  const headers = valuesByName(request.headers);
  const query = valuesByName(request.query);
  const authorization = headers.get('authorization')?.[0];
  const former = authorization ? undefined : findFormer(request.query);
  if (former) return verifyFormer(former, request, secrets, nowMs);
  const signature = findSignature(request.query, authorization);
  if (!signature) return undefined;
  const { secretId, signTime, keyTime } = signature;
  checkTimes([signTime, keyTime], nowMs);
  const token = tokenOf(headers) || tokenOf(query);
  const secret = needSecret(secrets, secretId, token, nowMs);
  if (!matches(signature, secret.secretKey, readings({ request, signature, headers, query }))) {
    fail('SignatureDoesNotMatch');
  }
  const mayCopy = signature.headers.includes('x-cos-copy-source');
  return { secretId, secret, authorization: signature.text, mayCopy };
}

function verifyFormer<Found extends Secret>(
  former: FormerSignature,
  request: SignedRequest,
  secrets: Secrets<Found>,
  nowMs: number,
): Verified<Found> {
  const { secretId, time, text } = former;
  checkTimes([time], nowMs);
  const secret = needSecret(secrets, secretId, '', nowMs);
  if (!holdsFormer(former, secret.secretKey, request)) fail('SignatureDoesNotMatch');
  return { secretId, secret, authorization: text, mayCopy: false };
}

/** Headers, query and forms spell it alike. */
export function tokenOf(values: ReadonlyMap<string, readonly string[]>): string {
  return values.get('x-cos-security-token')?.[0] || values.get('x-ci-security-token')?.[0] || '';
}

type Values = ReadonlyMap<string, readonly string[]>;

export function valuesByName(pairs: SignedPairs): Values {
  const values = new Map<string, string[]>();
  for (const [name, value] of pairs) {
    const key = name.toLowerCase();
    const before = values.get(key);
    if (before) before.push(value);
    else values.set(key, [value]);
  }
  return values;
}

function matches({ signTime, keyTime, signature }: Signature, secretKey: string, texts: Iterable<string>): boolean {
  const key = signKey(secretKey, keyTime);
  const given = Buffer.from(signature, 'hex');
  // The documents sign one, some clients the other.
  const times = new Set([signTime, keyTime]);
  const tried = new Set<string>();
  for (const text of texts) {
    if (tried.has(text)) continue;
    tried.add(text);
    for (const time of times) {
      if (timingSafeEqual(Buffer.from(qSignature(key, time, text), 'hex'), given)) return true;
    }
  }
  return false;
}

interface Asked {
  readonly request: SignedRequest;
  readonly signature: Signature;
  readonly headers: Values;
  readonly query: Values;
}

function* readings({ request, signature, headers, query }: Asked): Generator<string> {
  const { method } = request;
  const params = writings(pairsOf(signature.params, query, {}));
  for (const { host, path } of places(request, headers, signature.headers.includes('host'))) {
    for (const length of signature.headers.includes('content-length') && !headers.has('content-length')
      ? ['0', '']
      : ['']) {
      const pairs = pairsOf(signature.headers, headers, { host, ...(length && { 'content-length': length }) });
      for (const written of spelled(pairs).flatMap(writings)) {
        for (const param of params) yield httpText(method, path, param, written);
      }
    }
  }
}

/** Names as often as they are listed, with their values one after another; one listing of many values means them all. */
function pairsOf(names: readonly string[], values: Values, instead: Readonly<Record<string, string>>): SignedPairs {
  const seen = new Map<string, number>();
  return names.map(name => {
    const at = seen.get(name) ?? 0;
    seen.set(name, at + 1);
    const given = values.get(name) ?? [];
    const listed = names.filter(other => other === name).length;
    const value = listed === 1 ? given.join(', ') : (given[at] ?? '');
    return [name, Object.hasOwn(instead, name) ? (instead[name] ?? '') : value] as const;
  });
}

/** Sorted as encoded, or as they are; and encoded before they are put in lower case, or after. */
function writings(pairs: SignedPairs): readonly string[] {
  const encoded = pairs.map(([name, value]) => [encodeName(name), value] as const);
  const plain = pairs.toSorted(byName);
  return [
    joinPairs(encoded.toSorted(byName)),
    joinPairs(plain.map(([name, value]) => [encodeName(name), value])),
    joinPairs(plain.map(([name, value]) => [encodeText(name), value])),
  ];
}

/** Node gives bytes of headers one by one; clients sign the text that they are in UTF-8. */
function spelled(pairs: SignedPairs): readonly SignedPairs[] {
  if (!pairs.some(([, value]) => /[\x80-\xff]/.test(value))) return [pairs];
  return [pairs.map(([name, value]) => [name, Buffer.from(value, 'latin1').toString('utf8')] as const), pairs];
}

interface SignedPlace {
  readonly host: string;
  readonly path: string;
}

/**
 * Host and path that the client may have signed. The path without its bucket is taken where nothing else that was signed
 * could be another bucket's: no host at all, or one that names the bucket.
 */
function places(request: SignedRequest, headers: Values, signsHost: boolean): readonly SignedPlace[] {
  const { bucket, inPath, path } = request;
  const hosts = signsHost ? hostsOf(request, headers.get('host')?.[0] ?? '') : [''];
  const short = bucket !== undefined && inPath ? path.slice(bucket.length + 1) || '/' : undefined;
  return hosts.flatMap(host => {
    const names = !signsHost || host.startsWith(`${bucket}.`);
    return short !== undefined && names
      ? [
          { host, path },
          { host, path: short },
        ]
      : [{ host, path }];
  });
}

/** As received; without its port, as the Python SDK signs it; and the cloud's own names, which some code signs wherever it goes. */
function hostsOf({ bucket, region }: SignedRequest, wire: string): readonly string[] {
  const colon = wire.lastIndexOf(':');
  const bare = colon > wire.lastIndexOf(']') ? wire.slice(0, colon) : wire;
  const cloud =
    bucket === undefined
      ? ['service.cos.myqcloud.com', 'service.cos.tencentcos.cn', `cos.${region}.myqcloud.com`]
      : [`${bucket}.cos.${region}.myqcloud.com`, `${bucket}.cos.${region}.tencentcos.cn`];
  return [...new Set([wire, bare, ...cloud])];
}
