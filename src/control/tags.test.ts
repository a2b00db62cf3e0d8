import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TurnableClock } from '../core/clock.ts';
import { NO_LOG } from '../core/log.ts';
import type { Tag, TaggedResource } from '../core/ports.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import { scene as controlScene, creation, KEY, rejects, zip } from './fixture.ts';
import { keptResource } from './tagged.ts';
import { TagTable } from './tags.ts';

async function scene() {
  const store = await openSqliteStore({ file: ':memory:', clock: new TurnableClock(), log: NO_LOG });
  const tags = await TagTable.open(store);
  const rows = async () => (await store.list('resources')).map(row => `${row.kind} ${row.region} ${row.id}`);
  return { store, tags, rows };
}

const LB: TaggedResource = { service: 'clb', region: 'ap-guangzhou', prefix: 'clb', id: 'lb-1' };
const OTHER: TaggedResource = { ...LB, id: 'lb-2' };
const T = (text: string): Tag => {
  const [Key = '', Value = ''] = text.split(':');
  return { Key, Value };
};
const texts = (tags: readonly Tag[]) => tags.map(({ Key, Value }) => `${Key}:${Value}`).join(' ');

describe('tags', () => {
  test('hang on resources, are made with them, and are there at the next start', async () => {
    const { store, tags } = await scene();
    await tags.set(LB, [T('team:a'), T('env:test')]);
    await tags.set({ ...LB, region: 'ap-beijing' }, [T('team:b')]);
    assert.equal(texts(tags.of(LB)), 'team:a env:test');
    assert.equal(texts(tags.all()), 'env:test team:a team:b');
    const next = await TagTable.open(store);
    assert.deepEqual(next.of(LB), tags.of(LB));
    assert.deepEqual(next.all(), tags.all());
    assert.deepEqual(next.tagged(), tags.tagged());
    assert.deepEqual(
      next.tagged().map(({ resource }) => resource),
      [{ ...LB, region: 'ap-beijing' }, LB],
    );
  });

  test('are replaced by others, and gone with their resource; the tags themselves stay', async () => {
    const { tags, rows } = await scene();
    await tags.set(LB, [T('team:a')]);
    await tags.set(LB, [T('env:x')]);
    assert.equal(texts(tags.of(LB)), 'env:x');
    await tags.drop(LB);
    assert.deepEqual([tags.of(LB), tags.tagged()], [[], []]);
    assert.deepEqual(await rows(), ['tag/tag  env\nx', 'tag/tag  team\na']);
    assert.deepEqual(
      tags.all().map(({ used }) => used),
      [false, false],
    );
  });

  test('a resource whose id has separators in it is itself', async () => {
    const { store, tags } = await scene();
    const odd = { service: 'scf', region: '', prefix: 'namespace', id: 'default/x:y/z' };
    await tags.set(odd, [T('a:b')]);
    assert.deepEqual((await TagTable.open(store)).tagged(), [{ resource: odd, tags: [T('a:b')] }]);
  });

  test('are made and removed by themselves, all or none', async () => {
    const { store, tags } = await scene();
    await tags.create([T('team:a'), T('team:b')]);
    await rejects(tags.create([T('team:c'), T('team:a')]), 'ResourceInUse.TagDuplicate');
    await rejects(tags.create([T('team:c'), T('team:c')]), 'ResourceInUse.TagDuplicate');
    assert.throws(() => tags.create([T('team:c'), T('project:c')]), /ReservedTagKey/);
    assert.equal(texts(tags.all()), 'team:a team:b');
    await tags.set(LB, [T('team:b')]);
    await rejects(tags.remove([T('team:a'), T('team:b')]), 'FailedOperation.TagAttachedResource');
    await rejects(tags.remove([T('team:a'), T('none:x')]), 'ResourceNotFound.TagNonExist');
    assert.equal(texts(tags.all()), 'team:a team:b');
    await tags.remove([T('team:a')]);
    await tags.drop(LB);
    await tags.remove([T('team:b')]);
    assert.deepEqual(tags.all(), []);
    assert.equal(await store.count('resources'), 0);
  });

  test('change on several resources, all or none', async () => {
    const { tags } = await scene();
    await tags.set(LB, [T('team:a')]);
    await tags.change([LB, OTHER], now => [...now, T('env:x')]);
    assert.deepEqual([texts(tags.of(LB)), texts(tags.of(OTHER))], ['team:a env:x', 'env:x']);
    const twice = tags.change([OTHER, LB], (now, { id }) => (id === LB.id ? [...now, T('env:y')] : []));
    await rejects(twice, 'InvalidParameterValue.TagKeyDuplicate');
    assert.equal(texts(tags.of(OTHER)), 'env:x');
    assert.equal(tags.has(T('env:y')), false);
    await tags.change([OTHER, OTHER], now => [T(`env:${now.length}${now[0]?.Value}`)]);
    assert.equal(texts(tags.of(OTHER)), 'env:11x', 'one that comes twice is changed twice');
  });

  test('changes wait for each other', async () => {
    const { tags } = await scene();
    const add = (text: string) => tags.change([LB], now => [...now, T(text)]);
    await Promise.all(['a:1', 'b:2', 'c:3'].map(add));
    assert.equal(texts(tags.of(LB)), 'a:1 b:2 c:3');
  });

  test('a failed write changes nothing', async () => {
    const { store, tags } = await scene();
    await tags.set(LB, [T('a:1')]);
    store.transaction = () => Promise.reject(new Error('disk'));
    await assert.rejects(tags.set(LB, [T('a:2')]), /disk/);
    assert.equal(texts(tags.of(LB)), 'a:1');
    assert.equal(tags.has(T('a:2')), false);
  });

  test('have their limits: 50 on a resource, 1000 keys, 1000 values of a key', async () => {
    const { tags } = await scene();
    const many = (count: number, of: (i: number) => string) => Array.from({ length: count }, (_, i) => T(of(i)));
    await tags.set(
      LB,
      many(50, i => `k${i}:v`),
    );
    await rejects(
      tags.set(
        LB,
        many(51, i => `k${i}:v`),
      ),
      'LimitExceeded.ResourceAttachedTags',
    );
    await tags.create(many(950, i => `more${i}:v`));
    await rejects(tags.create([T('one:more')]), 'LimitExceeded.TagKey');
    await rejects(tags.set(OTHER, [T('one:more')]), 'LimitExceeded.TagKey');
    await tags.create(many(999, i => `k0:${i}`));
    await rejects(tags.create([T('k0:more')]), 'LimitExceeded.TagValue');
    await tags.create([T('k1:more')]);
  });

  test('what older functions had may stay, and is known', async () => {
    const { store } = await scene();
    const body = [{ Key: 'project', Value: '' }];
    const row = { kind: 'tag/resource', region: KEY.region, id: 'scf:lam/lam-1', parent: '', body };
    await store.put('resources', row);
    const tags = await TagTable.open(store);
    const fn = { service: 'scf', region: KEY.region, prefix: 'lam', id: 'lam-1' };
    await tags.change([fn], now => [...now, T('a:b')]);
    assert.equal(texts(tags.of(fn)), 'project: a:b');
    assert.equal(texts((await TagTable.open(store)).all()), 'a:b project:');
  });
});

