import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Allowance, WS_RATES } from './allowance.ts';

test('a second’s worth comes at once, and what is more is waited for', () => {
  const allowance = new Allowance(WS_RATES, 0);
  for (let i = 0; i < 10; i++) assert.equal(allowance.spend(100, 1, 0), 0);
  assert.equal(allowance.spend(100, 1, 0), 100);
  assert.equal(allowance.spend(0, 0, 100), 0);
  assert.equal(allowance.spend(100, 1, 100), 100);
});

test('bytes are waited for as well as messages, whichever takes longer', () => {
  const bytes = new Allowance(WS_RATES, 0);
  assert.equal(bytes.spend(256 * 1024, 1, 0), 1000);
  const both = new Allowance(WS_RATES, 0);
  assert.equal(both.spend(256 * 1024, 30, 0), 2000);
});

test('quiet time is no credit for later', () => {
  const allowance = new Allowance(WS_RATES, 0);
  assert.equal(allowance.spend(0, 10, 3_600_000), 0);
  assert.equal(allowance.spend(0, 1, 3_600_000), 100);
});

test('a clock that is set back owes nobody anything', () => {
  const allowance = new Allowance(WS_RATES, 10_000);
  assert.equal(allowance.spend(0, 11, 5000), 100);
});

test('who waits as told is never faster than the rate, but for the first second', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(300_000), { minLength: 20, maxLength: 60 }), sizes => {
      const allowance = new Allowance(WS_RATES, 0);
      let now = 0;
      let bytes = 0;
      let messages = 0;
      for (const size of sizes) {
        bytes += size;
        messages++;
        now += allowance.spend(size, 1, now);
      }
      // The last one has been waited for.
      assert.ok(messages <= 10 + (now / 1000) * 10 + 0.001, `${messages} in ${now} ms`);
      assert.ok(bytes <= 128 * 1024 * (1 + now / 1000) + 1, `${bytes} in ${now} ms`);
    }),
  );
});
