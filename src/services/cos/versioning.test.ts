import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { CloudError } from '../../core/errors.ts';
import { NO_LOG } from '../../core/log.ts';
import type { ObjectIndex } from '../../core/objects.ts';
import { openObjectIndex } from '../../store/objects/sqlite.ts';
import { memoryIndex } from '../../store/objects/testing-index.ts';
import type { ObjectRef, Removed } from './contract.ts';
import type { Versioning } from './model.ts';
import { versionIdOf } from './row.ts';
import { BUCKET, CAUSE, fails, House, ref, someBytes } from './testing.ts';

/** The documents' table in the plainest form: versions of each key, the newest first. */
interface Version {
  readonly id: string;
  readonly marker: boolean;
  readonly body: string;
}

class Model {
  versioning: Versioning = 'never';
  readonly keys = new Map<string, Version[]>();

  of(key: string): Version[] {
    const versions = this.keys.get(key) ?? [];
    this.keys.set(key, versions);
    return versions;
  }

  add(key: string, version: Version): void {
    this.drop(key, version.id);
    this.of(key).unshift(version);
  }

  drop(key: string, id: string): Version | undefined {
    const versions = this.of(key);
    const at = versions.findIndex(version => version.id === id);
    return at < 0 ? undefined : versions.splice(at, 1)[0];
  }

  put(key: string, id: string, body: string): void {
    this.add(key, { id: this.versioning === 'Enabled' ? id : 'null', marker: false, body });
  }

  /** What the answer has to be, and what is told. */
  remove(
    key: string,
    id: string | undefined,
    fresh: string | undefined,
  ): { removed: Removed; event: string | undefined } {
    if (id === undefined && this.versioning !== 'never') {
      const versionId = this.versioning === 'Enabled' ? (fresh ?? '') : 'null';
      this.add(key, { id: versionId, marker: true, body: '' });
      return { removed: { versionId, marker: true }, event: 'ObjectRemove:DeleteMarkerCreated' };
    }
    const named = id === '' ? 'null' : id;
    const gone = this.drop(key, named ?? 'null');
    return {
      removed: { versionId: named, marker: gone?.marker ?? false },
      event: gone && 'ObjectRemove:Delete',
    };
  }
}

type Verb =
  | { readonly verb: 'put'; readonly key: string; readonly big: boolean }
  | { readonly verb: 'remove'; readonly key: string; readonly which: number | 'newest' | 'null' | '' | 'bogus' }
  | { readonly verb: 'versioning'; readonly to: 'Enabled' | 'Suspended' }
  | { readonly verb: 'restart' };

const key = fc.constantFrom('a', 'a/b', 'b');
const verbs = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ verb: fc.constant('put' as const), key, big: fc.boolean() }) },
    {
      weight: 5,
      arbitrary: fc.record({
        verb: fc.constant('remove' as const),
        key,
        which: fc.oneof(fc.nat(4), fc.constantFrom('newest' as const, 'null' as const, '' as const, 'bogus' as const)),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        verb: fc.constant('versioning' as const),
        to: fc.constantFrom('Enabled' as const, 'Suspended' as const),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ verb: 'restart' as const }) },
  ),
  { maxLength: 40 },
);

async function sqliteIndex(): Promise<{ readonly index: ObjectIndex } & AsyncDisposable> {
  const dir = mkdtempSync(join(tmpdir(), 'versions-'));
  const index = await openObjectIndex({ file: join(dir, 'objects.db'), log: NO_LOG });
  const close = async () => {
    await index.close();
    rmSync(dir, { recursive: true });
  };
  return { index, [Symbol.asyncDispose]: close };
}

const INDEXES = {
  memory: { open: async () => ({ index: memoryIndex(), [Symbol.asyncDispose]: async () => undefined }), numRuns: 60 },
  SQLite: { open: sqliteIndex, numRuns: 8 },
};

for (const [name, { open, numRuns }] of Object.entries(INDEXES)) {
  test(`random verbs in all states of versioning do what the documented table says, over ${name}`, async () => {
    await fc.assert(
      fc.asyncProperty(verbs, async given => {
        await using opened = await open();
        await using house = await House.open({ index: opened.index });
        await follow(house, given);
      }),
      { numRuns },
    );
  });
}

async function follow(house: House, given: readonly Verb[]): Promise<void> {
  const model = new Model();
  let listening = house.listen();
  const told: string[] = [];
  const expected: string[] = [];
  let count = 0;
  for (const verb of given) {
    await apply(house, model, verb, `body ${count++}`, expected);
    if (verb.verb === 'restart') {
      told.push(...listening.told.map(notice => notice.name));
      listening = house.listen();
    }
    compare(house, model);
    await compareContents(house, model);
  }
  told.push(...listening.told.map(notice => notice.name));
  assert.deepEqual(told, expected);
  await house.checkFiles();
}

