// What happened, as queries read it: all of it, what is not written yet included.

import type { Page, Range, Store, Where } from '../core/ports.ts';
import type { InvocationRow } from '../core/rows.ts';
import { type RecentQuery, recentIn } from './recent.ts';
import type { KeptTimeline } from './timeline.ts';

export interface History {
  list(where: Where<'invocations'>, page: Page): Promise<InvocationRow[]>;
  count(where: Where<'invocations'>, range?: Range): Promise<number>;
}

/** The exact bytes of a request, as far as they are kept. */
export interface KeptBytes {
  /** undefined if it is not kept any more. */
  readonly event?: Buffer;
  readonly routingKey: string;
  /** By the number of the attempt: return values and error JSON, whole. */
  readonly replies: ReadonlyMap<number, Buffer>;
}

export interface KeptHistory extends History {
  /** undefined if nothing of it is kept. */
  payload(requestId: string): Promise<KeptBytes | undefined>;
  /** Of each request its last attempt, the latest first; see `RecentQuery` for how far back it looks. */
  recent(query: RecentQuery): Promise<InvocationRow[]>;
}

export function createHistory(deps: { readonly store: Store; readonly timeline: KeptTimeline }): KeptHistory {
  const { store, timeline } = deps;
  const recent = recentIn(store);
  return {
    async list(where, page) {
      await timeline.flush();
      return store.list('invocations', where, page);
    },
    async count(where, range) {
      await timeline.flush();
      return store.count('invocations', where, range);
    },
    async payload(requestId) {
      await timeline.flush();
      const rows = await store.list('payloads', { requestId });
      if (rows.length === 0) return undefined;
      const first = rows.find(({ retryNum }) => retryNum === 0);
      return {
        ...(first && { event: first.event }),
        routingKey: first?.routingKey ?? '',
        // Nothing comes back that is no JSON text: what is empty is not there yet.
        replies: new Map(rows.filter(row => row.reply.length > 0).map(({ retryNum, reply }) => [retryNum, reply])),
      };
    },
    async recent(query) {
      await timeline.flush();
      return recent(query);
    },
  };
}
