// Namespaces of a region. `default` is always there: it has a row once something has been said about it.

import type { Clock } from '../core/clock.ts';
import { DEFAULT_NAMESPACE } from '../core/function.ts';
import type { Rows, Store } from '../core/ports.ts';
import type { NamespaceRow } from '../core/rows.ts';
import type { Namespaces } from './control.ts';
import { fail } from './errors.ts';
import { type Orders, pageOf } from './paging.ts';
import type { Room } from './room.ts';
import { refuseUnsupported } from './unsupported.ts';
import { checkDescription, checkNamespace } from './validate.ts';

const ORDERS: Orders<NamespaceRow> = {
  by: { Name: row => row.namespace, Updatetime: row => row.modTime },
  usual: 'Name',
  descending: false,
  code: 'InvalidParameterValue.Orderby',
  tie: row => row.namespace,
};

const SEARCHES: Readonly<Record<string, (row: NamespaceRow) => string>> = {
  Namespace: row => row.namespace,
  Description: row => row.description,
};

/** The namespace's row, or an error; `since` is what an unwritten `default` shows as its time. */
export async function namespaceOf(rows: Rows, region: string, namespace: string, since = 0): Promise<NamespaceRow> {
  const row = await rows.get('namespaces', { region, namespace });
  if (row) return row;
  if (namespace === DEFAULT_NAMESPACE) return unwritten(region, since);
  return fail('ResourceNotFound.Namespace', { region, namespace });
}

/** Every namespace of the region, `default` included. */
export async function namespacesOf(rows: Rows, region: string, since = 0): Promise<NamespaceRow[]> {
  const written = await rows.list('namespaces', { region });
  return written.some(row => row.namespace === DEFAULT_NAMESPACE) ? written : [unwritten(region, since), ...written];
}

function unwritten(region: string, since: number): NamespaceRow {
  return { region, namespace: DEFAULT_NAMESPACE, description: DEFAULT_NAMESPACE, addTime: since, modTime: since };
}

/** When this store was first used: as long as nothing has been said about a region's `default`, it is as old as that. */
export async function firstStart(store: Store, clock: Clock): Promise<number> {
  // Stands for all regions.
  const row = await store.get('namespaces', { region: '', namespace: DEFAULT_NAMESPACE });
  if (row) return row.addTime;
  const since = clock.now();
  await store.put('namespaces', unwritten('', since));
  return since;
}

export function namespacesIn(room: Room, since: number): Namespaces {
  const { store, clock, quotas, turns } = room;
  const turn = <R>(region: string, work: () => Promise<R>) => turns.take(`namespaces/${region}`, work);

  return {
    async create(region, namespace, { description = '', wire }) {
      refuseUnsupported(wire);
      checkNamespace(namespace);
      if (namespace === DEFAULT_NAMESPACE) fail('InvalidParameterValue.DefaultNamespace');
      checkDescription(description);
      const now = clock.now();
      const limit = quotas.namespacesPerRegion;
      await turn(region, () =>
        store.transaction(async rows => {
          const all = await namespacesOf(rows, region);
          if (all.some(row => row.namespace === namespace)) fail('ResourceInUse.Namespace', { namespace });
          if (all.length >= limit) fail('LimitExceeded.Namespace', { region, limit });
          await rows.put('namespaces', { region, namespace, description, addTime: now, modTime: now });
        }),
      );
    },

    async update(region, namespace, { description }) {
      checkNamespace(namespace);
      checkDescription(description);
      await turn(region, () =>
        store.transaction(async rows => {
          const row = await namespaceOf(rows, region, namespace, since);
          await rows.put('namespaces', { ...row, description, modTime: clock.now() });
        }),
      );
    },

    async list(region, query) {
      const search = query.search ?? [];
      for (const { key } of search)
        if (!Object.hasOwn(SEARCHES, key)) fail('InvalidParameterValue.SearchKey', { value: key });
      const rows = await namespacesOf(store, region, since);
      const found = rows.filter(row =>
        search.every(({ key, value }) => SEARCHES[key]?.(row).toLowerCase().includes(value.toLowerCase())),
      );
      return pageOf(found, query, ORDERS);
    },

    async delete(region, namespace) {
      checkNamespace(namespace);
      if (namespace === DEFAULT_NAMESPACE)
        fail('FailedOperation.DeleteNamespace', {
          namespace,
          zh: '它是默认命名空间。',
          en: 'it is the default namespace.',
        });
      await turn(region, () =>
        store.transaction(async rows => {
          await namespaceOf(rows, region, namespace);
          const functions = await rows.count('functions', { region, namespace });
          if (functions > 0)
            fail('FailedOperation.DeleteNamespace', {
              namespace,
              zh: `其中还有 ${functions} 个函数，请先删除这些函数。`,
              en: `it holds ${functions} functions; delete them first.`,
            });
          await rows.remove('namespaces', { region, namespace });
        }),
      );
    },
  };
}
