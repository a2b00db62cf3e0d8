// Who of a pool runs the next event.

import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import type { Instance } from '../instance/instance.ts';
import type { Waiting } from '../instance/run.ts';
import { VERSION } from '../testing.ts';
import { Pool } from './pool.ts';

const NOW = 1_000_000;

function member(state: Instance['state'], load = 0): Instance {
  return { state, load, spec: { renewAt: Number.POSITIVE_INFINITY } } as Instance;
}

function pool(members: Instance[], manner: ConstructorParameters<typeof Pool>[2] = {}, fast = true): Pool {
  const it = new Pool('k', VERSION, manner);
  it.members.push(...members);
  it.idle.push(...members.filter(one => one.state === 'idle'));
  it.live = members.length;
  // Five ahead.
  if (fast) for (let i = 0; i < 100; i++) it.pace.learn(0.085, false, NOW);
  return it;
}

test('the first busy one that has room ahead, before any idle one', () => {
  const [full, room, idle] = [member('busy', 6), member('busy', 5), member('idle')];
  const it = pool([idle, full, room]);
  assert.equal(it.aheadOf(NOW), 5);
  assert.equal(it.pick(NOW), room);
});

test('an idle one is left to rest while as many as there are cores have all the work that they may have', () => {
  const full = Array.from({ length: availableParallelism() }, () => member('busy', 6));
  const [idle] = [member('idle')];
  const it = pool([idle, ...full]);
  assert.equal(it.pick(NOW), undefined);
  Object.assign(full[0] ?? {}, { state: 'gone' });
  assert.equal(it.pick(NOW), idle, 'fewer than there are cores are at work');
  assert.equal(it.pick(NOW), undefined, 'it was taken out');
  it.idle.push(idle);
  Object.assign(full[0] ?? {}, { state: 'busy' });
  assert.equal(it.pick(NOW), undefined);
  it.still = 3;
  assert.equal(it.pick(NOW), idle, 'none of them gets on');
  it.idle.push(idle);
  it.still = 0;
  it.pace.suspend(NOW + 1);
  assert.equal(it.pick(NOW), idle, 'one of them does not get on');
});

test('one that ends gets nothing, whatever room it has', () => {
  for (const state of ['starting', 'draining', 'ending', 'gone'] as const) {
    assert.equal(pool([member(state, 1)]).pick(NOW), undefined, state);
  }
});

test('where nothing is known to be fast, idle ones alone, the last used first', () => {
  const [first, last] = [member('idle'), member('idle')];
  const it = pool([first, member('busy', 1), last], {}, false);
  assert.deepEqual([it.pick(NOW), it.pick(NOW), it.pick(NOW)], [last, first, undefined]);
});

test('an idle one that has died meanwhile is passed over', () => {
  const [alive, dead] = [member('idle'), member('idle')];
  const it = pool([alive, dead], {}, false);
  Object.assign(dead, { state: 'gone' });
  assert.equal(it.pick(NOW), alive);
  assert.deepEqual(it.idle, []);
});

test('an instance for each event: nothing ahead, and one more is wanted for each that waits', () => {
  const it = pool([member('busy', 1)], { instancePerEvent: true });
  assert.deepEqual([it.aheadOf(NOW), it.pick(NOW)], [0, undefined]);
  it.waiting.push(waiting(NOW));
  assert.equal(it.wants(NOW), true);
  it.starting = 1;
  assert.equal(it.wants(NOW), false);
});

test('several events at once: up to the number that it was given, however slow they are', () => {
  const one = member('busy', 2);
  const it = pool([one], { concurrency: 3 }, false);
  assert.equal(it.pick(NOW), one);
  Object.assign(one, { load: 3 });
  assert.equal(it.pick(NOW), undefined);
});

test('a start serves as many that wait as an instance takes at once', () => {
  const it = pool([], { concurrency: 3 });
  it.live = it.starting = 1;
  it.waiting.push(waiting(NOW), waiting(NOW), waiting(NOW));
  assert.equal(it.wants(NOW + 1e6), false);
  it.waiting.push(waiting(NOW));
  assert.equal(it.wants(NOW + 1e6), true);
});

test('a short handler gets no more instances than there are cores, unless none gets on', () => {
  const it = pool(Array.from({ length: 1024 }, () => member('busy', 6)));
  for (let i = 0; i < 10_000; i++) it.waiting.push(waiting(NOW));
  it.still = 2;
  assert.equal(it.wants(NOW + 1e6), false, 'events end, however long others wait');
  it.still = 3;
  assert.equal(it.wants(NOW), true);
  it.idle.push(member('idle'));
  assert.equal(it.wants(NOW), false, 'one that idles is called first');
});

test('instances that are to be ready are wanted without an event, not before their time', () => {
  const it = pool([member('idle')]);
  it.provisioned = 2;
  assert.equal(it.wants(NOW), true);
  it.provisionAt = NOW + 1;
  assert.deepEqual([it.wants(NOW), it.wants(NOW + 1)], [false, true]);
  it.provisioned = 1;
  assert.equal(it.wants(NOW + 1), false);
});

test('events that come back stand where they would have stood', () => {
  const it = pool([]);
  const [a, b, c, d, e] = [waiting(1), waiting(2), waiting(2), waiting(3), waiting(4)];
  it.waiting.push(c, e);
  it.putBack([a, b, d]);
  assert.deepEqual(it.waiting, [a, b, c, d, e]);
});

function waiting(since: number): Waiting {
  const event = { requestId: 'r', target: VERSION, qualifier: '', source: 'invoke', body: Buffer.alloc(0) };
  return { call: { event, retryNum: 0, waitMs: 0 }, since, until: Number.POSITIVE_INFINITY, settle: () => {} };
}
