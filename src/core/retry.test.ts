import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { AsyncPolicy } from './function.ts';
import { expired, next, type Verdict } from './retry.ts';
import { STATUS, statusClass } from './status.ts';

const MINUTE = 60_000;
const POLICY: AsyncPolicy = { retryNum: 2, msgTtlS: 21600 };

/** The vendor's page, row by row: what becomes of a young event after its first attempt. */
const TABLE: Readonly<Record<'ack' | 'counted' | 'uncounted' | 'dead', readonly number[]>> = {
  ack: [200],
  counted: [403, 405, 407, 430, 433, 434, 437, 439, 443, 444, 445, 446, 447, 450, 455, 456],
  uncounted: [429, 432, 449, 440, 500, 532, 600, 601],
  dead: [400, 401, 402, 404, 406, 410, 435, 436, 438, 441, 442, 499],
};

describe('the table of the documents', () => {
  for (const status of TABLE.ack) {
    test(`${status} is done, however old`, () => {
      assert.deepEqual(next({ acceptedAt: 0, runErrors: 0 }, status, POLICY, 0), { act: 'ack' });
      assert.deepEqual(next({ acceptedAt: 0, runErrors: 2 }, status, POLICY, 1e12), { act: 'ack' });
    });
  }
  for (const status of TABLE.dead) {
    test(`${status} is never retried`, () => {
      for (const now of [0, 1e6, 1e12])
        assert.deepEqual(next({ acceptedAt: 0, runErrors: 0 }, status, POLICY, now), {
          act: 'dead',
          why: 'not retried',
        });
    });
  }
  for (const status of TABLE.counted) {
    for (const retryNum of [0, 1, 2]) {
      test(`${status} is retried ${retryNum} times a minute apart when RetryNum is ${retryNum}`, () => {
        const policy = { ...POLICY, retryNum };
        for (let runErrors = 0; runErrors < retryNum; runErrors++)
          assert.deepEqual(next({ acceptedAt: 0, runErrors }, status, policy, 5000), {
            act: 'later',
            dueAt: 65_000,
            runErrors: runErrors + 1,
          });
        assert.deepEqual(next({ acceptedAt: 0, runErrors: retryNum }, status, policy, 5000), {
          act: 'dead',
          why: 'retries used up',
        });
      });
    }
  }
  for (const status of TABLE.uncounted) {
    test(`${status} is retried every minute and counts against nothing`, () => {
      for (const runErrors of [0, 1, 2])
        for (const retryNum of [0, 1, 2])
          assert.deepEqual(next({ acceptedAt: 0, runErrors }, status, { ...POLICY, retryNum }, 5000), {
            act: 'later',
            dueAt: 65_000,
            runErrors,
          });
    });
  }

  test('every status that can be the end of a run has its row', () => {
    const listed = new Set(Object.values(TABLE).flat());
    assert.deepEqual(
      Object.keys(STATUS).filter(status => !listed.has(Number(status))),
      [],
    );
  });
});

describe('MsgTTL', () => {
  const policy = { retryNum: 2, msgTtlS: 300 };
  for (const status of [430, 432, 500]) {
    test(`${status}: a retry on the last instant of the event's life is made, one later is not`, () => {
      const lastChance = 300_000 - MINUTE;
      assert.equal(next({ acceptedAt: 0, runErrors: 0 }, status, policy, lastChance).act, 'later');
      assert.deepEqual(next({ acceptedAt: 0, runErrors: 0 }, status, policy, lastChance + 1), {
        act: 'dead',
        why: 'too old',
      });
    });
  }

  test('is counted from the first push, not from 1970', () => {
    const acceptedAt = 1_700_000_000_000;
    assert.equal(next({ acceptedAt, runErrors: 0 }, 500, policy, acceptedAt + 1000).act, 'later');
    assert.equal(next({ acceptedAt, runErrors: 0 }, 500, policy, acceptedAt + 299_000).act, 'dead');
  });

  test('used-up retries are the reason even when the event is too old as well', () => {
    assert.deepEqual(next({ acceptedAt: 0, runErrors: 2 }, 430, policy, 1e9), { act: 'dead', why: 'retries used up' });
  });

  test('expired: the last instant is still alive', () => {
    assert.equal(expired(1000, policy, 301_000), false);
    assert.equal(expired(1000, policy, 301_001), true);
  });
});

