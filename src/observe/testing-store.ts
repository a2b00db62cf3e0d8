// A store that misbehaves, for tests alone.

import type { Rows, Store } from '../core/ports.ts';

/** A store whose transactions can be held up or made to fail, and that counts them. */
export function watched(store: Store) {
  const watch = { transactions: 0, failure: undefined as Error | undefined, gate: Promise.resolve() };
  const faulty: Store = {
    get: (table, where) => store.get(table, where),
    list: (table, where, page) => store.list(table, where, page),
    count: (table, where, range) => store.count(table, where, range),
    sum: (table, column, where, range) => store.sum(table, column, where, range),
    remove: (table, where, range) => store.remove(table, where, range),
    close: () => store.close(),
    async put(table, row) {
      if (watch.failure) throw watch.failure;
      return store.put(table, row);
    },
    async putAll(table, rows) {
      if (watch.failure) throw watch.failure;
      return store.putAll(table, rows);
    },
    async transaction<R>(work: (rows: Rows) => Promise<R>) {
      await watch.gate;
      watch.transactions++;
      if (watch.failure) throw watch.failure;
      return store.transaction(work);
    },
  };
  return { watch, faulty };
}
