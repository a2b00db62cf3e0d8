import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { BUCKET, MB, someBytes } from '../testing.ts';
import { type Given, HOST, openShop, type Shop, textIn, textsIn } from './testing.ts';

let shop: Shop;
before(async () => {
  shop = await openShop();
});
after(() => shop[Symbol.asyncDispose]());

const hash = (body: Buffer) => createHash('md5').update(body).digest('hex');
const refused = async (asked: Promise<{ status: number; text: string }>, status: number, code: string) => {
  const got = await asked;
  assert.equal(got.status, status, got.text);
  assert.equal(textIn(got.text, 'Code'), code, got.text);
};

async function begin(key: string, headers: Given['headers'] = {}): Promise<string> {
  const got = await shop.ask('POST', `/${key}?uploads`, { headers });
  assert.equal(got.status, 200, got.text);
  assert.equal(textIn(got.text, 'Bucket'), BUCKET);
  assert.equal(textIn(got.text, 'Key'), key);
  return textIn(got.text, 'UploadId') ?? assert.fail(got.text);
}

const part = (
  key: string,
  id: string,
  number: number | string,
  body: Buffer | string,
  headers: Given['headers'] = {},
) => shop.ask('PUT', `/${key}?partNumber=${number}&uploadId=${id}`, { body, headers });

