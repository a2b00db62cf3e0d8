// What can go wrong with the file of waiting events, each with the next step. Codes are those of the store where the
// meaning is the same.

import { CloudError, type ErrorParams, errorRow } from '../core/errors.ts';

const { platform } = errorRow;

export const QUEUE_ERRORS = {
  'InternalError.System': platform(
    '数据目录所在磁盘已满，异步事件未写入；请清理磁盘空间后重试（{file}）。',
    'The disk of the data folder is full, nothing was written; free some space and try again ({file}).',
  ),
  'InternalError.StoreLocked': platform(
    '异步事件数据库 {file} 正被另一个 OpenSCF 进程使用；请先停止该进程，或用 --data 指定另一个数据目录。',
    'The event database {file} is in use by another OpenSCF process; stop that process, or choose another data folder with --data.',
  ),
  'InternalError.StoreNewer': platform(
    '异步事件数据库 {file} 由更新版本的 OpenSCF 写入（版本 {version}）；请升级 OpenSCF。',
    'The event database {file} was written by a newer OpenSCF (version {version}); upgrade OpenSCF.',
  ),
  'InternalError.StoreForeign': platform(
    '文件 {file} 不是 OpenSCF 的异步事件数据库；请移走该文件，或用 --data 指定另一个数据目录。',
    'The file {file} is not an event database of OpenSCF; move it away, or choose another data folder with --data.',
  ),
  'InternalError.StoreUnwritable': platform(
    '无法打开或写入 {file}（{reason}）；请检查目录是否存在以及当前用户的写权限，或用 --data 指定另一个数据目录。',
    'Cannot open or write {file} ({reason}); check that the folder exists and that this user may write there, or choose another data folder with --data.',
  ),
  'InternalError.StoreDamaged': platform(
    '异步事件数据库 {file} 已损坏（{reason}）；请停止服务，移走该文件后重新启动，其中的事件可用 sqlite3 的 .recover 命令取出。',
    'The event database {file} is damaged ({reason}); stop the server, move the file away and start again; what it held can be taken out with .recover of sqlite3.',
  ),
  'InternalError.StoreBusy': platform(
    '异步事件数据库 {file} 被其他程序占用超过 {seconds} 秒；请关闭正在使用该文件的程序后重试。',
    'Another program has held the event database {file} for more than {seconds} s; close the program that uses the file and try again.',
  ),
  'InternalError.EventStoreGone': platform(
    '异步事件数据库 {file} 的写入线程已意外退出（{reason}），未确认的事件可能未被接收；请查看服务日志并重启服务。',
    'The thread that writes the event database {file} has ended unexpectedly ({reason}), events without an answer may not have been accepted; see the server log and restart the server.',
  ),
} as const;

export const BUSY_TIMEOUT_MS = 5_000;

/** An error as it crosses threads: of SQLite with its primary result code, of the file system, or a refusal of our own. */
export interface Failure {
  readonly message: string;
  readonly sqlite?: number;
  readonly syscall?: string;
  readonly refused?: 'locked' | 'newer' | 'foreign';
  /** Of the tables, where they are newer. */
  readonly version?: number;
}

type Code = keyof typeof QUEUE_ERRORS;

/** https://www.sqlite.org/rescode.html */
const SQLITE: Readonly<Record<number, Code>> = {
  5: 'InternalError.StoreBusy', // BUSY
  6: 'InternalError.StoreBusy', // LOCKED
  8: 'InternalError.StoreUnwritable', // READONLY
  10: 'InternalError.StoreUnwritable', // IOERR
  11: 'InternalError.StoreDamaged', // CORRUPT
  13: 'InternalError.System', // FULL
  14: 'InternalError.StoreUnwritable', // CANTOPEN
  26: 'InternalError.StoreForeign', // NOTADB
};

const REFUSED: Readonly<Record<NonNullable<Failure['refused']>, Code>> = {
  locked: 'InternalError.StoreLocked',
  newer: 'InternalError.StoreNewer',
  foreign: 'InternalError.StoreForeign',
};

export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message } = error;
  if ('errcode' in error && typeof error.errcode === 'number') return { message, sqlite: error.errcode & 0xff };
  if ('syscall' in error && typeof error.syscall === 'string') return { message, syscall: error.syscall };
  return { message: error.stack ?? message };
}

/** The error that says what to do; one without a row is passed on as it is. */
export function explain(failure: Failure, file: string): Error {
  const { message: reason, refused, sqlite, syscall, version = 0 } = failure;
  const cause = new Error(reason);
  const code =
    (refused && REFUSED[refused]) ??
    (sqlite === undefined ? undefined : SQLITE[sqlite]) ??
    (syscall === undefined ? undefined : 'InternalError.StoreUnwritable');
  return code ? raised(code, { file, reason, version, seconds: BUSY_TIMEOUT_MS / 1000 }, cause) : cause;
}

export function threadGone(file: string, reason: string): CloudError {
  return raised('InternalError.EventStoreGone', { file, reason });
}

function raised(code: Code, params: ErrorParams, cause?: Error): CloudError {
  return new CloudError(code, QUEUE_ERRORS[code], params, cause);
}
