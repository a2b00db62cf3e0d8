// Buckets held against plain arrays, by HTTP and over the real index: whatever is done, reads and lists tell what the documents
// say, page by page and whole.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { place } from '../../../store/objects/testing-place.ts';
import { md5, REGION, someBytes } from '../testing.ts';
import { childrenOf, readXml, wordOf, type XmlElement } from './readxml.ts';
import { type Given, type Got, openShop, type Shop, textIn } from './testing.ts';
import { folded, ModelBucket, type ModelEntry, type ModelQuery } from './testing-model.ts';

/** Of one to four bytes, and what XML, URLs and forms take for their own. */
const LETTERS = ['a', 'b', '/', ' ', '+', '%', '&', '<', '\u0001', 'é', '中', '\uffff', '😀'];

/** Of few letters, so that keys meet. */
function drawnOf(letters: readonly string[]) {
  const text = (minLength: number, maxLength: number) =>
    fc.array(fc.constantFrom(...letters), { minLength, maxLength }).map(drawn => drawn.join(''));
  const any = text(1, 3);
  // Slashes alone make no key that can be written.
  const key = any.filter(drawn => /[^/]/.test(drawn));
  const which = fc.nat();
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.record({ act: fc.constant('put'), key, bytes: fc.constantFrom(0, 1, 20, 20_000) }) },
    { weight: 3, arbitrary: fc.record({ act: fc.constant('copy'), key, which }) },
    { weight: 4, arbitrary: fc.record({ act: fc.constant('remove'), which }) },
    { weight: 2, arbitrary: fc.record({ act: fc.constant('removeVersion'), which }) },
    {
      weight: 1,
      arbitrary: fc.record({ act: fc.constant('removeMany'), keys: fc.array(any, { minLength: 1, maxLength: 3 }) }),
    },
    { weight: 1, arbitrary: fc.record({ act: fc.constant('versioning'), enabled: fc.boolean() }) },
  );
  const query = fc.record({
    prefix: text(0, 2),
    delimiter: text(0, 1),
    after: fc.oneof(fc.constant(''), any),
    limit: fc.integer({ min: 1, max: 6 }),
    encoded: fc.boolean(),
  });
  return fc.record({
    steps: fc.array(step, { maxLength: 25 }),
    queries: fc.array(query, { minLength: 1, maxLength: 6 }),
    keys: fc.array(key, { maxLength: 12 }),
  });
}

const drawn = fc.subarray(LETTERS, { minLength: 2, maxLength: 4 }).chain(drawnOf);
type Step = typeof drawn extends fc.Arbitrary<{ steps: (infer One)[] }> ? One : never;
type Query = ModelQuery & { readonly after: string; readonly limit: number; readonly encoded: boolean };

const pathOf = (name: string) => `/${encodeURIComponent(name)}`;
/** As clients write it: with `%20`, and not as forms do. */
const queryText = (pairs: Readonly<Record<string, string | number>>) =>
  Object.entries(pairs)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');

let buckets = 0;

/** One bucket of the shop, and what it should be. */
class Pair {
  readonly model = new ModelBucket();
  readonly id = `model${++buckets}-1250000000`;
  readonly host = `${this.id}.cos.${REGION}.myqcloud.com`;
  readonly #shop: Shop;
  #seed = 0;

  constructor(shop: Shop) {
    this.#shop = shop;
  }

  ask(method: string, target: string, given: Given = {}): Promise<Got> {
    return this.#shop.ask(method, target, { ...given, host: this.host });
  }

  async done(method: string, target: string, given: Given = {}): Promise<Got> {
    const got = await this.ask(method, target, given);
    assert.ok(got.status < 300, `${method} ${target}: ${got.status} ${got.text}`);
    return got;
  }

