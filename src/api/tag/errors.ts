// Codes of the tag API that only its wire raises. Those about tags themselves are in control/tag-errors.ts.

import { type ErrorParams, type ErrorRow, errorRow, failer } from '../../core/errors.ts';

const { caller } = errorRow;

export const TAG_API_ERRORS = {
  'InvalidParameter.PaginationTokenInvalid': caller(
    'PaginationToken 无效，请使用上一页返回的值；第一页留空。',
    'The PaginationToken is not one of ours; use that of the page before, and none for the first.',
  ),
  'InvalidParameter.Tag': caller('标签参数错误：{zh}', 'The tags are wrong: {en}'),
  'InvalidParameterValue.DeleteTagsParamError': caller(
    'DeleteTags 与 ReplaceTags 不能包含相同的标签键 {key}。',
    'DeleteTags and ReplaceTags both name the key {key}; it can be in one of them.',
  ),
  'InvalidParameterValue.OffsetInvalid': caller(
    'Offset {offset} 必须是 Limit {limit} 的整数倍。',
    'Offset {offset} has to be a multiple of Limit {limit}.',
  ),
  'InvalidParameterValue.ResourceDescriptionError': caller(
    '资源六段式 {resource} 错误，应形如 qcs::scf:ap-guangzhou:uin/{uin}:lam/lam-xxxxxxxx。',
    '{resource} does not describe a resource in six parts, as qcs::scf:ap-guangzhou:uin/{uin}:lam/lam-xxxxxxxx does.',
  ),
  'InvalidParameterValue.ResourceIdInvalid': caller(
    '资源 {id} 不存在，请检查资源 ID 与地域。',
    'There is no resource {id}; check its id and its region.',
  ),
  'InvalidParameterValue.ResourcePrefixInvalid': caller(
    'ResourcePrefix 不能为空，例如函数为 lam。',
    'ResourcePrefix is missing; that of functions is lam.',
  ),
  'InvalidParameterValue.ServiceTypeInvalid': caller(
    '业务类型 {service} 错误，应为小写字母，例如 scf。',
    'ServiceType is {service}; it has small letters, as scf has.',
  ),
  'InvalidParameterValue.TagFilters': caller('TagFilters 错误：{zh}', 'TagFilters is wrong: {en}'),
  'InvalidParameterValue.TagFiltersLengthExceeded': caller(
    'TagFilters 最多 {limit} 组。',
    'TagFilters has {limit} entries at most.',
  ),
  'InvalidParameterValue.UinInvalid': caller(
    '资源 {resource} 属于其他账号，本服务器的账号为 uin/{uin}。',
    '{resource} belongs to another account; that of this server is uin/{uin}.',
  ),
  'LimitExceeded.ResourceNumPerRequest': caller(
    '一次请求最多 {limit} 个资源。',
    'One request names {limit} resources at most.',
  ),
  'LimitExceeded.TagNumPerRequest': caller('一次请求最多 {limit} 个标签。', 'One request names {limit} tags at most.'),
} as const satisfies Record<string, ErrorRow>;

/** As a declaration, so that the checker knows it never returns. */
export function fail(code: keyof typeof TAG_API_ERRORS, params?: ErrorParams, why?: unknown): never {
  return failer(TAG_API_ERRORS)(code, params, why);
}
