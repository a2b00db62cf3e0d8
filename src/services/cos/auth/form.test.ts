import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { CloudError } from '../../../core/errors.ts';
import { formSignature, type SignedPairs, signHeader, signKey } from '../../../http/qsign.ts';
import { shownError } from '../errors.ts';
import { verifyForm } from './form.ts';
import { parsePolicy } from './form-policy.ts';
import type { Secret } from './secrets.ts';

const KEY = { secretId: 'AKIDEXAMPLE', secretKey: 'BQYIM75p8x0iWVFSIgqEKwFprpRSVHlz' };
const NOW_S = 1_700_000_000;
const SPAN = `${NOW_S - 10};${NOW_S + 900}` as const;
const EXPIRATION = new Date((NOW_S + 600) * 1000).toISOString();
const BUCKET = 'photos-1250000000';
const HOST = `${BUCKET}.localhost:9701`;
const SIGNED = [{ 'q-sign-algorithm': 'sha1' }, { 'q-ak': KEY.secretId }, { 'q-sign-time': SPAN }];
const secrets = { secretOf: (id: string): Secret | undefined => (id === KEY.secretId ? KEY : undefined) };

interface Given {
  readonly conditions?: readonly unknown[];
  readonly expiration?: unknown;
  /** Text in place of the policy. */
  readonly text?: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly key?: string;
  /** Put in place of what was signed, or beside it. */
  readonly instead?: Readonly<Record<string, string | undefined>>;
  readonly nowS?: number;
  readonly from?: typeof secrets;
}

const WRITTEN = 'user/\u0024{filename}';
const FILLED = { key: WRITTEN, 'Content-Type': 'image/png' };

function send(given: Given = {}) {
  const { conditions = [], expiration = EXPIRATION, fields = FILLED, key = 'user/a.png' } = given;
  const policy = given.text ?? JSON.stringify({ expiration, conditions: [...SIGNED, ...conditions] });
  const all = {
    ...fields,
    policy: Buffer.from(policy).toString('base64'),
    'q-sign-algorithm': 'sha1',
    'q-ak': KEY.secretId,
    'q-key-time': SPAN,
    'q-signature': formSignature(signKey(KEY.secretKey, SPAN), policy),
    ...given.instead,
  };
  const pairs = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return verifyForm({ fields: pairs, key, request: request() }, given.from ?? secrets, (given.nowS ?? NOW_S) * 1000);
}

const request = (path = '/', headers: SignedPairs = []) => ({
  ...{ method: 'POST', path, query: [], bucket: BUCKET, inPath: false, region: 'ap-guangzhou' },
  headers: [['Host', HOST] as const, ...headers],
});

/** For assert.throws. */
const shown = (code: string, reason?: string) => (error: unknown) => {
  assert.equal(shownError(error)?.code, code);
  if (reason !== undefined) assert.equal((error as CloudError).params.reason, reason);
  return true;
};

