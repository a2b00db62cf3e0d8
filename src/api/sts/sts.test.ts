import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { scene as controlScene, NOW } from '../../control/fixture.ts';
import { needPreset } from '../../control/roles.ts';
import { TurnableClock } from '../../core/clock.ts';
import { CloudError } from '../../core/errors.ts';
import { parsePairs, unflatten } from '../form.ts';
import { bindService } from '../service.ts';
import { STS_ACTIONS } from './index.ts';

const UIN = '100000000001';
const KEY = { secretId: 'AKID1', secretKey: 'one' };
const POLICY = JSON.stringify({ version: '2.0', statement: [{ effect: 'allow', action: ['cos:*'], resource: '*' }] });

interface Keys {
  readonly Credentials: { readonly Token: string; readonly TmpSecretId: string; readonly TmpSecretKey: string };
  readonly ExpiredTime: number;
  readonly Expiration: string;
}

async function scene() {
  const { control } = await controlScene({ keys: [KEY] });
  const wallClock = new TurnableClock(NOW);
  const sts = bindService('sts', STS_ACTIONS, { control, wallClock });
  const base = { requestId: 'r', region: '', language: 'en', secretId: KEY.secretId };
  const call = async (action: string, value: object = {}, by: object = {}) =>
    (await sts.call(action, { form: 'json', value }, { ...base, ...by } as never)) as never;
  const callText = async (action: string, query: string) =>
    (await sts.call(action, { form: 'text', tree: unflatten(parsePairs(query)) }, base as never)) as never;
  const by = ({ Credentials: { TmpSecretId: secretId, Token: token } }: Keys) => ({ secretId, token });
  return { control, call, callText, by };
}

const refused = (code: string) => (error: unknown) => {
  assert.ok(error instanceof CloudError, String(error));
  assert.equal(error.code, code);
  assert.doesNotMatch(error.text('zh') + error.text('en'), /\{\w+\}/);
  return true;
};

describe('the sts actions', () => {
  test('GetFederationToken, in both ways of sending it', async () => {
    const { call, callText, control } = await scene();
    const request = { Name: 'bob', Policy: encodeURIComponent(POLICY), DurationSeconds: 600 };
    const query = `Name=bob&DurationSeconds=600&Policy=${encodeURIComponent(request.Policy)}`;
    for (const keys of [
      (await call('GetFederationToken', request)) as Keys,
      (await callText('GetFederationToken', query)) as Keys,
    ]) {
      assert.equal(keys.ExpiredTime, NOW / 1000 + 600);
      assert.equal(keys.Expiration, '2024-04-19T08:10:00Z');
      const { TmpSecretId, TmpSecretKey, Token } = keys.Credentials;
      const found = control.accounts.heldKey(TmpSecretId, Token);
      assert.deepEqual(
        [found?.secretKey, found?.session],
        [TmpSecretKey, { kind: 'federated', name: 'bob', policy: POLICY }],
      );
    }
    await assert.rejects(call('GetFederationToken', { Name: 'bob' }), refused('MissingParameter'));
    await assert.rejects(
      call('GetFederationToken', { ...request, Policy: '{}' }),
      refused('InvalidParameter.StrategyFormatError'),
    );
    await assert.rejects(
      call('GetFederationToken', request, { secretId: 'AKID2' }),
      refused('AuthFailure.SecretIdNotFound'),
    );
  });

  test('AssumeRole, and what it does not do', async () => {
    const { call, control, by } = await scene();
    const trust = JSON.stringify({
      statement: { effect: 'allow', action: 'name/sts:AssumeRole', principal: { qcs: [`qcs::cam::uin/${UIN}:root`] } },
    });
    const role = await control.roles.create({
      name: 'r',
      trust,
      description: '',
      consoleLogin: 0,
      sessionS: 0,
      tags: [],
    });
    await control.roles.attach(role, needPreset({ name: 'QcloudSTSFullAccess' }));
    const request = { RoleArn: `qcs::cam::uin/${UIN}:roleName/r`, RoleSessionName: 'me', ExternalId: '', Tags: [] };
    const keys = (await call('AssumeRole', { ...request, Policy: POLICY })) as Keys;
    assert.equal(keys.ExpiredTime, NOW / 1000 + 7200);
    const held = control.accounts.heldKey(keys.Credentials.TmpSecretId, keys.Credentials.Token);
    assert.deepEqual(held?.session, { kind: 'role', roleId: role.id, name: 'me', policy: POLICY });
    for (const change of [
      { ExternalId: 'x' },
      { SourceIdentity: 'x' },
      { SerialNumber: 'x' },
      { TokenCode: 'x' },
      { Tags: [{ Key: 'a', Value: 'b' }] },
    ])
      await assert.rejects(
        call('AssumeRole', { ...request, ...change }),
        refused('UnsupportedOperation'),
        JSON.stringify(change),
      );
    await assert.rejects(call('AssumeRole', { ...request, RoleArn: 'r' }), refused('ResourceNotFound.RoleNotFound'));
    // The role itself is not trusted.
    await assert.rejects(call('AssumeRole', request, by(keys)), refused('UnauthorizedOperation'));
  });

  test('GetCallerIdentity of each kind of caller', async () => {
    const { call, control, by } = await scene();
    assert.deepEqual(await call('GetCallerIdentity'), {
      ...{ AccountId: UIN, PrincipalId: UIN, UserId: UIN, Type: 'CAMUser' },
      Arn: `qcs::cam::uin/${UIN}:uin/${UIN}`,
    });
    const bob = (await call('GetFederationToken', { Name: 'bob', Policy: POLICY })) as Keys;
    const federated = (await call('GetCallerIdentity', {}, by(bob))) as Record<string, string>;
    assert.deepEqual([federated.UserId, federated.AccountId], [`${UIN}:bob`, UIN]);
    const trust = JSON.stringify({ statement: { effect: 'allow', action: '*', principal: '*' } });
    const { id } = await control.roles.create({
      name: 'r',
      trust,
      description: '',
      consoleLogin: 0,
      sessionS: 0,
      tags: [],
    });
    const keys = (await call('AssumeRole', {
      RoleArn: `qcs::cam::uin/${UIN}:role/${id}`,
      RoleSessionName: 'me',
    })) as Keys;
    assert.deepEqual(await call('GetCallerIdentity', {}, by(keys)), {
      ...{ AccountId: UIN, PrincipalId: UIN, UserId: `${id}:me`, Type: 'CAMRole' },
      Arn: `qcs::sts:${UIN}:assumed-role/${id}`,
    });
  });
});
