// The log of one attempt as the platform writes it (the vendor's page "Log format").

import type { InvocationRow } from '../core/rows.ts';

const MB = 1024 * 1024;
const RUNNING = 202;

/** START, what the function printed, ERROR or Response, END, Report; a run that has not ended has no end. */
export function renderLog(row: InvocationRow): string {
  const { requestId, status, log, retMsg } = row;
  const lines = [`START RequestId:${requestId}`];
  if (log !== '') lines.push(log.endsWith('\n') ? log.slice(0, -1) : log);
  if (status !== RUNNING) {
    lines.push(
      status === 200
        ? `Response RequestId:${requestId} RetMsg:${retMsg}`
        : `ERROR RequestId:${requestId} Result:${retMsg}`,
    );
    lines.push(`END RequestId:${requestId}`, report(row));
  }
  return `${lines.join('\n')}\n`;
}

function report({ requestId, durationMs, memoryMB, memoryBytes }: InvocationRow): string {
  const used = Number((memoryBytes / MB).toFixed(6));
  return `Report RequestId:${requestId} Duration:${Math.round(durationMs)}ms Memory:${memoryMB}MB MemUsage:${used}MB`;
}
