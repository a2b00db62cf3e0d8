// What sessions and roles are refused for: codes of the vendor's STS API, version 2018-08-13, and CAM API, version 2019-01-16.

import { type ErrorParams, type ErrorRow, errorRow, failer } from '../core/errors.ts';

const { caller } = errorRow;

export const SESSION_ERRORS = {
  'InvalidParameter.ParamError': caller('参数 {name} 错误：{zh}', 'The parameter {name} is wrong: {en}'),
  'InvalidParameter.OverTimeError': caller(
    'DurationSeconds 应为 1 至 {limit}。',
    'DurationSeconds has to be from 1 to {limit}.',
  ),
  'InvalidParameter.StrategyFormatError': caller(
    '策略语法错误：{reason}',
    'The policy is wrong: {reason} (the syntax is that of CAM, version 2.0).',
  ),
  'InvalidParameter.StrategyInvalid': caller(
    '策略中有无法校验的内容，因此不予签发：{reason}',
    'The policy has something that this server cannot check, so that no keys are given for it: {reason}',
  ),
  'InvalidParameter.PolicyTooLong': caller(
    '策略过长：token 最长为 {limit} 字节。',
    'The policy is too long: a token has at most {limit} bytes.',
  ),
  'ResourceNotFound.RoleNotFound': caller(
    '角色 {role} 不存在，请先调用 cam:CreateRole。',
    'There is no role {role}; make it with cam:CreateRole.',
  ),
  UnauthorizedOperation: caller('没有权限：{zh}', 'You may not do this: {en}'),
  UnsupportedOperation: caller('不支持 {name}：{zh}', '{name} is not supported: {en}'),
  'InvalidParameter.RoleNotExist': caller('角色 {role} 不存在。', 'There is no role {role}.'),
  'InvalidParameter.RoleNameInUsed': caller('角色名 {role} 已被使用。', 'The name {role} is another role’s.'),
  'InvalidParameter.RoleNameError': caller(
    '角色名 {role} 应为 1 至 128 个字母、数字或 +=,.@_-。',
    'The role name {role} has to have 1 to 128 letters, digits or +=,.@_-.',
  ),
  'InvalidParameter.RoleFull': caller(
    '角色数量已达上限 {limit}。',
    'There are {limit} roles already, as many as may be.',
  ),
  'InvalidParameter.PolicyIdNotExist': caller(
    '策略 {policy} 不存在，可用的预设策略：{known}。',
    'There is no policy {policy}; the preset ones here are {known}.',
  ),
  'InvalidParameter.PrincipalError': caller('策略的 principal 错误。', 'The principal of the policy is wrong.'),
} as const satisfies Record<string, ErrorRow>;

/** As a declaration, so that the checker knows it never returns. */
export function fail(code: keyof typeof SESSION_ERRORS, params?: ErrorParams, why?: unknown): never {
  return failer(SESSION_ERRORS)(code, params, why);
}
