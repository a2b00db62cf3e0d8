import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { scene as controlScene } from '../../control/fixture.ts';
import { CloudError } from '../../core/errors.ts';
import { bindService } from '../service.ts';
import { CAM_ACTIONS } from './index.ts';

const UIN = '100000000001';
const TRUST = JSON.stringify({
  version: '2.0',
  statement: [{ effect: 'allow', action: 'name/sts:AssumeRole', principal: { service: ['scf.qcloud.com'] } }],
});

async function scene() {
  const { control } = await controlScene();
  const cam = bindService('cam', CAM_ACTIONS, { control });
  const base = { requestId: 'r', region: '', language: 'en', secretId: 'AKIDtest' };
  return async (action: string, value: object = {}) =>
    (await cam.call(action, { form: 'json', value }, base as never)) as Record<string, unknown>;
}

const refused = (code: string) => (error: unknown) => {
  assert.ok(error instanceof CloudError, String(error));
  assert.equal(error.code, code);
  assert.doesNotMatch(error.text('zh') + error.text('en'), /\{\w+\}/);
  return true;
};

describe('the cam actions', () => {
  test('GetUserAppId', async () => {
    const call = await scene();
    assert.deepEqual(await call('GetUserAppId'), { Uin: UIN, OwnerUin: UIN, AppId: 1250000000 });
  });

  test('a role is made, shown, listed and removed', async () => {
    const call = await scene();
    const Tags = [{ Key: 'team', Value: 'a' }];
    const { RoleId } = await call('CreateRole', {
      RoleName: 'SCF_QcsRole',
      PolicyDocument: TRUST,
      Description: 'd',
      ConsoleLogin: 1,
      SessionDuration: 60,
      Tags,
    });
    const { RoleInfo } = await call('GetRole', { RoleName: 'SCF_QcsRole' });
    assert.deepEqual(RoleInfo, {
      ...{
        RoleId,
        RoleName: 'SCF_QcsRole',
        PolicyDocument: TRUST,
        Description: 'd',
        ConsoleLogin: 1,
        SessionDuration: 60,
      },
      ...{
        AddTime: '2024-04-19 16:00:00',
        UpdateTime: '2024-04-19 16:00:00',
        RoleType: 'user',
        DeletionTaskId: '',
        Tags,
      },
      RoleArn: `qcs::cam::uin/${UIN}:roleName/SCF_QcsRole`,
    });
    assert.deepEqual(await call('GetRole', { RoleId, RoleName: '' }), { RoleInfo });
    await call('CreateRole', { RoleName: 'A', PolicyDocument: TRUST });
    const names = async (query: object) => {
      const { List, TotalNum } = await call('DescribeRoleList', query);
      return [TotalNum, ...(List as { RoleName: string }[]).map(role => role.RoleName)];
    };
    assert.deepEqual(await names({ Page: 1, Rp: 10 }), [2, 'A', 'SCF_QcsRole']);
    assert.deepEqual(await names({ Page: 2, Rp: 1 }), [2, 'SCF_QcsRole']);
    assert.deepEqual(await names({ Page: 1, Rp: 10, Tags }), [1, 'SCF_QcsRole']);
    assert.deepEqual(await call('DeleteRole', { RoleId }), {});
    await assert.rejects(call('GetRole', { RoleId }), refused('InvalidParameter.RoleNotExist'));
  });

  test('policies are put on a role and taken off', async () => {
    const call = await scene();
    const { RoleId } = await call('CreateRole', { RoleName: 'r', PolicyDocument: TRUST });
    await call('AttachRolePolicy', { PolicyName: 'QcloudCOSFullAccess', AttachRoleName: 'r' });
    await call('AttachRolePolicy', { PolicyId: 4, AttachRoleId: RoleId });
    const attached = async (more: object = {}) => {
      const { List, TotalNum } = await call('ListAttachedRolePolicies', { RoleId, Page: 1, Rp: 10, ...more });
      return [TotalNum, ...(List as { PolicyName: string }[]).map(policy => policy.PolicyName)];
    };
    assert.deepEqual(await attached(), [2, 'QcloudCOSFullAccess', 'QcloudSCFFullAccess']);
    assert.deepEqual(await attached({ Keyword: 'SCF' }), [1, 'QcloudSCFFullAccess']);
    assert.deepEqual(await attached({ PolicyType: 'QCS', Rp: 1 }), [2, 'QcloudCOSFullAccess']);
    assert.deepEqual(await attached({ PolicyType: 'User' }), [0]);
    await call('DetachRolePolicy', { PolicyName: 'QcloudCOSFullAccess', DetachRoleId: RoleId });
    assert.deepEqual(await attached(), [1, 'QcloudSCFFullAccess']);
    await assert.rejects(
      call('AttachRolePolicy', { PolicyName: 'Mine', AttachRoleName: 'r' }),
      refused('InvalidParameter.PolicyIdNotExist'),
    );
  });

  test('what is refused', async () => {
    const call = await scene();
    const role = { RoleName: 'r', PolicyDocument: TRUST };
    for (const [action, request, code] of [
      ['CreateRole', { RoleName: 'r' }, 'MissingParameter'],
      ['CreateRole', { ...role, RoleName: 'a b' }, 'InvalidParameter.RoleNameError'],
      ['CreateRole', { ...role, PolicyDocument: '{' }, 'InvalidParameter.ParamError'],
      ['CreateRole', { ...role, SessionDuration: 43_201 }, 'InvalidParameterValue'],
      ['CreateRole', { ...role, ConsoleLogin: 2 }, 'InvalidParameterValue'],
      ['GetRole', {}, 'InvalidParameter.ParamError'],
      ['DeleteRole', { RoleName: 'none' }, 'InvalidParameter.RoleNotExist'],
      ['AttachRolePolicy', { PolicyId: 1 }, 'InvalidParameter.ParamError'],
      ['DescribeRoleList', { Page: 0, Rp: 10 }, 'InvalidParameterValue'],
      ['DescribeRoleList', { Page: 1, Rp: 201 }, 'InvalidParameterValue'],
    ] as const)
      await assert.rejects(call(action, request), refused(code), `${action} ${JSON.stringify(request)}`);
  });
});
