// The count itself: what it must find, and what it must let pass.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { count } from './count.ts';
import { type Kind, Ledger } from './ledger.ts';

const MINUTE_MS = 60_000;

/** A ledger whose instants are set by hand; a life's pid is 100 and its number. */
function book() {
  let now = 0;
  const ledger = new Ledger(() => now);
  const settled = new Map<number, number>();
  return {
    ledger,
    at(ms: number) {
      now = ms;
    },
    live(): number {
      const number: number = ledger.lifeBegan(101 + ledger.lives.size, () => settled.get(number) ?? 0);
      return number;
    },
    settle: (life: number, attempts: number) => void settled.set(life, attempts),
    /** One delivery from its beginning to its end. */
    run(id: string, kind: Kind, life: number, ms = 10) {
      const { number, fails } = ledger.begin(id, kind, 100 + life);
      now += ms;
      ledger.end(id, number, fails);
    },
  };
}

const problems = (ledger: Ledger, letters: readonly string[] = []) => count(ledger, letters).problems;

test('all is well: done, done after a failure, kept as a letter', () => {
  const { ledger, at, live, run, settle } = book();
  const life = live();
  for (const [id, kind] of [
    ['a', 'ok'],
    ['b', 'flaky'],
    ['c', 'fails'],
  ] as const) {
    ledger.answer(id, kind);
    run(id, kind, life);
  }
  at(MINUTE_MS + 100);
  run('b', 'flaky', life);
  settle(life, 4);
  assert.deepEqual(count(ledger, ['c']), {
    problems: [],
    answered: 3,
    unanswered: 0,
    deliveries: 4,
    repeated: 0,
    retried: 1,
  });
});

test('what was answered and never came', () => {
  const { ledger } = book();
  ledger.answer('a', 'ok');
  assert.match(problems(ledger).join(), /^a \(ok\) was answered and is lost: it never came/);
  assert.ok(ledger.open.has('a'));
});

test('what came and was not brought to its end, tried again, or kept', () => {
  const { ledger, live, run } = book();
  const life = live();
  ledger.answer('cut', 'ok');
  ledger.begin('cut', 'ok', 100 + life);
  ledger.lifeEnded(life);
  ledger.answer('once', 'flaky');
  run('once', 'flaky', life);
  ledger.answer('dead', 'fails');
  run('dead', 'fails', life);
  assert.deepEqual(
    problems(ledger).map(text => text.replace(/:.*/, '')),
    [
      'cut (ok) was answered and is lost',
      'once (flaky) was answered and is lost',
      'dead (fails) was answered and is lost',
    ],
  );
});

test('twice in one life', () => {
  const { ledger, live, run, settle } = book();
  const life = live();
  run('a', 'ok', life);
  run('a', 'ok', life);
  settle(life, 2);
  assert.match(problems(ledger).join(), /^a \(ok\) came twice/);
});

test('again after a kill: fine if it was cut, or done and not settled; not if it was settled', () => {
  const { ledger, live, run, settle } = book();
  const first = live();
  ledger.begin('cut', 'ok', 100 + first);
  run('done', 'ok', first);
  run('other', 'ok', first);
  settle(first, 1);
  ledger.lifeEnded(first);
  const second = live();
  run('cut', 'ok', second);
  run('done', 'ok', second);
  settle(second, 2);
  assert.deepEqual(count(ledger, []), {
    problems: [],
    answered: 0,
    unanswered: 3,
    deliveries: 5,
    repeated: 2,
    retried: 0,
  });
  settle(first, 2);
  assert.deepEqual(problems(ledger), ['life 1: 1 came again that were done, and only 0 were not settled']);
});

test('a retry that comes too soon, and one too many', () => {
  const { ledger, at, live, run, settle } = book();
  const life = live();
  run('soon', 'flaky', life);
  at(MINUTE_MS / 2);
  run('soon', 'flaky', life);
  settle(life, 2);
  assert.match(problems(ledger).join(), /^soon \(flaky\) came twice/);
  ledger.turnedAt = 0;
  assert.deepEqual(problems(ledger), [], 'the clock was turned');
  ledger.deliveries.get('soon')?.push({ life, beganAt: 10 * MINUTE_MS, endedAt: 11 * MINUTE_MS, failed: true });
  ledger.deliveries.get('soon')?.push({ life, beganAt: 20 * MINUTE_MS, endedAt: 21 * MINUTE_MS, failed: false });
  assert.notDeepEqual(problems(ledger), []);
});

test('letters that nobody owes', () => {
  const { ledger, live, run } = book();
  const life = live();
  run('fine', 'ok', life);
  run('dead', 'fails', life);
  ledger.begin('under way', 'fails', 100 + life);
  assert.deepEqual(problems(ledger, ['dead', 'dead', 'fine', 'under way']), [
    'dead has two dead letters',
    'fine (ok) has a dead letter',
    'under way has a dead letter, and its function has not failed',
  ]);
});

test('a process without a server', () => {
  const { ledger, run } = book();
  run('a', 'ok', 7);
  assert.deepEqual(problems(ledger), ['a ran in a process that had no server']);
});
