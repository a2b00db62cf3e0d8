// A key, or a bucket, with a narrow policy: what a request says beside what counts changes nothing.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readPolicy } from '../../../core/policy-text.ts';
import { NO_PROXIES, trustedProxies } from '../../../http/client.ts';
import { presign, type SignedPairs } from '../../../http/qsign.ts';
import { BUCKET } from '../testing.ts';
import { queryOf } from './query.ts';
import { HOST, KEY_TIME, openShop, SECRET, type Shop, textIn, textsIn } from './testing.ts';

const statement = (effect: string, action: string | readonly string[], resource: string, condition?: object) => ({
  ...{ effect, action, resource, principal: { qcs: ['*'] } },
  ...(condition && { condition }),
});
const policy = (...statements: object[]) => JSON.stringify({ version: '2.0', statement: statements });
const everything = statement('allow', '*', '*');
const objects = (path: string) => `qcs::cos:ap-guangzhou:uid/1250000000:${BUCKET}/${path}`;

async function narrow(...statements: object[]) {
  return openShop({ limits: [readPolicy(policy(...statements))] });
}

const PUT_ANY = 'name/cos:PutObject';

describe('a key that may write private objects alone', () => {
  const onlyPrivate = statement('allow', PUT_ANY, '*', { string_equal: { 'cos:x-cos-acl': 'private' } });

  test('may do so', async () => {
    await using shop = await narrow(onlyPrivate);
    const { status } = await shop.ask('PUT', '/a', { headers: { 'x-cos-acl': 'private' } });
    assert.equal(status, 200);
  });

  test('cannot say in the query that they are', async () => {
    await using shop = await narrow(onlyPrivate);
    for (const target of ['/a?x-cos-acl=private', '/a?X-Cos-Acl=private'])
      for (const acl of ['public-read-write', 'public-read', undefined]) {
        const { status } = await shop.ask('PUT', target, { headers: acl ? { 'x-cos-acl': acl } : {} });
        assert.equal(status, 403, `${target} ${acl}`);
      }
  });
});

test('a key that may write no archived objects cannot write the word in other letters', async () => {
  const denied = statement('deny', PUT_ANY, '*', { string_equal: { 'cos:x-cos-storage-class': 'ARCHIVE' } });
  await using shop = await narrow(everything, denied);
  for (const name of ['ARCHIVE', 'archive', 'Archive']) {
    const { status } = await shop.ask('PUT', '/a', { headers: { 'x-cos-storage-class': name } });
    assert.equal(status, 403, name);
  }
  assert.equal((await shop.ask('PUT', '/a', { headers: { 'x-cos-storage-class': 'standard_ia' } })).status, 200);
});

describe('a key that may write small objects alone', () => {
  const tooLarge = { numeric_greater_than: { 'cos:content-length': 4 } };

  test('must say how long one is', async () => {
    await using shop = await narrow(everything, statement('deny', PUT_ANY, '*', tooLarge));
    assert.equal((await shop.ask('PUT', '/a', { body: '1234' })).status, 200);
    assert.equal((await shop.ask('PUT', '/a', { body: '12345' })).status, 403);
    assert.equal((await shop.ask('PUT', '/a?content-length=1', { body: '12345' })).status, 403);
    assert.equal((await shop.ask('PUT', '/a', { body: '12345', chunked: true })).status, 403);
    const written = { 'Content-Length': '0000000000000000000005' };
    assert.equal((await shop.ask('PUT', '/a', { body: '12345', headers: written })).status, 403);
  });
});

