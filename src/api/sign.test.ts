import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { CloudError } from '../core/errors.ts';
import {
  canonicalText,
  payloadHash,
  signingKey,
  signTc3,
  tc3Date,
  tc3Signature,
  UNSIGNED_PAYLOAD,
} from '../http/tc3.ts';
import { parsePairs } from './form.ts';
import { checkTime, checkToken, equalTexts, hostsOf, type Key, type SignedRequest } from './sign.ts';
import { parseTc3, Tc3Verifier } from './sign-tc3.ts';
import { verifyV1 } from './sign-v1.ts';

const NOW = Date.UTC(2024, 0, 31, 23, 59, 30);
const NOW_S = NOW / 1000;
const KEYS = { secretId: 'AKIDEXAMPLE', secretKey: 'Gu5t9xGARNpq86cd98joQYCN3EXAMPLE' };
const keysOf = (key: Key, id = KEYS.secretId) => ({ secretOf: (asked: string) => (asked === id ? key : undefined) });

/** For assert.throws. */
const code = (expected: string) => (error: unknown) => error instanceof CloudError && error.code === expected;

interface Variation {
  readonly timestampS?: number;
  readonly body?: string;
  readonly host?: string;
  readonly signedHost?: string;
  readonly path?: string;
  readonly service?: string;
  readonly headers?: Record<string, string>;
  /** Headers that are signed beside content-type and host, with the values that go into the signature. */
  readonly also?: readonly (readonly [string, string])[];
  readonly payload?: string;
  readonly date?: string;
}

/** A signed request, made without the code under test's own `signTc3`, so that any header can be part of it. */
function tc3(variation: Variation = {}): { readonly authorization: string; readonly request: SignedRequest } {
  const { timestampS = NOW_S, body = '{}', host = 'scf.tencentcloudapi.com', path = '/', service = 'scf' } = variation;
  const date = variation.date ?? tc3Date(timestampS);
  const headers = [
    ['content-type', 'application/json'],
    ['host', variation.signedHost ?? host],
    ...(variation.also ?? []),
  ] as const;
  const canonical = canonicalText({
    method: 'POST',
    path,
    query: '',
    headers,
    payload: payloadHash(variation.payload ?? body),
  });
  const key = signingKey(KEYS.secretKey, date, service);
  const signature = tc3Signature(key, timestampS, date, service, canonical).toString('hex');
  const names = headers.map(([name]) => name).join(';');
  return {
    authorization: `TC3-HMAC-SHA256 Credential=${KEYS.secretId}/${date}/${service}/tc3_request, SignedHeaders=${names}, Signature=${signature}`,
    request: {
      ...{ method: 'POST', path, query: '', body: Buffer.from(body) },
      headers: { host, 'content-type': 'application/json', 'x-tc-timestamp': String(timestampS), ...variation.headers },
    },
  };
}

function verify(variation?: Variation, key: Key = KEYS, nowMs = NOW): string {
  const { authorization, request } = tc3(variation);
  return new Tc3Verifier(keysOf(key)).verify(parseTc3(authorization), request, nowMs);
}

// https://cloud.tencent.com/document/api/213/30654: the documented example of TC3; its secret is masked there, so the
// canonical request is the vector, by the hash that the document prints.
test("TC3: the document's canonical request", () => {
  const canonical = canonicalText({
    method: 'POST',
    path: '/',
    query: '',
    headers: [
      ['content-type', 'application/json; charset=utf-8'],
      ['host', 'cvm.tencentcloudapi.com'],
      ['x-tc-action', 'describeinstances'],
    ],
    payload: payloadHash('{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}'),
  });
  assert.ok(canonical.endsWith('\n35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064'));
});

test('TC3: what was signed is taken, and gives the key', () => {
  assert.equal(verify(), KEYS.secretId);
  const contentType = 'application/json';
  const host = 'scf.tencentcloudapi.com';
  const ours = signTc3({
    ...KEYS,
    contentType,
    host,
    method: 'POST',
    path: '/',
    body: '{}',
    timestampS: NOW_S,
    service: 'scf',
  });
  assert.equal(ours, tc3().authorization);
});

