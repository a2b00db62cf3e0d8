// What happened, as queries read it: all of it, what is not written yet included.

import type { Page, Range, Store, Where } from '../core/ports.ts';
import type { InvocationRow } from '../core/rows.ts';
import type { KeptTimeline } from './timeline.ts';

export interface History {
  list(where: Where<'invocations'>, page: Page): Promise<InvocationRow[]>;
  count(where: Where<'invocations'>, range?: Range): Promise<number>;
}

export function createHistory(deps: { readonly store: Store; readonly timeline: KeptTimeline }): History {
  const { store, timeline } = deps;
  return {
    async list(where, page) {
      await timeline.flush();
      return store.list('invocations', where, page);
    },
    async count(where, range) {
      await timeline.flush();
      return store.count('invocations', where, range);
    },
  };
}