describe('a key that may list what begins with its own name alone', () => {
  const lists = ['name/cos:GetBucket', 'name/cos:GetBucketObjectVersions', 'name/cos:ListMultipartUploads'];
  const targets = ['/', '/?versions', '/?uploads'];

  test('may do so', async () => {
    await using shop = await narrow(statement('allow', lists, objects('me/*')));
    await shop.house.put('me/a', 'a');
    await shop.house.put('you/b', 'b');
    assert.deepEqual(textsIn((await shop.ask('GET', '/?prefix=me/')).text, 'Key'), ['me/a']);
    for (const target of targets) assert.equal((await shop.ask('GET', target)).status, 403, target);
  });

  test('cannot say the prefix in a header, or twice', async () => {
    await using shop = await narrow(statement('allow', lists, objects('me/*')));
    for (const target of targets) {
      const { status } = await shop.ask('GET', target, { headers: { prefix: 'me/' } });
      assert.equal(status, 403, target);
    }
    assert.equal((await shop.ask('GET', '/?Prefix=&prefix=me/')).status, 403);
    const twice = await shop.ask('GET', '/?PREFIX=me/&prefix=you/');
    assert.deepEqual([twice.status, textIn(twice.text, 'Prefix')], [200, 'me/']);
  });

  test('nor where its policy has the prefix in a condition', async () => {
    const condition = { string_equal: { 'cos:prefix': 'me/' } };
    await using shop = await narrow(statement('allow', lists, '*', condition));
    assert.equal((await shop.ask('GET', '/?prefix=me/')).status, 200);
    for (const target of targets) {
      const { status } = await shop.ask('GET', target, { headers: { prefix: 'me/' } });
      assert.equal(status, 403, target);
    }
  });
});

test('a page that may not show an object cannot say in the query which page it is', async () => {
  await using shop = await openShop();
  const referer =
    '<RefererConfiguration><Status>Enabled</Status><RefererType>White-List</RefererType><DomainList><Domain>good.example</Domain></DomainList><EmptyReferConfiguration>Deny</EmptyReferConfiguration></RefererConfiguration>';
  await shop.ask('PUT', '/?referer', { body: referer });
  await shop.ask('PUT', '/?acl', { headers: { 'x-cos-acl': 'public-read' } });
  await shop.house.put('a.png', 'a');
  const read = async (target: string, page?: string) =>
    (await shop.ask('GET', target, { unsigned: true, headers: page ? { Referer: page } : {} })).status;
  assert.equal(await read('/a.png', 'https://good.example/'), 200);
  assert.equal(await read('/a.png', 'https://evil.example/'), 403);
  assert.equal(await read('/a.png?referer=https://good.example/', 'https://evil.example/'), 403);
  assert.equal(await read('/a.png?Referer=https://good.example/'), 403);
});