  /** Versions that are there, with their keys. */
  get #all() {
    return this.model.keys.flatMap(name => this.model.of(name).map(version => ({ name, ...version })));
  }

  async act(one: Step): Promise<void> {
    const { model } = this;
    const chosen = 'which' in one ? this.#all[one.which % Math.max(1, this.#all.length)] : undefined;
    if ('bytes' in one) {
      const body = someBytes(one.bytes, ++this.#seed);
      const { headers } = await this.done('PUT', pathOf(one.key), { body });
      assert.equal(headers.etag, `"${md5(body)}"`);
      model.put(one.key, body, this.#fresh(headers));
    } else if ('key' in one) {
      if (!chosen) return;
      const version = model.versioning === 'never' ? '' : `?versionId=${chosen.id}`;
      const headers = {
        'x-cos-copy-source': `${this.host}${pathOf(chosen.name)}${version}`,
        'x-cos-metadata-directive': 'Replaced',
      };
      const got = await this.ask('PUT', pathOf(one.key), { headers });
      if (!chosen.body) return assert.equal(got.status, 404, got.text);
      assert.equal(got.status, 200, got.text);
      model.put(one.key, chosen.body, this.#fresh(got.headers));
    } else if ('keys' in one) {
      const body = `<Delete>${one.keys.map(name => `<Object><Key>${escaped(name)}</Key></Object>`).join('')}</Delete>`;
      const root = readXml((await this.done('POST', '/?delete', { body })).body, 'DeleteResult');
      // Two of one key make two markers, of which the answer tells the ids.
      const ids = childrenOf(root, 'Deleted').map(
        one => [textOf(one, 'Key') ?? '', wordOf(one, 'DeleteMarkerVersionId') ?? ''] as const,
      );
      assert.deepEqual(new Set(ids.map(([name]) => name)), new Set(one.keys));
      // Later ids are smaller.
      for (const [name, id] of ids.toSorted(([, a], [, b]) => (a < b ? 1 : -1))) model.remove(name, id);
    } else if ('enabled' in one) {
      const Status = one.enabled ? 'Enabled' : 'Suspended';
      await this.done('PUT', '/?versioning', {
        body: `<VersioningConfiguration><Status>${Status}</Status></VersioningConfiguration>`,
      });
      model.versioning = Status;
    } else if (!chosen) return;
    else if (one.act === 'remove') {
      const { headers } = await this.done('DELETE', pathOf(chosen.name));
      assert.equal(headers['x-cos-delete-marker'], model.versioning === 'never' ? undefined : 'true');
      model.remove(chosen.name, this.#fresh(headers));
    } else {
      const { headers } = await this.done('DELETE', `${pathOf(chosen.name)}?versionId=${chosen.id}`);
      assert.equal(headers['x-cos-delete-marker'], chosen.body ? undefined : 'true');
      model.removeVersion(chosen.name, chosen.id);
    }
  }

  #fresh(headers: Got['headers']): string {
    const id = headers['x-cos-version-id'];
    if (this.model.versioning === 'Enabled') assert.ok(typeof id === 'string' && id.length > 10, String(id));
    return String(id);
  }

  async checkReads(): Promise<void> {
    for (const name of this.model.keys) {
      const got = await this.ask('GET', pathOf(name));
      const body = this.model.current(name);
      assert.equal(got.status, body ? 200 : 404);
      if (body) assert.ok(got.body.equals(body));
      for (const { id, body } of this.model.of(name)) {
        const version = await this.ask('GET', `${pathOf(name)}?versionId=${id}`);
        assert.equal(version.status, body ? 200 : 404, version.text);
        if (body) assert.ok(version.body.equals(body));
      }
    }
  }

  async checkList(query: Query): Promise<void> {
    const expected = this.model.list(query, query.after);
    const page = await this.#page('ListBucketResult', '', query, { marker: query.after, 'max-keys': query.limit });
    checkPage(page, expected, query.limit, 'Contents', ({ key, item }) => [key, `"${md5(item)}"`, String(item.length)]);
    const all: ModelEntry<Buffer>[] = [];
    for (let marker = '', more = true; more; ) {
      const { next, entries, truncated } = await this.#page('ListBucketResult', '', query, {
        marker,
        'max-keys': query.limit,
      });
      all.push(...entries('Contents'));
      [marker, more] = [next('NextMarker'), truncated];
    }
    assert.deepEqual(all.map(nameOf), this.model.list(query, '').map(nameOf));
  }

  async checkVersions(query: Query): Promise<void> {
    const { model } = this;
    const expected = model.versions(query, query.after);
    const shown = (id: string) => (model.versioning === 'never' ? '' : id);
    const page = await this.#page('ListVersionsResult', 'versions&', query, {
      'key-marker': query.after,
      'max-keys': query.limit,
    });
    const first = expected.slice(0, query.limit);
    const told = (one: XmlElement) =>
      ['Key', 'VersionId', 'IsLatest', 'ETag', 'Size'].map(name => page.decoded(one, name));
    const versions = first.flatMap(one => ('item' in one ? [one] : []));
    assert.deepEqual(
      childrenOf(page.root, 'Version').map(told),
      versions.flatMap(({ key, item: { id, newest, body } }) =>
        body ? [[key, shown(id), String(newest), `"${md5(body)}"`, String(body.length)]] : [],
      ),
    );
    assert.deepEqual(
      childrenOf(page.root, 'DeleteMarker').map(told),
      versions.flatMap(({ key, item: { id, newest, body } }) =>
        body ? [] : [[key, id, String(newest), undefined, undefined]],
      ),
    );
    assert.equal(page.truncated, expected.length > query.limit);
    const all: string[] = [];
    for (let [after, id, more] = ['', '', true]; more; ) {
      const next = await this.#page('ListVersionsResult', 'versions&', query, {
        'key-marker': after,
        'version-id-marker': id,
        'max-keys': query.limit,
      });
      for (const one of next.root.children)
        if (one.name === 'Version' || one.name === 'DeleteMarker')
          all.push(`${next.decoded(one, 'Key')} ${wordOf(one, 'VersionId')}`);
      [after, id, more] = [next.next('NextKeyMarker'), wordOf(next.root, 'NextVersionIdMarker') ?? '', next.truncated];
      assert.ok(!more || after !== '', 'there is a place to go on from');
    }
    assert.deepEqual(
      all,
      model.versions(query, '').flatMap(one => ('item' in one ? [`${one.key} ${shown(one.item.id)}`] : [])),
    );
  }

  async #page(root: string, sub: string, query: Query, markers: Readonly<Record<string, string | number>>) {
    const { prefix, delimiter, encoded } = query;
    const asked = { prefix, delimiter, ...markers, ...(encoded && { 'encoding-type': 'url' }) };
    const got = await this.done('GET', `/?${sub}${queryText(asked)}`);
    return pageIn(readXml(got.body, root), encoded);
  }
}

