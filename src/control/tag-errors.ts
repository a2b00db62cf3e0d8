// What tags are refused for: codes of the vendor's tag API, version 2018-08-13.

import { type ErrorParams, type ErrorRow, errorRow, failer } from '../core/errors.ts';

const { caller } = errorRow;

export const TAG_ERRORS = {
  'FailedOperation.TagAttachedResource': caller(
    '标签 {key}:{value} 已关联资源，请先解除关联再删除。',
    'The tag {key}:{value} is on a resource; take it off there first, then delete it.',
  ),
  'InvalidParameterValue.ReservedTagKey': caller(
    '标签键 {key} 为系统预留：不能以 {prefix} 开头，请更换。',
    'The tag key {key} is reserved: it cannot begin with {prefix}; choose another.',
  ),
  'InvalidParameterValue.TagKeyCharacterIllegal': caller(
    '标签键 {key} 包含非法字符：只能包含文字、数字、中间的空格和 + - = . _ : / @ ( ) [ ] , ; > <。',
    'The tag key {key} has a character that is not allowed: letters, digits, spaces inside and + - = . _ : / @ ( ) [ ] , ; > < are.',
  ),
  'InvalidParameterValue.TagKeyDuplicate': caller(
    '标签键 {key} 出现多次，同一资源的一个标签键只能有一个值。',
    'The tag key {key} comes more than once; a resource has one value per key.',
  ),
  'InvalidParameterValue.TagKeyEmpty': caller('标签键不能为空。', 'A tag key cannot be empty.'),
  'InvalidParameterValue.TagKeyLengthExceeded': caller(
    '标签键 {key} 有 {length} 个字符，最多 {limit} 个。',
    'The tag key {key} has {length} letters; at most {limit} are allowed.',
  ),
  'InvalidParameterValue.TagValueCharacterIllegal': caller(
    '标签值 {value} 包含非法字符：只能包含文字、数字、中间的空格和 + - = . _ : / @ ( ) [ ] , ; > <。',
    'The tag value {value} has a character that is not allowed: letters, digits, spaces inside and + - = . _ : / @ ( ) [ ] , ; > < are.',
  ),
  'InvalidParameterValue.TagValueEmpty': caller(
    '标签键 {key} 的值不能为空。',
    'The value of the tag {key} cannot be empty.',
  ),
  'InvalidParameterValue.TagValueLengthExceeded': caller(
    '标签值 {value} 有 {length} 个字符，最多 {limit} 个。',
    'The tag value {value} has {length} letters; at most {limit} are allowed.',
  ),
  'LimitExceeded.ResourceAttachedTags': caller(
    '资源 {resource} 将有 {count} 个标签，一个资源最多 {limit} 个。',
    'The resource {resource} would have {count} tags; one has {limit} at most.',
  ),
  'LimitExceeded.TagKey': caller(
    '标签键已达上限 {limit} 个，请删除不用的标签。',
    'There are {limit} tag keys, the most allowed; delete tags that nobody uses.',
  ),
  'LimitExceeded.TagValue': caller(
    '标签键 {key} 的值已达上限 {limit} 个，请删除不用的标签。',
    'The tag key {key} has {limit} values, the most allowed; delete tags that nobody uses.',
  ),
  'ResourceInUse.TagDuplicate': caller('标签 {key}:{value} 已存在。', 'The tag {key}:{value} exists.'),
  'ResourceInUse.TagKeyAttached': caller(
    '资源 {resource} 已关联标签键 {key}，请用 UpdateResourceTagValue 修改其值或先解除关联。',
    'The resource {resource} has the tag key {key} already; change its value with UpdateResourceTagValue, or take it off first.',
  ),
  'ResourceNotFound.AttachedTagKeyNotFound': caller(
    '资源 {resource} 未关联标签键 {key}。',
    'The resource {resource} does not have the tag key {key}.',
  ),
  'ResourceNotFound.TagNonExist': caller(
    '标签 {key}:{value} 不存在，请先用 CreateTag 创建。',
    'There is no tag {key}:{value}; make it with CreateTag first.',
  ),
} as const satisfies Record<string, ErrorRow>;

/** As a declaration, so that the checker knows it never returns. */
export function fail(code: keyof typeof TAG_ERRORS, params?: ErrorParams, why?: unknown): never {
  return failer(TAG_ERRORS)(code, params, why);
}