/** `fields` before a file of one letter. */
function form(fields: Readonly<Record<string, string>>) {
  const parts = Object.entries(fields).map(
    ([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const body = `${parts.join('')}--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nx\r\n--b--\r\n`;
  return { body, headers: { 'Content-Type': 'multipart/form-data; boundary=b' } };
}

describe('a form', () => {
  const onlyPrivate = { string_equal: { 'cos:x-cos-acl': 'private' } };
  const notPublic = { string_equal: { 'cos:x-cos-acl': 'public-read-write' } };

  test('says what it makes of an object, whoever signed the request that brings it', async () => {
    await using shop = await narrow(statement('allow', 'name/cos:PostObject', '*', onlyPrivate));
    const sent = async (fields: Readonly<Record<string, string>>, header?: string) => {
      const { body, headers } = form({ key: 'a', ...fields });
      return (await shop.ask('POST', '/', { body, headers: { ...headers, ...(header && { 'x-cos-acl': header }) } }))
        .status;
    };
    assert.equal(await sent({ 'x-cos-acl': 'private' }), 204);
    assert.equal(await sent({ acl: 'private' }), 204);
    assert.equal(await sent({ acl: 'public-read-write' }, 'private'), 403);
    assert.equal(await sent({ 'x-cos-acl': 'public-read-write' }, 'private'), 403);
    assert.equal(await sent({}, 'private'), 403);
  });

  test('nor where nobody signed anything', async () => {
    await using shop = await openShop();
    await shop.ask('PUT', '/?acl', { headers: { 'x-cos-acl': 'public-read-write' } });
    await shop.ask('PUT', '/?policy', { body: policy(statement('deny', '*', '*', notPublic)) });
    const sent = async (fields: Readonly<Record<string, string>>) =>
      (await shop.ask('POST', '/', { ...form({ key: 'a', ...fields }), unsigned: true })).status;
    assert.equal(await sent({}), 204);
    assert.equal(await sent({ acl: 'private' }), 204);
    assert.equal(await sent({ acl: 'public-read-write' }), 403);
    assert.equal(await sent({ 'x-cos-acl': 'public-read-write' }), 403);
  });

  test('cannot say it twice, by both of its names', async () => {
    await using shop = await openShop();
    const { status, text } = await shop.ask(
      'POST',
      '/',
      form({ key: 'a', acl: 'private', 'x-cos-acl': 'public-read' }),
    );
    assert.deepEqual([status, textIn(text, 'Code')], [400, 'MalformedPOSTRequest']);
  });

  test('has no say in the length of the request, or in the page that sent it', async () => {
    const size = statement('deny', '*', '*', { numeric_greater_than: { 'cos:content-length': 4 } });
    const page = statement('deny', '*', '*', { string_not_equal: { 'qcs:referer': 'https://good.example/' } });
    const agent = statement('deny', '*', '*', { string_not_equal: { 'cos:user-agent': 'good' } });
    for (const [name, value, denied] of [
      ['content-length', '1', size],
      ['referer', 'https://good.example/', page],
      ['user-agent', 'good', agent],
    ] as const) {
      await using shop = await narrow(everything, denied);
      const { status } = await shop.ask('POST', '/', form({ key: 'a', [name]: value }));
      assert.equal(status, 403, name);
    }
  });
});

test('a form keeps nothing that an answer could not carry', async () => {
  await using shop = await openShop();
  for (const name of ['x-cos-meta-a: b', 'x-cos-meta-é', 'x-cos-meta-a b', 'x-cos-meta-(a)']) {
    const { status, text } = await shop.ask('POST', '/', form({ key: 'a', [name]: '1' }));
    assert.deepEqual([status, textIn(text, 'Code')], [400, 'InvalidArgument'], name);
  }
  assert.equal((await shop.ask('POST', '/', form({ key: 'a', 'x-cos-meta-a': '1' }))).status, 204);
  const { status, headers } = await shop.ask('GET', '/a');
  assert.deepEqual([status, headers['x-cos-meta-a']], [200, '1']);
});

describe('a URL to write one object by', () => {
  const source = `${BUCKET}.cos.ap-guangzhou.myqcloud.com/secret`;
  const target = (query: SignedPairs, headers: SignedPairs = []) => {
    const origin = `http://${HOST}`;
    return presign({ method: 'PUT', origin, path: '/a', query, headers }, SECRET, KEY_TIME).slice(origin.length);
  };

  test('writes it, and does not read others', async () => {
    await using shop = await openShop();
    await shop.house.put('secret', 'top');
    const uploadId = textIn((await shop.ask('POST', '/a?uploads')).text, 'UploadId') ?? '';
    assert.equal((await shop.ask('PUT', target([]), { unsigned: true, body: 'mine' })).status, 200);
    const headers = { 'x-cos-copy-source': source };
    const upload = [
      ['partNumber', '1'],
      ['uploadId', uploadId],
    ] as const;
    for (const url of [target([]), target(upload)]) {
      const got = await shop.ask('PUT', url, { unsigned: true, headers });
      assert.deepEqual([got.status, textIn(got.text, 'Code')], [403, 'AccessDenied']);
    }
    assert.equal(await shop.house.text('a'), 'mine');
  });

  test('is none to read others by where its signature is sent as a header', async () => {
    await using shop = await openShop();
    await shop.house.put('secret', 'top');
    const pairs = queryOf(target([]).split('?')[1] ?? '').pairs;
    const Authorization = pairs.map(([name, value]) => `${name}=${value}`).join('&');
    const ask = (headers: Readonly<Record<string, string>>) =>
      shop.ask('PUT', '/a', { unsigned: true, body: 'mine', headers: { Authorization, ...headers } });
    assert.equal((await ask({})).status, 200);
    const got = await ask({ 'x-cos-copy-source': source });
    assert.deepEqual([got.status, textIn(got.text, 'Code')], [403, 'AccessDenied']);
    assert.match(textIn(got.text, 'Message') ?? '', /x-cos-copy-source has to be .* signed/);
    assert.equal(await shop.house.text('a'), 'mine');
  });

  test('copies where it was signed with its source, and from that alone', async () => {
    await using shop = await openShop();
    await shop.house.put('secret', 'top');
    const url = target([], [['x-cos-copy-source', source]]);
    const ask = (from: string) => shop.ask('PUT', url, { unsigned: true, headers: { 'x-cos-copy-source': from } });
    assert.equal((await ask(source.replace('secret', 'other'))).status, 403);
    assert.equal((await ask(source)).status, 200);
    assert.equal(await shop.house.text('a'), 'top');
  });
});

describe('a policy that speaks of versions', () => {
  const versions = (shop: Shop) => shop.house.cos.buckets.setVersioning(BUCKET, 'Enabled');
  const without = { null_equal: { 'cos:versionid': true } };
  const named = { null_equal: { 'cos:versionid': false } };

  test('means those of a list as well, whatever the query says', async () => {
    await using shop = await narrow(everything, statement('deny', 'name/cos:DeleteObject', '*', named));
    await versions(shop);
    const { versionId } = await shop.house.put('a', 'a');
    assert.equal((await shop.ask('DELETE', `/a?versionId=${versionId}`)).status, 403);
    const list = (within: string) => `<Delete><Object><Key>a</Key>${within}</Object></Delete>`;
    const version = list(`<VersionId>${versionId}</VersionId>`);
    const removed = async (target: string, body: string) =>
      textsIn((await shop.ask('POST', target, { body })).text, 'Code');
    assert.deepEqual(await removed('/?delete', version), ['AccessDenied']);
    assert.deepEqual(await removed('/?delete&versionId=', version), ['AccessDenied']);
    assert.equal(await shop.house.text('a'), 'a');
    assert.deepEqual(await removed('/?delete', list('')), []);
    assert.deepEqual(await removed(`/?delete&versionId=${versionId}`, list('')), []);
  });

  test('means the version that is copied', async () => {
    await using shop = await narrow(everything, statement('deny', 'name/cos:GetObject', '*', without));
    await versions(shop);
    const { versionId } = await shop.house.put('a', 'a');
    await shop.house.put('a', 'b');
    assert.equal((await shop.ask('GET', '/a')).status, 403);
    assert.equal((await shop.ask('GET', `/a?versionId=${versionId}`)).status, 200);
    const copy = async (target: string, query: string) => {
      const headers = { 'x-cos-copy-source': `${HOST}/a${query}` };
      return (await shop.ask('PUT', target, { headers })).status;
    };
    assert.equal(await copy('/c', ''), 403);
    assert.equal(await copy(`/c?versionId=${versionId}`, ''), 403);
    assert.equal(await copy('/c', `?versionId=${versionId}`), 200);
  });
});

describe('a policy that speaks of x-cos-acl', () => {
  const anyone = 'id="qcs::cam::anyone:anyone"';
  const publicList =
    '<AccessControlPolicy><Owner><ID>qcs::cam::uin/1:uin/1</ID></Owner><AccessControlList><Grant><Grantee><URI>http://cam.qcloud.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>';

  test('is not got round by grants', async () => {
    const onlyPrivate = { string_equal: { 'cos:x-cos-acl': 'private' } };
    const notPublic = { string_like: { 'cos:x-cos-acl': 'public-*' } };
    for (const statements of [
      [statement('allow', '*', '*', onlyPrivate)],
      [everything, statement('deny', '*', '*', notPublic)],
    ]) {
      await using shop = await narrow(...statements);
      const put = async (target: string, headers: Readonly<Record<string, string>>, body = '') =>
        (await shop.ask('PUT', target, { headers, body })).status;
      assert.equal(await put('/a', { 'x-cos-acl': 'private' }), 200);
      assert.equal(await put('/a?acl', { 'x-cos-acl': 'private' }), 200);
      for (const name of ['x-cos-grant-read', 'X-Cos-Grant-Full-Control']) {
        assert.equal(await put('/a', { 'x-cos-acl': 'private', [name]: anyone }), 403, name);
        assert.equal(await put('/a?acl', { 'x-cos-acl': 'private', [name]: anyone }), 403, name);
        const sent = form({ key: 'a', acl: 'private', [name]: anyone });
        assert.equal((await shop.ask('POST', '/', sent)).status, 403, name);
      }
      for (const target of ['/a?acl', '/?acl', '/a?ACL=']) assert.equal(await put(target, {}, publicList), 403, target);
      assert.equal((await shop.ask('GET', '/a', { unsigned: true })).status, 403);
      // Reading one grants nothing.
      assert.equal((await shop.ask('GET', '/a?acl')).status, statements.length === 1 ? 403 : 200);
    }
  });
});

test('an address is the one that trusted proxies tell, and that of the connection where they do not', async () => {
  const inside = statement('allow', 'name/cos:GetObject', '*', { ip_equal: { 'qcs:ip': '192.0.2.0/24' } });
  for (const [proxies, status] of [
    [NO_PROXIES, 403],
    [trustedProxies('127.0.0.1'), 200],
  ] as const) {
    await using shop = await openShop({ proxies });
    await shop.ask('PUT', '/?policy', { body: policy(inside) });
    using listening = shop.house.listen();
    await shop.ask('PUT', '/a', { body: 'a', headers: { 'X-Forwarded-For': '192.0.2.9' } });
    assert.equal(listening.told[0]?.cause.sourceIp, status === 200 ? '192.0.2.9' : '127.0.0.1');
    const read = async (from: string) =>
      (await shop.ask('GET', '/a', { unsigned: true, headers: { 'X-Forwarded-For': from } })).status;
    assert.equal(await read('192.0.2.9'), status);
    assert.equal(await read('198.51.100.9'), 403);
    // What a client says itself stands before what the proxy has seen.
    assert.equal(await read('192.0.2.9, 198.51.100.9'), 403);
  }
});

test('who forbids to overwrite is never taken for one who does not', async () => {
  await using shop = await openShop();
  await shop.house.put('b', 'other');
  const uploadId = textIn((await shop.ask('POST', '/a?uploads')).text, 'UploadId');
  const part = await shop.ask('PUT', `/a?partNumber=1&uploadId=${uploadId}`, { body: 'part' });
  const parts = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers.etag}</ETag></Part></CompleteMultipartUpload>`;
  await shop.house.put('a', 'first');
  for (const [word, code] of [
    ['true', 'FileAlreadyExists'],
    ['True', 'FileAlreadyExists'],
    // As a header that came twice.
    ['true, true', 'InvalidArgument'],
    ['yes', 'InvalidArgument'],
  ] as const) {
    const put = await shop.ask('PUT', '/a', { body: 'second', headers: { 'x-cos-forbid-overwrite': word } });
    assert.equal(textIn(put.text, 'Code'), code, word);
    const post = await shop.ask('POST', '/', form({ key: 'a', 'x-cos-forbid-overwrite': word }));
    assert.equal(textIn(post.text, 'Code'), code, word);
    const headers = { 'x-cos-forbid-overwrite': word };
    const copy = await shop.ask('PUT', '/a', { headers: { ...headers, 'x-cos-copy-source': `${HOST}/b` } });
    assert.equal(textIn(copy.text, 'Code'), code, word);
    const begun = await shop.ask('POST', '/a?uploads', { headers });
    assert.equal(textIn(begun.text, 'Code'), code, word);
    const done = await shop.ask('POST', `/a?uploadId=${uploadId}`, { headers, body: parts });
    assert.equal(textIn(done.text, 'Code'), code, word);
  }
  assert.equal(await shop.house.text('a'), 'first');
  assert.equal((await shop.ask('PUT', '/a', { headers: { 'x-cos-forbid-overwrite': 'false' } })).status, 200);
  // The upload is still there, and becomes the object where that is in nobody's way.
  assert.equal((await shop.ask('DELETE', '/a')).status, 204);
  const headers = { 'x-cos-forbid-overwrite': 'true' };
  assert.equal((await shop.ask('POST', `/a?uploadId=${uploadId}`, { headers, body: parts })).status, 200);
  assert.equal(await shop.house.text('a'), 'part');
});
