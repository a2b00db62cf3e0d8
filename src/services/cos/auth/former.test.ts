// The vendor's own client makes these signatures.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import Cos from 'cos-nodejs-sdk-v5';
import fc from 'fast-check';
import type { SignedPairs } from '../../../http/qsign.ts';
import { findFormer } from './former.ts';
import { verify } from './verify.ts';

const KEY = { SecretId: 'AKIDEXAMPLE', SecretKey: 'BQYIM75p8x0iWVFSIgqEKwFprpRSVHlz' };
const Bucket = 'my-photos-1250000000';
const secrets = { secretOf: (id: string) => (id === KEY.SecretId ? { secretKey: KEY.SecretKey } : undefined) };

/** Its types do not know it. */
const v4 = (Key: string, options: object = {}) =>
  (new Cos(KEY) as unknown as { getV4Auth(options: object): string }).getV4Auth({ Bucket, Key, ...options });

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly more?: SignedPairs;
  readonly bucket?: string;
  readonly inPath?: boolean;
  readonly laterS?: number;
}

function send(sign: string, sent: Sent = {}) {
  const { method = 'GET', path = '/图/a b+c.png', more = [], bucket = Bucket, inPath = false, laterS = 0 } = sent;
  const query: SignedPairs = [['sign', sign], ...more];
  const headers: SignedPairs = [['Host', `${bucket}.localhost:9701`]];
  const request = { method, path, query, headers, bucket, inPath, region: 'ap-guangzhou' };
  return verify(request, secrets, Date.now() + laterS * 1000);
}

const KEY_NAME = '图/a b+c.png';

describe('of a download', () => {
  test('it holds for reading the object, wherever the bucket stands', () => {
    const sign = v4(KEY_NAME);
    assert.equal(send(sign)?.secretId, KEY.SecretId);
    assert.ok(send(sign, { method: 'HEAD' }));
    assert.ok(send(sign, { path: `/${Bucket}/${KEY_NAME}`, inPath: true }));
  });

  for (const [what, sent] of [
    ['another object', { path: '/图/a b+d.png' }],
    ['another bucket', { bucket: 'photos-1250000000' }],
    ['writing', { method: 'PUT' }],
    ['removing', { method: 'DELETE' }],
    ['what else there is of the object', { more: [['acl', '']] }],
    ['another version', { more: [['versionId', 'x']] }],
  ] as const)
    test(`it does not hold for ${what}`, () =>
      assert.throws(() => send(v4(KEY_NAME), sent), { code: 'SignatureDoesNotMatch' }));

  test('until its time is over', () => {
    const sign = v4(KEY_NAME, { Expires: 60 });
    assert.ok(send(sign, { laterS: 50 }));
    assert.throws(() => send(sign, { laterS: 70 }), { code: 'RequestHasExpired' });
    assert.throws(() => send(sign, { laterS: -2000 }), { code: 'RequestTimeTooSkewed' });
  });

  test('only by the key that it names', () => {
    assert.throws(() => send(v4(KEY_NAME, { SecretKey: 'x' })), { code: 'SignatureDoesNotMatch' });
    assert.throws(() => send(v4(KEY_NAME, { SecretId: 'nobody' })), { code: 'InvalidAccessKeyId' });
  });

  test('one of a whole bucket, or for one use, is refused', () => {
    assert.throws(() => send(v4('')), { code: 'InvalidArgument' });
    const text = `a=1250000000&b=my-photos&k=${KEY.SecretId}&t=1&e=0&r=1&f=/1250000000/my-photos/a`;
    const mac = createHmac('sha1', KEY.SecretKey).update(text).digest();
    const once = Buffer.concat([mac, Buffer.from(text)]).toString('base64');
    assert.throws(() => send(once), { code: 'InvalidArgument' });
  });
});

test('others are left to whoever knows them', () => {
  assert.equal(findFormer([]), undefined);
  assert.equal(findFormer([['sign', 'q-sign-algorithm=sha1&q-ak=a']]), undefined);
});

test('whatever stands there is refused as what it is, or holds nothing', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 21, maxLength: 200 }), bytes => {
      const sign = Buffer.from(bytes).toString('base64');
      assert.throws(
        () => send(sign),
        (error: { code?: string }) => /^[A-Z]\w+$/.test(error.code ?? ''),
      );
    }),
  );
});