async function apply(house: House, model: Model, verb: Verb, body: string, expected: string[]): Promise<void> {
  if (verb.verb === 'restart') {
    await house.cos.close();
    return house.start();
  }
  if (verb.verb === 'versioning') {
    await house.cos.buckets.setVersioning(BUCKET, verb.to);
    model.versioning = verb.to;
    return;
  }
  if (verb.verb === 'put') {
    const text = verb.big ? body.repeat(4000) : body;
    const stored = await house.put(verb.key, text);
    model.put(verb.key, stored.versionId, text);
    if (model.versioning === 'Enabled') assert.equal(stored.versionId, versionIdOf(stored.order));
    else assert.equal(stored.versionId, 'null');
    expected.push('ObjectCreated:Put');
    return;
  }
  const { which } = verb;
  const id =
    which === 'newest' ? undefined : typeof which === 'number' ? (model.of(verb.key)[which]?.id ?? 'bogus') : which;
  const removed = await house.remove(verb.key, id);
  const wanted = model.remove(verb.key, id, removed.versionId);
  assert.deepEqual(removed, wanted.removed);
  if (wanted.event) expected.push(wanted.event);
}

function compare(house: House, model: Model): void {
  const query = { bucket: BUCKET, prefix: '', delimiter: '', limit: 1000 };
  const keys = [...model.keys.keys()].sort();
  const versions = house.cos.objects.versions({ ...query, afterKey: '', afterVersionId: '' });
  assert.deepEqual(
    versions.entries.map(
      entry => 'row' in entry && [entry.row.key, entry.row.versionId, entry.row.marker, entry.row.newest],
    ),
    keys.flatMap(key =>
      model.of(key).map(({ id, marker }, place) => [key, model.versioning === 'never' ? '' : id, marker, place === 0]),
    ),
  );
  assert.deepEqual(
    house.cos.objects.list({ ...query, after: '' }).entries.map(entry => 'row' in entry && entry.row.key),
    keys.filter(key => model.of(key)[0]?.marker === false),
  );
}

async function compareContents(house: House, model: Model): Promise<void> {
  for (const key of ['a', 'a/b', 'b']) {
    const [newest] = model.of(key);
    if (!newest) await fails('NoSuchKey', () => house.text(key));
    else if (newest.marker) assert.equal((await fails('NoSuchKey', () => house.text(key))).params.marker, 'true');
    else assert.equal(await house.text(key), newest.body);
    for (const { id, marker, body } of model.of(key)) {
      if (marker) assert.ok((await fails('NoSuchKey', () => house.text(key, id))) instanceof CloudError);
      else assert.equal(await house.text(key, id), body);
    }
    await fails('NoSuchVersion', () => house.text(key, 'bogus'));
  }
}

describe('versions', () => {
  test('ids get smaller as time goes on and look like the cloud’s', () => {
    const ids = [1, 1_700_000_000_000_000, 1_700_000_000_000_001].map(versionIdOf);
    assert.deepEqual(
      ids.map(id => Buffer.from(id, 'base64').toString()),
      ['18446744073709551614', '18445044073709551615', '18445044073709551614'],
    );
    assert.ok(ids.every(id => /^MTg0NDUw|^MTg0NDY/.test(id) && !id.includes('=')));
  });

  test('what is amended stays the version that it is', async () => {
    await using house = await House.open();
    await house.cos.buckets.setVersioning(BUCKET, 'Enabled');
    const first = await house.put('k', someBytes(50_000));
    const second = await house.put('k', 'second');
    await house.clock.advance(5000);
    const target: ObjectRef = ref('k', first.versionId);
    const tags = [{ Key: 'a', Value: '1' }];
    const acl = { canned: 'public-read', grants: [] } as const;
    await Promise.all([house.cos.objects.setAcl(target, acl), house.cos.objects.setTags(target, tags)]);
    assert.deepEqual(house.cos.objects.head(target), { ...first, acl, tags });
    assert.deepEqual(house.cos.objects.head(ref('k')), second);
    await house.remove('k');
    await fails('NoSuchKey', () => house.cos.objects.setTags(ref('k'), tags));
    await fails('NoSuchVersion', () => house.cos.objects.setTags(ref('k', 'none'), tags));
    await house.checkFiles();
  });

  test('deleting what is not there tells nobody, and a marker for it is told', async () => {
    await using house = await House.open();
    const { told } = house.listen();
    assert.deepEqual(await house.remove('none'), { versionId: undefined, marker: false });
    assert.deepEqual(told, []);
    await house.cos.buckets.setVersioning(BUCKET, 'Suspended');
    assert.deepEqual(await house.remove('none'), { versionId: 'null', marker: true });
    assert.deepEqual(
      told.map(({ name, versionId, bytes, etag, cause }) => ({ name, versionId, bytes, etag, cause })),
      [{ name: 'ObjectRemove:DeleteMarkerCreated', versionId: 'null', bytes: 0, etag: '', cause: CAUSE }],
    );
  });
});
