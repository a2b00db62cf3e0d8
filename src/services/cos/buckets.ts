// Buckets and their configurations: rows of the table `resources`, answered from memory.

import type { Clock } from '../../core/clock.ts';
import type { ObjectIndex } from '../../core/objects.ts';
import type { Store } from '../../core/ports.ts';
import type { Account } from '../../core/trigger.ts';
import { Turns } from '../../core/turns.ts';
import { told } from './content.ts';
import type { Buckets } from './contract.ts';
import { fail } from './errors.ts';
import type { Gate } from './gate.ts';
import type { Bucket } from './model.ts';

const KIND = 'cos/bucket';
/** Per account, documented. */
const MOST_BUCKETS = 200;
/** It is a label of host names. */
const ID_LENGTH = 63;
const ID = /^([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)-([0-9]+)$/;

export interface BucketDeps {
  readonly store: Store;
  readonly index: ObjectIndex;
  readonly clock: Clock;
  readonly account: Account;
  readonly gate: Gate;
}

const EMPTY = Object.freeze({
  versioning: 'never',
  acl: { canned: 'private', grants: [] },
  cors: undefined,
  lifecycle: undefined,
  policy: undefined,
  tags: [],
  plain: {},
  inventories: {},
} as const satisfies Partial<Bucket>);

export async function loadBuckets(deps: BucketDeps): Promise<Buckets> {
  const { store, index, clock, account, gate } = deps;
  const turns = new Turns();
  const shelf = new Map<string, Bucket>();
  // This room alone writes these rows.
  for (const { body } of await store.list('resources', { kind: KIND })) keep({ ...EMPTY, ...(body as Bucket) });

  function keep(bucket: Bucket): Bucket {
    shelf.set(bucket.id, Object.freeze(bucket));
    return bucket;
  }

  function need(id: string): Bucket {
    return shelf.get(id) ?? fail('NoSuchBucket', { name: id });
  }

  async function write(bucket: Bucket): Promise<Bucket> {
    const row = { kind: KIND, region: bucket.region, id: bucket.id, parent: '', body: bucket };
    await told(() => store.put('resources', row));
    return keep(bucket);
  }

  const change: Buckets['change'] = (id, changed) =>
    turns.take(id, async () => {
      const before = need(id);
      const given = Object.entries(typeof changed === 'function' ? changed(before) : changed).map(([name, value]) => [
        name,
        value ?? EMPTY[name as keyof typeof EMPTY],
      ]);
      const after: Bucket = { ...before, ...Object.fromEntries(given) };
      return write({ ...after, plain: present(after.plain), inventories: present(after.inventories) });
    });

  return Object.freeze<Buckets>({
    create: draft =>
      // All under one key: their number is bounded.
      turns.take('', async () => {
        const { id, region, acl = EMPTY.acl, tags = EMPTY.tags } = draft;
        if (id.length > ID_LENGTH) fail('BucketNameTooLong');
        const [, name = '', appId = ''] = ID.exec(id) ?? [];
        if (appId !== account.appId) fail('InvalidBucketName', { name: id });
        if (shelf.has(id)) fail('BucketAlreadyOwnedByYou', { name: id });
        if (shelf.size >= MOST_BUCKETS) fail('TooManyBuckets', { limit: MOST_BUCKETS });
        return write({ ...EMPTY, id, name, appId, region, createdAt: clock.now(), acl, tags });
      }),
    remove: id =>
      gate.alone(id, () =>
        turns.take(id, async () => {
          const { region } = need(id);
          if (!index.isEmpty(id)) fail('BucketNotEmpty');
          await store.remove('resources', { kind: KIND, region, id });
          shelf.delete(id);
        }),
      ),
    find: id => shelf.get(id),
    need,
    list: () => [...shelf.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    change,
    setVersioning: (id, versioning) =>
      change(id, ({ plain }) => {
        // What is replicated is told apart by its versions.
        if (versioning === 'Suspended' && plain.replication !== undefined) fail('InvalidBucketState');
        return { versioning };
      }),
  });
}

/** Without what is undefined. */
function present<V>(values: Readonly<Record<string, V>>): Record<string, V> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