const textOf = (parent: XmlElement, name: string) => parent.children.find(child => child.name === name)?.text;
const escaped = (name: string) => [...name].map(char => `&#${char.codePointAt(0)};`).join('');
const nameOf = (one: ModelEntry<unknown>) => ('key' in one ? one.key : `${one.commonPrefix}*`);

/** What a list says, decoded. */
function pageIn(root: XmlElement, encoded: boolean) {
  const plain = (value: string | undefined) => (encoded && value !== undefined ? decodeURIComponent(value) : value);
  const decoded = (one: XmlElement, name: string) => {
    const value = textOf(one, name);
    return name === 'ETag' || name === 'VersionId' ? value : plain(value);
  };
  const prefixes = childrenOf(root, 'CommonPrefixes').map(one => decoded(one, 'Prefix') ?? '');
  return {
    root,
    decoded,
    prefixes,
    truncated: wordOf(root, 'IsTruncated') === 'true',
    next: (name: string) => decoded(root, name) ?? '',
    /** Those of a kind and the common prefixes, in their order. */
    entries: (kind: string): ModelEntry<Buffer>[] => {
      const named = childrenOf(root, kind).map(one => ({ key: decoded(one, 'Key') ?? '', item: Buffer.alloc(0) }));
      const all: ModelEntry<Buffer>[] = [...named, ...prefixes.map(commonPrefix => ({ commonPrefix }))];
      const place = (one: ModelEntry<unknown>) => Buffer.from('key' in one ? one.key : one.commonPrefix);
      return all.toSorted((a, b) => Buffer.compare(place(a), place(b)));
    },
  };
}