describe('tags of functions', () => {
  const team = [T('team:a')];

  test('are those of the table, in both directions, and go with the function', async () => {
    const { control, made, store } = await controlScene();
    await made({ tags: team });
    const { tags, row } = await control.functions.get(KEY);
    const resource = { service: 'scf', region: KEY.region, prefix: 'lam', id: row.id };
    assert.deepEqual(tags, team);
    assert.deepEqual(control.tags.of(resource), team);
    await control.tags.set(resource, [T('env:x')]);
    assert.deepEqual((await control.functions.get(KEY)).tags, [T('env:x')]);
    const filters = [{ name: 'tag-env', values: ['x'] }];
    const { rows } = await control.functions.list({ region: KEY.region, namespace: KEY.namespace, filters });
    assert.deepEqual(
      rows.map(view => view.tags),
      [[T('env:x')]],
    );
    await control.functions.delete(KEY);
    assert.deepEqual(control.tags.tagged(), []);
    assert.equal(await store.count('resources', { kind: 'tag/resource' }), 0);
    await made();
    assert.deepEqual((await control.functions.get(KEY)).tags, [], 'the next function of that name has none');
  });

  test('that are not allowed make no function and keep no package', async () => {
    const { control, blob } = await controlScene();
    const create = (tags: Tag[]) => control.functions.create(creation({ tags }));
    await rejects(create([T('project:a')]), 'InvalidParameterValue.ReservedTagKey');
    await rejects(create([T('a:1'), T('a:2')]), 'InvalidParameterValue.TagKeyDuplicate');
    assert.equal(control.catalog.find(KEY), undefined);
    assert.deepEqual([blob.kept.size, control.tags.all()], [0, []]);
  });

  test('a copy has none, nor has a function that was refused', async () => {
    const { control, made } = await controlScene();
    await made({ tags: team });
    await rejects(control.functions.create(creation({ tags: [T('b:c')] })), 'ResourceInUse.Function');
    assert.equal(control.tags.has(T('b:c')), false);
    const to = { ...KEY, name: 'copy' };
    await control.functions.copy({ from: KEY, to });
    assert.deepEqual((await control.functions.get(to)).tags, []);
  });

  test('layers: all versions have those of the last publishing that named any, until the last version goes', async () => {
    const { control } = await controlScene();
    const { region } = KEY;
    const publish = async (tags?: Tag[]) => {
      const input = { region, name: 'deps', zip: zip(), runtimes: ['Go1'], wire: {} };
      const view = await control.layers.publish({ ...input, ...(tags && { tags }) });
      await control.settled();
      return view;
    };
    assert.deepEqual((await publish(team)).tags, team);
    assert.deepEqual((await publish()).tags, team);
    await publish([T('env:x')]);
    const versions = await control.layers.versions(region, 'deps');
    assert.deepEqual(
      versions.map(view => view.tags),
      [1, 2, 3].map(() => [T('env:x')]),
    );
    await rejects(publish([{ Key: 'qcs:a', Value: 'x' }]), 'InvalidParameterValue.ReservedTagKey');
    assert.equal((await control.layers.versions(region, 'deps')).length, 3);
    for (const version of [1, 2, 3]) {
      assert.equal(control.tags.tagged().length, 1);
      await control.layers.delete(region, { name: 'deps', version });
    }
    assert.deepEqual(control.tags.tagged(), []);
  });

  test('go by their id, and are found by namespace and name as well', async () => {
    const { control, made } = await controlScene();
    await made();
    const { id } = (await control.functions.get(KEY)).row;
    const scf = { service: 'scf', region: KEY.region };
    const lam = { ...scf, prefix: 'lam', id };
    const kept = (resource: TaggedResource) => keptResource(control.catalog, resource);
    assert.deepEqual(kept(lam), lam);
    assert.deepEqual(kept({ ...scf, prefix: 'namespace', id: 'default/function/hello' }), lam);
    for (const strange of [
      { ...lam, id: 'lam-none' },
      { ...lam, region: 'ap-beijing' },
      { ...scf, prefix: 'namespace', id: 'default/function/none' },
      { ...scf, region: 'ap-beijing', prefix: 'namespace', id: 'default/function/hello' },
    ])
      assert.equal(kept(strange), undefined);
    const others = [{ ...scf, prefix: 'namespace', id: 'default' }, { ...scf, prefix: 'layer', id: 'deps' }, LB];
    for (const other of others) assert.equal(kept(other), other);
  });
});
