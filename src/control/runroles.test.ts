import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isWithin } from '../core/policy.ts';
import { creation, KEY, NOW, rejects, scene } from './fixture.ts';
import { needPreset } from './roles.ts';

const KEYS = [{ secretId: 'AKID1', secretKey: 'one' }];
const HOUR_MS = 3_600_000;

const trust = (service: string) =>
  JSON.stringify({
    version: '2.0',
    statement: [{ effect: 'allow', action: 'name/sts:AssumeRole', principal: { service: [service] } }],
  });

async function bench(change: Parameters<typeof scene>[0] = {}) {
  const made = await scene({ keys: KEYS, ...change });
  const { control } = made;
  const role = (name: string, change: { trust?: string; sessionS?: number } = {}) =>
    control.roles.create({
      ...{ name, trust: trust('scf.qcloud.com'), description: '', consoleLogin: 0, sessionS: 0, tags: [], ...change },
    });
  const shown = async () => (await control.functions.get(KEY)).version;
  return { ...made, role, shown };
}

const asks = (action: string) => ({
  ...{ action, callers: [], values: new Map() },
  resource: { service: 'cos', region: 'ap-guangzhou', accounts: ['uid/1250000000'], paths: ['b-1250000000/a'] },
});

describe('the role of a function', () => {
  test('is kept, changed, and taken away; each time instances are other ones', async () => {
    const { control, role, shown } = await bench();
    for (const name of ['one', 'two']) await role(name);
    await control.functions.create(creation({ role: 'one' }));
    await control.settled();
    const created = await shown();
    assert.equal(created.role, 'one');
    const revisions = [created.revision];
    for (const [change, expected] of [
      [{ role: 'two' }, 'two'],
      [{ description: 'the same role' }, 'two'],
      [{ role: '' }, ''],
    ] as const) {
      await control.functions.updateConfiguration({ ...KEY, ...change, wire: {} });
      const version = await shown();
      assert.equal(version.role, expected);
      revisions.push(version.revision);
    }
    assert.deepEqual(
      revisions.map(revision => revision - created.revision),
      [0, 1, 1, 2],
    );
  });

  test('stays with a published version, and goes with a copy of the configuration', async () => {
    const { control, role, shown } = await bench();
    await role('one');
    await control.functions.create(creation({ role: 'one' }));
    await control.settled();
    await control.versions.publish(KEY, {});
    await control.settled();
    await control.functions.updateConfiguration({ ...KEY, role: '', wire: {} });
    assert.equal((await control.functions.get(KEY, '1')).version.role, 'one');
    assert.equal((await shown()).role, '');
    await control.functions.updateConfiguration({ ...KEY, role: 'one', wire: {} });
    for (const [name, copyConfiguration, expected] of [
      ['whole', true, 'one'],
      ['code', false, ''],
    ] as const) {
      await control.functions.copy({ from: KEY, to: { ...KEY, name }, copyConfiguration });
      await control.settled();
      assert.equal((await control.functions.get({ ...KEY, name })).version.role, expected);
    }
  });

  test('finds functions by it', async () => {
    const { control, role } = await bench();
    await role('one');
    await control.functions.create(creation({ role: 'one' }));
    await control.functions.create(creation({ name: 'other' }));
    await control.settled();
    const { region, namespace } = KEY;
    const filters = [{ name: 'Role', values: ['one'] }];
    const { rows } = await control.functions.list({ region, namespace, filters });
    assert.deepEqual(
      rows.map(({ row }) => row.name),
      [KEY.name],
    );
  });

  test('must be there, in its own spelling, and trust functions; nothing is made or changed before', async () => {
    const { control, role, shown } = await bench();
    await role('Reader');
    await role('others', { trust: trust('cvm.qcloud.com') });
    await control.functions.create(creation());
    await control.settled();
    const { revision } = await shown();
    for (const [name, code] of [
      ['none', 'ResourceNotFound.Role'],
      ['reader', 'ResourceNotFound.Role'],
      ['qcs::cam::uin/100000000001:roleName/Reader', 'ResourceNotFound.Role'],
      ['others', 'UnauthorizedOperation.Role'],
    ] as const) {
      const error = await rejects(control.functions.create(creation({ name: 'new', role: name })), code);
      assert.doesNotMatch(error.text('zh') + error.text('en'), /\{\w+\}/);
      await rejects(control.functions.updateConfiguration({ ...KEY, role: name, wire: {} }), code);
    }
    assert.equal(control.catalog.find({ ...KEY, name: 'new' }), undefined);
    assert.equal((await shown()).revision, revision);
  });
});

