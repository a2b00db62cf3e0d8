import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { keyText } from '../../core/function.ts';
import { queued, target } from '../samples.ts';
import { type Entry, type LaneLimits, Lanes } from './lanes.ts';
import type { Opened } from './protocol.ts';

function lanesOf(limits: Partial<LaneLimits> = {}, opened: Opened['lanes'] = []) {
  let numbers = opened.length;
  return new Lanes(opened, { window: 4, bytes: 1e6, ...limits }, () => numbers++);
}

/** Pushes that the database has taken, numbered from 1. */
function fill(lanes: Lanes, ids: string, change: Parameters<typeof queued>[2] = {}, dueAt = 1): void {
  for (const id of ids) {
    const item = queued(id, dueAt, change);
    lanes.added(lanes.lane(item.event.target), id.charCodeAt(0), item);
  }
}

function picked(lanes: Lanes, limit: number, nowMs = 9, skip: string[] = []) {
  const entries: Entry[] = [];
  const lend = (entry: Entry) => {
    lanes.lease(entry, `t${entry.seq}`, 100);
    entries.push(entry);
  };
  const { starving } = lanes.pick(limit, nowMs, lend, new Set(skip));
  return { ids: entries.map(entry => entry.item.event.requestId).join(''), starving: starving?.name, entries };
}

