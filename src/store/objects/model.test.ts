// The driver held against plain arrays: whatever is written, both give the same, page by page and whole.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Listing, ObjectChange, ObjectIndex, ObjectRow, UploadRow } from '../../core/objects.ts';
import { list, notice, part, uploads, versions } from './samples.ts';
import { memoryIndex } from './testing-index.ts';
import { place } from './testing-place.ts';

/** Few, so that keys meet; of one to four bytes, at the ends of what each length holds. */
const LETTERS = ['a', 'b', '/', '\u0000', '\u007f', 'é', '\u07ff', '中', '\uffff', '😀', '\u{10ffff}'];
const text = (minLength: number, maxLength: number) =>
  fc.array(fc.constantFrom(...LETTERS), { minLength, maxLength }).map(letters => letters.join(''));
const key = text(1, 4);
const versionId = fc.constantFrom('null', 'v1', 'v2', 'v3');
const file = fc.constantFrom('f1', 'f2', 'f3', 'f4', 'f5');
const uploadId = fc.constantFrom('u1', 'u2', 'u3');

const object = fc.record({ key, versionId, marker: fc.boolean(), files: fc.array(file, { maxLength: 2 }) });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ put: fc.array(object, { minLength: 1, maxLength: 8 }) }) },
  { weight: 2, arbitrary: fc.record({ remove: fc.array(fc.record({ key, versionId }), { maxLength: 6 }) }) },
  { weight: 1, arbitrary: fc.record({ putUpload: fc.record({ key, uploadId }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ putPart: fc.record({ uploadId, number: fc.integer({ min: 1, max: 3 }), file }) }),
  },
  { weight: 1, arbitrary: fc.record({ complete: fc.record({ object, uploadId }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      expecting: fc.record({ object, newest: fc.option(fc.nat({ max: 9 }), { nil: undefined }) }),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;
type Drawn = typeof object extends fc.Arbitrary<infer One> ? One : never;

const query = fc.record({
  prefix: text(0, 2),
  delimiter: fc.oneof(text(0, 1), text(2, 2)),
  after: fc.oneof(fc.constant(''), text(1, 4)),
  afterId: fc.constantFrom('', 'null', 'v1', 'v2', 'u1', 'u2'),
  limit: fc.integer({ min: 0, max: 12 }),
});

/** Orders rise and fall, and no two are the same. Names of files and uploads are shared by all buckets: here they are not. */
function writer(bucket: string) {
  let count = 0;
  const own = (name: string) => bucket + name;
  const row = ({ key, versionId, marker, files }: Drawn): ObjectRow => {
    count++;
    const order = count % 3 === 0 ? 1_000_000 - count : count;
    const inline = count % 2 === 0 ? undefined : Buffer.from(`${count}`);
    const rest = { modifiedAt: count, etag: `${count}`, bytes: count, storageClass: 'STANDARD', detail: '{}' };
    return { bucket, key, versionId, order, marker, files: files.map(own), inline, ...rest };
  };
  return (one: Step): Parameters<ObjectIndex['commit']> => {
    if ('expecting' in one) {
      const { object, newest } = one.expecting;
      return [{ put: [row(object)] }, { bucket, key: object.key, newest }];
    }
    return [changeOf(one)];
  };
  function changeOf(one: Exclude<Step, { expecting: unknown }>): ObjectChange {
    if ('put' in one) return { put: one.put.map(row), notices: [notice(`${bucket}-${count}`)] };
    if ('remove' in one) return { remove: one.remove.map(ref => ({ bucket, ...ref })) };
    if ('putUpload' in one) {
      const { key, uploadId } = one.putUpload;
      return {
        putUpload: { bucket, key, uploadId: own(uploadId), startedAt: count, storageClass: 'STANDARD', detail: '{}' },
      };
    }
    if ('putPart' in one) {
      const { uploadId, number, file } = one.putPart;
      return { putPart: part(own(uploadId), number, own(file)) };
    }
    return { put: [row(one.complete.object)], removeUploads: [own(one.complete.uploadId)] };
  }
}

/** All entries, page by page, each from the markers that the last one gave. */
function paged<Row extends ObjectRow | UploadRow>(pageAfter: (key: string, id: string) => Listing<Row>) {
  const entries: Listing<Row>['entries'][number][] = [];
  let [key, id] = ['', ''];
  for (;;) {
    const page = pageAfter(key, id);
    entries.push(...page.entries);
    const last = page.entries.at(-1);
    if (!page.more || !last) return entries;
    if ('commonPrefix' in last) [key, id] = [last.commonPrefix, ''];
    else [key, id] = [last.row.key, 'uploadId' in last.row ? last.row.uploadId : last.row.versionId];
  }
}

test('lists, versions, uploads, scans and files are those of the model', async t => {
  const index = await place(t).open();
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 12 }),
      fc.array(query, { minLength: 1, maxLength: 12 }),
      async (steps, queries) => {
        const bucket = `b${runs++}-1`;
        const model = memoryIndex();
        const made = steps.map(writer(bucket));
        const told = await Promise.all(made.map(args => index.commit(...args)));
        for (const [i, args] of made.entries()) {
          const expected = await model.commit(...args);
          assert.deepEqual(told[i] && new Set(told[i].freed), expected && new Set(expected.freed), `change ${i}`);
        }
        for (const { after, afterId, ...more } of queries) {
          const cut = { bucket, ...more };
          const marked = { ...cut, afterKey: after };
          assert.deepEqual(index.list({ ...cut, after }), model.list({ ...cut, after }));
          const [ofVersions, ofUploads] = [
            { ...marked, afterVersionId: afterId },
            { ...marked, afterUploadId: afterId },
          ];
          assert.deepEqual(index.versions(ofVersions), model.versions(ofVersions));
          assert.deepEqual(index.uploads(ofUploads), model.uploads(ofUploads));
          if (more.limit === 0) continue;
          const whole = { ...cut, limit: 1000 };
          assert.deepEqual(
            paged(after => index.list({ ...cut, after })),
            model.list(list(whole)).entries,
          );
          assert.deepEqual(
            paged((afterKey, afterVersionId) => index.versions({ ...cut, afterKey, afterVersionId })),
            model.versions(versions(whole)).entries,
          );
          assert.deepEqual(
            paged((afterKey, afterUploadId) => index.uploads({ ...cut, afterKey, afterUploadId })),
            model.uploads(uploads(whole)).entries,
          );
        }
        const all = model.scan(bucket, undefined, 1000);
        assert.deepEqual(index.scan(bucket, undefined, 1000), all);
        for (const from of all) {
          assert.deepEqual(index.scan(bucket, from, 2), model.scan(bucket, from, 2));
          assert.deepEqual(index.find(bucket, from.key, from.versionId), model.find(bucket, from.key, from.versionId));
          assert.deepEqual(index.find(bucket, from.key), model.find(bucket, from.key));
        }
        const files = ['f1', 'f2', 'f3', 'f4', 'f5'].map(name => bucket + name);
        assert.deepEqual(index.named(files), model.named(files));
        assert.equal(index.isEmpty(bucket), model.isEmpty(bucket));
        for (const id of ['u1', 'u2', 'u3'].map(name => bucket + name)) {
          assert.deepEqual(index.parts(id, 0, 9), model.parts(id, 0, 9));
          assert.deepEqual(index.upload(id), model.upload(id));
        }
      },
    ),
    { numRuns: 120 },
  );
});
