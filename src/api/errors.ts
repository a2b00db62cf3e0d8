// What the envelope refuses in its own words. Several reasons share a code of the cloud, so rows are named by reason.

import { CloudError, type ErrorParams, type ErrorRow, errorRow } from '../core/errors.ts';

const { caller } = errorRow;

interface Refusal {
  readonly code: string;
  readonly row: ErrorRow;
}

const row = (code: string, zh: string, en: string): Refusal => ({ code, row: caller(zh, en) });

const REFUSALS = {
  NotJson: row('InvalidParameter', '请求体不是合法的 JSON：{reason}', 'The request body is no valid JSON: {reason}'),
  NotAnObject: row('InvalidParameter', '请求体必须是 JSON 对象。', 'The request body has to be a JSON object.'),
  NotMultipart: row('InvalidParameter', 'multipart 请求体格式错误：{reason}', 'The multipart body is wrong: {reason}'),
  UnknownField: row('InvalidParameter', '没有参数 {name}。', 'There is no parameter {name}.'),
  TooManyFields: row('InvalidParameter', '参数个数超过 {limit}。', 'There are more than {limit} parameters.'),
  Repeated: row('InvalidParameter', '参数 {name} 重复。', 'The parameter {name} is given more than once.'),
  FieldConflict: row(
    'InvalidParameter',
    '参数 {name} 既作为值又作为结构给出。',
    'The parameter {name} is given both as a value and as a structure.',
  ),
  TooDeep: row(
    'InvalidParameter',
    '参数 {name} 嵌套超过 {limit} 层。',
    'The parameter {name} is nested deeper than {limit} levels.',
  ),
  BadIndex: row(
    'InvalidParameter',
    '参数 {name} 的下标 {index} 不是从 0 开始的整数。',
    'The index {index} of the list {name} is no whole number from 0 on.',
  ),
  WrongType: row(
    'InvalidParameter',
    '参数 {name} 的类型错误，应为 {expected}。',
    'The parameter {name} has the wrong type; {expected} is expected.',
  ),
  WrongValue: row('InvalidParameterValue', '参数 {name} 取值错误：{reason}', 'The value of {name} is wrong: {reason}'),
  NotOneOf: row(
    'InvalidParameterValue',
    '参数 {name} 取值错误，可选值：{values}。',
    'The value of {name} is wrong; it can be {values}.',
  ),
  TooSmall: row(
    'InvalidParameterValue',
    '参数 {name} 过小或过短，最小为 {minimum}。',
    'The value of {name} is too small or too short; at least {minimum}.',
  ),
  TooBig: row(
    'InvalidParameterValue',
    '参数 {name} 过大或过长，最大为 {maximum}。',
    'The value of {name} is too large or too long; at most {maximum}.',
  ),
  WrongFormat: row(
    'InvalidParameterValue',
    '参数 {name} 的格式错误（{format}）。',
    'The format of {name} is wrong ({format}).',
  ),
  OctetStream: row(
    'UnsupportedOperation',
    '接口 {action} 不支持 application/octet-stream 请求，请使用 application/json。',
    'The action {action} takes no application/octet-stream; send application/json.',
  ),
  ActionLater: row(
    'UnsupportedOperation',
    'OpenSCF 尚未实现接口 {service}:{action}。',
    'OpenSCF does not have the action {service}:{action} yet.',
  ),
  SchemeUnknown: row(
    'AuthFailure.InvalidAuthorization',
    'Authorization 必须为 TC3-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…。',
    'Authorization has to be TC3-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=….',
  ),
  CredentialMalformed: row(
    'AuthFailure.InvalidAuthorization',
    'Authorization 中的 Credential 必须为 <SecretId>/<日期>/<服务>/tc3_request。',
    'Credential in Authorization has to be <SecretId>/<date>/<service>/tc3_request.',
  ),
  HostUnsigned: row(
    'AuthFailure.InvalidAuthorization',
    'SignedHeaders 必须包含 host。',
    'SignedHeaders has to name host.',
  ),
  ScopeDate: row(
    'AuthFailure.SignatureFailure',
    'Credential 中的日期 {date} 与 X-TC-Timestamp 的 UTC 日期 {expected} 不一致。',
    'The date {date} in Credential is not the UTC day {expected} of X-TC-Timestamp.',
  ),
  SignatureMethod: row(
    'InvalidParameterValue',
    'SignatureMethod 必须为 HmacSHA1 或 HmacSHA256。',
    'SignatureMethod has to be HmacSHA1 or HmacSHA256.',
  ),
  Timestamp: row(
    'InvalidParameterValue',
    '{name} 必须为以秒为单位的整数。',
    '{name} has to be a whole number of seconds.',
  ),
  TokenWrong: row(
    'AuthFailure.UnauthorizedOperation',
    '令牌错误，请使用数据目录中的 token 文件。',
    'The token is wrong; use the token file in the data folder.',
  ),
  TokenRemote: row(
    'AuthFailure.UnauthorizedOperation',
    '令牌只能从本机使用，远程请求请使用密钥签名。',
    'The token works from this machine alone; sign with a key from elsewhere.',
  ),
  S3TokenUnset: row(
    'AuthFailure.UnauthorizedOperation',
    '尚未设置 s3.token：以 --s3-token、环境变量 OPENSCF_S3_TOKEN 或设置文件给出后重新启动，并让对象存储在地址中带上 token=。',
    'The setting s3.token is not made: give it by --s3-token, OPENSCF_S3_TOKEN or the file of settings, start again, and let the other store send it as token= in the address.',
  ),
  S3TokenWrong: row(
    'AuthFailure.UnauthorizedOperation',
    '令牌错误，应为设置 s3.token 的值，以 token= 或 Authorization: Bearer 给出。',
    'The token is wrong; it is the setting s3.token, as token= or as Authorization: Bearer.',
  ),
  TemporaryKey: row(
    'AuthFailure.UnauthorizedOperation',
    '临时密钥不能用于 /_openscf，请使用账号密钥。',
    'Temporary keys are not taken under /_openscf; sign with a key of the account.',
  ),
  NotAllowed: row(
    'AuthFailure.UnauthorizedOperation',
    '密钥的策略不允许对 {resource} 执行 {action}。',
    'The policy of this key does not allow {action} on {resource}.',
  ),
  NoSuchKind: row(
    'ResourceNotFound',
    '没有触发器类型 {type}，请使用 {known} 之一。',
    'There is no trigger kind {type}; use one of {known}.',
  ),
  NoSuchPath: row('ResourceNotFound', '路径 {path} 不存在。', 'There is nothing at {path}.'),
  WrongMethod: row('UnsupportedProtocol', '{path} 不支持 {method} 请求。', '{path} takes no {method} request.'),
} as const satisfies Record<string, Refusal>;

export function refuse(reason: keyof typeof REFUSALS, params?: ErrorParams, cause?: unknown): never {
  const { code, row: text } = REFUSALS[reason];
  throw new CloudError(code, text, params, cause);
}
