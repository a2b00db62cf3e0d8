// What can go wrong with stored content, each with the next step.

import { errorRow, failer } from '../core/errors.ts';

const { platform } = errorRow;

export const BLOB_ERRORS = {
  'InternalError.System': platform(
    '数据目录 {dir} 所在磁盘已满，内容未保存；请清理磁盘空间后重试。',
    'The disk of the data folder {dir} is full, nothing was kept; free some space and try again.',
  ),
  'InternalError.BlobDamaged': platform(
    '内容 {sha256} 在磁盘上已损坏（{dir}）；请重新上传该代码包或对象。',
    'The content {sha256} is damaged on disk ({dir}); upload that package or object again.',
  ),
  'InternalError.FileDamaged': platform(
    '对象文件 {file} 缺失或不完整（{dir}）；请重新写入该对象，并检查磁盘。',
    'The file {file} of an object is missing or cut short ({dir}); write that object again and check the disk.',
  ),
  'InternalError.BlobUnwritable': platform(
    '无法写入目录 {dir}（{reason}）；请检查当前用户的写权限，或用 --data 指定另一个数据目录。',
    'Cannot write to the folder {dir} ({reason}); check that this user may write there, or choose another data folder with --data.',
  ),
} as const;

export const fail = failer(BLOB_ERRORS);