const listOf = (etags: readonly (readonly [number, string])[]) =>
  `<CompleteMultipartUpload>${etags.map(([number, etag]) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`).join('')}</CompleteMultipartUpload>`;

const complete = (key: string, id: string, etags: readonly (readonly [number, string])[]) =>
  shop.ask('POST', `/${key}?uploadId=${id}`, { body: listOf(etags) });

const [one, two] = [someBytes(MB, 1), someBytes(1000, 2)];

describe('an upload in parts', () => {
  test('becomes one object', async () => {
    const id = await begin('big', { 'Content-Type': 'video/mp4', 'x-cos-meta-a': '1' });
    const first = await part('big', id, 1, one);
    assert.deepEqual([first.status, first.headers.etag], [200, `"${hash(one)}"`]);
    assert.match(String(first.headers['x-cos-hash-crc64ecma']), /^\d{10,20}$/);
    const second = await part('big', id, 2, two);
    const done = await complete('big', id, [
      [1, String(first.headers.etag).replaceAll('"', '&quot;')],
      [2, hash(two)],
    ]);
    assert.equal(done.status, 200, done.text);
    assert.equal(textIn(done.text, 'Location'), `http://${HOST}/big`);
    assert.equal(textIn(done.text, 'Key'), 'big');
    const etag = textIn(done.text, 'ETag')?.replaceAll('&quot;', '"');
    assert.match(etag ?? '', /^"[\da-f]{32}-2"$/);
    const got = await shop.ask('GET', '/big');
    assert.ok(got.body.equals(Buffer.concat([one, two])));
    assert.equal(got.headers.etag, etag);
    assert.equal(got.headers['x-cos-hash-crc64ecma'], done.headers['x-cos-hash-crc64ecma']);
    assert.equal(got.headers['content-type'], 'video/mp4');
    assert.equal(got.headers['x-cos-meta-a'], '1');
    assert.ok(second.headers.etag);
    await refused(complete('big', id, [[1, hash(one)]]), 404, 'NoSuchUpload');
    const across = await shop.ask('GET', '/big', { headers: { Range: `bytes=${MB - 2}-${MB + 1}` } });
    assert.ok(across.body.equals(Buffer.concat([one.subarray(-2), two.subarray(0, 2)])));
  });

  test('says in each answer how it is encrypted, and at its end of what class it is', async () => {
    const sse = { 'x-cos-server-side-encryption': 'AES256' };
    const begun = await shop.ask('POST', '/sealed?uploads', {
      headers: { ...sse, 'x-cos-storage-class': 'STANDARD_IA' },
    });
    const id = textIn(begun.text, 'UploadId') ?? '';
    const answers = [
      begun,
      await part('sealed', id, 1, 'x'),
      await complete('sealed', id, [[1, hash(Buffer.from('x'))]]),
    ];
    for (const { headers } of answers) assert.equal(headers['x-cos-server-side-encryption'], 'AES256');
    assert.equal(answers[2]?.headers['x-cos-storage-class'], 'STANDARD_IA');
    const bare = await begin('bare');
    assert.equal((await part('bare', bare, 1, 'x')).headers['x-cos-server-side-encryption'], undefined);
    await shop.ask('DELETE', `/bare?uploadId=${bare}`);
    await refused(part('sealed', id, 1, 'x'), 404, 'NoSuchUpload');
  });

  test('is not completed with what is not done besides', async () => {
    const id = await begin('called');
    await part('called', id, 1, 'x');
    const body = listOf([[1, hash(Buffer.from('x'))]]);
    const asked = (headers: Record<string, string>) => shop.ask('POST', `/called?uploadId=${id}`, { body, headers });
    await refused(asked({ 'x-cos-callback': 'e30=' }), 501, 'NotImplemented');
    assert.equal((await shop.ask('HEAD', '/called')).status, 404);
    assert.equal((await asked({ 'x-cos-callback': '' })).status, 200);
  });

  test('is listed with its parts, and aborted', async () => {
    const id = await begin('listed/a-b');
    const key = 'listed/a-b';
    await part(key, id, 3, two);
    await part(key, id, 1, one);
    const parts = (await shop.ask('GET', `/${key}?uploadId=${id}`)).text;
    assert.deepEqual(textsIn(parts, 'PartNumber'), ['1', '3']);
    assert.deepEqual(textsIn(parts, 'Size'), [String(MB), '1000']);
    assert.deepEqual(textsIn(parts, 'ETag'), [`&quot;${hash(one)}&quot;`, `&quot;${hash(two)}&quot;`]);
    assert.equal(textIn(parts, 'IsTruncated'), 'false');
    assert.equal(textIn(parts, 'NextPartNumberMarker'), undefined);
    const page = (await shop.ask('GET', `/${key}?uploadId=${id}&max-parts=1&encoding-type=url`)).text;
    assert.deepEqual(
      [textIn(page, 'IsTruncated'), textIn(page, 'NextPartNumberMarker'), textIn(page, 'EncodingType')],
      ['true', '1', 'url'],
    );
    const rest = (await shop.ask('GET', `/${key}?uploadId=${id}&part-number-marker=1`)).text;
    assert.deepEqual(textsIn(rest, 'PartNumber'), ['3']);

    const uploads = (await shop.ask('GET', '/?uploads&prefix=listed/')).text;
    assert.deepEqual([textsIn(uploads, 'Key'), textsIn(uploads, 'UploadId')], [[key], [id]]);
    assert.equal(textIn(uploads, 'StorageClass'), 'STANDARD');
    assert.match(textIn(uploads, 'Initiated') ?? '', /^2024-/);
    const folded = (await shop.ask('GET', '/?uploads&delimiter=/&encoding-type=url')).text;
    assert.deepEqual(textsIn(folded, 'Prefix'), ['listed/']);
    await refused(shop.ask('DELETE', '/other?uploadId=1'), 404, 'NoSuchUpload');
    assert.equal((await shop.ask('DELETE', `/${key}?uploadId=${id}`)).status, 204);
    await refused(shop.ask('DELETE', `/${key}?uploadId=${id}`), 404, 'NoSuchUpload');
    await refused(shop.ask('GET', `/${key}?uploadId=${id}`), 404, 'NoSuchUpload');
    assert.deepEqual(textsIn((await shop.ask('GET', '/?uploads')).text, 'Key'), []);
  });

  test('of many keys is listed page by page', async () => {
    const ids: string[] = [];
    for (const key of ['p1', 'p1', 'p2']) ids.push(await begin(key));
    const seen: string[] = [];
    let next = '';
    for (let more = 'true'; more === 'true'; ) {
      const { text } = await shop.ask('GET', `/?uploads&max-uploads=1${next}`);
      seen.push(...textsIn(text, 'UploadId'));
      more = textIn(text, 'IsTruncated') ?? '';
      next = `&key-marker=${textIn(text, 'NextKeyMarker')}&upload-id-marker=${textIn(text, 'NextUploadIdMarker')}`;
    }
    assert.deepEqual(seen.toSorted(), ids.toSorted());
  });

  test('takes parts of other objects', async () => {
    await shop.house.put('source', one);
    const id = await begin('copied');
    const source = { 'x-cos-copy-source': `${HOST}/source` };
    const whole = await part('copied', id, 1, '', source);
    assert.equal(whole.status, 200, whole.text);
    assert.equal(textIn(whole.text, 'ETag'), `&quot;${hash(one)}&quot;`);
    assert.match(textIn(whole.text, 'LastModified') ?? '', /Z$/);
    const some = await part('copied', id, 2, '', { ...source, 'x-cos-copy-source-range': 'bytes=10-19' });
    assert.equal(textIn(some.text, 'ETag'), `&quot;${hash(one.subarray(10, 20))}&quot;`);
    const wrong = { ...source, 'x-cos-copy-source-range': 'bytes=10-' };
    await refused(part('copied', id, 3, '', wrong), 400, 'InvalidArgument');
    await refused(part('copied', id, 3, '', { 'x-cos-copy-source': `${HOST}/none` }), 404, 'NoSuchKey');
    const unless = { ...source, 'x-cos-copy-source-If-None-Match': `"${hash(one)}"` };
    await refused(part('copied', id, 3, '', unless), 412, 'PreconditionFailed');
    const etags = [whole, some].map((got, i) => [i + 1, textIn(got.text, 'ETag') ?? ''] as const);
    assert.equal((await complete('copied', id, etags)).status, 200);
    assert.ok((await shop.house.read('copied')).equals(Buffer.concat([one, one.subarray(10, 20)])));
  });

  test('is refused where its list is wrong', async () => {
    const id = await begin('wrong');
    await part('wrong', id, 1, two);
    await part('wrong', id, 2, two);
    await refused(complete('wrong', id, []), 400, 'MalformedXML');
    await refused(complete('wrong', id, [[1, 'x']]), 400, 'InvalidPart');
    const both = [
      [2, hash(two)],
      [1, hash(two)],
    ] as const;
    await refused(complete('wrong', id, both), 400, 'InvalidPartOrder');
    await refused(complete('wrong', id, both.toReversed()), 400, 'EntityTooSmall');
    await refused(complete('wrong', 'none', both), 404, 'NoSuchUpload');
    await refused(shop.ask('POST', `/wrong?uploadId=${id}`, { body: '<Complete/>' }), 400, 'MalformedXML');
    await refused(shop.ask('POST', `/wrong?uploadId=${id}`), 400, 'MissingRequestBodyError');
    for (const number of ['0', '10001', 'x', '']) await refused(part('wrong', id, number, two), 400, 'InvalidArgument');
    await refused(part('wrong', 'none', 1, two), 404, 'NoSuchUpload');
    await refused(part('wrong', id, 1, two, { 'Content-MD5': 'AAAAAAAAAAAAAAAAAAAAAA==' }), 400, 'BadDigest');
  });
});

