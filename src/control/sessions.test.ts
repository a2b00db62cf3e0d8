import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isWithin } from '../core/policy.ts';
import { NOW, rejects, scene, throws } from './fixture.ts';
import { needPreset } from './roles.ts';

const KEYS = [{ secretId: 'AKID1', secretKey: 'one' }];
const POLICY = JSON.stringify({
  version: '2.0',
  statement: [{ effect: 'allow', action: 'name/cos:GetObject', resource: 'qcs::cos::uid/1250000000:b-1250000000/*' }],
});
const UIN = '100000000001';
const TRUST = (principal: object) =>
  JSON.stringify({ version: '2.0', statement: [{ effect: 'allow', action: 'name/sts:AssumeRole', principal }] });
const ROOT = { qcs: [`qcs::cam::uin/${UIN}:root`] };
const WANTED = { durationS: undefined, nowMs: NOW + 500 };

const ask = (action: string, callers: readonly string[] = []) => ({
  ...{ action, callers, values: new Map() },
  resource: { service: 'cos', region: 'ap-guangzhou', accounts: ['uid/1250000000'], paths: ['b-1250000000/a'] },
});

async function bench() {
  const made = await scene({ keys: KEYS });
  const { accounts, sessions, roles } = made.control;
  const own = accounts.heldKey('AKID1', '');
  assert.ok(own);
  const role = (principal: object = ROOT, change: object = {}) =>
    roles.create({
      ...{ name: 'reader', trust: TRUST(principal), description: '', consoleLogin: 0, sessionS: 0, tags: [] },
      ...change,
    });
  return { ...made, accounts, sessions, roles, own, role };
}

describe('temporary keys', () => {
  test('are found by id and token, and by nothing else', async () => {
    const { sessions, accounts, own } = await bench();
    const issued = sessions.federate('bob', POLICY, own, WANTED);
    assert.match(issued.secretId, /^AKID[\w-]{32}$/);
    const { secretId, secretKey, token } = issued;
    const found = accounts.heldKey(secretId, token);
    assert.deepEqual([found?.secretKey, found?.token, found?.expiresAt], [secretKey, token, NOW + 1_800_000]);
    assert.deepEqual(found?.session, { kind: 'federated', name: 'bob', policy: POLICY });
    assert.deepEqual(accounts.secretOf(secretId, token), found);
    const other = sessions.federate('eve', POLICY.replace('GetObject', '*'), own, WANTED);
    assert.notEqual(other.secretId, secretId);
    for (const wrong of [
      '',
      'x',
      other.token,
      `${token}x`,
      token.replace('.', 'A.'),
      token.slice(0, -1),
      `${token.split('.')[0]}.`,
    ]) {
      const one = accounts.heldKey(secretId, wrong);
      assert.notEqual(one?.token, wrong);
      assert.ok(one && !isWithin(one.holder.limits, ask('cos:GetObject')), 'good for nothing');
      assert.equal(one.session, undefined);
    }
    for (const id of [
      '',
      'AKID',
      `${secretId}a`,
      secretId.replace(/.$/, last => (last === 'A' ? 'B' : 'A')),
      '__proto__',
    ])
      assert.equal(accounts.heldKey(id, token), undefined, id);
  });

  test('outlive a restart', async () => {
    const { sessions, own, deps } = await bench();
    const { secretId, secretKey, token } = sessions.federate('bob', POLICY, own, WANTED);
    const again = await scene({ keys: KEYS, store: deps.store });
    assert.equal(again.control.accounts.heldKey(secretId, token)?.secretKey, secretKey);
    const elsewhere = await scene({ keys: [{ secretId: 'AKID1', secretKey: 'two' }] });
    assert.equal(elsewhere.control.accounts.heldKey(secretId, token), undefined, 'gone with the key that made it');
    const keyless = await scene({ keys: [] });
    const { sessions: none } = keyless.control;
    assert.equal(none.find(secretId, token), undefined);
    assert.throws(() => none.federate('bob', POLICY, own, WANTED), /no key/);
  });

  test('of the account’s own key say so', async () => {
    const { own, sessions } = await bench();
    assert.deepEqual(own, { secretKey: 'one', holder: sessions.root, session: undefined });
    assert.ok(isWithin(own.holder.limits, ask('cos:PutObject')));
  });
});