test('TC3: clients sign the host with its port or without', () => {
  const host = '127.0.0.1:9700';
  assert.equal(verify({ host }), KEYS.secretId);
  assert.equal(verify({ host, signedHost: '127.0.0.1', service: '127' }), KEYS.secretId);
  assert.equal(verify({ host: '[::1]:9700', signedHost: '[::1]' }), KEYS.secretId);
  assert.throws(() => verify({ host, signedHost: '127.0.0.1:9701' }), code('AuthFailure.SignatureFailure'));
  assert.throws(() => verify({ host: '[::1]', signedHost: '[:' }), code('AuthFailure.SignatureFailure'));
});

test('TC3: the action is signed as sent or in lower case', () => {
  const headers = { 'x-tc-action': 'ListFunctions' };
  const signedAs = (value: string) => verify({ headers, also: [['x-tc-action', value]], host: 'h:1', signedHost: 'h' });
  assert.equal(signedAs('ListFunctions'), KEYS.secretId);
  assert.equal(signedAs('listfunctions'), KEYS.secretId);
  assert.throws(() => signedAs('LISTFUNCTIONS'), code('AuthFailure.SignatureFailure'));
  assert.throws(() => verify({ also: [['x-absent', 'x']] }), code('AuthFailure.SignatureFailure'));
});

test('TC3: a payload may be left out, if the request says so', () => {
  const headers = { 'x-tc-content-sha256': UNSIGNED_PAYLOAD };
  assert.equal(verify({ body: '{"any":1}', payload: UNSIGNED_PAYLOAD, headers }), KEYS.secretId);
  assert.throws(() => verify({ body: '{"any":1}', payload: UNSIGNED_PAYLOAD }), code('AuthFailure.SignatureFailure'));
  assert.throws(() => verify({ headers }), code('AuthFailure.SignatureFailure'));
});

test('TC3: any service of the scope, also with colons and slashes', () => {
  for (const service of ['scf', '127', 'localhost:8080', 'a/b']) assert.equal(verify({ service }), KEYS.secretId);
});

test('TC3: a path of its own is signed', () => {
  assert.equal(verify({ path: '/_openscf/v1/status' }), KEYS.secretId);
});

test('TC3: 300 seconds either way, on the second', () => {
  for (const skew of [-300, 300]) assert.equal(verify({ timestampS: NOW_S + skew }), KEYS.secretId);
  for (const skew of [-301, 301]) {
    assert.throws(() => verify({ timestampS: NOW_S + skew }), code('AuthFailure.SignatureExpire'));
  }
});

test('TC3: the date is the UTC day of the timestamp, also of one beyond midnight', () => {
  assert.equal(verify({ timestampS: NOW_S + 60, date: '2024-02-01' }), KEYS.secretId);
  assert.throws(() => verify({ timestampS: NOW_S + 60, date: '2024-01-31' }), code('AuthFailure.SignatureFailure'));
});

test('TC3: a key that gets a new secret is no longer taken with the old one', () => {
  let key: Key = KEYS;
  const verifier = new Tc3Verifier({ secretOf: () => key });
  const { authorization, request } = tc3();
  assert.equal(verifier.verify(parseTc3(authorization), request, NOW), KEYS.secretId);
  key = { secretKey: 'another' };
  assert.throws(() => verifier.verify(parseTc3(authorization), request, NOW), code('AuthFailure.SignatureFailure'));
});

test('TC3: one changed byte anywhere is noticed', () => {
  const { authorization, request } = tc3({ body: '{"Name":"x"}' });
  const verifier = new Tc3Verifier(keysOf(KEYS));
  const changed = (change: Partial<SignedRequest>) =>
    verifier.verify(parseTc3(authorization), { ...request, ...change }, NOW);
  const changes: Partial<SignedRequest>[] = [
    { body: Buffer.from('{"Name":"y"}') },
    { method: 'GET' },
    { path: '//' },
    { query: 'a' },
    { headers: { ...request.headers, 'content-type': 'text/plain' } },
    { headers: { ...request.headers, 'x-tc-timestamp': String(NOW_S + 1) } },
  ];
  for (const change of changes) assert.throws(() => changed(change), code('AuthFailure.SignatureFailure'));
  const flipped = authorization.replace(/.$/, last => (last === '0' ? '1' : '0'));
  assert.throws(() => verifier.verify(parseTc3(flipped), request, NOW), code('AuthFailure.SignatureFailure'));
});

