// What can be wrong with a request to the object store: code, HTTP status and texts. Clients read the English one, which is the
// documents' where they have it; some tell one error from another by it.

import { CloudError, type ErrorParams, type ErrorRow, errorRow, failer, type Language } from '../../core/errors.ts';

const { caller, platform } = errorRow;

interface CosErrorRow extends ErrorRow {
  readonly status: number;
}

const row = (status: number, zh: string, en: string): CosErrorRow => ({
  ...(status < 500 ? caller(zh, en) : platform(zh, en)),
  status,
});

export const COS_ERRORS = {
  BadDigest: row(
    400,
    'Content-MD5 与收到的内容不一致。',
    'The Content-MD5 you specified did not match what we received.',
  ),
  BadRequest: row(400, '请求格式错误：{reason}', '{reason}'),
  BucketNameTooLong: row(400, '存储桶名称过长。', 'The specified bucket name is too long.'),
  BucketVersionNotOpen: row(
    400,
    '存储桶 {name} 未开启版本控制，存储桶复制需要源存储桶和目标存储桶都开启版本控制。',
    'Versioning is not enabled for the bucket {name}: replication needs it for the source and for the destination.',
  ),
  EntitySizeNotMatch: row(400, '内容长度与声明不一致。', 'The size of the content is not the one that was announced.'),
  EntityTooLarge: row(400, '内容超过 {limit}。', 'Your proposed upload exceeds the maximum allowed size of {limit}.'),
  EntityTooSmall: row(
    400,
    '分块 {number} 小于 1 MB。',
    'Your proposed upload is smaller than the minimum allowed size: part {number} has less than 1 MB.',
  ),
  ExpiredToken: row(400, '临时密钥已过期，请重新获取。', 'The provided token has expired.'),
  IncompleteBody: row(
    400,
    '收到的内容少于 Content-Length。',
    'You did not provide the number of bytes specified by the Content-Length HTTP header.',
  ),
  IncorrectNumberOfFilesInPostRequest: row(
    400,
    'POST 上传每次只能有一个文件。',
    'POST requires exactly one file upload per request.',
  ),
  InvalidArgument: row(400, '参数 {name} 错误：{reason}', 'The argument {name} is invalid: {reason}'),
  InvalidBucketName: row(400, '存储桶名称 {name} 不符合规则。', 'The specified bucket is not valid: {name}'),
  InvalidCopySource: row(
    400,
    'x-cos-copy-source 应为 <存储桶域名>/<对象键>。',
    'The x-cos-copy-source is not valid; it is <host of the bucket>/<key>.',
  ),
  InvalidDelimiter: row(400, 'delimiter 只能为一个字符。', 'The delimiter must be a single character.'),
  InvalidDigest: row(400, 'Content-MD5 应为 16 字节的 Base64。', 'The Content-MD5 you specified is not valid.'),
  InvalidObjectName: row(
    400,
    '对象键应为 1 至 850 字节，且不能只由 / 和 . 路径段组成。',
    'The object key must have 1 to 850 bytes of UTF-8, and more in it than slashes and . between them.',
  ),
  InvalidPart: row(
    400,
    '分块 {number} 不存在，或其 ETag 不一致。',
    'One or more of the specified parts could not be found: part {number} was not uploaded, or its ETag is another.',
  ),
  InvalidPartOrder: row(400, '分块应按编号递增排列。', 'The list of parts was not in ascending order.'),
  InvalidPolicyDocument: row(400, 'policy 错误：{reason}', 'The policy document of the form is not valid: {reason}'),
  InvalidRequest: row(400, '请求无效：{reason}', 'The request is invalid: {reason}'),
  InvalidSHA1Digest: row(
    400,
    'x-cos-content-sha1 与收到的内容不一致。',
    'The x-cos-content-sha1 you specified did not match what we received.',
  ),
  InvalidTag: row(400, '标签错误：{reason}', 'The tags are invalid: {reason}'),
  InvalidURI: row(400, '无法解析请求的路径。', "Couldn't parse the specified URI."),
  KeyTooLong: row(400, '对象键超过 850 字节。', 'Your key is too long.'),
  // Of another store: no client of this one sees it.
  MalformedNotification: row(
    400,
    '不是 S3 格式的存储桶事件通知：{zh}。',
    'This is no bucket notification in the form of S3: {en}.',
  ),
  MalformedPOSTRequest: row(
    400,
    'POST 表单格式错误：{reason}',
    'The body of your POST request is not well-formed multipart/form-data: {reason}',
  ),
  MalformedPolicy: row(400, 'policy 应为 JSON：{reason}', 'The policy is not well-formed JSON: {reason}'),
  MalformedXML: row(
    400,
    'XML 格式错误或不符合接口定义。',
    'The XML you provided was not well-formed or did not validate against our published schema.',
  ),
  MissingRequestBodyError: row(400, '缺少请求内容。', 'Request body is empty.'),
  NotSupportedStorageClass: row(400, '存储类型 {name} 不存在。', 'The storage class {name} is not supported.'),
  RequestTimeout: row(
    400,
    '内容未在规定时间内到达。',
    'Your socket connection to the server was not read from or written to within the timeout period.',
  ),
  TooManyBuckets: row(
    400,
    '存储桶数量已达上限 {limit}。',
    'You have attempted to create more buckets than allowed: {limit}.',
  ),
  XMLSizeLimit: row(400, 'XML 超过 {limit}。', 'The XML is larger than {limit}.'),
  AccessDenied: row(403, '没有权限。', 'Access Denied.'),
  PolicyUnmet: row(
    403,
    '表单不符合其 policy 的条件：{reason}。',
    'Access Denied. The form does not meet the conditions of its policy: {reason}',
  ),
  CopySourceUnsigned: row(
    403,
    '没有权限：x-cos-copy-source 须参与签名。',
    'Access Denied. The header x-cos-copy-source has to be one of those that are signed.',
  ),
  RequestHasExpired: row(403, '签名已过期，请校准时间。', 'Request has expired'),
  AccessForbidden: row(
    403,
    '跨域请求未被允许。',
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Requet-Headers are not whitelisted by the resource's CORS spec",
  ),
  InvalidAccessKeyId: row(
    403,
    '密钥 {secretId} 不存在。',
    'The Access Key Id you provided does not exist in our records.',
  ),
  InvalidObjectState: row(
    403,
    '归档对象需先恢复才能读取。',
    "The operation is not valid for the object's storage class: restore it first.",
  ),
  RequestTimeTooSkewed: row(
    403,
    '请求时间与服务器时间相差过大。',
    'The difference between the request time and the current time is too large.',
  ),
  SignatureDoesNotMatch: row(
    403,
    '签名不一致，请检查 SecretKey 与签名内容。',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  ),
  IntelligentTieringConfigurationNotFoundError: row(
    404,
    '没有该智能分层配置。',
    'The Intelligenttiering configuration was not found.',
  ),
  InventoryConfigurationNotFoundError: row(
    404,
    '没有该清单配置。',
    'The specified inventory configuration does not exist.',
  ),
  NoSuchBucket: row(404, '存储桶 {name} 不存在。', 'The specified bucket does not exist.'),
  NoSuchCORSConfiguration: row(404, '存储桶没有跨域配置。', 'The CORS configuration does not exist'),
  NoSuchEncryptionConfiguration: row(
    404,
    '存储桶没有加密配置。',
    'The server side encryption configuration was not found',
  ),
  NoSuchKey: row(404, '对象不存在。', 'The specified key does not exist.'),
  NoSuchLifecycleConfiguration: row(404, '存储桶没有生命周期配置。', 'The lifecycle configuration does not exist'),
  NoSuchObjectLockConfiguration: row(404, '存储桶没有对象锁定配置。', 'The object lock configuration does not exist'),
  NoSuchPolicy: row(404, '存储桶没有权限策略。', 'The bucket policy does not exist'),
  NoSuchTagSet: row(404, '没有标签。', 'The TagSet does not exist'),
  NoSuchUpload: row(
    404,
    '分块上传不存在，或已完成、终止。',
    'The specified multipart upload does not exist. The upload ID might be invalid, or the multipart upload might have been aborted or completed.',
  ),
  NoSuchVersion: row(404, '对象没有该版本。', 'The specified version does not exist.'),
  NoSuchWebsiteConfiguration: row(
    404,
    '存储桶没有静态网站配置。',
    'The specified bucket does not have a website configuration',
  ),
  NoSuchConfiguration: row(404, '没有该配置。', 'The configuration does not exist'),
  OriginConfigurationNotFoundError: row(404, '存储桶没有回源配置。', 'The origin configuration was not found'),
  // As documented, and as the vendor's own tests meet it; its Node.js client looks for another spelling, and passes this on.
  ReplicationConfigurationNotFoundError: row(
    404,
    '存储桶没有复制配置。',
    'The replication configuration was not found',
  ),
  MethodNotAllowed: row(405, '该资源不支持此方法。', 'The specified method is not allowed against this resource.'),
  RestoreNonArchiveObject: row(405, '该对象不是归档类型。', 'The object is not archived.'),
  AppendPositionErr: row(
    409,
    'position 与对象长度 {bytes} 不一致。',
    'The position is not the length of the object, {bytes}.',
  ),
  BucketAlreadyExists: row(409, '存储桶名称已被使用。', 'The requested bucket name is not available.'),
  BucketAlreadyOwnedByYou: row(
    409,
    '存储桶 {name} 已存在。',
    'Your previous request to create the named bucket succeeded and you already own it.',
  ),
  BucketNotEmpty: row(
    409,
    '存储桶不为空：先删除对象、历史版本与未完成的分块上传。',
    'The bucket you tried to delete is not empty: delete its objects, versions and uploads first.',
  ),
  FileAlreadyExists: row(
    409,
    '对象已存在，且禁止覆盖。',
    'The object exists already, and x-cos-forbid-overwrite is set.',
  ),
  InvalidBucketState: row(
    409,
    '存储桶的当前状态不允许该操作。',
    'The request is not valid with the current state of the bucket.',
  ),
  ObjectNotAppendable: row(409, '该对象不可追加。', 'The operation is not valid for the current state of the object.'),
  PathConflict: row(409, '路径冲突。', 'Path conflict.'),
  RestoreAlreadyInProgress: row(409, '对象正在恢复。', 'Object restore is already in progress.'),
  MissingContentLength: row(411, '缺少 Content-Length。', 'You must provide the Content-Length HTTP header.'),
  PreconditionFailed: row(412, '条件不满足。', 'Precondition not match.'),
  InvalidRange: row(416, '请求的范围无效。', 'The requested range cannot be satisfied.'),
  // Documented is the status alone.
  FailedDependency: row(
    424,
    '无法从源站获取对象：{reason}',
    'The object could not be fetched from its source: {reason}',
  ),
  InternalError: row(
    500,
    '内部错误，请查看服务日志（{requestId}）。',
    'We encountered an internal error. Please try again.',
  ),
  ObjectDamaged: row(500, '对象的内容已损坏，请重新写入。', 'The content of this object is damaged; write it again.'),
  StorageFull: row(500, '磁盘已满，未写入任何内容。', 'The disk of this server is full; nothing was written.'),
  NotImplemented: row(
    501,
    '{name} 未实现。',
    'A header or query you provided implies functionality that is not implemented: {name}',
  ),
  SlowDown: row(503, '请求过多，请稍后重试。', 'Please reduce your request rate.'),
} as const satisfies Record<string, CosErrorRow>;

