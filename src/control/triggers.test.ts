import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_ALIAS, LATEST } from '../core/function.ts';
import type { Rows, Store } from '../core/ports.ts';
import type { CreateTrigger } from './control.ts';
import { KEY, NOW, rejects, scene } from './fixture.ts';

const TIMER: CreateTrigger = { ...KEY, type: 'timer', triggerName: 'tick', desc: '{"cron":"* * * * *"}' };
const REF = { ...KEY, type: 'timer', triggerName: 'tick' };

async function started() {
  const made = await scene();
  await made.made();
  await made.control.start();
  return made;
}

describe('creating', () => {
  test('binds, keeps the row, listens and shows it', async () => {
    const { control, timer, store } = await started();
    const view = await control.triggers.create({ ...TIMER, customArgument: 'arg', description: 'd' });
    assert.deepEqual(timer.did, ['bind tick', 'listen tick']);
    assert.deepEqual([view.desc, view.attribute, view.urls], ['{"cron":"* * * * *"}', 'single', ['http://test/tick']]);
    const { id, ...row } = view.trigger;
    assert.deepEqual(row, {
      ...KEY,
      type: 'timer',
      triggerName: 'tick',
      qualifier: LATEST,
      enabled: true,
      desc: { cron: '* * * * *' },
      customArgument: 'arg',
      description: 'd',
      resourceId: 'source/tick',
      addTime: NOW,
      modTime: NOW,
    });
    assert.deepEqual(await store.get('triggers', { id }), view.trigger);
  });

  test('one that is not enabled does not listen', async () => {
    const { control, timer } = await started();
    await control.triggers.create({ ...TIMER, enabled: false });
    assert.deepEqual(timer.did, ['bind tick']);
  });

  test('refuses what cannot be', async () => {
    const { control, timer } = await started();
    await rejects(control.triggers.create({ ...TIMER, type: 'constructor' }), 'InvalidParameterValue.Type');
    await rejects(control.triggers.create({ ...TIMER, name: 'none' }), 'ResourceNotFound.Function');
    await rejects(control.triggers.create({ ...TIMER, qualifier: '3' }), 'ResourceNotFound.Qualifier');
    await assert.rejects(control.triggers.create({ ...TIMER, triggerName: 'a b' }), /a bad name/);
    await assert.rejects(control.triggers.create({ ...TIMER, desc: '{' }), SyntaxError);
    assert.deepEqual(timer.did, []);
  });

  test('names are unique per function and kind, whatever the qualifier', async () => {
    const { control, made } = await started();
    await control.triggers.create(TIMER);
    await rejects(control.triggers.create({ ...TIMER, qualifier: DEFAULT_ALIAS }), 'ResourceInUse.Trigger');
    await made({ name: 'other' });
    await control.triggers.create({ ...TIMER, name: 'other' });
  });

  test('the kind has its say about the others', async () => {
    const { control, timer, made } = await started();
    await made({ name: 'other' });
    const both = await Promise.allSettled([
      control.triggers.create({ ...TIMER, desc: '{"only":1}' }),
      control.triggers.create({ ...TIMER, name: 'other', desc: '{"only":1}' }),
    ]);
    assert.deepEqual(
      both.map(result => result.status),
      ['fulfilled', 'rejected'],
    );
    assert.deepEqual(timer.did, ['bind tick', 'listen tick']);
  });

  test('on two servers at once too', async () => {
    const first = await started();
    await first.made({ name: 'other' });
    const second = await scene({ store: first.store });
    const both = await Promise.allSettled([
      first.control.triggers.create({ ...TIMER, desc: '{"only":1}' }),
      second.control.triggers.create({ ...TIMER, name: 'other', desc: '{"only":1}' }),
    ]);
    assert.equal(both.filter(result => result.status === 'fulfilled').length, 1);
    assert.equal(await first.store.count('triggers'), 1);
    assert.equal([...first.timer.did, ...second.timer.did].filter(did => did.startsWith('unbind')).length, 1);
  });

  test('there may be so many of a kind, and so many in all', async () => {
    const { deps } = await scene();
    const { control, made } = await scene({ quotas: { ...deps.quotas, triggersPerType: 2, triggersPerFunction: 3 } });
    await made();
    await control.triggers.create({ ...TIMER, triggerName: 'a' });
    await control.triggers.create({ ...TIMER, triggerName: 'b' });
    const tooMany = await rejects(control.triggers.create({ ...TIMER, triggerName: 'c' }), 'LimitExceeded.Trigger');
    assert.match(tooMany.text('en'), /2 of type timer/);
    await control.triggers.create({ ...TIMER, type: 'cos', triggerName: 'd' });
    await rejects(control.triggers.create({ ...TIMER, type: 'cos', triggerName: 'e' }), 'LimitExceeded.Trigger');
  });

  test('a source that refuses leaves no row', async () => {
    const { control, timer, store } = await started();
    timer.failing = 'bind';
    await assert.rejects(control.triggers.create(TIMER), /bind fails/);
    assert.equal(await store.count('triggers'), 0);
  });

  test('a store that refuses undoes what was made at the source', async () => {
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
    const { control, made, timer } = await scene({ store: flaky });
    await made();
    refusing = true;
    await assert.rejects(control.triggers.create(TIMER), /disk full/);
    assert.deepEqual(timer.did, ['bind tick', 'unbind tick']);
    refusing = false;
    await control.triggers.create({ ...TIMER, desc: '{"v":1}' });
    refusing = true;
    timer.did.length = 0;
    await assert.rejects(control.triggers.update({ ...REF, desc: '{"v":2}' }), /disk full/);
    assert.deepEqual(timer.did, ['bind tick', 'bind tick'], 'bound as it was');
    assert.equal((await control.triggers.query(KEY)).rows[0]?.desc, '{"v":1}');
  });
});

