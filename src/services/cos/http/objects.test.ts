import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { presign } from '../../../http/qsign.ts';
import { BUCKET } from '../testing.ts';
import { type Given, HOST, KEY_TIME, openShop, SECRET, type Shop, textIn, textsIn } from './testing.ts';

const md5 = (body: string | Buffer, encoding: 'hex' | 'base64' = 'hex') =>
  createHash('md5').update(body).digest(encoding);

let shop: Shop;
before(async () => {
  shop = await openShop();
});
after(() => shop[Symbol.asyncDispose]());

const put = (target: string, body: Buffer | string = 'hello', headers: Given['headers'] = {}) =>
  shop.ask('PUT', target, { body, headers });
const get = (target: string, headers: Given['headers'] = {}) => shop.ask('GET', target, { headers });
const refused = async (asked: Promise<{ status: number; text: string }>, status: number, code: string) => {
  const got = await asked;
  assert.equal(got.status, status, got.text);
  assert.equal(textIn(got.text, 'Code'), code, got.text);
  for (const name of ['Message', 'Resource', 'RequestId', 'TraceId']) assert.ok(textIn(got.text, name), name);
};

describe('writing an object', () => {
  test('answers with ETag and CRC, as clients check them', async () => {
    const got = await put('/a.txt', '[Object Content]', { 'Content-Type': 'text/plain' });
    assert.equal(got.status, 200);
    assert.equal(got.headers.etag, '"ee8de918d05640145b18f70f4c3aa602"');
    assert.equal(got.headers['x-cos-hash-crc64ecma'], '16749565679157681890');
    assert.equal(got.headers['x-cos-version-id'], undefined);
    assert.equal(got.headers['x-cos-storage-class'], undefined);
    assert.equal(got.headers.server, 'tencent-cos');
    assert.match(Buffer.from(String(got.headers['x-cos-request-id']), 'base64').toString(), /^[\da-f]{8}_/);
    assert.equal(got.text, '');
  });

  test('keeps what the client said of it', async () => {
    const headers = {
      'Content-Type': 'image/png',
      'Cache-Control': 'max-age=60',
      'Content-Disposition': 'attachment',
      'Content-Encoding': 'gzip',
      'Content-Language': 'zh',
      Expires: 'Thu, 01 Dec 2044 16:00:00 GMT',
      'X-Cos-Meta-Name': Buffer.from('腾讯').toString('latin1'),
      'x-cos-storage-class': 'STANDARD_IA',
      'x-cos-tagging': 'a=1&b=%E8%85%BE',
      'x-cos-server-side-encryption': 'AES256',
    };
    const stored = await put('/kept', 'x', headers);
    assert.equal(stored.headers['x-cos-server-side-encryption'], 'AES256');
    assert.equal(stored.headers['x-cos-storage-class'], 'STANDARD_IA');
    const got = await get('/kept');
    for (const [name, value] of Object.entries(headers))
      if (name !== 'x-cos-tagging') assert.equal(got.headers[name.toLowerCase()], value, name);
    assert.equal(got.headers['x-cos-tagging-count'], '2');
    assert.equal(got.headers['x-cos-object-type'], 'normal');
    assert.equal(got.headers['accept-ranges'], 'bytes');
    assert.ok(got.headers['last-modified']);
    assert.equal(textIn((await get('/kept?tagging')).text, 'Value'), '1');
  });

  test('without a type it is a stream of bytes; STANDARD is not told; empty headers count for nothing', async () => {
    await put('/plain', '', { 'Cache-Control': '', 'x-cos-acl': '' });
    const got = await get('/plain');
    assert.equal(got.headers['content-type'], 'application/octet-stream');
    assert.equal(got.headers['x-cos-storage-class'], undefined);
    assert.equal(got.headers['cache-control'], undefined);
    assert.equal(got.headers['content-length'], '0');
    assert.equal(got.headers['x-cos-hash-crc64ecma'], '0');
  });

  test('in chunks', async () => {
    const got = await shop.ask('PUT', '/chunked', { body: Buffer.alloc(100_000, 7), chunked: true });
    assert.equal(got.status, 200, got.text);
    assert.deepEqual((await get('/chunked')).body, Buffer.alloc(100_000, 7));
  });

  for (const [key, target] of [
    ['a/../b', '/a/../b'],
    ['/a', '//a'],
    ['腾讯 云+&?#.txt', `/${encodeURIComponent('腾讯 云+&?#.txt')}`],
    ['dir/', '/dir/'],
    ['<&>"\'', '/%3C%26%3E%22%27'],
  ] as const)
    test(`key ${key} stays what it is`, async () => {
      assert.equal((await put(target, key)).status, 200);
      assert.equal((await get(target)).text, key);
      assert.equal(await shop.house.text(key), key);
    });

  test('what is not as announced is refused', async () => {
    await refused(put('/bad', 'x', { 'Content-MD5': md5('y', 'base64') }), 400, 'BadDigest');
    await refused(put('/bad', 'x', { 'Content-MD5': 'eA==' }), 400, 'InvalidDigest');
    await refused(put('/bad', 'x', { 'x-cos-content-sha1': '0'.repeat(40) }), 400, 'InvalidSHA1Digest');
    await refused(put('/bad', 'x', { 'x-cos-storage-class': 'GOLD' }), 400, 'NotSupportedStorageClass');
    await refused(put('/bad', 'x', { 'x-cos-acl': 'mine' }), 400, 'InvalidArgument');
    await refused(put('/bad', 'x', { 'x-cos-grant-read': 'id="me"' }), 400, 'InvalidArgument');
    await refused(put('/bad', 'x', { 'x-cos-tagging': 'a=%' }), 400, 'InvalidTag');
    await refused(put('/bad', 'x', { 'x-cos-tagging': 'a&a' }), 400, 'InvalidTag');
    await refused(put('/bad', 'x', { 'x-cos-meta-a': 'x'.repeat(2048) }), 400, 'InvalidArgument');
    await refused(put('/bad', 'x', { 'x-cos-server-side-encryption': 'ROT13' }), 400, 'InvalidArgument');
    await refused(
      put('/bad', 'x', { 'x-cos-server-side-encryption-customer-algorithm': 'AES256' }),
      501,
      'NotImplemented',
    );
    for (const name of ['Pic-Operations', 'x-cos-callback', 'x-cos-callback-var', 'x-cos-return-body'])
      await refused(put('/bad', 'x', { [name]: 'e30=' }), 501, 'NotImplemented');
    await refused(put(`/${'k'.repeat(851)}`), 400, 'KeyTooLong');
    await refused(shop.ask('PUT', '/%ff', { unsigned: true }), 400, 'InvalidURI');
    await refused(get('/bad'), 404, 'NoSuchKey');
  });

  test('may be forbidden where there is one', async () => {
    const headers = { 'x-cos-forbid-overwrite': 'true' };
    assert.equal((await put('/once', 'x', headers)).status, 200);
    await refused(put('/once', 'y', headers), 409, 'FileAlreadyExists');
  });
});