/** Plays attempts that take no time until the event is done or dead. */
function play(statusOf: (attempt: number) => number, policy: AsyncPolicy): { attempts: number[]; last: Verdict } {
  const attempts: number[] = [];
  let runErrors = 0;
  for (let now = 0; ; ) {
    attempts.push(now);
    const verdict = next({ acceptedAt: 0, runErrors }, statusOf(attempts.length - 1), policy, now);
    if (verdict.act !== 'later') return { attempts, last: verdict };
    ({ dueAt: now, runErrors } = verdict);
  }
}

describe('whole lives of events', () => {
  test('six hours of system errors: an attempt every minute, the last one at 6 h sharp', () => {
    const { attempts, last } = play(() => 500, POLICY);
    assert.deepEqual(
      attempts,
      Array.from({ length: 361 }, (_, minute) => minute * MINUTE),
    );
    assert.deepEqual(last, { act: 'dead', why: 'too old' });
  });

  test('a handler that always throws runs three times', () => {
    const { attempts, last } = play(() => 430, POLICY);
    assert.deepEqual(attempts, [0, MINUTE, 2 * MINUTE]);
    assert.deepEqual(last, { act: 'dead', why: 'retries used up' });
  });

  test('run errors between limits and system errors are counted alone', () => {
    const story = [430, 432, 500, 433, 429, 449, 500, 439];
    const { attempts, last } = play(attempt => story[attempt] ?? 200, POLICY);
    assert.equal(attempts.length, story.length);
    assert.deepEqual(last, { act: 'dead', why: 'retries used up' });
  });

  test('over the limit for ten minutes, then done', () => {
    const { attempts, last } = play(attempt => (attempt < 10 ? 432 : 200), { ...POLICY, retryNum: 0 });
    assert.equal(attempts.at(-1), 10 * MINUTE);
    assert.deepEqual(last, { act: 'ack' });
  });
});

describe('for any event', () => {
  const policies = fc.record({
    retryNum: fc.integer({ min: 0, max: 2 }),
    msgTtlS: fc.integer({ min: 60, max: 21600 }),
  });
  const statuses = fc.oneof(
    fc.constantFrom(...Object.keys(STATUS).map(Number)),
    fc.integer({ min: -1, max: 999 }),
    fc.constant(Number.NaN),
  );

  test('there is a verdict, and it is one of three', () => {
    fc.assert(
      fc.property(statuses, policies, fc.nat(), fc.nat(5), fc.nat(), (status, policy, acceptedAt, runErrors, age) => {
        const verdict = next({ acceptedAt, runErrors }, status, policy, acceptedAt + age);
        assert.ok(['ack', 'later', 'dead'].includes(verdict.act));
        assert.equal(verdict.act === 'ack', statusClass(status) === 'ok');
      }),
    );
  });

  test('a retry is a minute later, never past MsgTTL, and counts a run error once at most', () => {
    fc.assert(
      fc.property(
        statuses,
        policies,
        fc.nat(3),
        fc.nat(30_000_000),
        fc.nat(1e9),
        (status, policy, runErrors, age, from) => {
          const now = from + age;
          const verdict = next({ acceptedAt: from, runErrors }, status, policy, now);
          if (verdict.act !== 'later') return;
          assert.equal(verdict.dueAt, now + MINUTE);
          assert.equal(expired(from, policy, verdict.dueAt), false);
          assert.equal(verdict.runErrors - runErrors, statusClass(status) === 'run' ? 1 : 0);
        },
      ),
    );
  });

  test('a life ends, and has at most RetryNum + 1 run errors in it', () => {
    fc.assert(
      fc.property(policies, fc.array(statuses, { minLength: 1, maxLength: 50 }), (policy, story) => {
        const seen: number[] = [];
        const { attempts } = play(attempt => {
          const status = story[attempt % story.length] ?? 500;
          seen.push(status);
          return status;
        }, policy);
        assert.ok(seen.filter(status => statusClass(status) === 'run').length <= policy.retryNum + 1);
        assert.ok((attempts.at(-1) ?? 0) <= policy.msgTtlS * 1000);
      }),
    );
  });
});