describe('changing', () => {
  test('absent keeps, an empty description clears, an empty TriggerDesc keeps', async () => {
    const { control, clock, timer } = await started();
    await control.triggers.create({ ...TIMER, customArgument: 'arg', description: 'd' });
    await clock.advance(1000);
    await control.triggers.update({ ...REF, description: '', desc: '' });
    const [view] = (await control.triggers.query(KEY)).rows;
    assert.deepEqual(
      [view?.trigger.description, view?.trigger.customArgument, view?.trigger.modTime, view?.desc],
      ['', 'arg', NOW + 1000, TIMER.desc],
    );
    await control.triggers.update({ ...REF, desc: '{"cron":"0 * * * *"}' });
    assert.equal((await control.triggers.query(KEY)).rows[0]?.desc, '{"cron":"0 * * * *"}');
    assert.deepEqual(timer.did.slice(-3), ['bind tick', 'stop tick', 'listen tick']);
  });

  test('switching off and on', async () => {
    const { control, timer } = await started();
    await control.triggers.create(TIMER);
    await control.triggers.setEnabled(REF, false);
    assert.deepEqual([...timer.on], []);
    await control.triggers.setEnabled(REF, true);
    assert.deepEqual([...timer.on], ['tick']);
    await control.triggers.update({ ...REF, enabled: false });
    assert.equal(timer.on.size, 0);
  });

  test('the qualifier is part of the name, $LATEST when it is left out', async () => {
    const { control } = await started();
    await control.triggers.create({ ...TIMER, qualifier: DEFAULT_ALIAS });
    await rejects(control.triggers.setEnabled(REF, false), 'ResourceNotFound.Trigger');
    await control.triggers.setEnabled({ ...REF, qualifier: DEFAULT_ALIAS }, false);
  });
});

describe('deleting', () => {
  test('stops, unbinds, removes', async () => {
    const { control, timer, store } = await started();
    await control.triggers.create(TIMER);
    await control.triggers.remove(REF);
    assert.deepEqual(timer.did.slice(2), ['stop tick', 'unbind tick']);
    assert.equal(await store.count('triggers'), 0);
    await rejects(control.triggers.remove(REF), 'ResourceNotFound.Trigger');
  });

  test('a source that refuses keeps the trigger, and it goes on', async () => {
    const { control, timer } = await started();
    await control.triggers.create(TIMER);
    timer.failing = 'unbind';
    await rejects(control.triggers.remove(REF), 'FailedOperation.DeleteTrigger');
    assert.deepEqual([...timer.on], ['tick']);
    timer.failing = undefined;
    await control.triggers.remove(REF);
  });

  test('where triggers share a name, TriggerDesc tells which is meant', async () => {
    const { control, cos } = await started();
    const bucket = { ...KEY, type: 'cos', triggerName: 'bucket' };
    await control.triggers.create({ ...bucket, desc: '{"event":"put"}' });
    // The store's own rule on names is the store's to test; here the second one has another qualifier.
    await control.triggers.create({ ...bucket, desc: '{"event":"delete"}', qualifier: DEFAULT_ALIAS });
    await rejects(control.triggers.remove({ ...bucket, desc: '{"event":"delete"}' }), 'ResourceNotFound.Trigger');
    await control.triggers.remove({ ...bucket, desc: '{"event":"put"}' });
    assert.ok(cos.did.includes('unbind bucket'));
    assert.equal((await control.triggers.query(KEY)).rows[0]?.desc, '{"event":"delete"}');
  });
});

