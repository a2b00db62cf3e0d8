// What can go wrong with the store, each with the next step.

import { CloudError, errorRow, failer } from '../core/errors.ts';

const { caller, platform } = errorRow;

export const STORE_ERRORS = {
  'InternalError.System': platform(
    '数据目录所在磁盘已满，数据未写入；请清理磁盘空间后重试（{file}）。',
    'The disk of the data folder is full, nothing was written; free some space and try again ({file}).',
  ),
  'InternalError.StoreLocked': platform(
    '数据库 {file} 正被另一个 OpenSCF 进程使用；请先停止该进程，或用 --data 指定另一个数据目录。',
    'The database {file} is in use by another OpenSCF process; stop that process, or choose another data folder with --data.',
  ),
  'InternalError.StoreNewer': platform(
    '数据库 {file} 由更新版本的 OpenSCF 写入（未知迁移 {migration}）；请升级 OpenSCF，或从旁边的 .backup-<n> 备份恢复。',
    'The database {file} was written by a newer OpenSCF (unknown migration {migration}); upgrade OpenSCF, or restore a .backup-<n> file beside it.',
  ),
  'InternalError.StoreForeign': platform(
    '文件 {file} 不是 OpenSCF 数据库；请移走该文件，或用 --data 指定另一个数据目录。',
    'The file {file} is not an OpenSCF database; move it away, or choose another data folder with --data.',
  ),
  'InternalError.StoreUnwritable': platform(
    '无法打开或写入 {file}（{reason}）；请检查目录是否存在以及当前用户的写权限，或用 --data 指定另一个数据目录。',
    'Cannot open or write {file} ({reason}); check that the folder exists and that this user may write there, or choose another data folder with --data.',
  ),
  'InternalError.StoreDamaged': platform(
    '数据库 {file} 已损坏（{reason}）；请停止服务并从旁边的 .backup-<n> 备份恢复。',
    'The database {file} is damaged ({reason}); stop the server and restore a .backup-<n> file beside it.',
  ),
  'InternalError.StoreBusy': platform(
    '数据库 {file} 被其他程序占用超过 {seconds} 秒；请关闭正在使用该文件的程序后重试。',
    'Another program has held the database {file} for more than {seconds} s; close the program that uses the file and try again.',
  ),
  ResourceInUse: caller(
    '{table} 中已存在同名资源，请更换名称。',
    'There is one with the same name in {table} already; choose another name.',
  ),
} as const;

export const fail = failer(STORE_ERRORS);

export const BUSY_TIMEOUT_MS = 5_000;

// Primary result codes of SQLite: https://www.sqlite.org/rescode.html
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;
/** SQLITE_CONSTRAINT_UNIQUE, an extended code. */
const UNIQUE = 2067;

interface Place {
  readonly file: string;
  readonly table?: string;
}

/** Passes on an error of SQLite or the file system as one that says what to do; others as they are. */
export function explain(error: unknown, place: Place): never {
  if (error instanceof CloudError || !(error instanceof Error)) throw error;
  const { file, table = '' } = place;
  const reason = error.message;
  const sqlite = resultCode(error);
  if (sqlite === UNIQUE) fail('ResourceInUse', { table }, error);
  switch (sqlite === undefined ? undefined : sqlite & 0xff) {
    case FULL:
      return fail('InternalError.System', { file }, error);
    case BUSY:
    case LOCKED:
      return fail('InternalError.StoreBusy', { file, seconds: BUSY_TIMEOUT_MS / 1000 }, error);
    case NOTADB:
      return fail('InternalError.StoreForeign', { file }, error);
    case CORRUPT:
      return fail('InternalError.StoreDamaged', { file, reason }, error);
    case READONLY:
    case IOERR:
    case CANTOPEN:
      return fail('InternalError.StoreUnwritable', { file, reason }, error);
  }
  if (sqlite !== undefined || !('syscall' in error)) throw error;
  if ('code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT'))
    fail('InternalError.System', { file }, error);
  return fail('InternalError.StoreUnwritable', { file, reason }, error);
}

function resultCode(error: Error): number | undefined {
  return 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : undefined;
}
