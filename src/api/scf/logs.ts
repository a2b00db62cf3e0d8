// GetFunctionLogs: one row per attempt, with everything it printed.

import { z } from 'zod';
import type { InvocationRow } from '../../core/rows.ts';
import { action } from '../action.ts';
import { wireTime } from '../times.ts';
import type { ScfContext } from './deps.ts';
import { timeOf } from './times.ts';
import { int, namespaceOf, PAGE, text } from './types.ts';

const RUNNING = 202;
const CANCELED = 499;

/** Retired; clients read its members all the same. */
const NO_CONTEXT = { Offset: '', Limit: 0, Keyword: '', Type: '' };

const GetFunctionLogs = action({
  request: z.object({
    ...PAGE,
    FunctionName: text.optional(),
    OrderBy: text.optional(),
    Filter: z.object({ RetCode: text.optional() }).optional(),
    Namespace: text.optional(),
    Qualifier: text.optional(),
    FunctionRequestId: text.optional(),
    StartTime: text.optional(),
    EndTime: text.optional(),
    SearchContext: z
      .object({ Offset: text.optional(), Limit: int.optional(), Keyword: text.optional(), Type: text.optional() })
      .optional(),
  }),
  async handle(request, { control, region, renderLog }: ScfContext) {
    const { total, rows } = await control.logs.functionLogs({
      region,
      namespace: namespaceOf(request.Namespace),
      functionName: request.FunctionName || undefined,
      qualifier: request.Qualifier || undefined,
      requestId: request.FunctionRequestId || undefined,
      retCode: request.Filter?.RetCode,
      startTime: timeOf('StartTime', request.StartTime),
      endTime: timeOf('EndTime', request.EndTime),
      offset: request.Offset,
      limit: request.Limit,
      order: request.Order,
      orderBy: request.OrderBy,
    });
    return {
      TotalCount: total,
      Data: rows.map(row => wireLog(row, renderLog(row))),
      SearchContext: NO_CONTEXT,
    };
  },
});

function wireLog(row: InvocationRow, log: string): object {
  return {
    FunctionName: row.name,
    RequestId: row.requestId,
    RetMsg: row.retMsg,
    RetCode: retCode(row.status),
    InvokeFinished: row.status === RUNNING ? 0 : 1,
    StartTime: wireTime(row.startedAt),
    Duration: row.durationMs,
    BillDuration: Math.ceil(row.durationMs),
    MemUsage: row.memoryBytes,
    Log: log,
    Level: '',
    Source: '',
    RetryNum: row.retryNum,
  };
}

/** Documented: 0 done, 2 running, 3 broken off, anything else failed. */
function retCode(status: number): number {
  if (status === 200) return 0;
  if (status === RUNNING) return 2;
  return status === CANCELED ? 3 : 1;
}

export const LOG_ACTIONS = { GetFunctionLogs };