type Page = ReturnType<typeof pageIn>;

function checkPage<T>(
  page: Page,
  expected: readonly ModelEntry<T>[],
  limit: number,
  kind: string,
  told: (one: { readonly key: string; readonly item: T }) => readonly string[],
): void {
  const first = expected.slice(0, limit);
  const named = first.flatMap(one => ('key' in one ? [told(one)] : []));
  assert.deepEqual(
    childrenOf(page.root, kind).map(one =>
      ['Key', 'ETag', 'Size'].slice(0, named[0]?.length ?? 3).map(name => page.decoded(one, name)),
    ),
    named,
  );
  assert.deepEqual(
    page.prefixes,
    first.flatMap(one => ('commonPrefix' in one ? [one.commonPrefix] : [])),
  );
  assert.equal(page.truncated, expected.length > limit);
}

test('reads, lists and lists of versions are those of the model', async t => {
  await using shop = await openShop({ index: await place(t).open() });
  await fc.assert(
    fc.asyncProperty(drawn, async ({ steps, queries }) => {
      const pair = new Pair(shop);
      await pair.done('PUT', '/');
      for (const one of steps) await pair.act(one);
      await pair.checkReads();
      for (const one of queries) {
        await pair.checkList(one);
        await pair.checkVersions(one);
      }
    }),
    { numRuns: 60 },
  );
});

test('lists of uploads are those of the model', async t => {
  await using shop = await openShop({ index: await place(t).open() });
  await fc.assert(
    fc.asyncProperty(drawn, async ({ keys, queries }) => {
      const pair = new Pair(shop);
      await pair.done('PUT', '/');
      const begun: { key: string; item: string }[] = [];
      for (const name of keys) {
        const { text } = await pair.done('POST', `${pathOf(name)}?uploads`);
        begun.push({ key: name, item: textIn(text, 'UploadId') ?? '' });
      }
      // By key, then by id.
      const compare = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
      const there = begun.toSorted((a, b) => compare(a.key, b.key) || compare(a.item, b.item));
      for (const one of queries) {
        const seen: string[] = [];
        const prefixes: string[] = [];
        for (let [after, id, more] = [one.after, '', true]; more; ) {
          const { prefix, delimiter, encoded, limit } = one;
          const asked = {
            ...{ prefix, delimiter, 'key-marker': after, 'upload-id-marker': id, 'max-uploads': limit },
            ...(encoded && { 'encoding-type': 'url' }),
          };
          const got = await pair.done('GET', `/?uploads&${queryText(asked)}`);
          const page = pageIn(readXml(got.body, 'ListMultipartUploadsResult'), encoded);
          const uploads = childrenOf(page.root, 'Upload');
          seen.push(...uploads.map(upload => `${page.decoded(upload, 'Key')} ${wordOf(upload, 'UploadId')}`));
          prefixes.push(...page.prefixes);
          assert.ok(uploads.length + page.prefixes.length <= limit);
          [after, id, more] = [
            page.next('NextKeyMarker'),
            wordOf(page.root, 'NextUploadIdMarker') ?? '',
            page.truncated,
          ];
        }
        const expected = folded(there, one, one.after);
        assert.deepEqual(
          seen,
          expected.flatMap(entry => ('item' in entry ? [`${entry.key} ${entry.item}`] : [])),
        );
        assert.deepEqual(
          prefixes,
          expected.flatMap(entry => ('commonPrefix' in entry ? [entry.commonPrefix] : [])),
        );
      }
    }),
    { numRuns: 60 },
  );
});
