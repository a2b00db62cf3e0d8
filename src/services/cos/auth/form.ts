// Checks who sent a form: by the policy that it carries, or by a signature like a header's in one of its fields.
// Documented: "POST Object".

import { formSignature, type SignedPairs, signKey } from '../../../http/qsign.ts';
import { fail } from '../errors.ts';
import { type ByteSpan, meets, parsePolicy } from './form-policy.ts';
import { equalTexts, needSecret, type Secret, type Secrets } from './secrets.ts';
import { checkTimes } from './signature.ts';
import { type SignedRequest, tokenOf, type Verified, valuesByName, verify } from './verify.ts';

export interface Form {
  /** Those before the file. */
  readonly fields: SignedPairs;
  /** With its file's name. */
  readonly key: string;
  /** The request that brought it. */
  readonly request: SignedRequest;
}

export interface VerifiedForm<Found extends Secret = Secret> extends Verified<Found> {
  /** What its file may have, from the policy. */
  readonly bytes: ByteSpan | undefined;
}

/** undefined: nobody signed. */
export function verifyForm<Found extends Secret>(
  form: Form,
  secrets: Secrets<Found>,
  nowMs: number,
): VerifiedForm<Found> | undefined {
  const fields = fieldsOf(form.fields);
  const signature = fields.get('signature') || fields.get('authorization');
  if (signature) return verifyField(form, fields, signature, secrets, nowMs);
  const encoded = fields.get('policy');
  return encoded === undefined ? undefined : verifyPolicy(form, fields, encoded, secrets, nowMs);
}

type Fields = ReadonlyMap<string, string>;

/** A field that came twice could be checked in one place and used in the other. */
function fieldsOf(pairs: SignedPairs): Fields {
  const fields = new Map<string, string>();
  for (const [name, value] of pairs) {
    const key = name.toLowerCase();
    if (fields.has(key)) fail('MalformedPOSTRequest', { reason: name });
    fields.set(key, value);
  }
  return fields;
}

const tokenIn = (fields: Fields) => tokenOf(valuesByName([...fields]));

function verifyField<Found extends Secret>(
  { request, key }: Form,
  fields: Fields,
  signature: string,
  secrets: Secrets<Found>,
  nowMs: number,
): VerifiedForm<Found> | undefined {
  const token = tokenIn(fields);
  const headers: SignedPairs = [
    ...request.headers.filter(([name]) => name.toLowerCase() !== 'authorization'),
    ['authorization', signature],
    ...(token ? [['x-cos-security-token', token] as const] : []),
  ];
  const of = (path: string) => verify({ ...request, headers, path }, secrets, nowMs);
  // Some clients sign the key where they post to the bucket.
  const root = request.inPath ? `/${request.bucket}` : '';
  const found = firstRight([() => of(request.path), () => of(`${root}/${key}`)]);
  return found && { ...found, bytes: undefined };
}

function firstRight<T>([first, second]: readonly [() => T, () => T]): T {
  try {
    return first();
  } catch {
    return second();
  }
}

function verifyPolicy<Found extends Secret>(
  { request, key }: Form,
  fields: Fields,
  encoded: string,
  secrets: Secrets<Found>,
  nowMs: number,
): VerifiedForm<Found> {
  const need = (name: string) => fields.get(name) || fail('InvalidArgument', { name, reason: 'missing' });
  if (need('q-sign-algorithm') !== 'sha1') fail('InvalidArgument', { name: 'q-sign-algorithm', reason: 'sha1' });
  const secretId = need('q-ak');
  const keyTime = need('q-key-time');
  const signature = need('q-signature');
  if (!/^\d{1,12};\d{1,12}$/.test(keyTime)) fail('InvalidArgument', { name: 'q-key-time', reason: 'start;end' });
  checkTimes([keyTime], nowMs);
  const secret = needSecret(secrets, secretId, tokenIn(fields), nowMs);
  const text = decodeBase64(encoded);
  const expected = formSignature(signKey(secret.secretKey, keyTime), text);
  if (!equalTexts(expected, signature.toLowerCase())) fail('SignatureDoesNotMatch');
  const policy = parsePolicy(text);
  if (policy.expiresAt <= nowMs) fail('RequestHasExpired');
  meets(policy, { fields, key, bucket: request.bucket ?? '', keyTime });
  return {
    ...{ secretId, secret, mayCopy: false, bytes: policy.bytes },
    authorization: `q-sign-algorithm=sha1&q-ak=${secretId}&q-sign-time=${keyTime}&q-key-time=${keyTime}&q-signature=${signature}`,
  };
}

function decodeBase64(encoded: string): string {
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(encoded.trim())) fail('MalformedPolicy', { reason: 'Base64' });
  return Buffer.from(encoded, 'base64').toString('utf8');
}
