// GetFunctionLogs and GetRequestStatus, over the kept invocations.

import type { Clock } from '../core/clock.ts';
import { LATEST } from '../core/function.ts';
import type { Page, Range, Where } from '../core/ports.ts';
import type { InvocationRow } from '../core/rows.ts';
import { statusClass } from '../core/status.ts';
import type { LiveCatalog } from './catalog.ts';
import type { LogQuery, Logs } from './control.ts';
import { fail } from './errors.ts';
import type { History } from './needs.ts';
import { isDescending, type Listed, limitOf, offsetOf } from './paging.ts';
import { isPublished } from './validate.ts';

const DAY_MS = 86_400_000;
/** Documented: GetRequestStatus looks this far back when no time is given. */
const STATUS_WINDOW_MS = 15 * 60_000;
const DEEPEST = 10_000;
/** Rows read at a time while filtering. */
const BATCH = 1_000;

const ORDERS: ReadonlyMap<string, string> = new Map([
  ['function_name', 'name'],
  ['duration', 'durationMs'],
  ['mem_usage', 'memoryBytes'],
  ['start_time', 'startedAt'],
]);

const RUNNING = 202;

/** A status that the rows can be asked for, or a question about each row. */
type Match = { readonly status: number } | ((row: InvocationRow) => boolean);

const RET_CODES: ReadonlyMap<string, Match> = new Map<string, Match>([
  ['is0', { status: 200 }],
  ['not0', row => row.status !== 200 && row.status !== RUNNING],
  ['TimeLimitExceeded', { status: 433 }],
  // Over its memory, or over a limit of the platform.
  ['ResourceLimitExceeded', row => row.status === 434 || statusClass(row.status) === 'limit'],
  ['UserCodeException', { status: 430 }],
]);

function windowOf(start: number | undefined, end: number | undefined, usualMs: number, now: number) {
  if (start === undefined && end === undefined) return { from: now - usualMs, before: now + 1 };
  if (start === undefined || end === undefined || end <= start) fail('InvalidParameterValue.StartTimeOrEndTime');
  return { from: start, before: end };
}

export function logsIn(deps: {
  readonly history: History;
  readonly catalog: LiveCatalog;
  readonly clock: Clock;
  readonly printed?: ((requestId: string) => string | undefined) | undefined;
}): Logs {
  const { history, catalog, clock, printed } = deps;

  /** The row of a run that goes on has no log yet: what it has printed is still with its instance. */
  function current(row: InvocationRow): InvocationRow {
    const log = row.status === RUNNING ? printed?.(row.requestId) : undefined;
    return log === undefined ? row : { ...row, log };
  }

  /** Reads through the rows in order, as far as a page and a total need it. */
  async function filtered(
    where: Where<'invocations'>,
    page: Page,
    offset: number,
    limit: number,
    keep: (row: InvocationRow) => boolean,
  ) {
    const rows: InvocationRow[] = [];
    let total = 0;
    for (let read = 0; ; read += BATCH) {
      const batch = await history.list(where, { ...page, offset: read, limit: BATCH });
      for (const row of batch) {
        if (!keep(row)) continue;
        if (total >= offset && rows.length < limit) rows.push(row);
        total++;
      }
      if (batch.length < BATCH) return { total, rows };
    }
  }

  return {
    async functionLogs(query: LogQuery): Promise<Listed<InvocationRow>> {
      const { region, namespace, functionName, qualifier, requestId, retCode } = query;
      const offset = offsetOf(query);
      const limit = limitOf(query);
      if (offset + limit > DEEPEST) fail('LimitExceeded.Offset', { limit: DEEPEST });
      const descending = isDescending(query.order, true);
      const orderBy = ORDERS.get(query.orderBy || 'start_time');
      if (!orderBy)
        fail('InvalidParameterValue.OrderBy', { value: query.orderBy ?? '', allowed: [...ORDERS.keys()].join(', ') });
      const match = retCode ? RET_CODES.get(retCode) : undefined;
      if (retCode && !match)
        fail('InvalidParameterValue.Status', {
          name: 'RetCode',
          value: retCode,
          allowed: [...RET_CODES.keys()].join(', '),
        });
      const range: Range = {
        column: 'startedAt',
        ...windowOf(query.startTime, query.endTime, DAY_MS, clock.now()),
      };
      if ((range.before ?? 0) - (range.from ?? 0) > DAY_MS + 1)
        fail('InvalidParameterValue.DateTime', {
          zh: 'StartTime 与 EndTime 相差不得超过一天。',
          en: 'StartTime and EndTime may be one day apart at most.',
        });
      if (functionName) catalog.held({ region, namespace, name: functionName });
      const where: Where<'invocations'> = {
        region,
        namespace,
        ...(functionName && { name: functionName }),
        ...(requestId && { requestId }),
        ...(qualifier && (qualifier === LATEST || isPublished(qualifier) ? { version: qualifier } : { qualifier })),
        ...(typeof match === 'object' && match),
      };
      const page: Page = { orderBy, descending, range };
      if (typeof match === 'function') return filtered(where, page, offset, limit, match);
      const total = await history.count(where, range);
      const rows = limit === 0 ? [] : await history.list(where, { ...page, offset, limit });
      return { total, rows: rows.map(current) };
    },

    async requestStatus(query) {
      const { region, namespace, name, requestId } = query;
      const range: Range = {
        column: 'startedAt',
        ...windowOf(query.startTime, query.endTime, STATUS_WINDOW_MS, clock.now()),
      };
      catalog.held({ region, namespace, name });
      const where = { region, namespace, name, requestId };
      const rows = await history.list(where, { orderBy: 'retryNum', range });
      return { total: rows.length, rows: rows.map(current) };
    },
  };
}