describe('a federated user', () => {
  test('may do what the policy allows', async () => {
    const { sessions, accounts, own } = await bench();
    for (const policy of [POLICY, encodeURIComponent(POLICY), encodeURIComponent(POLICY).replaceAll('%20', '+')]) {
      const { secretId, token } = sessions.federate('bob', policy, own, WANTED);
      const { holder } = accounts.heldKey(secretId, token) ?? assert.fail();
      assert.deepEqual(holder.names, sessions.root.names);
      assert.deepEqual(
        ['cos:GetObject', 'cos:PutObject'].map(action => isWithin(holder.limits, ask(action))),
        [true, false],
      );
    }
  });

  test('has keys for as long as is asked for', async () => {
    const { sessions, own } = await bench();
    const at = (durationS: number | undefined) =>
      sessions.federate('bob', POLICY, own, { ...WANTED, durationS }).expiresAt - NOW;
    assert.deepEqual([at(undefined), at(1), at(7200)], [1_800_000, 1000, 7_200_000]);
    for (const durationS of [0, -1, 7201]) throws(() => at(durationS), 'InvalidParameter.OverTimeError');
  });

  test('is refused what cannot be checked', async () => {
    const { sessions, own } = await bench();
    const give = (policy: string, name = 'bob') => sessions.federate(name, policy, own, WANTED);
    const one = (change: object) =>
      JSON.stringify({ statement: { effect: 'allow', action: '*', resource: '*', ...change } });
    const named = { qcs: [`qcs::cam::uin/${UIN}:root`] };
    const both = { qcs: ['*', ...named.qcs] };
    for (const policy of [
      ...['', '{', '%', 'x', one({ notaction: 'a' }), one({ action: 'x' })],
      ...[named, both, { service: 'scf.qcloud.com' }].map(principal => one({ principal })),
    ])
      throws(() => give(policy), 'InvalidParameter.StrategyFormatError');
    throws(
      () => give(one({ condition: { string_equal: { 'vpc:requester_vpc': 'v' } } })),
      'InvalidParameter.StrategyInvalid',
    );
    assert.ok(give(one({ condition: { ip_equal: { 'qcs:ip': '10.0.0.0/8' } } })));
    throws(
      () => give(one({ resource: Array.from({ length: 200 }, (_, at) => `qcs::cos:::bucket-${at}/*`) })),
      'InvalidParameter.PolicyTooLong',
    );
    for (const name of ['', '1a', 'a b', 'a'.repeat(129)])
      throws(() => give(POLICY, name), 'InvalidParameter.ParamError');
  });

  test('may have a policy that says that it is for everybody', async () => {
    const { sessions, accounts, own } = await bench();
    for (const principal of ['*', { qcs: '*' }, { qcs: ['*'] }]) {
      const { statement, ...rest } = JSON.parse(POLICY);
      const policy = JSON.stringify({ ...rest, statement: [{ ...statement[0], principal }] });
      const { secretId, token } = sessions.federate('bob', policy, own, WANTED);
      const { holder } = accounts.heldKey(secretId, token) ?? assert.fail();
      assert.deepEqual(
        ['cos:GetObject', 'cos:PutObject'].map(action => isWithin(holder.limits, ask(action))),
        [true, false],
      );
    }
  });

  test('cannot ask for other keys', async () => {
    const { sessions, accounts, own } = await bench();
    const { secretId, token } = sessions.federate('bob', POLICY, own, WANTED);
    const bob = accounts.heldKey(secretId, token) ?? assert.fail();
    throws(() => sessions.federate('eve', POLICY, bob, WANTED), 'UnauthorizedOperation');
  });
});