describe('lanes', () => {
  test('hold the next events of each function and count the rest', () => {
    const lanes = lanesOf();
    fill(lanes, 'abcdefgh');
    fill(lanes, 'xyz', { name: 'g' });
    assert.equal(lanes.pending(), 11);
    assert.equal(lanes.pending(target('f')), 8);
    assert.equal(lanes.pending(target('nobody')), 0);
    assert.equal([...'abcdefghxyz'].filter(id => lanes.entry(id)).join(''), 'abcdxyz');
    assert.deepEqual(lanes.lane(target('f')).window.upTo, { dueAt: 1, seq: 'd'.charCodeAt(0) });
  });

  test('say which one has to be read from disk before it can be told who is next', () => {
    const lanes = lanesOf();
    fill(lanes, 'abcdef');
    fill(lanes, 'xy', { name: 'g' });
    const first = picked(lanes, 9);
    assert.equal(first.ids, 'abcd');
    assert.equal(first.starving, keyText(target('f')));
    assert.equal(lanes.next().starving?.name, keyText(target('f')));
    assert.equal(picked(lanes, 9, 9, [keyText(target('f'))]).ids, 'xy', 'one that is passed over need not be read');
    assert.equal(picked(lanes, 9, 0).starving, undefined, 'nor one of which nothing is due');
  });

  test('take what was read, but for what they hold or what is being cancelled', () => {
    const lanes = lanesOf();
    fill(lanes, 'abcdef');
    const lane = lanes.lane(target('f'));
    const { entries } = picked(lanes, 4);
    const [held] = entries;
    assert.ok(held && lane.window.upTo);
    lanes.cancelling.set('e', Promise.resolve());
    const rows = [...'aefg'].map(id => ({ seq: id.charCodeAt(0), item: queued(id, 1) }));
    lanes.read(lane, lane.window.upTo, rows, false);
    assert.equal(lane.window.upTo, undefined);
    assert.equal(picked(lanes, 9).ids, 'fg');
    assert.equal(lanes.entry('a'), held);
  });

  test('do not believe what was read before the window was cut', () => {
    const lanes = lanesOf();
    fill(lanes, 'abcdef', {}, 5);
    const lane = lanes.lane(target('f'));
    const after = lane.window.upTo;
    assert.ok(after);
    fill(lanes, 'ABCD', {}, 3);
    lanes.read(lane, after, [{ seq: 101, item: queued('e', 5) }], false);
    assert.ok(lane.window.upTo && lane.window.upTo !== after);
    assert.equal(picked(lanes, 9).ids, 'ABCD');
    assert.equal(lanes.entry('e'), undefined);
  });

  test('start with what is on disk', () => {
    const key = target('f');
    const lanes = lanesOf({}, [
      { key, events: 3, firstDue: 7 },
      { key: target('g'), events: 0, firstDue: 0 },
    ]);
    assert.equal(lanes.pending(), 3);
    assert.deepEqual({ ...lanes.next(), starving: lanes.next().starving?.name }, { at: 7, starving: keyText(key) });
    assert.equal(lanes.lane(target('g')).number, 1);
    assert.equal(lanes.lane(target('h')).number, 2);
  });

  test('hold no more bytes than they may: what is too much stays on disk', () => {
    const lanes = lanesOf({ bytes: 3_000, window: 100 });
    for (const id of 'abcdefgh') fill(lanes, id, { name: id, body: 'x'.repeat(400) });
    assert.equal([...'abcdefgh'].filter(id => lanes.entry(id)).join(''), 'abc');
    assert.equal(picked(lanes, 9).starving, keyText(target('d')));
    for (const id of 'ab') {
      const entry = lanes.entry(id);
      assert.ok(entry);
      lanes.settling(entry);
      lanes.gone(entry.lane.number, id);
    }
    assert.equal(lanes.room(lanes.lane(target('d'))).bytes, 3_000 - 912);
    assert.equal(lanes.pending(), 6);
  });

  test('an entry whose lease ran out stays as long as the lease may settle it', () => {
    const lanes = lanesOf({ window: 2 });
    fill(lanes, 'y', {}, 5);
    const [entry] = picked(lanes, 1).entries;
    fill(lanes, 'abcd', {}, 5);
    picked(lanes, 0, 100);
    assert.equal(entry?.state, 'waiting');
    assert.equal(entry?.token, 't121');
    assert.equal(lanes.entry('y'), entry);
    const { ids, starving } = picked(lanes, 9, 100);
    assert.equal(ids, 'ab');
    assert.equal(starving, keyText(target('f')), 'others on disk come before it');
  });

  test('what settles neither waits nor runs out', () => {
    const lanes = lanesOf();
    fill(lanes, 'ab');
    const [a, b] = picked(lanes, 2).entries;
    assert.ok(a && b);
    lanes.settling(a);
    assert.equal(a.token, '');
    assert.equal(picked(lanes, 9, 1000).ids, 'b', 'its lease had run out');
    lanes.back(a, { ...a.item, dueAt: 2000 });
    lanes.settling(b);
    lanes.gone(b.lane.number, 'b');
    assert.deepEqual(lanes.next(), { at: 2000, starving: undefined });
    assert.equal(picked(lanes, 9, 2000).ids, 'a');
    assert.equal(lanes.pending(), 1);
  });

  test('what is put back behind what is held goes to the disk', () => {
    const lanes = lanesOf({ window: 2 });
    fill(lanes, 'abcd');
    const [a] = picked(lanes, 1).entries;
    assert.ok(a);
    lanes.settling(a);
    lanes.back(a, { ...a.item, dueAt: 50 });
    assert.equal(lanes.entry('a'), undefined);
    assert.equal(lanes.pending(), 4);
  });

  test('a lease that is taken back leaves its entry where it was', () => {
    const lanes = lanesOf();
    fill(lanes, 'ab');
    const [a] = picked(lanes, 1).entries;
    assert.ok(a);
    lanes.unlease(a);
    lanes.unlease(a);
    assert.equal(picked(lanes, 9).ids, 'ab');
  });

  test('events that came into the database past them are read when it is their turn', () => {
    const lanes = lanesOf();
    fill(lanes, 'ab', {}, 5);
    const lane = lanes.lane(target('f'));
    lanes.addedOnDisk(lane.number, 10, { dueAt: 5, seq: 98 });
    assert.equal(lanes.entry('b'), undefined, 'it may be behind them');
    assert.equal(lanes.pending(target('f')), 12);
    const { ids, starving } = picked(lanes, 9);
    assert.equal(ids, 'a');
    assert.equal(starving, lane.name);
  });
});
