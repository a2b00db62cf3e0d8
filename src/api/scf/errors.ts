// Codes of the SCF API that only its wire raises. Those about functions themselves are in control/errors.ts.

import { type ErrorParams, type ErrorRow, errorRow, failer } from '../../core/errors.ts';

const { caller } = errorRow;

export const SCF_API_ERRORS = {
  'InvalidParameterValue.CodeSource': caller(
    'CodeSource 为 {value}，但 Code 中提供的是 {source}，请改为一致或去掉 CodeSource。',
    'CodeSource is {value}, but the code is given as {source}; make them agree or leave CodeSource out.',
  ),
  'InvalidParameterValue.CosBucketName': caller(
    'CosBucketName 取值“{name}”错误：存储桶名称由小写字母、数字和 - 组成，不含 -<APPID>。',
    'CosBucketName is "{name}"; a name of a bucket has lower-case letters, digits and -, without -<appid>.',
  ),
  'InvalidParameterValue.CosBucketRegion': caller(
    '存储桶 {bucket} 位于 {bucketRegion}，而不是 {region}，请将 CosBucketRegion 设为 {bucketRegion}。',
    'The bucket {bucket} is in {bucketRegion}, not in {region}; set CosBucketRegion to {bucketRegion}.',
  ),
  'InvalidParameterValue.CosObjectName': caller(
    'CosObjectName 取值“{name}”错误：请提供代码包的对象键，1 至 {limit} 字节。',
    'CosObjectName is "{name}"; give the key of the package, 1 to {limit} bytes.',
  ),
  'InvalidParameterValue.InlineZipFile': caller('内联代码错误：{zh}', 'The inline code is wrong: {en}'),
  'ResourceNotFound.Cos': caller('未找到代码包：{zh}', 'The code package is not there: {en}'),
  'ResourceNotFound.Demo': caller('未找到模板 {demo}，请检查 DemoId。', 'There is no template {demo}; check DemoId.'),
  'InvalidParameterValue.InvokeType': caller(
    'InvocationType 取值 {value} 错误，请使用 RequestResponse 或 Event。',
    'InvocationType is {value}; use RequestResponse or Event.',
  ),
  'InvalidParameterValue.Param': caller(
    '{name} 必须是{zh}，请检查后重试。',
    '{name} has to be {en}; check it and try again.',
  ),
  'InvalidParameterValue.LimitExceeded': caller(
    '{name} 有 {bytes} 字节，不得超过 {limit} 字节。',
    '{name} has {bytes} bytes; at most {limit} are allowed.',
  ),
  'FailedOperation.Cos': caller(
    '无法读取存储桶 {bucket} 中的对象 {key}：{zh}',
    'The object {key} of the bucket {bucket} cannot be read: {en}',
  ),
  'FailedOperation.InvokeFunction': caller(
    '函数在 {seconds} 秒内未返回，已停止等待；执行仍在继续，可用 GetRequestStatus 查询 {requestId}。',
    'The function has not answered within {seconds} s. It goes on running; ask GetRequestStatus for {requestId}.',
  ),
} as const satisfies Record<string, ErrorRow>;

export type ScfApiCode = keyof typeof SCF_API_ERRORS;

/** As a declaration, so that the checker knows it never returns. */
export function fail(code: ScfApiCode, params?: ErrorParams, why?: unknown): never {
  return failer(SCF_API_ERRORS)(code, params, why);
}
