// ListAsyncEvents, GetAsyncEventStatus, TerminateAsyncEvent: the executions of functions with AsyncRunEnable.

import { z } from 'zod';
import type { Interval } from '../../control/control.ts';
import { fail } from '../../control/errors.ts';
import type { Execution } from '../../core/ports.ts';
import { action } from '../action.ts';
import type { ScfContext } from './deps.ts';
import { parseWireInstant, wireInstant } from './times.ts';
import { FUNCTION, keyOf, PAGE, text } from './types.ts';

const TimeInterval = z.object({ Start: text.optional(), End: text.optional() });

const ListAsyncEvents = action({
  request: z.object({
    ...FUNCTION,
    ...PAGE,
    Orderby: text.optional(),
    Qualifier: text.optional(),
    InvokeType: z.array(text).optional(),
    Status: z.array(text).optional(),
    StartTimeInterval: TimeInterval.optional(),
    EndTimeInterval: TimeInterval.optional(),
    InvokeRequestId: text.optional(),
  }),
  async handle(request, { control, region }: ScfContext) {
    const { total, rows } = await control.executions.list({
      ...keyOf(request, region),
      qualifier: request.Qualifier || undefined,
      requestId: request.InvokeRequestId || undefined,
      sources: request.InvokeType,
      states: request.Status,
      started: intervalOf('StartTimeInterval', request.StartTimeInterval),
      ended: intervalOf('EndTimeInterval', request.EndTimeInterval),
      offset: request.Offset,
      limit: request.Limit,
      order: request.Order,
      orderBy: request.Orderby,
    });
    return { TotalCount: total, EventList: rows.map(wireEvent) };
  },
});

const GetAsyncEventStatus = action({
  request: z.object({ InvokeRequestId: text }),
  async handle({ InvokeRequestId }, { control, region }: ScfContext) {
    const { requestId, state, status } = await control.executions.get(InvokeRequestId, region);
    return { Result: { InvokeRequestId: requestId, Status: state, StatusCode: status } };
  },
});

const TerminateAsyncEvent = action({
  request: z.object({ ...FUNCTION, InvokeRequestId: text, GraceShutdown: z.boolean().optional() }),
  async handle(request, { control, region }: ScfContext) {
    const isGraceful = request.GraceShutdown === true;
    await control.executions.terminate(keyOf(request, region), request.InvokeRequestId, isGraceful);
    return {};
  },
});

function wireEvent(row: Execution): object {
  return {
    InvokeRequestId: row.requestId,
    // As the documents' sample has it: COS.
    InvokeType: row.source.toUpperCase(),
    Qualifier: row.version,
    Status: row.state,
    StartTime: wireInstant(row.startedAt),
    EndTime: row.endedAt === 0 ? '' : wireInstant(row.endedAt),
  };
}

/** Clients fill in what they don't use with empty texts. */
function intervalOf(name: string, interval: z.output<typeof TimeInterval> | undefined): Interval | undefined {
  const { Start = '', End = '' } = interval ?? {};
  if (Start === '' && End === '') return undefined;
  return { from: instantOf(`${name}.Start`, Start), before: instantOf(`${name}.End`, End) };
}

function instantOf(name: string, value: string): number {
  return (
    parseWireInstant(value) ??
    fail('InvalidParameterValue.DateTime', {
      zh: `${name} 应为北京时间 YYYY-MM-DD HH:mm:ss 或 YYYY-MM-DD HH:mm:ss.fff，且 Start 与 End 须同时指定。`,
      en: `${name} has to be YYYY-MM-DD HH:mm:ss or YYYY-MM-DD HH:mm:ss.fff in UTC+8; give Start and End together.`,
    })
  );
}

export const ASYNC_ACTIONS = { ListAsyncEvents, GetAsyncEventStatus, TerminateAsyncEvent };