describe('reading an object', () => {
  before(() => put('/r', '0123456789', { 'Content-Type': 'text/plain' }));
  const etag = `"${md5('0123456789')}"`;

  for (const [range, status, text, shown] of [
    ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
    ['bytes=4-', 206, '456789', 'bytes 4-9/10'],
    ['bytes=-2', 206, '89', 'bytes 8-9/10'],
    ['bytes=-20', 206, '0123456789', 'bytes 0-9/10'],
    ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
    ['bytes=3-2', 200, '0123456789', undefined],
    ['bytes=0-1,3-4', 200, '0123456789', undefined],
    ['lines=0-1', 200, '0123456789', undefined],
    ['bytes=-', 200, '0123456789', undefined],
  ] as const)
    test(`Range: ${range}`, async () => {
      const got = await get('/r', { Range: range });
      assert.equal(got.status, status);
      assert.equal(got.text, text);
      assert.equal(got.headers['content-range'], shown);
      const head = await shop.ask('HEAD', '/r', { headers: { Range: range } });
      assert.equal(head.status, status);
      assert.equal(head.headers['content-length'], String(text.length));
    });

  test('a range outside of it', async () => {
    await refused(get('/r', { Range: 'bytes=10-' }), 416, 'InvalidRange');
    assert.equal((await get('/r', { Range: 'bytes=10-' })).headers['content-range'], 'bytes */10');
    await refused(get('/r', { Range: 'bytes=-0' }), 416, 'InvalidRange');
  });

  test('If-Range', async () => {
    assert.equal((await get('/r', { Range: 'bytes=0-0', 'If-Range': etag })).status, 206);
    assert.equal((await get('/r', { Range: 'bytes=0-0', 'If-Range': '"other"' })).status, 200);
  });

  test('conditions', async () => {
    assert.equal((await get('/r', { 'If-Match': etag })).status, 200);
    await refused(get('/r', { 'If-Match': '"other"' }), 412, 'PreconditionFailed');
    const same = await get('/r', { 'If-None-Match': etag });
    assert.deepEqual([same.status, same.text, same.headers.etag], [304, '', etag]);
    const { 'last-modified': since = '' } = same.headers;
    assert.equal((await get('/r', { 'If-Modified-Since': since })).status, 304);
    assert.equal((await get('/r', { 'If-Modified-Since': 'never' })).status, 200);
    assert.equal((await get('/r', { 'If-Unmodified-Since': since })).status, 200);
    await refused(get('/r', { 'If-Unmodified-Since': 'Thu, 01 Jan 2015 00:00:00 GMT' }), 412, 'PreconditionFailed');
    const head = await shop.ask('HEAD', '/r', { headers: { 'If-Match': '"other"' } });
    assert.deepEqual([head.status, head.text], [412, '']);
  });

  test('answers say what the query wants of them', async () => {
    const query = 'response-content-type=text%2Fhtml&response-content-disposition=attachment%3B%20filename%3D%E8%85%BE';
    const got = await get(`/r?${query}&response-cache-control=no-store&response-expires=0`);
    assert.equal(got.headers['content-type'], 'text/html');
    assert.equal(
      Buffer.from(String(got.headers['content-disposition']), 'latin1').toString(),
      'attachment; filename=腾',
    );
    assert.equal(got.headers['cache-control'], 'no-store');
    assert.equal(got.headers.expires, '0');
    await refused(get('/r?response-content-type=a%0d%0ab'), 400, 'InvalidArgument');
  });

  test('but not for just anybody', async () => {
    await put('/open', 'x', { 'x-cos-acl': 'public-read' });
    assert.equal((await shop.ask('GET', '/open', { unsigned: true })).text, 'x');
    for (const query of ['v=1&x', 'origin=web', 'referer=a&domain=b', 'location', 'policy=2'])
      assert.equal((await shop.ask('GET', `/open?${query}`, { unsigned: true })).text, 'x', query);
    await refused(shop.ask('GET', '/open?response-expires=0', { unsigned: true }), 403, 'AccessDenied');
    await refused(shop.ask('GET', '/r', { unsigned: true }), 403, 'AccessDenied');
    await refused(shop.ask('GET', '/none', { unsigned: true }), 403, 'AccessDenied');
    await refused(shop.ask('PUT', '/open', { unsigned: true, body: 'y' }), 403, 'AccessDenied');
    const list = '<Delete><Object><Key>open</Key></Object></Delete>';
    await refused(shop.ask('POST', '/?delete', { unsigned: true, body: list }), 403, 'AccessDenied');
  });

  test('HEAD tells the same without a body, of what is missing too', async () => {
    const [head, got] = [await shop.ask('HEAD', '/r'), await get('/r')];
    for (const name of ['etag', 'content-length', 'content-type', 'x-cos-hash-crc64ecma', 'last-modified'])
      assert.equal(head.headers[name], got.headers[name], name);
    assert.equal(head.text, '');
    const missing = await shop.ask('HEAD', '/missing');
    assert.deepEqual([missing.status, missing.text], [404, '']);
    assert.ok(missing.headers['x-cos-request-id']);
    assert.ok(missing.headers['x-cos-trace-id']);
  });

  test('in path style, by the service’s host or by none', async () => {
    for (const host of ['127.0.0.1', 'cos.ap-guangzhou.myqcloud.com', 'localhost:9701'])
      assert.equal((await shop.ask('GET', `/${BUCKET}/r`, { host })).text, '0123456789', host);
    assert.equal((await shop.ask('GET', '/r', { host: `${BUCKET}.cos.ap-guangzhou.tencentcos.cn` })).status, 200);
    assert.equal((await shop.ask('GET', '/r', { host: `${BUCKET}.localhost:80` })).status, 200);
    const elsewhere = `${BUCKET}.cos.ap-shanghai.myqcloud.com`;
    await refused(shop.ask('GET', '/r', { host: elsewhere }), 404, 'NoSuchBucket');
    await refused(shop.ask('GET', '/r', { host: 'none-1250000000.localhost' }), 404, 'NoSuchBucket');
    await refused(shop.ask('GET', '/favicon.ico', { host: 'localhost' }), 400, 'InvalidBucketName');
  });
});