test('TC3: headers that are not of this form are refused', () => {
  const good = tc3().authorization;
  assert.equal(parseTc3(good.replaceAll(', ', ',')).service, 'scf');
  for (const bad of [
    '',
    'SKIP',
    'Basic x',
    'TC3-HMAC-SHA256',
    good.replace('TC3-HMAC-SHA256', 'TC3-HMAC-SHA512'),
    good.replace('/tc3_request', ''),
    good.replace('tc3_request', 'tc4_request'),
    good.replace(/\/2024-01-31/, ''),
    good.replace(KEYS.secretId, ''),
    good.replace('content-type;host', 'content-type'),
    good.replace('content-type;host', ''),
    good.replace(/Signature=./, 'Signature='),
    good.replace(/Signature=./, 'Signature=g'),
  ]) {
    assert.throws(() => parseTc3(bad), code('AuthFailure.InvalidAuthorization'), bad);
  }
});

test('TC3: no text whatever makes parsing do more than refuse', () => {
  const words = fc.constantFrom(
    'TC3-HMAC-SHA256 ',
    'Credential=',
    'SignedHeaders=',
    'Signature=',
    ',',
    '/',
    '=',
    ';',
    'a',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(words, fc.string())), pieces => {
      try {
        parseTc3(pieces.join(''));
      } catch (error) {
        assert.ok(code('AuthFailure.InvalidAuthorization')(error), String(error));
      }
    }),
  );
});

// https://cloud.tencent.com/document/api/213/15693
const V1_ID = 'AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE';
const V1_QUERY = `Action=DescribeInstances&InstanceIds.0=ins-09dx96dg&Limit=20&Nonce=11886&Offset=0&Region=ap-guangzhou&SecretId=${V1_ID}&Timestamp=1465185768&Version=2017-03-12`;
const V1_NOW = 1465185768_000;
const V1_REQUEST = { method: 'GET', path: '/', headers: { host: 'cvm.tencentcloudapi.com' } };

test("v1: the document's check vector", () => {
  const pairs = parsePairs(`${V1_QUERY}&Signature=${encodeURIComponent('EliP9YW3pW28FpsEdkXt/+WcGeI=')}`);
  assert.equal(verifyV1(pairs, V1_REQUEST, keysOf(KEYS, V1_ID), V1_NOW), V1_ID);
  for (const wrong of [
    { ...V1_REQUEST, method: 'POST' },
    { ...V1_REQUEST, path: '/x' },
    { ...V1_REQUEST, headers: { host: 'scf.tencentcloudapi.com' } },
  ]) {
    assert.throws(() => verifyV1(pairs, wrong, keysOf(KEYS, V1_ID), V1_NOW), code('AuthFailure.SignatureFailure'));
  }
});

/** The same call, signed over `joined`. */
function v1(
  joined: string,
  { method = 'GET', sent = joined, algorithm = 'sha1', host = 'cvm.tencentcloudapi.com' } = {},
) {
  const source = `${method}${host}/?${joined}`;
  const signature = createHmac(algorithm, KEYS.secretKey).update(source).digest('base64');
  const pairs = parsePairs(`${sent.replaceAll('+', '%2B')}&Signature=${encodeURIComponent(signature)}`);
  return (headers = { host }) => verifyV1(pairs, { ...V1_REQUEST, method, headers }, keysOf(KEYS, V1_ID), V1_NOW);
}

