import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { anEvent } from '../core/fixture.ts';
import { aBegun, anAccepted, anAttempt, START } from './fixture.ts';
import type { Entry } from './row.ts';
import { RANK, rankOf, Waiting } from './waiting.ts';

const ids = (entries: readonly Entry[]) => entries.map(entry => entry.event.requestId).join('');
const sized = (requestId: string, size: number): Entry => ({
  event: anEvent({ requestId, body: Buffer.alloc(size) }),
  acceptedAt: START,
});

test('the oldest are taken first, and come back to their place', () => {
  const waiting = new Waiting();
  for (const id of 'abcde') waiting.add(sized(id, 1));
  const taken = waiting.take(3);
  assert.deepEqual([ids(taken), waiting.count, waiting.bytes], ['abc', 2, 2]);
  waiting.add(sized('f', 1));
  waiting.putBack(taken);
  assert.deepEqual([waiting.count, waiting.bytes], [6, 6]);
  assert.equal(ids(waiting.take(100)), 'abcdef');
  assert.deepEqual([waiting.count, waiting.bytes, waiting.take(1)], [0, 0, []]);
});

test('what counts is the event, and of an attempt its answer and its log as well', () => {
  const waiting = new Waiting();
  waiting.add(sized('a', 10));
  waiting.add(
    anAttempt('b', {
      event: anEvent({ body: Buffer.alloc(100) }),
      outcome: { body: Buffer.alloc(1000), log: 'x'.repeat(10_000) },
    }),
  );
  assert.equal(waiting.bytes, 11_110);
  waiting.take(1);
  assert.equal(waiting.bytes, 11_100);
});

test('no more is taken than fits, but always one', () => {
  const waiting = new Waiting();
  for (const [id, size] of [
    ['a', 60],
    ['b', 40],
    ['c', 1],
    ['d', 500],
    ['e', 1],
  ] as const)
    waiting.add(sized(id, size));
  assert.equal(ids(waiting.take(10, 100)), 'ab');
  assert.equal(ids(waiting.take(10, 100)), 'c');
  assert.equal(ids(waiting.take(10, 100)), 'd');
  assert.deepEqual([ids(waiting.take(10, 100)), waiting.bytes], ['e', 0]);
});

const call = (id: string) => anAttempt(id);
const end = (id: string) => anAttempt(id, { mode: 'async', verdict: 'acked' });

test('calls are missed less than states, states less than ends', () => {
  assert.deepEqual([rankOf(call('a')), rankOf(end('a'))], [RANK.call, RANK.end]);
  assert.deepEqual([rankOf(anAccepted('a')), rankOf(aBegun('a'))], [RANK.state, RANK.state]);
  assert.equal(rankOf(anAttempt('a', { mode: 'ordered', verdict: 'acked' })), RANK.end);
  const waiting = new Waiting();
  waiting.add(end('a'));
  assert.deepEqual([waiting.hasBelow(RANK.end), waiting.hasBelow(RANK.state)], [false, false]);
  waiting.add(anAccepted('b'));
  assert.deepEqual([waiting.hasBelow(RANK.end), waiting.hasBelow(RANK.state)], [true, false]);
  waiting.add(call('c'));
  assert.deepEqual([waiting.hasBelow(RANK.state), waiting.hasBelow(RANK.call)], [true, false]);
});

test('what is missed least is dropped first, the oldest of it', () => {
  const waiting = new Waiting();
  const all = [end('a'), anAccepted('b'), call('c'), call('d'), call('e'), aBegun('f'), end('g')];
  for (const entry of all) waiting.add(entry);
  const left = () => {
    const entries = waiting.take(100);
    waiting.putBack(entries);
    return ids(entries);
  };
  assert.deepEqual([waiting.drop(2), left()], [{ gone: 2, rank: RANK.call }, 'abefg']);
  assert.deepEqual([waiting.drop(2), left()], [{ gone: 1, rank: RANK.call }, 'abfg']);
  assert.deepEqual([waiting.drop(2), left()], [{ gone: 2, rank: RANK.state }, 'ag']);
  assert.deepEqual([waiting.drop(1), left()], [{ gone: 1, rank: RANK.end }, 'g']);
  assert.deepEqual([waiting.count, waiting.bytes], [1, end('g').event.body.length + 4]);
});

test('whatever comes and goes, number and size are those of what is there', () => {
  type Step = { readonly add: number } | { readonly take: number } | { readonly drop: number } | 'putBack';
  const step = fc.oneof<fc.Arbitrary<Step>[]>(
    fc.record({ add: fc.nat(50) }),
    fc.record({ take: fc.nat(4) }),
    fc.record({ drop: fc.nat(4) }),
    fc.constant('putBack'),
  );
  fc.assert(
    fc.property(fc.array(step), steps => {
      const waiting = new Waiting();
      let model: Entry[] = [];
      let taken: Entry[] = [];
      for (const step of steps) {
        if (step === 'putBack') {
          waiting.putBack(taken);
          model = [...taken, ...model];
          taken = [];
        } else if ('add' in step) {
          const entry = sized('r', step.add);
          waiting.add(entry);
          model.push(entry);
        } else if ('drop' in step) {
          assert.equal(waiting.drop(step.drop).gone, model.splice(0, step.drop).length);
        } else {
          taken = waiting.take(step.take);
          assert.deepEqual(taken, model.splice(0, step.take));
        }
        assert.equal(waiting.count, model.length);
        assert.equal(
          waiting.bytes,
          model.reduce((all, entry) => all + entry.event.body.length, 0),
        );
      }
    }),
  );
});