describe('deleting', () => {
  test('is 204, of what there is none of too', async () => {
    await put('/d');
    assert.equal((await shop.ask('DELETE', '/d')).status, 204);
    const again = await shop.ask('DELETE', '/d');
    assert.equal(again.status, 204);
    assert.equal(again.headers['x-cos-version-id'], undefined);
    assert.equal(again.headers['content-length'], undefined);
    await refused(get('/d'), 404, 'NoSuchKey');
  });

  test('many', async () => {
    for (const key of ['m1', 'm<2>', 'm 3']) await put(`/${encodeURIComponent(key)}`);
    const body =
      '<Delete><Quiet>false</Quiet><Object><Key>m1</Key></Object><Object><Key>m&lt;2&gt;</Key></Object><Object><Key>none</Key></Object></Delete>';
    const got = await shop.ask('POST', '/?delete', { body, headers: { 'Content-MD5': md5(body, 'base64') } });
    assert.equal(got.status, 200, got.text);
    assert.deepEqual(textsIn(got.text, 'Key'), ['m1', 'm&lt;2&gt;', 'none']);
    await refused(get('/m1'), 404, 'NoSuchKey');
    const quiet = await shop.ask('POST', '/?delete', {
      body: `<Delete><Quiet>true</Quiet><Object><Key>m 3</Key></Object><Object><Key>${'x'.repeat(900)}</Key></Object></Delete>`,
    });
    assert.deepEqual(textsIn(quiet.text, 'Code'), ['InvalidObjectName']);
    assert.doesNotMatch(quiet.text, /Deleted/);
    await refused(get('/m%203'), 404, 'NoSuchKey');
  });

  test('of nothing, or of what is no list, is refused', async () => {
    const many = (body: string, headers = {}) => shop.ask('POST', '/?delete', { body, headers });
    await refused(many('<Delete/>'), 400, 'MalformedXML');
    await refused(many('<Delete><Object/></Delete>'), 400, 'MalformedXML');
    await refused(many('<Remove/>'), 400, 'MalformedXML');
    await refused(many(''), 400, 'MissingRequestBodyError');
    const lots = `<Delete>${'<Object><Key>a</Key></Object>'.repeat(1001)}</Delete>`;
    await refused(many(lots), 400, 'MalformedXML');
    await refused(many('<Delete/>', { 'Content-MD5': md5('x', 'base64') }), 400, 'BadDigest');
  });
});

