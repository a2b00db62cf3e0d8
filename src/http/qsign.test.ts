import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { canonicalPairs, encodeText, httpText, presign, qSignature, signHeader, signKey } from './qsign.ts';

// Documented: "Request Signature", its two examples and that of "POST Object".
const SECRET = 'BQYIM75p8x0iWVFSIgqEKwFprpRSVHlz';
const HOST = 'examplebucket-1250000000.cos.ap-beijing.myqcloud.com';
const EXAMPLES = [
  {
    keyTime: '1557989151;1557996351',
    signKey: 'eb2519b498b02ac213cb1f3d1a3d27a3b3c9bc5f',
    sha1: '8b2751e77f43a0995d6e9eb9477f4b685cca4172',
    signature: '3b8851a11a569213c17ba8fa7dcf2abec6935172',
    names: 'content-length;content-md5;content-type;date;host;x-cos-acl;x-cos-grant-read',
    params: '',
    request: {
      method: 'PUT',
      path: '/exampleobject(腾讯云)',
      query: [],
      headers: [
        ['Date', 'Thu, 16 May 2019 06:45:51 GMT'],
        ['Host', HOST],
        ['Content-Type', 'text/plain'],
        ['Content-Length', '13'],
        ['Content-MD5', 'mQ/fVh815F3k6TAUm8m0eg=='],
        ['x-cos-acl', 'private'],
        ['x-cos-grant-read', 'uin="100000000011"'],
      ],
    },
  },
  {
    keyTime: '1557989753;1557996953',
    signKey: '937914bf490e9e8c189836aad2052e4feeb35eaf',
    sha1: '54ecfe22f59d3514fdc764b87a32d8133ea611e6',
    signature: '01681b8c9d798a678e43b685a9f1bba0f6c0e012',
    names: 'date;host',
    params: 'response-cache-control;response-content-type',
    request: {
      method: 'GET',
      path: '/exampleobject(腾讯云)',
      query: [
        ['response-content-type', 'application/octet-stream'],
        ['response-cache-control', 'max-age=600'],
      ],
      headers: [
        ['Host', HOST],
        ['Date', 'Thu, 16 May 2019 06:55:53 GMT'],
      ],
    },
  },
] as const;

for (const { request, keyTime, ...expected } of EXAMPLES) {
  test(`the documented ${request.method}: each step and the whole`, () => {
    const key = signKey(SECRET, keyTime);
    assert.equal(key, expected.signKey);
    const text = httpText(request.method, request.path, canonicalPairs(request.query), canonicalPairs(request.headers));
    assert.equal(hash('sha1', text), expected.sha1);
    assert.equal(qSignature(key, keyTime, text), expected.signature);
    assert.equal(
      signHeader(request, { secretId: 'AKID', secretKey: SECRET }, keyTime),
      `q-sign-algorithm=sha1&q-ak=AKID&q-sign-time=${keyTime}&q-key-time=${keyTime}&q-header-list=${expected.names}&q-url-param-list=${expected.params}&q-signature=${expected.signature}`,
    );
  });
}

test('the key of the documented form', () => {
  assert.equal(signKey(SECRET, '1567150692;1567157892'), '39acc8c9f34ba5b19bce4e965b370cd3f62d2fba');
});

test('all but letters, digits and four signs is encoded', () => {
  assert.equal(encodeText("aZ09-_.~ !'()*/:腾"), 'aZ09-_.~%20%21%27%28%29%2A%2F%3A%E8%85%BE');
  assert.equal(encodeText('\ud800'), '%EF%BF%BD');
});

test('pairs are sorted by name, then by value', () => {
  assert.equal(canonicalPairs([]), '');
  const pairs = [
    ['b', ''],
    ['X-Cos-Meta-É', '2'],
    ['A', 'y'],
    ['a', 'x/'],
  ] as const;
  assert.equal(canonicalPairs(pairs), 'a=x%2F&a=y&b=&x-cos-meta-%c3%89=2');
});

test('a presigned URL: its key keeps slashes, its token comes last and is not signed', () => {
  const request = {
    method: 'GET',
    origin: 'http://b-1.127.0.0.1:9701',
    path: '/a b/腾?',
    query: [['versionId', 'v/1']],
  } as const;
  const key = { secretId: 'AKID', secretKey: SECRET };
  const signed = signHeader({ ...request, headers: [['host', 'b-1.127.0.0.1:9701']] }, key, '1;2');
  const signature = /q-signature=(\w+)/.exec(signed)?.[1];
  const url = presign(request, key, '1;2');
  assert.equal(
    url,
    `http://b-1.127.0.0.1:9701/a%20b/%E8%85%BE%3F?versionId=v%2F1&q-sign-algorithm=sha1&q-ak=AKID&q-sign-time=1%3B2&q-key-time=1%3B2&q-header-list=host&q-url-param-list=versionid&q-signature=${signature}`,
  );
  assert.equal(presign(request, { ...key, token: 't+/=' }, '1;2'), `${url}&x-cos-security-token=t%2B%2F%3D`);
});
