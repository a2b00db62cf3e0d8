// Errors of asynchronous calls: documented codes with our sentences.

import { type ErrorRow, errorRow } from '../core/errors.ts';

const { caller } = errorRow;

export const ASYNC_ERRORS = {
  'FailedOperation.AsyncEventStatus': caller(
    '异步事件 {requestId} 当前状态为 {state}，不能终止：{zh}',
    'The asynchronous event {requestId} is {state} and cannot be terminated: {en}',
  ),
  'InvalidParameterValue.DeadLetterConfig': caller(
    'DeadLetterConfig 取值错误：{zh}',
    'DeadLetterConfig is wrong: {en}',
  ),
  'ResourceNotFound.AsyncEvent': caller(
    '未找到指定的AsyncEvent，请检查后重试。没有异步事件 {requestId}；只有开启异步执行（AsyncRunEnable）的函数才有异步事件，结束三天后不再保留。',
    'There is no asynchronous event {requestId}; check the id. Only functions with asynchronous execution (AsyncRunEnable) have such, and they are forgotten three days after their end.',
  ),
} as const satisfies Record<string, ErrorRow>;
