// Errors of the cloud: one type, one way to raise them, and the platform's own rows.
// Each service has an errors.ts with rows of the same type.

/** Whose fault it is: the caller's are told to the caller; the platform's are logged as well. */
export type Fault = 'caller' | 'platform';

export type Language = 'zh' | 'en';

/** Messages may name parameters in braces; a sentence says what to do. */
export interface ErrorRow {
  readonly fault: Fault;
  readonly zh: string;
  readonly en: string;
}

export type ErrorParams = Readonly<Record<string, string | number>>;

/** An error with the cloud's code; its message is rendered in the caller's language at the border. */
export class CloudError extends Error {
  readonly code: string;
  readonly row: ErrorRow;
  readonly params: ErrorParams;

  constructor(code: string, row: ErrorRow, params: ErrorParams = {}, cause?: unknown) {
    super(`${code}: ${render(row.en, params)}`, cause === undefined ? undefined : { cause });
    this.name = 'CloudError';
    this.code = code;
    this.row = row;
    this.params = params;
  }

  text(language: Language): string {
    return render(this.row[language], this.params);
  }
}

function render(template: string, params: ErrorParams): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));
}

export type Fail<Code extends string> = (code: Code, params?: ErrorParams, cause?: unknown) => never;

/** Makes the `fail` of a table: `fail('ResourceNotFound.Function', { name })`. */
export function failer<T extends Readonly<Record<string, ErrorRow>>>(rows: T): Fail<keyof T & string> {
  return (code, params, cause) => {
    const row = rows[code];
    if (!row) throw new Error(`no such error code: ${code}`);
    throw new CloudError(code, row, params, cause);
  };
}

const caller = (zh: string, en: string): ErrorRow => ({ fault: 'caller', zh, en });
const platform = (zh: string, en: string): ErrorRow => ({ fault: 'platform', zh, en });

/** Rows for services' own tables. */
export const errorRow = { caller, platform };

/** Codes of the API envelope: the vendor's page "Common error codes". */
export const PLATFORM_ERRORS = {
  // envelope
  'AuthFailure.InvalidAuthorization': caller(
    '请求头部的 Authorization 不符合腾讯云标准：{reason}',
    'The Authorization header is not well formed: {reason}',
  ),
  'AuthFailure.SecretIdNotFound': caller(
    '密钥 {secretId} 不存在或已禁用，请检查 SecretId。',
    'The key {secretId} does not exist or is disabled; check SecretId (openscf config shows the key of this server).',
  ),
  'AuthFailure.SignatureExpire': caller(
    '签名过期：Timestamp 与服务器时间相差 {seconds} 秒，不得超过 300 秒，请校准本地时间。',
    'The signature has expired: Timestamp is {seconds} s away from the server clock, at most 300 s are allowed; set your clock.',
  ),
  'AuthFailure.SignatureFailure': caller(
    '签名错误：签名计算有误，请检查 SecretKey 与签名方法。',
    'The signature does not match; check SecretKey and the signing method.',
  ),
  'AuthFailure.TokenFailure': caller(
    'token 错误或已过期，请重新获取临时密钥。',
    'The session token is wrong or expired; get new temporary keys.',
  ),
  'AuthFailure.UnauthorizedOperation': caller('没有权限执行该操作：{reason}', 'You may not do this: {reason}'),
  InvalidAction: caller(
    '接口 {action} 不存在，请检查 Action 的拼写。',
    'There is no action {action}; check its spelling.',
  ),
  NoSuchVersion: caller('接口版本 {version} 不存在。', 'There is no API version {version}.'),
  NoSuchProduct: caller('产品 {service} 不存在。', 'There is no product {service}.'),
  MissingParameter: caller('缺少参数 {name}。', 'The parameter {name} is missing.'),
  InvalidParameter: caller('参数 {name} 错误：{reason}', 'The parameter {name} is wrong: {reason}'),
  InvalidParameterValue: caller('参数 {name} 取值错误：{reason}', 'The value of {name} is wrong: {reason}'),
  UnsupportedOperation: caller('操作不支持：{reason}', 'This is not supported: {reason}'),
  UnsupportedProtocol: caller(
    '不支持 {method} 请求，请使用 POST 或 GET。',
    '{method} requests are not served; use POST or GET.',
  ),
  UnsupportedRegion: caller('地域 {region} 不符合命名规则。', '{region} is not a well-formed region name.'),
  RequestSizeLimitExceeded: caller('请求包超过限制大小 {limit}。', 'The request is larger than {limit}.'),
  InternalError: platform(
    '内部错误，请查看服务日志（RequestId {requestId}）。',
    'Internal error; see the server log for RequestId {requestId}.',
  ),
  'InternalError.System': platform('内部系统错误：{reason}', 'Internal system error: {reason}'),
} as const satisfies Record<string, ErrorRow>;

export const fail = failer(PLATFORM_ERRORS);