describe('roles', () => {
  test('let do what their policies allow, now', async () => {
    const { sessions, accounts, roles, own, role } = await bench();
    const { id, name } = await role();
    const issued = sessions.assume(`qcs::cam::uin/${UIN}:roleName/${name}`, 'me', undefined, own, WANTED);
    assert.equal(issued.expiresAt, NOW + 7_200_000);
    const may = (...actions: string[]) => {
      const found = accounts.heldKey(issued.secretId, issued.token) ?? assert.fail();
      return actions.map(action => isWithin(found.holder.limits, ask(action)));
    };
    assert.deepEqual(may('cos:GetObject'), [false], 'nothing is attached');
    await roles.attach({ name }, needPreset({ name: 'QcloudCOSReadOnlyAccess' }));
    assert.deepEqual(may('cos:GetObject', 'cos:PutObject'), [true, false]);
    await roles.attach({ id }, needPreset({ name: 'QcloudCOSFullAccess' }));
    assert.deepEqual(may('cos:GetObject', 'cos:PutObject', 'scf:Invoke'), [true, true, false]);
    await roles.detach({ id }, needPreset({ name: 'QcloudCOSFullAccess' }));
    assert.deepEqual(may('cos:PutObject'), [false]);
    const { holder } = accounts.heldKey(issued.secretId, issued.token) ?? assert.fail();
    assert.deepEqual(holder.names, [`qcs::cam::uin/${UIN}:roleName/reader`, `qcs::cam::uin/${UIN}:role/${id}`]);
    await roles.remove({ id });
    assert.equal(accounts.heldKey(issued.secretId, issued.token), undefined, 'its keys go with it');
  });

  test('are narrowed by a policy of the session', async () => {
    const { sessions, accounts, roles, own, role } = await bench();
    const { id } = await role();
    await roles.attach({ id }, needPreset({ name: 'AdministratorAccess' }));
    const issued = sessions.assume(`qcs::cam::uin/${UIN}:role/${id}`, 'me', POLICY, own, WANTED);
    const { holder } = accounts.heldKey(issued.secretId, issued.token) ?? assert.fail();
    assert.ok(isWithin(holder.limits, ask('cos:GetObject')));
    assert.ok(!isWithin(holder.limits, ask('cos:PutObject')));
    throws(
      () => sessions.assume(`qcs::cam::uin/${UIN}:role/${id}`, 'me', '{', own, WANTED),
      'InvalidParameter.StrategyFormatError',
    );
  });

  test('are taken on by whom they trust', async () => {
    const { sessions, own, role } = await bench();
    const made = await role({ service: ['scf.qcloud.com'] });
    const arn = `qcs::cam::uin/${UIN}:roleName/reader`;
    throws(() => sessions.assume(arn, 'me', undefined, own, WANTED), 'UnauthorizedOperation');
    assert.ok(sessions.assumeFor('scf.qcloud.com', made, 'fn', WANTED));
    throws(() => sessions.assumeFor('cls.cloud.tencent.com', made, 'fn', WANTED), 'UnauthorizedOperation');
    const { id } = await role({ qcs: [`qcs::cam::uin/${UIN}:uin/${UIN}`] }, { name: 'Other', sessionS: 60 });
    for (const good of [
      `qcs::cam::uin/${UIN}:role/${id}`,
      `qcs::cam::uin/${UIN}:role/tencentcloudServiceRole/${id}`,
      `qcs::cam::uin/${UIN}:role/tencentcloudServiceRoleName/other`,
    ])
      assert.equal(sessions.assume(good, 'me', undefined, own, WANTED).expiresAt, NOW + 60_000, good);
    throws(
      () => sessions.assume(`qcs::cam::uin/${UIN}:role/${id}`, 'me', undefined, own, { ...WANTED, durationS: 61 }),
      'InvalidParameter.OverTimeError',
    );
    for (const bad of [
      '',
      'reader',
      `qcs::cam::uin/2:roleName/reader`,
      `qcs::cam::uin/${UIN}:roleName/none`,
      `qcs::cam::uin/${UIN}:role/reader`,
    ])
      throws(() => sessions.assume(bad, 'me', undefined, own, WANTED), 'ResourceNotFound.RoleNotFound');
    for (const name of ['', 'a', 'a b', 'a'.repeat(129)])
      throws(() => sessions.assume(arn, name, undefined, own, WANTED), 'InvalidParameter.ParamError');
  });

  test('are made, listed and removed; and are there after a restart', async () => {
    const { roles, role, deps } = await bench();
    const made = await role();
    assert.match(made.id, /^\d{19}$/);
    assert.equal(made.addTime, NOW);
    await rejects(role(ROOT, { name: 'READER' }), 'InvalidParameter.RoleNameInUsed');
    const bad = (change: object) => Promise.resolve().then(() => role(ROOT, { name: 'b', ...change }));
    for (const name of ['', 'a b', 'a'.repeat(129)]) await rejects(bad({ name }), 'InvalidParameter.RoleNameError');
    for (const trust of ['', '{}', '[]']) await rejects(bad({ trust }), 'InvalidParameter.ParamError');
    await rejects(
      bad({ trust: JSON.stringify({ statement: { effect: 'allow', action: '*' } }) }),
      'InvalidParameter.PrincipalError',
    );
    await role(ROOT, { name: 'a' });
    assert.deepEqual(
      roles.list().map(({ name }) => name),
      ['a', 'reader'],
    );
    await roles.attach({ name: 'a' }, needPreset({ id: 4 }));
    await roles.attach({ name: 'a' }, needPreset({ id: 4 }));
    const again = await scene({ store: deps.store });
    const [first] = again.control.roles.list();
    assert.deepEqual(first?.attached, [{ policyId: 4, at: NOW }]);
    await roles.remove({ name: 'reader' });
    for (const ref of [{ id: made.id }, { name: 'reader' }, {}])
      throws(() => roles.need(ref), 'InvalidParameter.RoleNotExist');
    await rejects(roles.remove({ name: 'reader' }), 'InvalidParameter.RoleNotExist');
    throws(() => needPreset({ name: 'None' }), 'InvalidParameter.PolicyIdNotExist');
    throws(() => needPreset({ id: 99 }), 'InvalidParameter.PolicyIdNotExist');
  });
});
