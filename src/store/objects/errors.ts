// What can go wrong with the file of the object index, where the sentence is another than the store's.

import { CloudError, errorRow, failer } from '../../core/errors.ts';
import { explain as explainStore } from '../errors.ts';

const { platform } = errorRow;

export const OBJECT_INDEX_ERRORS = {
  'InternalError.StoreNewer': platform(
    '对象索引 {file} 由更新版本的 OpenSCF 写入（版本 {version}）；请升级 OpenSCF。',
    'The object index {file} was written by a newer OpenSCF (version {version}); upgrade OpenSCF.',
  ),
  'InternalError.StoreForeign': platform(
    '文件 {file} 不是 OpenSCF 的对象索引；请移走该文件，或用 --data 指定另一个数据目录。',
    'The file {file} is not an object index of OpenSCF; move it away, or choose another data folder with --data.',
  ),
  'InternalError.StoreDamaged': platform(
    '对象索引 {file} 已损坏（{reason}）；请停止服务并备份数据目录，再用 sqlite3 的 .recover 命令取出其中的内容。',
    'The object index {file} is damaged ({reason}); stop the server, make a copy of the data folder, then take out what the file holds with .recover of sqlite3.',
  ),
  'InternalError.ObjectIndexGone': platform(
    '对象索引 {file} 的写入线程已意外退出（{reason}），未确认的写入可能未保存；请查看服务日志并重启服务。',
    'The thread that writes the object index {file} has ended unexpectedly ({reason}), writes without an answer may not have been kept; see the server log and restart the server.',
  ),
  'InternalError.ObjectIndexClosed': platform(
    '对象索引 {file} 已关闭；请等待服务重新启动后重试。',
    'The object index {file} is closed; try again when the server has been started again.',
  ),
} as const;

export const fail = failer(OBJECT_INDEX_ERRORS);

/** An error as it crosses threads. */
export interface Failure {
  readonly message: string;
  /** Of SQLite. */
  readonly errcode?: number;
  readonly syscall?: string;
  readonly code?: string;
}

const CORRUPT = 11;
const FULL = 13;
/** SQLITE_IOERR_SHMSIZE: no room for the index of the write-ahead log. */
const SHMSIZE = 4874;
const NOTADB = 26;

export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message } = error;
  if ('errcode' in error && typeof error.errcode === 'number') return { message, errcode: error.errcode };
  if ('syscall' in error && typeof error.syscall === 'string') {
    return { message, syscall: error.syscall, ...('code' in error && { code: String(error.code) }) };
  }
  return { message: error.stack ?? message };
}

/** No room is left on the disk. */
export const isFull = (error: unknown): boolean =>
  error instanceof Error &&
  'errcode' in error &&
  typeof error.errcode === 'number' &&
  ((error.errcode & 0xff) === FULL || error.errcode === SHMSIZE);

/** The error that says what to do; one without a row is passed on as it is. */
export function explained({ message, ...known }: Failure, file: string): Error {
  const cause = Object.assign(new Error(message), known);
  const code = known.errcode === undefined ? undefined : known.errcode & 0xff;
  return caught(() => {
    if (code === CORRUPT) fail('InternalError.StoreDamaged', { file, reason: message }, cause);
    if (code === NOTADB) fail('InternalError.StoreForeign', { file }, cause);
    explainStore(cause, { file });
  });
}

/** The same for what was thrown on this side. */
export const explain = (error: unknown, file: string): Error =>
  error instanceof CloudError ? error : explained(failureOf(error), file);

export const threadGone = (file: string, reason: string): Error =>
  caught(() => fail('InternalError.ObjectIndexGone', { file, reason }));

export const closed = (file: string): Error => caught(() => fail('InternalError.ObjectIndexClosed', { file }));

function caught(act: () => void): Error {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