describe('versions', () => {
  const versioning = (status: string) =>
    shop.ask('PUT', '/?versioning', {
      body: `<VersioningConfiguration><Status>${status}</Status></VersioningConfiguration>`,
    });
  const state = async () => (await shop.ask('GET', '/?versioning')).text.replace(/^<\?xml.*\?>\s*/, '');

  test('of a bucket that never had them have no names', async () => {
    assert.equal(await state(), '<VersioningConfiguration/>');
    await shop.ask('PUT', '/v', { body: '0' });
    const { text } = await shop.ask('GET', '/?versions&prefix=v');
    assert.match(text, /<Version><Key>v<\/Key><VersionId\/><IsLatest>true<\/IsLatest>/);
  });

  test('are kept, listed, read and removed', async () => {
    assert.equal((await versioning('Enabled')).status, 200);
    assert.equal(await state(), '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>');
    const first = String((await shop.ask('PUT', '/v', { body: '1' })).headers['x-cos-version-id']);
    assert.ok(first.length > 4);
    const gone = await shop.ask('DELETE', '/v');
    const marker = String(gone.headers['x-cos-version-id']);
    assert.deepEqual([gone.status, gone.headers['x-cos-delete-marker']], [204, 'true']);
    const missing = await shop.ask('GET', '/v');
    assert.deepEqual([missing.status, missing.headers['x-cos-delete-marker']], [404, 'true']);
    const old = await shop.ask('GET', `/v?versionId=${encodeURIComponent(first)}`);
    assert.deepEqual([old.text, old.headers['x-cos-version-id']], ['1', first]);
    assert.equal((await shop.ask('GET', '/v?versionId=null')).text, '0');
    assert.equal((await shop.ask('HEAD', `/v?VersionId=${encodeURIComponent(first)}`)).status, 200);

    const { text } = await shop.ask('GET', '/?versions&prefix=v');
    assert.deepEqual(textsIn(text, 'VersionId'), [marker, first, 'null']);
    assert.deepEqual(textsIn(text, 'IsLatest'), ['true', 'false', 'false']);
    assert.equal(text.match(/<DeleteMarker>/g)?.length, 1);
    const page = (await shop.ask('GET', '/?versions&prefix=v&max-keys=1')).text;
    assert.deepEqual([textIn(page, 'NextKeyMarker'), textIn(page, 'NextVersionIdMarker')], ['v', marker]);
    const next = `/?versions&prefix=v&key-marker=v&version-id-marker=${encodeURIComponent(marker)}`;
    assert.deepEqual(textsIn((await shop.ask('GET', next)).text, 'VersionId'), [first, 'null']);
    await refused(shop.ask('GET', '/?versions&version-id-marker=x'), 400, 'InvalidArgument');

    const back = await shop.ask('DELETE', `/v?versionId=${encodeURIComponent(marker)}`);
    assert.deepEqual(
      [back.status, back.headers['x-cos-version-id'], back.headers['x-cos-delete-marker']],
      [204, marker, 'true'],
    );
    assert.equal((await shop.ask('GET', '/v')).text, '1');
    await refused(shop.ask('GET', '/v?versionId=none'), 404, 'NoSuchVersion');
    const strange = await shop.ask('DELETE', '/v?versionId=a%0d%0ab');
    assert.ok(strange.status === 204 || strange.status === 404, strange.text);
  });

  test('many are removed by name', async () => {
    const made = String((await shop.ask('PUT', '/w', { body: '1' })).headers['x-cos-version-id']);
    const many = async (object: string) =>
      (await shop.ask('POST', '/?delete', { body: `<Delete><Object>${object}</Object></Delete>` })).text;
    const marked = await many('<Key>w</Key>');
    assert.equal(textIn(marked, 'DeleteMarker'), 'true');
    const marker = textIn(marked, 'DeleteMarkerVersionId');
    assert.ok(marker);
    assert.equal(textIn(await many(`<Key>w</Key><VersionId>${made}</VersionId>`), 'VersionId'), made);
    assert.equal(textIn(await many(`<Key>w</Key><VersionId>${marker}</VersionId>`), 'DeleteMarkerVersionId'), marker);
    assert.deepEqual(textsIn((await shop.ask('GET', '/?versions&prefix=w')).text, 'Key'), []);
  });

  test('that are suspended are called null', async () => {
    await versioning('Suspended');
    const stored = await shop.ask('PUT', '/s', { body: '1' });
    assert.equal(stored.headers['x-cos-version-id'], undefined);
    assert.equal((await shop.ask('GET', '/s')).headers['x-cos-version-id'], 'null');
    const gone = await shop.ask('DELETE', '/s');
    assert.deepEqual([gone.headers['x-cos-version-id'], gone.headers['x-cos-delete-marker']], ['null', 'true']);
    const id = await begin('s2');
    const etag = String((await part('s2', id, 1, two)).headers.etag);
    assert.equal((await complete('s2', id, [[1, etag]])).headers['x-cos-version-id'], 'null');
  });
});

