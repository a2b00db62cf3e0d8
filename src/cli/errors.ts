// What the command line refuses by itself; each message says what to do next.

import { CloudError, errorRow, failer } from '../core/errors.ts';

const { caller } = errorRow;

export const CLI_ERRORS = {
  'Cli.NotRunning': caller(
    '{endpoint} 上没有正在运行的 OpenSCF。请先启动：openscf start（在源码目录中：npm start），或用 --data 指明其数据目录，用 --endpoint 指明地址。',
    'No OpenSCF is running at {endpoint}. Start one with "openscf start" ("npm start" in the source tree), or name one by its data folder (--data) or its address (--endpoint).',
  ),
  'Cli.NoKeys': caller(
    '没有可用的密钥：{path} 不存在。请用 --secret-id 与 --secret-key 给出，或用 --data 指明服务的数据目录。',
    'There are no keys: {path} does not exist. Give --secret-id and --secret-key, or name the data folder of the server with --data.',
  ),
  'Cli.Endpoint': caller(
    '{endpoint} 不是有效的地址，应形如 http://127.0.0.1:9700。',
    '{endpoint} is not an address; it looks like http://127.0.0.1:9700.',
  ),
  'Cli.Transport': caller('访问 {endpoint} 失败：{reason}', 'The call to {endpoint} failed: {reason}'),
  'Cli.Answer': caller(
    '{endpoint} 的回答不是 OpenSCF 的回答（HTTP {status}），请检查地址。',
    'The answer of {endpoint} is not one of OpenSCF (HTTP {status}); check the address.',
  ),
  'Cli.Event': caller('事件不是有效的 JSON：{reason}', 'The event is not JSON: {reason}'),
  'Cli.File': caller('无法读取 {path}：{reason}', '{path} cannot be read: {reason}'),
  'Cli.Duration': caller(
    '{text} 不是时长，应形如 90s、3h、1d12h。',
    '{text} is not a length of time; it looks like 90s, 3h or 1d12h.',
  ),
  'Cli.Instant': caller(
    '{text} 不是时刻，应形如 2030-01-01T08:00:00+08:00。',
    '{text} is not an instant; it looks like 2030-01-01T08:00:00+08:00.',
  ),
  'Cli.Whole': caller(
    '{name} 应为不小于 1 的整数，而不是 {value}。',
    '{name} must be a whole number of at least 1, not {value}.',
  ),
  'Cli.NameOfMany': caller(
    '该文件夹中有 {count} 个函数，不能用 --name 统一命名；请逐个部署其子文件夹，或去掉 --name。',
    'the folder holds {count} functions, which cannot all have one --name; deploy its folders one by one, or leave out --name.',
  ),
  'Cli.CountOrNone': caller(
    '{name} 应为不小于 0 的整数或 none，而不是 {value}。',
    '{name} must be a whole number of at least 0, or none, not {value}.',
  ),
  'Cli.NoQualifier': caller(
    '预置并发属于已发布的版本，请用 --qualifier 指明版本号，例如：openscf concurrency {function} --provisioned 2 --qualifier 1',
    'Instances are kept ready for a published version; name it with --qualifier, as in: openscf concurrency {function} --provisioned 2 --qualifier 1',
  ),
  'Cli.NoTrigger': caller(
    '函数 {function} 没有{kind}触发器 {name}。现有触发器：{known}',
    'The function {function} has no {kind} trigger {name}. It has: {known}',
  ),
  'Cli.NoKind': caller(
    '函数 {function} 没有 {kind} 触发器。现有触发器：{known}',
    'The function {function} has no {kind} trigger. It has: {known}',
  ),
  'Cli.WhichTrigger': caller(
    '函数 {function} 有多个 {kind} 触发器，请用 --name 指明：{known}',
    'The function {function} has several {kind} triggers; name one with --name: {known}',
  ),
  'Cli.RuleFlag': caller(
    '{flag} 用于 cos 触发器；{kind} 触发器请用 --name 指明，用 TriggerDesc 描述。',
    '{flag} is for cos triggers; name a {kind} trigger with --name, and say what it is in its TriggerDesc.',
  ),
  'Cli.RuleEvent': caller(
    "请用 --event 指明事件，例如 --event 'cos:ObjectCreated:*'。",
    "Say with --event what it is about, as in --event 'cos:ObjectCreated:*'.",
  ),
  'Cli.RuleBucket': caller(
    "请用 --bucket 指明存储桶，例如：openscf trigger add {function} cos --bucket my-bucket --event 'cos:ObjectCreated:*'",
    "Name the bucket with --bucket, as in: openscf trigger add {function} cos --bucket my-bucket --event 'cos:ObjectCreated:*'",
  ),
  'Cli.RuleTwice': caller(
    '{one} 与 {other} 说的是同一件事，请只给出其一。',
    '{one} and {other} say the same thing; give one of them.',
  ),
  'Cli.WhichRule': caller(
    '函数 {function} 有多个 cos 触发器，请指明其一，例如：\n{known}',
    'The function {function} has several cos triggers; name one of them:\n{known}',
  ),
  'Cli.NoRule': caller(
    '函数 {function} 没有这样的 cos 触发器。现有：\n{known}',
    'The function {function} has no such cos trigger. It has:\n{known}',
  ),
  'Cli.NoBytes': caller(
    '请求 {requestId} 的内容已不再保留；调大设置 records.bytesMB 或 records.days 可保留更久。',
    'The bytes of the request {requestId} are no longer kept; larger values of the settings records.bytesMB and records.days keep them longer.',
  ),
  'Cli.NoReply': caller(
    '请求 {requestId} 没有保留的返回内容：可能尚未结束，或已不再保留。',
    'No reply of the request {requestId} is kept: none has come yet, or it is no longer kept.',
  ),
  'Cli.WhichLetters': caller(
    '请指明要处理的死信：给出一个 RequestId，或用 --all 表示全部（可用 --name、--function 限定范围）。',
    'Say which dead letters are meant: give a RequestId, or --all for all of them (--name and --function narrow it).',
  ),
  'Cli.OneLetter': caller(
    'RequestId 已指明一条死信，不能再用 --all、--name、--type、--function 或 --namespace。',
    'A RequestId names one dead letter; leave out --all, --name, --type, --function and --namespace.',
  ),
  'Cli.NoCa': caller('该服务没有开启 TLS，没有 CA 证书。', 'This server has no TLS port open, and so no CA.'),
} as const;

export const fail = failer(CLI_ERRORS);

/** An error that a server told, in its words. */
export function told(code: string, message: string, requestId?: string): CloudError {
  const text = requestId ? `${message} (RequestId ${requestId})` : message;
  return new CloudError(code, { fault: 'caller', zh: text, en: text });
}
