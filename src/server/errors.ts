// What can keep a server from starting.

import { errorRow, failer } from '../core/errors.ts';

export const fail = failer({
  'Server.DataFolder': errorRow.caller(
    '数据目录 {path} 无法写入（{reason}）。请用 --data 指定一个可写的目录。',
    'The data folder {path} cannot be written ({reason}); name one that can with --data.',
  ),
  'Server.DataFile': errorRow.caller(
    '文件 {path} 无法读取（{reason}）。请修复或删除它，服务会重新生成。',
    'The file {path} cannot be read ({reason}); mend it, or remove it and a new one is made.',
  ),
  'Server.ObjectIndex': errorRow.caller(
    '对象索引 {file} 不存在，而目录 {dir} 中仍有对象文件：请恢复该索引；若要从空的存储开始，请移走该目录。',
    'The object index {file} is not there, but files of objects are in {dir}: put the index back, or move that folder away to begin with an empty store.',
  ),
  'Server.Vips': errorRow.caller(
    '设置 clb.vips 的值 {vips} 既不是网段（不大于 /16），也不是以逗号分隔的 IPv4 地址，例如 127.80.0.0/24。',
    'The setting clb.vips is {vips}: it takes one block of at most a /16, or IPv4 addresses with commas between, such as 127.80.0.0/24.',
  ),
});
