// What the commands of the object store refuse by themselves, and what helps against what the server refuses.

import { CloudError, errorRow, failer } from '../../core/errors.ts';
import type { Words } from '../io.ts';
import { quoted } from '../quoted.ts';

const { caller } = errorRow;

export const COS_CLI_ERRORS = {
  'Cli.CosAddress': caller(
    '{text} 不是对象存储的地址，应形如 cos://存储桶/对象键。',
    '{text} is no address in the object store; it looks like cos://bucket/key.',
  ),
  'Cli.CosBucketName': caller(
    '{text} 中的存储桶名称 {name} 不可用：只能由小写字母、数字和 - 组成，且不以 - 开头或结尾。',
    'The name {name} in {text} cannot be a bucket: it has lower-case letters, digits and hyphens, and begins and ends with none of these.',
  ),
  'Cli.CosNoKey': caller(
    '{address} 没有指明对象，应形如 {address}/a.txt。',
    '{address} names no object; it looks like {address}/a.txt.',
  ),
  'Cli.CosBucketAlone': caller(
    '{address} 是对象；这里只需要存储桶，例如 cos://{bucket}。',
    '{address} is an object; give the bucket alone, as in cos://{bucket}.',
  ),
  'Cli.CosWhichPlace': caller(
    '来源与目标中至少一个应为 cos://存储桶/对象键：{from}，{to}。',
    'One of both has to be cos://bucket/key: {from}, {to}.',
  ),
  'Cli.CosFolder': caller(
    '{path} 是文件夹：加上 -r 复制其中全部文件。',
    '{path} is a folder; add -r to copy all that is in it.',
  ),
  'Cli.CosNoFolder': caller(
    '{path} 不是文件夹；-r 用于文件夹，复制单个文件时请去掉。',
    '{path} is no folder; -r is for folders, leave it out to copy one file.',
  ),
  'Cli.CosStream': caller(
    '- 是一个数据流，不能与 -r 同用。',
    'A hyphen stands for one stream and does not go with -r.',
  ),
  'Cli.CosInside': caller(
    '{to} 在 {from} 之内，复制不会结束；请复制到别处。',
    '{to} is within {from}, and copying would not end; copy to another place.',
  ),
  'Cli.CosFile': caller('无法写入 {path}：{reason}', '{path} cannot be written: {reason}'),
  'Cli.CosOutput': caller('无法写入输出：{reason}', 'The output cannot be written: {reason}'),
  'Cli.CosUnsafe': caller(
    '对象键 {key} 不能成为 {folder} 中的文件；请单独复制它：openscf cos cp {address} <文件>',
    'The key {key} cannot be a file in {folder}; copy it by itself: openscf cos cp {address} <file>',
  ),
  'Cli.CosChecksum': caller(
    '{address} 的 CRC64 与传输的内容不一致（{expected}，{got}）；请重试。',
    'The CRC64 of {address} is not that of the bytes that were sent ({expected}, {got}); try again.',
  ),
  'Cli.CosNothing': caller(
    '{address} 下没有对象；可用 openscf cos ls 查看。',
    'There are no objects under {address}; openscf cos ls shows what there is.',
  ),
  'Cli.CosRecursive': caller(
    '{address} 不是一个对象；要删除其下全部对象，请加 -r。',
    '{address} is not one object; add -r to remove everything under it.',
  ),
  'Cli.CosOneVersion': caller(
    '--version-id 指明一个对象的一个版本，不能与 {other} 同用。',
    '--version-id names one version of one object; it does not go with {other}.',
  ),
  'Cli.CosPartSize': caller(
    '--part-size 应为 1 至 5120 之间的整数（MB），而不是 {value}。',
    '--part-size is a whole number from 1 to 5120, in MB, not {value}.',
  ),
  'Cli.CosTooLong': caller(
    '内容超过 {parts} 个分块；请用更大的 --part-size。',
    'The content has more than {parts} parts; give a larger --part-size.',
  ),
  'Cli.CosHeader': caller(
    '{text} 不是请求头，应形如 "Content-Type: text/html" 或 "x-cos-meta-author: me"。',
    '{text} is no header; it looks like "Content-Type: text/html" or "x-cos-meta-author: me".',
  ),
  'Cli.CosHeaderUse': caller(
    '--header 用于写入对象；下载时请去掉。',
    '--header is for what is written to the object store; leave it out of a download.',
  ),
  'Cli.CosMethod': caller(
    '--method 应为 GET、PUT、HEAD 或 DELETE，而不是 {value}。',
    '--method is GET, PUT, HEAD or DELETE, not {value}.',
  ),
  'Cli.CosExpires': caller(
    '--expires 应为秒数（如 3600）或时长（如 2h），而不是 {value}。',
    '--expires is a number of seconds like 3600, or a length of time like 2h, not {value}.',
  ),
  'Cli.CosOrigin': caller(
    '--origin 应形如 http://files.example.com:9701，而不是 {value}。',
    '--origin looks like http://files.example.com:9701, not {value}.',
  ),
  'Cli.CosNoPort': caller(
    '{endpoint} 的服务没有 COS 端口，无法生成 URL；请更新并重启该服务，或用 --origin 给出其地址。',
    'The server at {endpoint} has no COS port to make a URL for; update and restart it, or give its address with --origin.',
  ),
} as const;

