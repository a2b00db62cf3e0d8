// GetRequestStatus: what became of one invocation, one row per attempt.

import { z } from 'zod';
import type { InvocationRow } from '../../core/rows.ts';
import { action } from '../action.ts';
import { wireTime } from '../times.ts';
import type { ScfContext } from './deps.ts';
import { timeOf } from './times.ts';
import { FUNCTION, keyOf, text } from './types.ts';

const MB = 1024 * 1024;
const RUNNING = 202;

const GetRequestStatus = action({
  request: z.object({
    ...FUNCTION,
    FunctionRequestId: text,
    StartTime: text.optional(),
    EndTime: text.optional(),
  }),
  async handle(request, { control, region }: ScfContext) {
    const { total, rows } = await control.logs.requestStatus({
      ...keyOf(request, region),
      requestId: request.FunctionRequestId,
      startTime: timeOf('StartTime', request.StartTime),
      endTime: timeOf('EndTime', request.EndTime),
    });
    return { TotalCount: total, Data: rows.map(wireStatus) };
  },
});

function wireStatus(row: InvocationRow): object {
  return {
    FunctionName: row.name,
    RequestId: row.requestId,
    RetMsg: row.retMsg,
    RetCode: row.status === 200 ? 0 : row.status === RUNNING ? 1 : -1,
    StartTime: wireTime(row.startedAt),
    Duration: row.durationMs,
    // In MB here, in bytes everywhere else.
    MemUsage: row.memoryBytes / MB,
    RetryNum: row.retryNum,
  };
}

export const STATUS_ACTIONS = { GetRequestStatus };