describe('a form with a policy', () => {
  test('is taken when all holds', () => {
    const conditions = [
      { bucket: BUCKET },
      ['starts-with', '$key', 'user/'],
      ['eq', '$content-type', 'image/png'],
      { success_action_status: 201 },
      ['starts-with', '$x-cos-meta-a', ''],
      ['content-length-range', 1, 100],
      ['content-length-range', 0, '50'],
    ];
    const fields = { ...FILLED, Success_Action_Status: '201', 'x-cos-meta-a': '' };
    const found = send({ conditions, fields });
    assert.equal(found?.secretId, KEY.secretId);
    assert.deepEqual(found?.bytes, { min: 1, max: 50 });
    assert.match(found?.authorization ?? '', /^q-sign-algorithm=sha1&q-ak=AKIDEXAMPLE&q-sign-time=/);
  });

  test('nobody signs one without', () => {
    assert.equal(verifyForm({ fields: [['key', 'a']], key: 'a', request: request() }, secrets, 0), undefined);
  });

  for (const [what, condition] of [
    ['key', ['starts-with', '$key', 'other/']],
    ['key', ['starts-with', '$key', 'user/$']],
    ['key', { key: 'user/b.png' }],
    ['bucket', { bucket: 'other-1250000000' }],
    ['acl', { acl: 'public-read' }],
    ['x-cos-meta-a', ['starts-with', '$x-cos-meta-a', '']],
    ['content-type', { 'Content-Type': 'image' }],
    ['q-ak', ['eq', '$q-ak', 'AKIDOTHER']],
    ['q-sign-time', { 'q-sign-time': '1;2' }],
  ] as const) {
    test(`a condition that is not met is named: ${JSON.stringify(condition)}`, () => {
      assert.throws(() => send({ conditions: [condition] }), shown('AccessDenied', what));
    });
  }

  test('a key may be given as it was written', () => {
    assert.ok(send({ conditions: [{ key: WRITTEN }, { key: 'user/a.png' }] }));
  });

  test('what is no policy', () => {
    const deep = '['.repeat(30_000) + ']'.repeat(30_000);
    for (const condition of [deep, `["eq","$key",${deep}]`, `["eq",${deep},"a"]`, `{"key":${deep}}`, `["is","$a","b"]`])
      assert.throws(
        () => send({ text: `{"expiration":"${EXPIRATION}","conditions":[${condition}]}` }),
        shown('InvalidPolicyDocument'),
      );
    for (const text of ['', '{', 'null x']) assert.throws(() => send({ text }), shown('MalformedPolicy'));
    assert.throws(() => send({ instead: { policy: '*' } }), shown('MalformedPolicy'));
    for (const text of ['1', '[]', 'null', '{}', `{"expiration":"${EXPIRATION}"}`, '{"conditions":[]}'])
      assert.throws(() => send({ text }), shown('InvalidPolicyDocument'));
    for (const expiration of [undefined, 1, 'soon', null])
      assert.throws(
        () => send({ text: JSON.stringify({ expiration, conditions: SIGNED }) }),
        shown('InvalidPolicyDocument', 'expiration'),
      );
    for (const condition of [
      1,
      null,
      [],
      {},
      ['eq', 'key', 'a'],
      ['ends-with', '$key', 'a'],
      ['eq', '$key'],
      { key: null },
      { key: ['a'] },
    ])
      assert.throws(() => send({ conditions: [condition] }), shown('InvalidPolicyDocument'), JSON.stringify(condition));
    for (const range of [[], [1], [-1, 2], ['a', 2], [1, 1.5]])
      assert.throws(
        () => send({ conditions: [['content-length-range', ...range]] }),
        shown('InvalidPolicyDocument', 'content-length-range'),
      );
  });

  test('a policy that says nothing of who signed it, or when', () => {
    for (const [name, left] of SIGNED.map((one, at) => [Object.keys(one)[0], SIGNED.toSpliced(at, 1)] as const)) {
      const text = JSON.stringify({ expiration: EXPIRATION, conditions: left });
      assert.throws(() => send({ text }), shown('InvalidPolicyDocument', name));
    }
  });

  test('is over with its policy, or with its key’s time', () => {
    assert.ok(send({ nowS: NOW_S + 599 }));
    const later = new Date((NOW_S + 9999) * 1000).toISOString();
    assert.throws(() => send({ nowS: NOW_S + 600 }), shown('AccessDenied'));
    assert.ok(send({ nowS: NOW_S + 900, expiration: later }));
    assert.throws(() => send({ nowS: NOW_S + 901, expiration: later }), shown('AccessDenied'));
  });

  test('fields of the signature', () => {
    for (const name of ['q-sign-algorithm', 'q-ak', 'q-key-time', 'q-signature'])
      for (const value of ['', undefined])
        assert.throws(() => send({ instead: { [name]: value } }), shown('InvalidArgument', 'missing'), name);
    assert.throws(() => send({ instead: { 'q-sign-algorithm': 'sha256' } }), shown('InvalidArgument'));
    assert.throws(() => send({ instead: { 'q-key-time': 'now' } }), shown('InvalidArgument'));
    assert.throws(() => send({ instead: { 'q-ak': 'AKIDOTHER' } }), shown('InvalidAccessKeyId'));
    assert.throws(() => send({ instead: { 'q-signature': '0'.repeat(40) } }), shown('SignatureDoesNotMatch'));
    assert.throws(
      () => send({ instead: { 'q-key-time': `${NOW_S - 10};${NOW_S + 901}` } }),
      shown('SignatureDoesNotMatch'),
    );
    const other = JSON.stringify({ expiration: EXPIRATION, conditions: [...SIGNED, { acl: 'x' }] });
    assert.throws(
      () => send({ instead: { policy: Buffer.from(other).toString('base64') } }),
      shown('SignatureDoesNotMatch'),
    );
  });

  test('a field that comes twice is refused', () => {
    assert.throws(() => send({ instead: { KEY: 'other/b' } }), shown('MalformedPOSTRequest', 'KEY'));
  });

  test('temporary keys bring their token in a field', () => {
    const from = { secretOf: () => ({ ...KEY, token: 'tok', expiresAt: (NOW_S + 60) * 1000 }) };
    assert.ok(send({ from, fields: { ...FILLED, 'x-cos-security-token': 'tok' } }));
    assert.throws(() => send({ from }), shown('AccessDenied'));
    assert.throws(
      () => send({ from, fields: { ...FILLED, 'x-cos-security-token': 'tok' }, nowS: NOW_S + 60 }),
      shown('ExpiredToken'),
    );
  });
});

test('a form with a header’s signature in a field, over the key or over the bucket', () => {
  const signed = (path: string, method = 'POST') => signHeader({ ...request(path), method }, KEY, SPAN);
  const post = (fields: SignedPairs) =>
    verifyForm({ fields, key: 'a/腾.png', request: request() }, secrets, NOW_S * 1000);
  for (const name of ['Signature', 'Authorization'])
    for (const path of ['/', '/a/腾.png']) {
      const found = post([[name, signed(path)]]);
      assert.equal(found?.secretId, KEY.secretId);
      assert.equal(found?.bytes, undefined);
    }
  assert.throws(() => post([['Signature', signed('/b')]]), shown('SignatureDoesNotMatch'));
  assert.throws(() => post([['Signature', signed('/', 'PUT')]]), shown('SignatureDoesNotMatch'));
  assert.throws(() => post([['Signature', 'x']]), shown('InvalidArgument'));
  const withToken = { secretOf: () => ({ ...KEY, token: 'tok' }) };
  const fields = [
    ['x-cos-security-token', 'tok'],
    ['Signature', signed('/')],
  ] as const;
  assert.ok(verifyForm({ fields, key: 'a', request: request() }, withToken, NOW_S * 1000));
});

test('whatever a policy is, it is read or refused', () => {
  const anything = fc.oneof(
    fc.json(),
    fc.string(),
    fc
      .array(fc.jsonValue())
      .map(conditions => JSON.stringify({ expiration: EXPIRATION, conditions: [...SIGNED, ...conditions] })),
  );
  fc.assert(
    fc.property(anything, text => {
      try {
        assert.ok(parsePolicy(text).expiresAt > 0);
      } catch (error) {
        assert.ok(error instanceof CloudError, String(error));
      }
    }),
    { numRuns: 200 },
  );
});