test('v1: both methods of hashing, and no third', () => {
  const at = V1_QUERY.indexOf('&Timestamp');
  const withMethod = (name: string) => `${V1_QUERY.slice(0, at)}&SignatureMethod=${name}${V1_QUERY.slice(at)}`;
  assert.equal(v1(withMethod('HmacSHA256'), { algorithm: 'sha256' })(), V1_ID);
  assert.equal(v1(withMethod('HmacSHA1'))(), V1_ID);
  assert.throws(v1(withMethod('HmacSHA256')), code('AuthFailure.SignatureFailure'));
  for (const name of ['HmacMD5', 'toString']) assert.throws(v1(withMethod(name)), code('InvalidParameterValue'));
});

test('v1: the host with its port or without', () => {
  assert.equal(v1(V1_QUERY, { host: 'localhost:9700' })(), V1_ID);
  assert.equal(v1(V1_QUERY, { host: 'localhost' })({ host: 'localhost:9700' }), V1_ID);
});

test('v1: names with an underscore are signed so or with a dot', () => {
  const written = `${V1_QUERY}&X_Y=1`;
  assert.equal(v1(written)(), V1_ID);
  assert.equal(v1(`${V1_QUERY}&X.Y=1`, { sent: written })(), V1_ID);
});

test('v1: a POST may leave values with @ out of its signature, a GET may not', () => {
  const sent = `${V1_QUERY}&Zip=@file`;
  assert.equal(v1(V1_QUERY, { method: 'POST', sent })(), V1_ID);
  assert.equal(v1(sent, { method: 'POST' })(), V1_ID);
  assert.throws(v1(V1_QUERY, { sent }), code('AuthFailure.SignatureFailure'));
});

test('v1: what is missing is named', () => {
  const all = parsePairs(`${V1_QUERY}&Signature=x`);
  for (const name of ['Signature', 'SecretId', 'Timestamp']) {
    const pairs = new Map([...all].filter(([key]) => key !== name));
    const told = (error: unknown) => code('MissingParameter')(error) && (error as CloudError).params.name === name;
    assert.throws(() => verifyV1(pairs, V1_REQUEST, keysOf(KEYS, V1_ID), V1_NOW), told);
  }
});

test('v1: time and key are checked before the signature', () => {
  const pairs = parsePairs(`${V1_QUERY}&Signature=x`);
  assert.throws(() => verifyV1(pairs, V1_REQUEST, keysOf(KEYS), V1_NOW + 301_000), code('AuthFailure.SignatureExpire'));
  assert.throws(() => verifyV1(pairs, V1_REQUEST, keysOf(KEYS), V1_NOW), code('AuthFailure.SecretIdNotFound'));
});

test('a timestamp is whole seconds', () => {
  assert.equal(checkTime('T', String(NOW_S), NOW), NOW_S);
  assert.throws(() => checkTime('T', '', NOW), code('MissingParameter'));
  for (const text of ['1.5', '-1', 'now', '1e9', String(NOW), '9'.repeat(30)]) {
    assert.throws(
      () => checkTime('T', text, NOW),
      error => error instanceof CloudError,
      text,
    );
  }
});

test('temporary keys have their token and their end', () => {
  const key = { secretKey: 's', token: 't', expiresAt: NOW };
  checkToken(key, 't', NOW - 1);
  assert.throws(() => checkToken(key, 't', NOW), code('AuthFailure.TokenFailure'));
  for (const token of ['', undefined, 'T', 'tt']) {
    assert.throws(() => checkToken(key, token, NOW - 1), code('AuthFailure.TokenFailure'));
  }
  checkToken({ secretKey: 's' }, undefined, NOW);
  checkToken({ secretKey: 's' }, '', NOW);
});

test('texts are equal or not', () => {
  fc.assert(fc.property(fc.string(), fc.string(), (a, b) => assert.equal(equalTexts(a, b), a === b)));
  assert.ok(equalTexts('ü', 'ü'));
});

test('hosts to try', () => {
  assert.deepEqual(hostsOf({ host: 'a:1' }), ['a:1', 'a']);
  assert.deepEqual(hostsOf({ host: '[::1]' }), ['[::1]']);
  assert.deepEqual(hostsOf({}), ['']);
});
