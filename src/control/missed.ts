// Calls of actions that are not built, counted for `doctor`.

import type { Clock } from '../core/clock.ts';
import type { Store } from '../core/ports.ts';
import type { Missed } from './control.ts';

export function missedIn({ store, clock }: { readonly store: Store; readonly clock: Clock }): Missed {
  return {
    record: (service, action) =>
      store.transaction(async rows => {
        const row = await rows.get('missed', { service, action });
        await rows.put('missed', { service, action, calls: (row?.calls ?? 0) + 1, lastAt: clock.now() });
      }),
    list: () => store.list('missed'),
  };
}
