// What the vendor's own client signs.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import Cos from 'cos-nodejs-sdk-v5';
import type { SignedPairs } from '../../../http/qsign.ts';
import { type SignedRequest, verify } from './verify.ts';

const KEY = { SecretId: 'AKIDEXAMPLE', SecretKey: 'BQYIM75p8x0iWVFSIgqEKwFprpRSVHlz' };
const WHERE = { Bucket: 'photos-1250000000', Region: 'ap-guangzhou' };
const secrets = { secretOf: (id: string) => (id === KEY.SecretId ? { secretKey: KEY.SecretKey } : undefined) };

function request(method: string, path: string, query: SignedPairs, headers: SignedPairs): SignedRequest {
  return { method, path, query, headers, bucket: WHERE.Bucket, inPath: false, region: WHERE.Region };
}

const check = (sent: SignedRequest) => verify(sent, secrets, Date.now());

test('getAuth: the cloud’s host is signed wherever the request goes', () => {
  const client = new Cos(KEY);
  const Query = { 'response-content-type': 'text/plain', versionId: 'a/b', 'x y': '' };
  const Headers = { 'Content-Type': 'image/png', 'x-cos-meta-名': "it's (a) *", 'Cache-Control': '' };
  const Authorization = client.getAuth({ ...WHERE, Method: 'PUT', Key: '图/a b.png', Query, Headers });
  const headers = [...Object.entries(Headers), ['Host', '127.0.0.1:9701'], ['Authorization', Authorization]] as const;
  const send = (path: string) => check(request('PUT', path, Object.entries(Query), headers));
  assert.equal(send('/图/a b.png')?.secretId, KEY.SecretId);
  assert.throws(() => send('/图/a b.jpg'), { code: 'SignatureDoesNotMatch' });
});

test('getAuth without a bucket signs no host', () => {
  const Authorization = new Cos(KEY).getAuth({ Method: 'get', Key: 'a' });
  assert.ok(check(request('GET', '/a', [], [['authorization', Authorization]])));
});

for (const [what, Domain, host] of [
  ['the cloud’s', undefined, 'photos-1250000000.cos.ap-guangzhou.myqcloud.com'],
  ['this server’s', '{Bucket}.localhost:9701', 'photos-1250000000.localhost:9701'],
] as const) {
  test(`getObjectUrl with ${what} names`, () => {
    const client = new Cos({ ...KEY, Protocol: 'http:', ...(Domain && { Domain }) });
    const Query = { 'response-content-disposition': 'attachment; filename="图.png"' };
    const url = new URL(client.getObjectUrl({ ...WHERE, Key: '图/a b+c.png', Sign: true, Query }, () => {}));
    assert.equal(url.host, host);
    const send = (changed: SignedPairs = []) =>
      check(request('GET', decodeURIComponent(url.pathname), [...url.searchParams, ...changed], [['Host', host]]));
    assert.ok(send());
    assert.throws(() => send([['response-content-disposition', 'inline']]), { code: 'SignatureDoesNotMatch' });
  });
}
