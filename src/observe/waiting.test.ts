import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { anEvent } from '../core/fixture.ts';
import { anAttempt, START } from './fixture.ts';
import type { Entry } from './row.ts';
import { Waiting } from './waiting.ts';

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

test('whatever comes and goes, number and size are those of what is there', () => {
  type Step = { readonly add: number } | { readonly take: number } | 'putBack';
  const step = fc.oneof<fc.Arbitrary<Step>[]>(
    fc.record({ add: fc.nat(50) }),
    fc.record({ take: fc.nat(4) }),
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
