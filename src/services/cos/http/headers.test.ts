import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Bucket, StoredObject } from '../model.ts';
import { isHeaderText, wireText } from './answer.ts';
import { contentMd5Of } from './body.ts';
import { conditionsOf } from './conditions.ts';
import { parseSource } from './copysource.ts';
import { headOf, type Named } from './head.ts';
import { encodeKey, pageOf } from './paging.ts';
import { queryOf } from './query.ts';
import { copyRangeOf, rangeOf } from './range.ts';
import { isReadable, objectHeaders, writtenHeaders } from './show.ts';
import { storageClassOf } from './storage.ts';
import { tagsOfHeader } from './tags.ts';

describe('ranges', () => {
  test('lie within the object, whatever is asked', () => {
    const end = fc.option(fc.nat(30), { nil: undefined });
    fc.assert(
      fc.property(end, end, fc.nat(20), (first, last, bytes) => {
        const text = `bytes=${first ?? ''}-${last ?? ''}`;
        let range: ReturnType<typeof rangeOf>;
        try {
          range = rangeOf(text, bytes);
        } catch (error) {
          assert.equal((error as { code: string }).code, 'InvalidRange');
          assert.ok(first === undefined ? last === 0 || bytes === 0 : first >= bytes);
          return;
        }
        if (!range) return assert.ok(first === undefined ? last === undefined : last !== undefined && last < first);
        assert.ok(range.from >= 0 && range.from < range.to && range.to <= bytes);
        if (first !== undefined) assert.equal(range.from, first);
        else assert.equal(range.to, bytes);
      }),
    );
  });

  test('of copies have both ends', () => {
    assert.equal(copyRangeOf(undefined), undefined);
    assert.deepEqual(copyRangeOf('bytes=0-0'), { from: 0, to: 1 });
    assert.deepEqual(copyRangeOf('bytes = 5 - 9'), { from: 5, to: 10 });
    for (const text of ['', 'bytes=5-', 'bytes=-5', 'bytes=9-5', '0-1', 'bytes=0-1,3-4'])
      assert.throws(() => copyRangeOf(text), { code: 'InvalidArgument' }, text);
  });
});

describe('sources of copies', () => {
  const bucket = 'pics-1250000000';
  for (const [text, key, versionId] of [
    [`${bucket}.cos.ap-x.myqcloud.com/a`, 'a', undefined],
    [`${bucket}/a/b`, 'a/b', undefined],
    [`/${bucket}/a`, 'a', undefined],
    [`https://${bucket}.localhost:9701/a?versionId=x%2By`, 'a', 'x+y'],
    [`${bucket}.localhost/a%3Fb?VersionID=1`, 'a?b', '1'],
    [`${bucket}.localhost/a?b`, 'a?b', undefined],
    [`${bucket}.localhost//a`, '/a', undefined],
    [`${bucket}.localhost/a?versionId=`, 'a', undefined],
  ] as const)
    test(text, () => assert.deepEqual(parseSource(text), { bucket, key, versionId }));

  for (const text of ['', '/', bucket, `${bucket}/`, 'pics/a', 'PICS-1/a', '?versionId=1', `//${bucket}/a`])
    test(`${text || 'none'} is refused`, () => assert.throws(() => parseSource(text), { code: 'InvalidCopySource' }));
});

describe('conditions', () => {
  const of = (headers: Readonly<Record<string, string>>, prefix = '') =>
    conditionsOf({ request: { headers } as unknown as IncomingMessage }, prefix);

  test('are read with and without quotes, and times that are none passed over', () => {
    assert.deepEqual(of({}), {});
    assert.deepEqual(of({ 'if-match': '"a", W/"b" ,c' }), { match: ['a', 'b', 'c'] });
    assert.deepEqual(of({ 'if-none-match': '*', 'if-modified-since': 'soon' }), { noneMatch: ['*'] });
    const time = 'Thu, 01 Jan 1970 00:00:01 GMT';
    assert.deepEqual(of({ 'if-modified-since': time, 'if-unmodified-since': time }), {
      ...{ modifiedSince: 1000, unmodifiedSince: 1000 },
    });
    assert.deepEqual(of({ 'x-cos-copy-source-if-match': 'a', 'if-match': 'b' }, 'x-cos-copy-source-'), {
      match: ['a'],
    });
  });
});

