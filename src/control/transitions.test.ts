import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StatusReason } from '../core/function.ts';
import { SeededIds } from '../core/ids.ts';
import type { Rows, Store } from '../core/ports.ts';
import { creation, KEY, rejects, scene, zip } from './fixture.ts';

const never = () => new Promise<undefined>(() => {});

test('a server killed while Creating, Updating and Publishing finishes all three at its next start', async () => {
  const killed = await scene();
  const updated = { ...KEY, name: 'updated' };
  const published = { ...KEY, name: 'published' };
  await killed.made(updated);
  await killed.made(published);
  killed.runtimes.answer = never;
  await killed.control.functions.create(creation());
  await killed.control.functions.updateCode({ ...updated, zip: zip('new'), publish: true, wire: {} });
  await killed.control.versions.publish(published, { description: 'one' });

  const { control, runtimes, blob } = await scene({ store: killed.store, blob: killed.blob });
  assert.equal((await control.functions.get(KEY)).version.status, 'Creating');
  await control.start();
  await control.settled();
  assert.equal((await control.functions.get(KEY)).version.status, 'Active');
  const { version } = await control.functions.get(updated);
  assert.deepEqual([version.status, version.code.bytes, version.revision], ['Active', zip('new').length, 2]);
  assert.equal((await control.functions.get(updated, '1')).version.status, 'Active', 'published after the update');
  const one = (await control.functions.get(published, '1')).version;
  assert.deepEqual([one.status, one.description], ['Active', 'one']);
  assert.ok(
    runtimes.prepared.some(({ code }) => code.sha256 === version.code.sha256),
    'the new code was checked',
  );
  assert.equal(blob.kept.size, 2, 'the former code of the updated function is gone, the shared one stays');
});

test('the pending package of an update is not dropped while another function lets go of it', async () => {
  const { control, made, runtimes, blob } = await scene();
  await made();
  await made({ name: 'other', zip: zip('new') });
  const ready = Promise.withResolvers<undefined>();
  runtimes.answer = () => ready.promise;
  await control.functions.updateCode({ ...KEY, zip: zip('new'), wire: {} });
  await control.functions.delete({ ...KEY, name: 'other' });
  assert.equal(blob.kept.size, 2);
  ready.resolve(undefined);
  await control.settled();
  assert.equal(blob.kept.size, 1);
});

test('a store that refuses for a while is asked again', async () => {
  const { store } = await scene();
  let refusing = false;
  const flaky: Store = Object.assign(Object.create(store), {
    transaction: <R>(work: (rows: Rows) => Promise<R>) =>
      refusing ? Promise.reject(new Error('disk full')) : store.transaction(work),
    get: store.get.bind(store),
    list: store.list.bind(store),
    count: store.count.bind(store),
    put: store.put.bind(store),
    remove: store.remove.bind(store),
  });
  const { control, runtimes, clock } = await scene({ store: flaky });
  runtimes.answer = async () => {
    refusing = true;
    return undefined;
  };
  await control.functions.create(creation());
  await clock.advance(0);
  assert.equal((await control.functions.get(KEY)).version.status, 'Creating');
  runtimes.answer = async () => undefined;
  refusing = false;
  await clock.advance(5_000);
  await control.settled();
  assert.equal((await control.functions.get(KEY)).version.status, 'Active');
});

test('closing leaves an unfinished transition for the next start', async () => {
  const first = await scene();
  const started = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<undefined>();
  first.runtimes.answer = () => {
    started.resolve();
    return stopped.promise;
  };
  await first.control.functions.create(creation());
  await started.promise;
  const closed = first.control.close();
  stopped.reject(new Error('closing'));
  await closed;
  assert.equal((await first.store.get('versions', KEY))?.status, 'Creating');
  const next = await scene({ store: first.store, blob: first.blob });
  await next.control.start();
  await next.control.settled();
  assert.equal((await next.control.functions.get(KEY)).version.status, 'Active');
});

test('a failed publish is told apart from the function', async () => {
  const { control, made, runtimes } = await scene();
  await made();
  runtimes.answer = async () => ({ ErrorCode: 'X', ErrorMessage: 'bad' });
  await control.versions.publish(KEY, {});
  await control.settled();
  assert.equal((await control.functions.get(KEY, '1')).version.status, 'PublishFailed');
  assert.equal((await control.functions.get(KEY)).version.status, 'Active');
  await control.versions.delete(KEY, '1', {});
  await rejects(control.functions.get(KEY, '1'), 'ResourceNotFound.Qualifier');
});

test('of two servers that see one transition through, the first has the last word', async () => {
  const slow = await scene();
  const answer = Promise.withResolvers<StatusReason>();
  slow.runtimes.answer = () => answer.promise;
  await slow.control.functions.create(creation());
  const quick = await scene({ store: slow.store, blob: slow.blob });
  await quick.control.start();
  await quick.control.settled();
  assert.equal((await quick.control.functions.get(KEY)).version.status, 'Active');
  answer.resolve({ ErrorCode: 'X', ErrorMessage: 'too late' });
  await slow.control.settled();
  const { version } = await slow.control.functions.get(KEY);
  assert.deepEqual([version.status, version.statusReasons], ['Active', []]);
});

test('what was found of a function says nothing of the next one of its name', async () => {
  const slow = await scene();
  const answer = Promise.withResolvers<StatusReason>();
  slow.runtimes.answer = () => answer.promise;
  await slow.control.functions.create(creation());
  const quick = await scene({ store: slow.store, blob: slow.blob, ids: new SeededIds('other') });
  await quick.control.start();
  await quick.control.settled();
  await quick.control.functions.delete(KEY);
  quick.runtimes.answer = () => new Promise(() => {});
  await quick.control.functions.create(creation({ zip: zip('another') }));
  answer.resolve({ ErrorCode: 'X', ErrorMessage: 'of the former one' });
  await slow.control.settled();
  assert.equal((await slow.control.functions.get(KEY)).version.status, 'Creating');
});
