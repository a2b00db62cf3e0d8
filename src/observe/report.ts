// The log of one attempt as the platform prints it. Documented: START, what the function printed, then
// the error or the response, END and the report; no blank after "RequestId:". A retry's number is a field of its record
// (SCF_RetryNum) and stands in no line.

import type { InvocationRow } from '../core/rows.ts';
import { cutTail } from './cut.ts';
import { RUNNING } from './row.ts';

const MB = 1024 * 1024;

/** Without the end while it runs, empty while it waits. */
export function renderLog(row: InvocationRow): string {
  if (row.verdict === 'accepted') return '';
  const id = `RequestId:${row.requestId}`;
  const printed = row.log === '' || row.log.endsWith('\n') ? row.log : `${row.log}\n`;
  const begun = `START ${id}\n${printed}`;
  if (row.status === RUNNING) return begun;
  const result = row.status === 200 ? `Response ${id} RetMsg:${row.retMsg}` : `ERROR ${id} Result:${row.retMsg}`;
  const usage = `Duration:${Math.round(row.durationMs)}ms Memory:${row.memoryMB}MB MemUsage:${megabytes(row.memoryBytes)}MB`;
  return `${begun}${result}\nEND ${id}\nReport ${id} ${usage}\n`;
}

/** Six decimals at most, as in the documents' samples. */
function megabytes(bytes: number): string {
  return String(Number((bytes / MB).toFixed(6)));
}

/** The last `limit` bytes, from a whole character on. */
export function logTail(text: string, limit: number): string {
  return cutTail(text, limit);
}