export const fail = failer(COS_CLI_ERRORS);

/** Behind the server's own sentence. */
const HELP: Readonly<Record<string, Words>> = {
  NoSuchBucket: {
    zh: '存储桶：{bucket}。openscf cos ls 列出存储桶，openscf cos mb cos://{bucket} 创建。',
    en: 'It was {bucket}. openscf cos ls lists the buckets, openscf cos mb cos://{bucket} makes it.',
  },
  NoSuchKey: {
    zh: '对象：{address}。openscf cos ls cos://{bucket} 列出对象。',
    en: 'It was {address}. openscf cos ls cos://{bucket} lists what there is.',
  },
  NoSuchVersion: {
    zh: 'openscf cos ls --versions {word} 列出版本。',
    en: 'openscf cos ls --versions {word} lists them.',
  },
  BucketNotEmpty: {
    zh: '连同内容一起删除：openscf cos rb --force cos://{bucket}',
    en: 'To remove it with all that is in it: openscf cos rb --force cos://{bucket}',
  },
  InvalidBucketName: {
    zh: '名称由小写字母、数字和 - 组成，末尾为本服务的 APPID（可省略）。',
    en: 'A name has lower-case letters, digits and hyphens, and ends with the APPID of this server, which may be left out.',
  },
  InvalidAccessKeyId: {
    zh: '请用 --data 指明服务的数据目录，或用 --secret-id 与 --secret-key 给出密钥。',
    en: 'Name the data folder of the server with --data, or give --secret-id and --secret-key.',
  },
  SignatureDoesNotMatch: {
    zh: '请检查 --secret-key。',
    en: 'The secret key may be wrong: see --secret-key.',
  },
  InvalidObjectState: {
    zh: '对象：{address}。',
    en: 'It was {address}.',
  },
};

export interface Refused {
  readonly code: string;
  readonly message: string;
  readonly requestId: string;
  readonly bucket: string;
  readonly address: string;
}

/** An error that the object store told, with its code. */
export function refused({ code, message, requestId, bucket, address }: Refused): CloudError {
  const help = HELP[code] ?? { zh: '', en: '' };
  const end = requestId === '' ? '' : ' (RequestId {requestId})';
  const text = (words: string) => ['{message}', words].filter(Boolean).join(' ') + end;
  return new CloudError(code, caller(text(help.zh), text(help.en)), {
    message,
    requestId,
    bucket,
    address,
    word: quoted(address),
  });
}