describe('restoring', () => {
  const restore = (body: string) => shop.ask('POST', '/cold?restore', { body });
  const wanted = (tier: string, days = '2') =>
    `<RestoreRequest><Days>${days}</Days><CASJobParameters><Tier>${tier}</Tier></CASJobParameters></RestoreRequest>`;

  test('an archived object', async () => {
    await shop.ask('PUT', '/cold', { body: 'ice', headers: { 'x-cos-storage-class': 'ARCHIVE' } });
    await refused(shop.ask('GET', '/cold'), 403, 'InvalidObjectState');
    assert.equal((await shop.ask('HEAD', '/cold')).headers['x-cos-storage-class'], 'ARCHIVE');
    await refused(restore(''), 400, 'MissingRequestBodyError');
    await refused(restore(wanted('Soon')), 400, 'MalformedXML');
    await refused(restore(wanted('Bulk', '0')), 400, 'MalformedXML');
    const copied = shop.ask('PUT', '/thaw', { headers: { 'x-cos-copy-source': `${HOST}/cold` } });
    await refused(copied, 403, 'InvalidObjectState');
    assert.equal((await restore(wanted('Standard'))).status, 202);
    await refused(restore(wanted('Standard')), 409, 'RestoreAlreadyInProgress');
    const running = await shop.ask('HEAD', '/cold');
    assert.equal(running.headers['x-cos-restore'], 'ongoing-request="true"');
    assert.match(String(running.headers['x-cos-restore-status']), /^tier="standard"; request-date=".* GMT"$/);
    await shop.house.clock.advance(10_000);
    const ready = await shop.ask('GET', '/cold');
    assert.equal(ready.text, 'ice');
    assert.match(
      String(ready.headers['x-cos-restore']),
      /^ongoing-request="false", expiry-date="\w{3}, \d\d \w{3} \d{4} .* GMT"$/,
    );
    assert.equal((await restore(wanted('Standard'))).status, 200);
    await shop.house.clock.advance(3 * 86_400_000);
    await refused(shop.ask('GET', '/cold'), 403, 'InvalidObjectState');
    await shop.ask('PUT', '/warm', { body: 'x' });
    await refused(shop.ask('POST', '/warm?restore', { body: wanted('Bulk') }), 405, 'RestoreNonArchiveObject');
  });

  test('of the deep archive has no express way', async () => {
    await shop.ask('PUT', '/deep', { body: 'x', headers: { 'x-cos-storage-class': 'DEEP_ARCHIVE' } });
    await refused(shop.ask('POST', '/deep?restore', { body: wanted('Expedited') }), 400, 'InvalidArgument');
  });
});