describe('copying', () => {
  const copy = (target: string, source: string, headers: Given['headers'] = {}) =>
    shop.ask('PUT', target, { headers: { 'x-cos-copy-source': source, ...headers } });
  before(() =>
    put('/src/腾'.replace('腾', '%E8%85%BE'), 'source', { 'x-cos-meta-a': '1', 'Content-Type': 'text/css' }),
  );

  for (const source of [
    `${HOST}/src/%E8%85%BE`,
    `/${BUCKET}/src/%E8%85%BE`,
    `${BUCKET}/src/%E8%85%BE`,
    `http://${BUCKET}.localhost:9701/src/%E8%85%BE`,
  ])
    test(`from ${source}`, async () => {
      const got = await copy('/copied', source);
      assert.equal(got.status, 200, got.text);
      assert.equal(textIn(got.text, 'ETag'), `&quot;${md5('source')}&quot;`);
      assert.match(textIn(got.text, 'LastModified') ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      assert.ok(textIn(got.text, 'CRC64'));
      assert.equal((await get('/copied')).headers['x-cos-meta-a'], '1');
    });

  test('with other metadata', async () => {
    await copy('/replaced', `${HOST}/src/%E8%85%BE`, {
      'x-cos-metadata-directive': 'Replaced',
      'x-cos-meta-b': '2',
      'x-cos-storage-class': 'STANDARD_IA',
    });
    const got = await get('/replaced');
    assert.equal(got.text, 'source');
    assert.deepEqual([got.headers['x-cos-meta-a'], got.headers['x-cos-meta-b']], [undefined, '2']);
    assert.equal(got.headers['x-cos-storage-class'], 'STANDARD_IA');
  });

  test('is refused without reason, right or source', async () => {
    await put('/self');
    await refused(copy('/self', `${HOST}/self`), 400, 'InvalidRequest');
    assert.equal((await copy('/self', `${HOST}/self`, { 'x-cos-metadata-directive': 'REPLACE' })).status, 200);
    await refused(copy('/self', `${HOST}/self`, { 'x-cos-metadata-directive': 'maybe' }), 400, 'InvalidArgument');
    await refused(copy('/x', `${HOST}/missing`), 404, 'NoSuchKey');
    await refused(copy('/x', 'nowhere-1250000000.localhost/a'), 404, 'NoSuchBucket');
    for (const source of ['a', '/', HOST, `${HOST}/`, 'Bucket/a'])
      await refused(copy('/x', source), 400, 'InvalidCopySource');
    const match = { 'x-cos-copy-source-If-Match': '"other"' };
    await refused(copy('/x', `${HOST}/self`, match), 412, 'PreconditionFailed');
  });
});

describe('appending', () => {
  const append = (position: number | string, body: string) =>
    shop.ask('POST', `/log?append&position=${position}`, { body });

  test('tells the next place and the MD5 of the chunk', async () => {
    const first = await append(0, 'abc');
    assert.equal(first.status, 200, first.text);
    assert.equal(first.headers['x-cos-next-append-position'], '3');
    assert.equal(first.headers['x-cos-content-sha1'], md5('abc'));
    const second = await append(3, 'defg');
    assert.equal(second.headers['x-cos-next-append-position'], '7');
    assert.equal(second.headers['x-cos-content-sha1'], md5('defg'));
    const got = await get('/log');
    assert.deepEqual([got.text, got.headers['x-cos-object-type']], ['abcdefg', 'appendable']);
    assert.equal(got.headers['x-cos-next-append-position'], '7');
  });

  test('elsewhere, to what is whole, or without a place is refused', async () => {
    await refused(append(1, 'x'), 409, 'AppendPositionErr');
    await refused(append('', 'x'), 400, 'InvalidArgument');
    await put('/whole');
    await refused(shop.ask('POST', '/whole?append&position=5', { body: 'x' }), 409, 'ObjectNotAppendable');
  });
});

test('a URL that was signed writes and deletes, also one that covers no parameter', async () => {
  const url = (method: string) =>
    presign({ method, origin: `http://${HOST}`, path: '/by-url', query: [] }, SECRET, KEY_TIME).slice(
      `http://${HOST}`.length,
    );
  assert.match(url('PUT'), /q-url-param-list=&/);
  assert.equal((await shop.ask('PUT', url('PUT'), { body: 'sent', unsigned: true })).status, 200);
  assert.equal(await shop.house.text('by-url'), 'sent');
  const withToken = `${url('DELETE')}&x-cos-security-token=`;
  assert.equal((await shop.ask('DELETE', withToken, { unsigned: true })).status, 204);
});

describe('what is asked wrongly', () => {
  for (const [method, target, status, code] of [
    ['GET', '/?notification', 501, 'NotImplemented'],
    ['PUT', '/?notification', 501, 'NotImplemented'],
    ['GET', '/?something', 501, 'NotImplemented'],
    ['PUT', '/a?something', 501, 'NotImplemented'],
    ['GET', '/a?imageMogr2/thumbnail/10x', 501, 'NotImplemented'],
    ['POST', '/a?select&select-type=2', 501, 'NotImplemented'],
    ['POST', '/?inventory&id=a', 501, 'NotImplemented'],
    ['GET', '/a?live', 501, 'NotImplemented'],
    ['GET', '/a?vod&starttime=1&endtime=2', 501, 'NotImplemented'],
    ['POST', '/a', 405, 'MethodNotAllowed'],
    ['PATCH', '/a', 405, 'MethodNotAllowed'],
    ['PUT', '/a?cors', 405, 'MethodNotAllowed'],
    ['DELETE', '/?acl', 405, 'MethodNotAllowed'],
    ['DELETE', '/?versioning', 405, 'MethodNotAllowed'],
  ] as const)
    test(`${method} ${target}`, () => refused(shop.ask(method, target), status, code));

  test('to the service', async () => {
    await refused(shop.ask('PUT', '/', { host: 'localhost' }), 405, 'MethodNotAllowed');
  });

  test('by somebody unknown, or signed wrongly', async () => {
    const headers = { Authorization: 'q-sign-algorithm=sha1' };
    assert.ok((await get('/r', headers)).status >= 400);
    const other = { Authorization: (await import('./testing.ts')).signed('GET', '/other', []) };
    await refused(get('/r', other), 403, 'SignatureDoesNotMatch');
  });
});
