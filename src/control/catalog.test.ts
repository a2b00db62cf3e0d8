import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aVersion } from '../core/fixture.ts';
import { DEFAULT_ALIAS, DEFAULT_ASYNC_POLICY, LATEST } from '../core/function.ts';
import type { Store } from '../core/ports.ts';
import { KEY, rejects, SharedBus, scene } from './fixture.ts';

const tick = () => new Promise(setImmediate);

test('a second server finds all that the first has made', async () => {
  const first = await scene();
  await first.made({ environment: { A: '1' } });
  await first.control.versions.publish(KEY, {});
  await first.control.settled();
  await first.control.functions.setAsyncPolicy(KEY, { retryNum: 0, msgTtlS: 60 });
  const { control } = await scene({ store: first.store });
  const entry = control.catalog.find(KEY);
  assert.deepEqual(entry, first.control.catalog.find(KEY));
  assert.deepEqual([...(entry?.versions.keys() ?? [])].sort(), [LATEST, '1'].sort());
  assert.deepEqual(entry?.async, { retryNum: 0, msgTtlS: 60 });
  assert.equal(control.catalog.find({ ...KEY, region: 'ap-beijing' }), undefined);
});

test('a thousand functions are loaded with a query per table, in one pass', async () => {
  const { store } = await scene();
  await store.transaction(async rows => {
    for (let i = 0; i < 1000; i++) {
      const key = { ...KEY, name: `f${i}` };
      const times = { addTime: 0, modTime: 0 };
      await rows.put('functions', {
        ...key,
        id: `lam-${i}`,
        lastVersion: 0,
        async: DEFAULT_ASYNC_POLICY,
        addTime: 0,
      });
      await rows.put('versions', aVersion({ ...key, id: `lam-${i}` }));
      await rows.put('aliases', {
        ...key,
        alias: DEFAULT_ALIAS,
        version: LATEST,
        description: '',
        routing: { by: 'none' },
        ...times,
      });
    }
  });
  let queries = 0;
  const counted: Store = Object.assign(Object.create(store), {
    get: (...args: Parameters<Store['get']>) => store.get(...args),
    list: (...args: Parameters<Store['list']>) => {
      queries++;
      return store.list(...args);
    },
  });
  const { control } = await scene({ store: counted });
  assert.equal(queries, 5 + 1 + 2 + 1 + 1, 'those of functions, the quotas of regions, tags, domains and roles');
  assert.equal(control.catalog.find({ ...KEY, name: 'f999' })?.versions.size, 1);
});

test('other nodes hear of a change, and their triggers follow', async () => {
  const bus = new SharedBus();
  const first = await scene({ bus });
  const second = await scene({
    bus,
    store: first.store,
    ids: {
      ...first.deps.ids,
      uuid: () => 'second',
      bytes: first.deps.ids.bytes.bind(first.deps.ids),
      fraction: () => 0,
    },
  });
  await second.control.start();
  await first.made();
  await tick();
  await second.control.close();
  assert.ok(second.control.catalog.find(KEY));

  const third = await scene({ bus, store: first.store, ids: second.deps.ids });
  await third.control.start();
  await first.control.triggers.create({ ...KEY, type: 'timer', triggerName: 't', desc: '{}' });
  await tick();
  await third.control.functions.asyncPolicy(KEY);
  for (let i = 0; i < 5 && third.timer.on.size === 0; i++) await tick();
  assert.deepEqual([...third.timer.on], ['t']);
  await first.control.functions.delete(KEY);
  for (let i = 0; i < 5 && third.timer.on.size > 0; i++) await tick();
  assert.equal(third.timer.on.size, 0);
  assert.equal(third.control.catalog.find(KEY), undefined);
  await rejects(third.control.functions.get(KEY), 'ResourceNotFound.Function');
});

test('every change is told once', async () => {
  const bus = new SharedBus();
  const { control, made } = await scene({ bus });
  await made();
  assert.equal(bus.published, 2, 'Creating, and Active');
  await control.functions.updateConfiguration({ ...KEY, memoryMB: 256, wire: {} });
  assert.equal(bus.published, 3);
});

test('what is found does not change under the reader', async () => {
  const { control, made } = await scene();
  await made();
  const before = control.catalog.find(KEY);
  await control.functions.updateConfiguration({ ...KEY, memoryMB: 256, wire: {} });
  assert.equal(before?.versions.get(LATEST)?.memoryMB, 128);
  assert.equal(control.catalog.find(KEY)?.versions.get(LATEST)?.memoryMB, 256);
});

test('what this server says itself is not read a second time', async () => {
  const { store } = await scene();
  let reads = 0;
  const counted: Store = Object.assign(Object.create(store), {
    list: (...args: Parameters<Store['list']>) => {
      reads++;
      return store.list(...args);
    },
    get: store.get.bind(store),
    put: store.put.bind(store),
    count: store.count.bind(store),
    remove: store.remove.bind(store),
    transaction: store.transaction.bind(store),
  });
  const { control, made } = await scene({ store: counted });
  await made();
  await tick();
  reads = 0;
  await control.functions.updateConfiguration({ ...KEY, memoryMB: 256, wire: {} });
  for (let i = 0; i < 5; i++) await tick();
  assert.equal(reads, 3, 'versions, aliases and what is provisioned, once');
});
