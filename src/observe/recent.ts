// The last requests, for those who look at what goes on: of each its last attempt, the latest first.

import type { FunctionKey } from '../core/function.ts';
import type { Store, Where } from '../core/ports.ts';
import type { InvocationRow } from '../core/rows.ts';

/**
 * `waiting`: for its first or its next attempt; `failed`: its caller was told so; `dead`: kept as a dead letter.
 * The state that is recorded: a server that was killed leaves events that wait again as running.
 */
export type RequestState = 'waiting' | 'running' | 'ok' | 'failed' | 'dead' | 'dropped' | 'aborted';

export interface RecentQuery {
  readonly target?: FunctionKey;
  readonly source?: string;
  readonly state?: RequestState;
  /** ms since 1970, of the beginning of the last attempt: from ≤ x < before. For the next page, that of the last row. */
  readonly from?: number;
  readonly before?: number;
  /** There are more if the last ones began in the same ms. Fewer: there are no others among the last `LOOK_BACK` attempts. */
  readonly limit: number;
}

/** Of the function, if one is named; else of those with the verdicts of the state; else of all. */
const LOOK_BACK = 5_000;
/** Rows read at once: their logs come with them. */
const CHUNK_ROWS = 64;

export function stateOf({ verdict, status }: Pick<InvocationRow, 'verdict' | 'status'>): RequestState {
  switch (verdict) {
    case 'accepted':
    case 'retried':
      return 'waiting';
    case 'answered':
      return status === 200 ? 'ok' : 'failed';
    case 'acked':
      return 'ok';
    default:
      return verdict;
  }
}

const VERDICTS: Readonly<Record<RequestState, readonly InvocationRow['verdict'][]>> = {
  waiting: ['accepted', 'retried'],
  running: ['running'],
  ok: ['answered', 'acked'],
  failed: ['answered'],
  dead: ['dead'],
  dropped: ['dropped'],
  aborted: ['aborted'],
};

export function recentIn(store: Pick<Store, 'list'>): (query: RecentQuery) => Promise<InvocationRow[]> {
  /** A dead event may have been sent again, one that is retried has a next attempt sooner or later. */
  async function isLast({ requestId, retryNum, verdict }: InvocationRow): Promise<boolean> {
    if (verdict !== 'retried' && verdict !== 'dead') return true;
    const page = { orderBy: 'retryNum', descending: true, limit: 1 } as const;
    const [last] = await store.list('invocations', { requestId }, page);
    return last?.retryNum === retryNum;
  }

  /** `where` is answered by one index; all else is asked of the rows, since no index could answer it. */
  async function* attempts(where: Where<'invocations'>, { from = 0, before }: RecentQuery) {
    const passed = new Set<string>();
    let upper = before ?? Number.MAX_SAFE_INTEGER;
    let size = CHUNK_ROWS;
    while (passed.size < LOOK_BACK) {
      const range = { column: 'startedAt', from, before: upper };
      const rows = await store.list('invocations', where, {
        orderBy: 'startedAt',
        descending: true,
        range,
        limit: size,
      });
      for (const row of rows) {
        const key = `${row.requestId} ${row.retryNum}`;
        if (!passed.has(key)) yield row;
        passed.add(key);
      }
      if (rows.length < size) return;
      // What began in the last one's ms may have been cut: it is read again, and more at once if that was all.
      const next = (rows.at(-1)?.startedAt ?? from) + 1;
      if (next === upper) size *= 2;
      upper = next;
      await new Promise(setImmediate);
    }
  }

  async function found(where: Where<'invocations'>, query: RecentQuery): Promise<InvocationRow[]> {
    const { source, state, limit } = query;
    const rows: InvocationRow[] = [];
    for await (const row of attempts(where, query)) {
      if (rows.length >= limit && row.startedAt !== rows.at(-1)?.startedAt) break;
      if (source !== undefined && row.source !== source) continue;
      if (state !== undefined && stateOf(row) !== state) continue;
      if (await isLast(row)) rows.push(row);
    }
    return rows;
  }

  return async query => {
    const { target, state, limit } = query;
    if (limit <= 0) return [];
    if (target) {
      const { region, namespace, name } = target;
      return found({ region, namespace, name }, query);
    }
    if (!state) return found({}, query);
    const lists = await Promise.all(VERDICTS[state].map(verdict => found({ verdict }, query)));
    const all = lists.flat().sort((a, b) => b.startedAt - a.startedAt);
    const last = all[limit - 1]?.startedAt ?? 0;
    return all.filter(({ startedAt }) => startedAt >= last);
  };
}
