// What a URL answers by itself, in the form of a function's failure.

import { CloudError, type ErrorParams, type ErrorRow, errorRow } from '../../core/errors.ts';
import { errorJson } from '../../core/reply.ts';
import type { Reply } from '../../http/reply.ts';

const { caller, platform } = errorRow;

interface UrlErrorRow extends ErrorRow {
  readonly status: number;
}

const row = (status: number, made: ErrorRow): UrlErrorRow => ({ ...made, status });

const URL_ERRORS = {
  NoSuchUrl: row(
    404,
    caller(
      '没有函数 URL {id}，或它已停用；请检查地址（ListTriggers 可查看），并确认触发器已启用。',
      'There is no function URL {id}, or it is switched off; check the address (ListTriggers shows it) and whether its trigger is enabled.',
    ),
  ),
  NoSuchPath: row(
    404,
    caller(
      '域名 {host} 没有匹配路径 {path} 的函数；请检查 EndpointsConfig 的 PathMatch。',
      'No function has the path {path} of {host}; check PathMatch in EndpointsConfig.',
    ),
  ),
  NoSuchFunction: row(
    404,
    caller(
      '没有 Web 函数 {name}（命名空间 {namespace}）；/_web 仅用于 Web 函数，事件函数请使用函数 URL。',
      'There is no web function {name} in the namespace {namespace}; /_web is for web functions, functions of events have function URLs.',
    ),
  ),
  LocalOnly: row(403, caller('该地址只能在本机使用。', 'This address can be used on this machine alone.')),
  NoIntranet: row(
    403,
    caller(
      '该函数 URL 未开启内网访问；请设置 NetConfig.EnableIntranet=true，或使用公网地址。',
      'This function URL has no private access; set NetConfig.EnableIntranet to true, or use its public address.',
    ),
  ),
  NoExtranet: row(
    403,
    caller(
      '该函数 URL 未开启公网访问；请设置 NetConfig.EnableExtranet=true，或在本机使用内网地址。',
      'This function URL has no public access; set NetConfig.EnableExtranet to true, or use its private address on this machine.',
    ),
  ),
  Protocol: row(
    426,
    caller('域名 {host} 不支持 {scheme} 访问，请使用 {other}。', '{host} is not served by {scheme}; use {other}.'),
  ),
  NoWebSocket: row(
    426,
    caller(
      '函数 {name} 不支持 WebSocket；WebSocket 需在创建 Web 函数时指定 ProtocolType=WS。',
      '{name} does not speak WebSocket; that takes a web function made with ProtocolType=WS.',
    ),
  ),
  TooLarge: row(413, caller('请求体超过 {limit} 字节（6 MB）。', 'The body has more than {limit} bytes (6 MB).')),
  Unsigned: row(
    401,
    caller(
      '缺少签名：请求头 {name} 不存在；该函数 URL 需要 CAM 鉴权（TC3-HMAC-SHA256）。',
      'The request is not signed: there is no {name} header; this function URL takes requests signed by TC3-HMAC-SHA256.',
    ),
  ),
  Malformed: row(401, caller('Authorization 格式错误：{zh}', 'The Authorization header is not well formed: {en}')),
  Expired: row(
    401,
    caller(
      '签名过期：X-Scf-Cam-Timestamp 与服务器时间相差 {seconds} 秒，不得超过 300 秒，请校准本地时间。',
      'The signature has expired: X-Scf-Cam-Timestamp is {seconds} s away from the server clock, at most 300 s are allowed; set your clock.',
    ),
  ),
  WrongKey: row(
    401,
    caller(
      '密钥 {secretId} 不存在，或不属于账号 {uin}。',
      'The key {secretId} does not exist, or is not of the account {uin}.',
    ),
  ),
  WrongSignature: row(
    401,
    caller(
      '签名错误：请检查 SecretKey、签名所用的路径与查询串、以及请求体。',
      'The signature does not match; check SecretKey, the path and query that were signed, and the body.',
    ),
  ),
  NotAllowed: row(
    403,
    caller(
      '密钥的策略不允许对函数 {name} 执行 name/scf:InvokeFunctionUrl。',
      'The policy of this key does not allow name/scf:InvokeFunctionUrl on the function {name}.',
    ),
  ),
  Broken: row(
    500,
    platform(
      '内部错误，请查看服务日志（RequestId {requestId}）。',
      'Internal error; see the server log for RequestId {requestId}.',
    ),
  ),
} as const satisfies Record<string, UrlErrorRow>;

export type UrlErrorCode = keyof typeof URL_ERRORS;

/** What is answered in place of the function. */
export interface Refusal {
  readonly code: UrlErrorCode;
  readonly params?: ErrorParams;
}

export const JSON_TYPE: readonly string[] = Object.freeze(['Content-Type', 'application/json']);

/** Both languages: a client of a URL has told none. */
export function refusalReply({ code, params }: Refusal, requestId: string): Reply {
  const { status, ...made } = URL_ERRORS[code];
  const error = new CloudError(code, made, params);
  const errorMessage = `${error.text('zh')} ${error.text('en')}`;
  const body = Buffer.from(errorJson(requestId, { status, errorMessage, stackTrace: '' }));
  return { status, headers: JSON_TYPE, body };
}