export type CosErrorCode = keyof typeof COS_ERRORS;

export const fail = failer(COS_ERRORS);

/** Rows that share a code in answers, told apart by their text. */
const SHOWN: Readonly<Partial<Record<string, string>>> = {
  PolicyUnmet: 'AccessDenied',
  CopySourceUnsigned: 'AccessDenied',
  RequestHasExpired: 'AccessDenied',
  ObjectDamaged: 'InternalError',
  StorageFull: 'InternalError',
};

export interface ShownError {
  readonly code: string;
  readonly status: number;
  readonly message: string;
}

/** As an answer tells it; undefined for what is no error of this table. */
export function shownError(error: unknown, language: Language = 'en'): ShownError | undefined {
  if (!(error instanceof CloudError) || !isCosRow(error.row)) return undefined;
  return { code: SHOWN[error.code] ?? error.code, status: error.row.status, message: error.text(language) };
}

const isCosRow = (given: ErrorRow): given is CosErrorRow => 'status' in given;

/** Of a key of a list, as `DeleteResult` tells it. */
export function errorOf(code: CosErrorCode, params: ErrorParams = {}): ShownError {
  const { status } = COS_ERRORS[code];
  return { code: SHOWN[code] ?? code, status, message: new CloudError(code, COS_ERRORS[code], params).text('en') };
}
