// Uploads in parts held against plain arrays, by HTTP: any numbers, sizes, repetitions, orders and lists of parts.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { crc64 } from '../../../core/crc64.ts';
import { BUCKET, MB, md5, someBytes } from '../testing.ts';
import { openShop, textIn, textsIn } from './testing.ts';

const shop = await openShop();
after(() => shop[Symbol.asyncDispose]());

/** Around the least that a part may have which is not the last. */
const SIZES = [0, 1, 5000, MB - 1, MB, MB + 1];
const sent = fc.record({
  number: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 4 }) }, fc.constantFrom(0, 9999, 10_000, 10_001)),
  size: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(MB, MB + 1) }, fc.constantFrom(...SIZES)),
});

/** What is wrong with the list, if anything. */
const flaw = fc.oneof(
  { weight: 6, arbitrary: fc.constant('none') },
  fc.constantFrom('order', 'twice', 'missing', 'etag', 'unquoted', 'empty', 'gap'),
);

interface Listed {
  readonly number: number;
  readonly etag: string;
}

const hashOf = (etags: readonly string[]) =>
  createHash('md5')
    .update(Buffer.concat(etags.map(etag => Buffer.from(etag, 'hex'))))
    .digest('hex');

/** The documents' rules, one after the other; undefined: it is taken. */
function refusal(list: readonly Listed[], parts: ReadonlyMap<number, Buffer>): string | undefined {
  if (list.length === 0 || list.some(({ number }) => number > 10_000)) return 'MalformedXML';
  for (const [i, { number }] of list.entries()) {
    const before = list[i - 1]?.number;
    if (before === undefined) continue;
    if (number <= before) return 'InvalidPartOrder';
    if (number !== before + 1) return 'InvalidPart';
  }
  if (list.some(({ number, etag }) => md5(parts.get(number) ?? 'none') !== etag)) return 'InvalidPart';
  return list.slice(0, -1).some(({ number }) => (parts.get(number)?.length ?? 0) < MB) ? 'EntityTooSmall' : undefined;
}

function spoiled(list: readonly Listed[], what: string): readonly Listed[] {
  const [first, ...rest] = list;
  if (!first) return list;
  switch (what) {
    case 'order':
      return list.toReversed();
    case 'twice':
      return [first, first, ...rest];
    case 'missing':
      return [...list, { number: (list.at(-1)?.number ?? 0) + 1, etag: md5('missing') }];
    case 'etag':
      return [{ ...first, etag: md5('other') }, ...rest];
    case 'gap':
      return list.filter((_, i) => i !== 1);
    default:
      return what === 'empty' ? [] : list;
  }
}

test('what is assembled is what the list says, or the list is refused and the upload stays', async () => {
  let seed = 0;
  let taken = 0;
  const drawn = fc.record({
    sent: fc.array(sent, { maxLength: 7 }),
    flaw,
    at: fc.nat(),
    length: fc.integer({ min: 1, max: 3 * MB }),
  });
  const property = fc.asyncProperty(drawn, async ({ sent, flaw, at, length }) => {
    const key = `assembled ${++seed}`;
    const path = `/${encodeURIComponent(key)}`;
    const begun = await shop.ask('POST', `${path}?uploads`, { headers: { 'x-cos-meta-run': String(seed) } });
    const id = textIn(begun.text, 'UploadId') ?? '';
    const parts = new Map<number, Buffer>();
    for (const { number, size } of sent) {
      const body = someBytes(size, seed * 16 + parts.size + number);
      const got = await shop.ask('PUT', `${path}?partNumber=${number}&uploadId=${id}`, { body });
      if (number < 1 || number > 10_000) {
        assert.equal(textIn(got.text, 'Code'), 'InvalidArgument', got.text);
        continue;
      }
      assert.deepEqual([got.headers.etag, got.headers['x-cos-hash-crc64ecma']], [`"${md5(body)}"`, crc64(body)]);
      parts.set(number, body);
    }
    const numbers = [...parts.keys()].toSorted((a, b) => a - b);
    const there = (await shop.ask('GET', `${path}?uploadId=${id}`)).text;
    assert.deepEqual(textsIn(there, 'PartNumber').map(Number), numbers);
    assert.deepEqual(
      textsIn(there, 'Size').map(Number),
      numbers.map(number => parts.get(number)?.length),
    );

    const whole = numbers.map(number => ({ number, etag: md5(parts.get(number) ?? '') }));
    const list = spoiled(whole, flaw);
    const quote = flaw === 'unquoted' ? '' : '"';
    const xml = list.map(
      ({ number, etag }) => `<Part><PartNumber>${number}</PartNumber><ETag>${quote}${etag}${quote}</ETag></Part>`,
    );
    const body = `<CompleteMultipartUpload>${xml.join('')}</CompleteMultipartUpload>`;
    const got = await shop.ask('POST', `${path}?uploadId=${id}`, { body });
    const refused = refusal(list, parts);
    if (refused !== undefined) {
      assert.deepEqual([got.status, textIn(got.text, 'Code')], [400, refused], got.text);
      assert.equal((await shop.ask('GET', path)).status, 404, 'nothing came about');
      const still = (await shop.ask('GET', `${path}?uploadId=${id}`)).text;
      assert.deepEqual(textsIn(still, 'PartNumber').map(Number), numbers);
      assert.equal((await shop.ask('DELETE', `${path}?uploadId=${id}`)).status, 204);
      return;
    }
    assert.equal(got.status, 200, got.text);
    taken++;
    const content = Buffer.concat(list.map(({ number }) => parts.get(number) ?? Buffer.alloc(0)));
    const etag = `"${hashOf(list.map(one => one.etag))}-${list.length}"`;
    const read = await shop.ask('GET', path);
    assert.ok(read.body.equals(content));
    assert.deepEqual(
      [read.headers.etag, read.headers['x-cos-hash-crc64ecma'], read.headers['x-cos-meta-run']],
      [etag, crc64(content), String(seed)],
    );
    const from = at % (content.length + 1);
    const cut = await shop.ask('GET', path, { headers: { Range: `bytes=${from}-${from + length - 1}` } });
    if (from === content.length) assert.equal(cut.status, 416);
    else assert.ok(cut.status === 206 && cut.body.equals(content.subarray(from, from + length)));
    assert.equal(textIn((await shop.ask('POST', `${path}?uploadId=${id}`, { body })).text, 'Code'), 'NoSuchUpload');
  });
  await fc.assert(property, { numRuns: 40 });
  assert.ok(taken > 3, `${taken} of ${seed} are taken`);
  assert.deepEqual(textsIn((await shop.ask('GET', '/?uploads')).text, 'UploadId'), []);
  // The parts that were replaced, left out or aborted have left no file.
  const named = shop.house.index.scan(BUCKET, undefined, 1000).flatMap(row => row.files);
  assert.deepEqual([...shop.house.files.kept.keys()].toSorted(), named.toSorted());
});
