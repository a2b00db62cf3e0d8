import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Clock, SystemClock, TurnableClock } from '../../core/clock.ts';
import type { CloudError } from '../../core/errors.ts';
import { clockRoutes } from './clock.ts';

const NOW = Date.UTC(2030, 0, 1);

function post(clock: Clock, body: unknown): Promise<unknown> {
  const route = clockRoutes(clock).find(one => one.method === 'POST');
  assert.ok(route);
  const request = { body, params: {}, query: new URLSearchParams(), language: 'en', secretId: undefined } as const;
  return Promise.resolve(route.handle(request));
}

const refused = (clock: Clock, body: unknown, code: string, text: RegExp) =>
  assert.rejects(post(clock, body), (error: CloudError) => {
    assert.equal(error.code, code);
    assert.match(error.text('en'), text);
    assert.ok(!error.text('en').includes('\n'), 'one line');
    return true;
  });

test('is turned, stopped and let go', async () => {
  const clock = new TurnableClock(NOW);
  assert.deepEqual(await post(clock, { action: 'advance', ms: 5 }), { nowMs: NOW + 5, frozen: true });
  assert.deepEqual(await post(clock, { action: 'to', instantMs: NOW + 9 }), { nowMs: NOW + 9, frozen: true });
  await post(clock, { action: 'resume' });
  assert.equal(clock.frozen, false);
  await post(clock, { action: 'freeze' });
  assert.equal(clock.frozen, true);
});

test('is not turned back, nor beyond the years that a timer knows', async () => {
  const clock = new TurnableClock(NOW);
  const END = Date.UTC(2100, 0, 1);
  await refused(
    clock,
    { action: 'to', instantMs: NOW - 1 },
    'InvalidParameterValue',
    /only turned forward; it is 2030-/,
  );
  await refused(clock, { action: 'to', instantMs: END + 1 }, 'InvalidParameterValue', /instantMs.*ends at 2100-/);
  await refused(clock, { action: 'to', instantMs: 9e15 }, 'InvalidParameterValue', /ends at 2100-/);
  await refused(clock, { action: 'advance', ms: END }, 'InvalidParameterValue', /ms is wrong.*ends at 2100-/);
  assert.equal(clock.now(), NOW);
  await post(clock, { action: 'to', instantMs: END });
  assert.equal(clock.now(), END);
});

test('says in one line what it takes', async () => {
  const clock = new TurnableClock(NOW);
  for (const body of [
    undefined,
    {},
    [],
    { action: 'back' },
    { action: 'advance' },
    { action: 'advance', ms: -1 },
    { action: 'to', instantMs: 'now' },
  ]) {
    await refused(clock, body, 'InvalidParameter', /"action":"advance","ms"/);
  }
});

test('is turned on a development server alone', async () => {
  await refused(new SystemClock(), { action: 'freeze' }, 'UnsupportedOperation', /--dev/);
});
