// What is refused before the balancer sees it.

import { errorRow, failer } from '../../core/errors.ts';

const { caller } = errorRow;

const ERRORS = {
  'InvalidParameterValue.InvalidFilter': caller(
    '过滤条件 {name} 不存在，可选 {options}。',
    'There is no filter {name}; use {options}.',
  ),
  'InvalidParameterValue.Length': caller(
    '参数 {name} 应有 {min} 至 {max} 个成员或字符。',
    '{name} must have between {min} and {max} members or characters.',
  ),
  InvalidParameterValue: caller('参数 {name} 取值错误：{zh}。', 'The value of {name} is wrong: {en}.'),
  UnsupportedOperation: caller(
    '不支持参数 {name} 的取值 {value}：{zh}。',
    'The value {value} of {name} is not served: {en}.',
  ),
  ResourceNotFound: caller('{zh}不存在。', 'There is no {en}.'),
  FailedOperation: caller('操作失败：{zh}。', 'The operation failed: {en}.'),
} as const;

export const failCall = failer(ERRORS);