test('instances are replaced when a role of their function goes or comes, and no others', async () => {
  const renewed: string[] = [];
  const instances = {
    provisionedOf: () => ({ available: 0, busy: 0 }),
    renew: ({ name, version }: { name: string; version: string }) => void renewed.push(`${name} ${version}`),
  };
  const { control, role } = await bench({ instances });
  for (const name of ['one', 'two']) await role(name);
  await control.functions.create(creation({ role: 'one' }));
  await control.functions.create(creation({ name: 'other', role: 'two' }));
  await control.settled();
  await control.versions.publish(KEY, {});
  await control.settled();
  await control.functions.updateConfiguration({ ...KEY, role: '', wire: {} });
  assert.deepEqual(renewed, []);
  await control.roles.remove({ name: 'one' });
  assert.deepEqual(renewed.splice(0), [`${KEY.name} 1`]);
  await role('one');
  assert.deepEqual(renewed.splice(0), [`${KEY.name} 1`]);
  await control.roles.attach({ name: 'one' }, needPreset({ name: 'QcloudCOSReadOnlyAccess' }));
  assert.deepEqual(renewed, [], 'what it may is looked up when it is asked for');
});

describe('roles that the console makes', () => {
  for (const name of ['SCF_QcsRole', 'QCS_SCFExcuteRole', 'SCF_ExecuteRole'])
    test(`${name} is there when a function first asks for it, once`, async () => {
      const { control } = await bench();
      assert.equal(control.roles.find({ name }), undefined);
      await Promise.all(
        ['one', 'two'].map(one =>
          control.functions.create(creation({ name: one, role: name, zip: undefined })).catch(() => 0),
        ),
      );
      assert.equal(control.roles.find({ name }), undefined, 'not for a request that is refused otherwise');
      await Promise.all(['one', 'two'].map(one => control.functions.create(creation({ name: one, role: name }))));
      await control.settled();
      const role = control.roles.need({ name });
      assert.deepEqual(
        role.attached.map(({ policyId }) => policyId),
        [needPreset({ name: 'QcloudAccessForScfRole' }).id],
      );
      assert.equal(control.roles.list().length, 1);
      assert.ok('secretId' in control.runRoles.keysOf({ name: 'one', role: name }, NOW));
    });

  test('one that was made by somebody stays as it is', async () => {
    const { control, role } = await bench();
    await role('SCF_QcsRole');
    await control.functions.create(creation({ role: 'SCF_QcsRole' }));
    assert.deepEqual(control.roles.need({ name: 'SCF_QcsRole' }).attached, []);
  });
});

describe('keys of a role', () => {
  const FUNCTION = { name: 'hello', role: 'reader' };

  test('do what the role may, for six hours or as long as it says', async () => {
    const { control, role } = await bench();
    await role('reader');
    await control.roles.attach({ name: 'reader' }, needPreset({ name: 'QcloudCOSReadOnlyAccess' }));
    await role('brief', { sessionS: 900 });
    await role('long', { sessionS: 43_200 });
    const keys = control.runRoles.keysOf(FUNCTION, NOW);
    assert.ok('secretId' in keys);
    assert.equal(keys.expiresAt, NOW + 6 * HOUR_MS);
    const held = control.accounts.heldKey(keys.secretId, keys.token);
    assert.ok(held);
    assert.equal(held.secretKey, keys.secretKey);
    assert.equal(held.session?.name, 'hello');
    assert.ok(isWithin(held.holder.limits, asks('cos:GetObject')));
    assert.ok(!isWithin(held.holder.limits, asks('cos:PutObject')));
    for (const [name, lifeMs] of [
      ['brief', 900_000],
      ['long', 6 * HOUR_MS],
    ] as const) {
      const others = control.runRoles.keysOf({ ...FUNCTION, role: name }, NOW);
      assert.ok('secretId' in others);
      assert.equal(others.expiresAt, NOW + lifeMs);
    }
  });

  test('are not there for a role that has gone, or no longer trusts functions', async () => {
    const { control, role } = await bench();
    await role('reader');
    await control.functions.create(creation({ role: 'reader' }));
    await control.roles.remove({ name: 'reader' });
    const gone = control.runRoles.keysOf(FUNCTION, NOW);
    assert.ok(!('secretId' in gone));
    assert.match(gone.en, /no role reader/);
    assert.match(gone.zh, /角色 reader 不存在/);
    await role('reader', { trust: trust('cvm.qcloud.com') });
    const closed = control.runRoles.keysOf(FUNCTION, NOW);
    assert.ok(!('secretId' in closed));
    assert.match(closed.en, /trust policy of the role reader/);
  });
});