describe('what a client says of an object', () => {
  const named = (headers: Readonly<Record<string, string>>): Named => ({
    names: Object.keys(headers),
    get: name => headers[name],
  });

  test('is kept, but for what is of no concern', () => {
    const head = headOf(named({ 'content-type': 'a/b', 'x-cos-meta-a': 'é', host: 'x', 'x-cos-request-id': 'y' }), 'k');
    assert.deepEqual(head, {
      ...{ headers: { 'content-type': 'a/b', 'x-cos-meta-a': 'é' }, storageClass: 'STANDARD', tags: [] },
      acl: { canned: 'default', grants: [] },
    });
  });

  test('is known by the ending of its key where it is not said', () => {
    const type = (key: string, headers = {}) => headOf(named(headers), key).headers['content-type'];
    for (const [key, expected] of [
      ['a.zip', 'application/zip'],
      ['b/c.TXT', 'text/plain'],
      ['a.tar.gz', 'application/gzip'],
      ['a.txt/b', undefined],
      ['zip', undefined],
      ['a.constructor', undefined],
      ['a.', undefined],
    ] as const)
      assert.equal(type(key), expected, key);
    assert.equal(type('a.zip', { 'content-type': 'x/y' }), 'x/y');
  });

  test('has its limits', () => {
    const meta = (bytes: number) => headOf(named({ 'x-cos-meta-a': 'x'.repeat(bytes - 'x-cos-meta-a'.length) }), 'k');
    assert.ok(meta(2048));
    assert.throws(() => meta(2049), { code: 'InvalidArgument' });
    assert.throws(() => headOf(named({ 'x-cos-meta-a': 'a\nb' }), 'k'), { code: 'InvalidArgument' });
  });

  test('tags', () => {
    assert.deepEqual(tagsOfHeader('a=1&b=%26+c&d', 10), [
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '& c' },
      { Key: 'd', Value: '' },
    ]);
    for (const text of ['=1', 'a=1&a=2', 'a=%', `${'k'.repeat(129)}=1`, `a=${'v'.repeat(257)}`, 'a&b&c'])
      assert.throws(() => tagsOfHeader(text, 2), { code: 'InvalidTag' }, text);
  });

  test('storage classes in any case', () => {
    assert.equal(storageClassOf('Standard_IA'), 'STANDARD_IA');
    for (const text of ['', 'GLACIER', 'standard '])
      assert.throws(() => storageClassOf(text), { code: 'NotSupportedStorageClass' });
  });

  test('Content-MD5', () => {
    assert.equal(contentMd5Of(undefined), undefined);
    assert.equal(contentMd5Of('1B2M2Y8AsgTpgAmY7PhCfg=='), 'd41d8cd98f00b204e9800998ecf8427e');
    for (const text of ['x', '1B2M2Y8AsgTpgAmY7PhCfg', 'd41d8cd98f00b204e9800998ecf8427e', '!!!!!!!!!!!!!!!!!!!!!!=='])
      assert.throws(() => contentMd5Of(text), { code: 'InvalidDigest' }, text);
  });
});

describe('what is told of an object', () => {
  const DAY = 86_400_000;
  const bucket = (versioning: Bucket['versioning']) => ({ versioning }) as Bucket;
  const object = (change: Partial<StoredObject> = {}): StoredObject => ({
    ...{
      bucket: 'b-1',
      key: 'k',
      versionId: 'null',
      order: 1,
      modifiedAt: 1500,
      etag: 'e',
      bytes: 5,
      inline: undefined,
    },
    ...{ headers: {}, storageClass: 'STANDARD', acl: { canned: 'default', grants: [] }, tags: [], appendable: false },
    ...{ crc64: '7', pieces: [], restore: undefined },
    ...change,
  });

  test('versions by the bucket’s state', () => {
    const stored = object({ versionId: 'v' });
    const shown = (state: Bucket['versioning']) => [
      writtenHeaders(bucket(state), stored)['x-cos-version-id'],
      objectHeaders(bucket(state), stored, 0)['x-cos-version-id'],
    ];
    assert.deepEqual(shown('never'), [undefined, undefined]);
    assert.deepEqual(shown('Enabled'), ['v', 'v']);
    assert.deepEqual(shown('Suspended'), [undefined, 'v']);
  });

  test('appendable objects and their next place', () => {
    const told = objectHeaders(bucket('never'), object({ appendable: true }), 0);
    assert.deepEqual([told['x-cos-object-type'], told['x-cos-next-append-position']], ['appendable', '5']);
  });

  test('restores: running, done, over', () => {
    const restore = { tier: 'Bulk', days: 2, askedAt: 1000, doneAt: 5000 } as const;
    const cold = object({ storageClass: 'ARCHIVE', restore });
    const told = (at: number) => objectHeaders(bucket('never'), cold, at);
    assert.equal(told(4999)['x-cos-restore'], 'ongoing-request="true"');
    assert.equal(told(4999)['x-cos-restore-status'], 'tier="bulk"; request-date="Thu, 01 Jan 1970 00:00:01 GMT"');
    assert.equal(told(5000)['x-cos-restore'], 'ongoing-request="false", expiry-date="Sat, 03 Jan 1970 00:00:05 GMT"');
    assert.equal(told(5000 + 2 * DAY)['x-cos-restore'], undefined);
    assert.deepEqual(
      [0, 4999, 5000, 5000 + 2 * DAY - 1, 5000 + 2 * DAY].map(at => isReadable(cold, at)),
      [false, false, true, true, false],
    );
    assert.ok(!isReadable(object({ storageClass: 'DEEP_ARCHIVE' }), 0));
    assert.ok(isReadable(object({ storageClass: 'STANDARD_IA' }), 0));
  });
});

describe('texts on the wire', () => {
  test('are bytes, and free of what ends a line', () => {
    assert.equal(Buffer.from(wireText('腾é'), 'latin1').toString(), '腾é');
    for (const text of ['', 'a b\tc', wireText('腾')]) assert.ok(isHeaderText(text), text);
    for (const text of ['a\nb', 'a\rb', '\0', '\x7f', '腾']) assert.ok(!isHeaderText(text), text);
  });

  test('keys in lists are decoded to what they were', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), key => {
        assert.equal(decodeURIComponent(encodeKey(key)), key);
        assert.match(encodeKey(key), /^[A-Za-z0-9\-_.~%/]*$/);
      }),
    );
    assert.equal(encodeKey("a b/c+'(1)*!"), 'a%20b/c%2B%27%281%29%2A%21');
  });

  test('pages', () => {
    const page = (text: string) => pageOf({ query: queryOf(text) }, 'max-keys');
    assert.deepEqual([page('').limit, page('max-keys=7').limit, page('max-keys=2000').limit], [1000, 7, 1000]);
    assert.equal(page('delimiter=%E8%85%BE').delimiter, '腾');
    assert.equal(page('delimiter=%F0%9F%98%80').delimiter, '😀');
    assert.throws(() => page('delimiter=//'), { code: 'InvalidDelimiter' });
    assert.equal(page('encoding-type=URL').encoded('a b'), 'a%20b');
    assert.equal(page('').encoded('a b'), 'a b');
  });
});