describe('listing', () => {
  test('filters, orders and pages', async () => {
    const { control, clock } = await started();
    for (const [triggerName, qualifier, type] of [
      ['a', LATEST, 'timer'],
      ['b', DEFAULT_ALIAS, 'timer'],
      ['c', LATEST, 'cos'],
    ] as const) {
      await control.triggers.create({ ...TIMER, triggerName, qualifier, type, description: `the ${triggerName}` });
      await clock.advance(1000);
    }
    await control.triggers.update({ ...REF, triggerName: 'a', customArgument: 'x' });
    const names = async (query: object) =>
      (await control.triggers.query({ ...KEY, ...query })).rows.map(view => view.trigger.triggerName).join('');
    const filter = (name: string, ...values: string[]) => names({ filters: [{ name, values }] });
    assert.equal(await names({}), 'acb', 'last changed first');
    assert.equal(await names({ orderBy: 'add_time', order: 'ASC' }), 'abc');
    assert.equal(await names({ offset: 1, limit: 1 }), 'c');
    assert.equal(await filter('Qualifier', DEFAULT_ALIAS), 'b');
    assert.equal(await filter('Qualifier', ''), 'acb', "'' asks for nothing");
    assert.equal(await filter('TriggerName', 'a', 'c'), 'ac');
    assert.equal(await filter('Type', 'cos'), 'c');
    assert.equal(await filter('Description', 'the b'), 'b');
    await rejects(
      control.triggers.query({ ...KEY, filters: [{ name: 'X', values: [] }] }),
      'InvalidParameterValue.Filters',
    );
    await rejects(control.triggers.query({ ...KEY, orderBy: 'name' }), 'InvalidParameterValue.OrderBy');
    await rejects(control.triggers.query({ ...KEY, name: 'none' }), 'ResourceNotFound.Function');
  });
});

describe('listening', () => {
  test('begins at start, for enabled triggers alone, and ends at close', async () => {
    const before = await started();
    await before.control.triggers.create(TIMER);
    await before.control.triggers.create({ ...TIMER, triggerName: 'off', enabled: false });
    const { control, timer } = await scene({ store: before.store });
    assert.equal(timer.on.size, 0);
    await control.start();
    assert.deepEqual([...timer.on], ['tick']);
    await control.close();
    assert.equal(timer.on.size, 0);
  });

  test('a kind that cannot start keeps nothing else from it', async () => {
    const before = await started();
    await before.control.triggers.create(TIMER);
    await before.control.triggers.create({ ...TIMER, type: 'cos', triggerName: 'bucket' });
    const { control, timer, cos } = await scene({ store: before.store });
    timer.failing = 'listen';
    await control.start();
    assert.deepEqual([timer.on.size, cos.on.size], [0, 1]);
  });
});

describe('the port for sources', () => {
  const draft = { ...TIMER, qualifier: LATEST, enabled: true, desc: { api: 1 }, customArgument: '', description: '' };

  test('attaches through the same rules', async () => {
    const { control, timer } = await started();
    const trigger = await control.triggers.attach(draft);
    assert.equal(trigger.resourceId, 'source/tick');
    assert.deepEqual(timer.did, ['bind tick', 'listen tick']);
    await rejects(control.triggers.attach(draft), 'ResourceInUse.Trigger');
    await rejects(
      control.triggers.attach({ ...draft, triggerName: 'x', qualifier: '9' }),
      'ResourceNotFound.Qualifier',
    );
    assert.deepEqual(await control.triggers.list({ resourceId: 'source/tick' }), [trigger]);
  });

  test('detaches without unbinding: the source drops its object itself', async () => {
    const { control, timer } = await started();
    const { id } = await control.triggers.attach(draft);
    await control.triggers.detach(id);
    await control.triggers.detach(id);
    assert.deepEqual(timer.did, ['bind tick', 'listen tick', 'stop tick']);
    assert.deepEqual(await control.triggers.list({}), []);
  });

  test('moves to another function in one step, and stops for the former one', async () => {
    const { control, timer, made } = await started();
    await made({ name: 'other' });
    const { id } = await control.triggers.attach(draft);
    timer.did.length = 0;
    const moved = await control.triggers.change(id, { name: 'other', qualifier: DEFAULT_ALIAS, desc: { cron: 'x' } });
    assert.deepEqual([moved.id, moved.name, moved.qualifier], [id, 'other', DEFAULT_ALIAS]);
    assert.deepEqual(timer.did, ['bind tick', 'stop tick', 'listen tick']);
    assert.deepEqual(await control.triggers.list({}), [moved]);
    const { rows } = await control.triggers.query({ ...KEY, name: 'other' });
    assert.deepEqual(
      rows.map(row => row.desc),
      ['{"cron":"x"}'],
    );
  });

  test('does not move where it cannot stand', async () => {
    const { control, made } = await started();
    await made({ name: 'other' });
    const before = await control.triggers.attach(draft);
    await control.triggers.create({ ...TIMER, name: 'other' });
    const { id } = before;
    await rejects(control.triggers.change(id, { name: 'none' }), 'ResourceNotFound.Function');
    await rejects(control.triggers.change(id, { qualifier: '9' }), 'ResourceNotFound.Qualifier');
    await rejects(control.triggers.change(id, { name: 'other' }), 'ResourceInUse.Trigger');
    await rejects(control.triggers.change('t-none', { name: 'other' }), 'ResourceNotFound.Trigger');
    assert.deepEqual(await control.triggers.list({ id }), [before]);
  });
});
