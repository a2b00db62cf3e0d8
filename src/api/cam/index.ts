// The CAM API's actions, version 2019-01-16: the account, and its roles with the policies the cloud has ready for them.

import { z } from 'zod';
import type { Control } from '../../control/control.ts';
import { presetOf } from '../../control/presets.ts';
import { needPreset, type Role, type RoleRef } from '../../control/roles.ts';
import { fail } from '../../control/session-errors.ts';
import { type ActionContext, action, type ServiceTable } from '../action.ts';
import { wireTime } from '../times.ts';

export interface CamDeps {
  readonly control: Pick<Control, 'accounts' | 'roles'>;
}

type CamContext = ActionContext<CamDeps>;

const text = z.string();
const int = z.number().int();
const Tags = z.array(z.object({ Key: text, Value: text })).optional();
const OneRole = { RoleId: text.optional(), RoleName: text.optional() };
const Paging = { Page: int.min(1), Rp: int.min(1).max(200) };

function refOf(id: string | undefined, name: string | undefined, what = 'RoleId'): RoleRef {
  if (!id && !name) {
    fail('InvalidParameter.ParamError', {
      name: what,
      zh: '请给出角色 ID 或角色名。',
      en: 'give the id or the name of a role.',
    });
  }
  return id ? { id } : { name };
}

const GetUserAppId = action({
  request: z.object({}),
  async handle(_request, { control }: CamContext) {
    const { appId, uin } = control.accounts;
    return { Uin: uin, OwnerUin: uin, AppId: Number(appId) };
  },
});

const CreateRole = action({
  request: z.object({
    RoleName: text,
    PolicyDocument: text,
    Description: text.optional(),
    ConsoleLogin: int.min(0).max(1).optional(),
    SessionDuration: int.min(0).max(43_200).optional(),
    Tags,
  }),
  async handle(request, { control }: CamContext) {
    const role = await control.roles.create({
      name: request.RoleName,
      trust: request.PolicyDocument,
      description: request.Description ?? '',
      consoleLogin: request.ConsoleLogin ?? 0,
      sessionS: request.SessionDuration ?? 0,
      tags: request.Tags ?? [],
    });
    return { RoleId: role.id };
  },
});

const GetRole = action({
  request: z.object(OneRole),
  async handle({ RoleId, RoleName }, { control }: CamContext) {
    return { RoleInfo: wireOf(control.roles.need(refOf(RoleId, RoleName)), control.accounts.uin) };
  },
});

const DescribeRoleList = action({
  request: z.object({ ...Paging, Tags }),
  async handle({ Page, Rp, Tags: wanted = [] }, { control }: CamContext) {
    const has = ({ tags }: Role) =>
      wanted.every(({ Key, Value }) => tags.some(tag => tag.Key === Key && tag.Value === Value));
    const found = control.roles.list().filter(has);
    const List = paged(found, Page, Rp).map(role => wireOf(role, control.accounts.uin));
    return { List, TotalNum: found.length };
  },
});

const DeleteRole = action({
  request: z.object(OneRole),
  async handle({ RoleId, RoleName }, { control }: CamContext) {
    await control.roles.remove(refOf(RoleId, RoleName));
    return {};
  },
});

const Preset = { PolicyId: int.optional(), PolicyName: text.optional() };

const AttachRolePolicy = action({
  request: z.object({ ...Preset, AttachRoleId: text.optional(), AttachRoleName: text.optional() }),
  async handle({ PolicyId, PolicyName, AttachRoleId, AttachRoleName }, { control }: CamContext) {
    const role = refOf(AttachRoleId, AttachRoleName, 'AttachRoleId');
    await control.roles.attach(role, needPreset({ id: PolicyId, name: PolicyName }));
    return {};
  },
});

const DetachRolePolicy = action({
  request: z.object({ ...Preset, DetachRoleId: text.optional(), DetachRoleName: text.optional() }),
  async handle({ PolicyId, PolicyName, DetachRoleId, DetachRoleName }, { control }: CamContext) {
    const role = refOf(DetachRoleId, DetachRoleName, 'DetachRoleId');
    await control.roles.detach(role, needPreset({ id: PolicyId, name: PolicyName }));
    return {};
  },
});

const ListAttachedRolePolicies = action({
  request: z.object({
    ...Paging,
    ...OneRole,
    PolicyType: z.enum(['User', 'QCS', '']).optional(),
    Keyword: text.optional(),
  }),
  async handle({ Page, Rp, RoleId, RoleName, PolicyType, Keyword = '' }, { control }: CamContext) {
    const { attached } = control.roles.need(refOf(RoleId, RoleName));
    const found = attached
      .map(({ policyId, at }) => ({
        PolicyId: policyId,
        PolicyName: presetOf(policyId)?.name ?? '',
        AddTime: wireTime(at),
        PolicyType: 'QCS',
        CreateMode: 2,
        Deactived: 0,
        DeactivedDetail: [],
        Description: '',
      }))
      // There are no policies of users.
      .filter(({ PolicyName }) => PolicyType !== 'User' && PolicyName.includes(Keyword));
    return { List: paged(found, Page, Rp), TotalNum: found.length };
  },
});

const paged = <T>(rows: readonly T[], page: number, size: number): readonly T[] =>
  rows.slice((page - 1) * size, page * size);

function wireOf(role: Role, uin: string): object {
  return {
    RoleId: role.id,
    RoleName: role.name,
    PolicyDocument: role.trust,
    Description: role.description,
    AddTime: wireTime(role.addTime),
    UpdateTime: wireTime(role.modTime),
    ConsoleLogin: role.consoleLogin,
    RoleType: 'user',
    SessionDuration: role.sessionS,
    DeletionTaskId: '',
    Tags: role.tags,
    RoleArn: `qcs::cam::uin/${uin}:roleName/${role.name}`,
  };
}

export const CAM_ACTIONS: ServiceTable<CamDeps> = {
  version: '2019-01-16',
  actions: {
    GetUserAppId,
    CreateRole,
    GetRole,
    DescribeRoleList,
    DeleteRole,
    AttachRolePolicy,
    DetachRolePolicy,
    ListAttachedRolePolicies,
  },
  later: [
    ...['GetUser', 'ListUsers', 'AddUser', 'DeleteUser', 'UpdateUser'],
    ...['CreatePolicy', 'UpdatePolicy', 'DeletePolicy', 'GetPolicy', 'ListPolicies'],
    ...['UpdateAssumeRolePolicy', 'UpdateRoleDescription', 'ListAccessKeys', 'ListCollaborators'],
  ],
};
