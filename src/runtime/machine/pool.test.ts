import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../../core/invocation.ts';
import type { Waiting } from '../instance/run.ts';
import { VERSION } from '../testing.ts';
import { Pool } from './pool.ts';

function poolWith(count: number, since = 0): Pool {
  const pool = new Pool('k', VERSION);
  for (let i = 0; i < count; i++) pool.waiting.push(waitingSince(since));
  return pool;
}

function waitingSince(since: number, until = Number.POSITIVE_INFINITY): Waiting {
  const event = { requestId: 'r', target: VERSION, qualifier: '', source: 'invoke', body: Buffer.alloc(0) };
  return { call: { event, retryNum: 0, waitMs: 0 }, since, until, settle: (_: Outcome) => {} };
}

test('nothing is wanted for nobody', () => {
  assert.equal(poolWith(0).wants(1e9), false);
});

test('the first event starts the first instance, and does not start two', () => {
  const pool = poolWith(1);
  assert.equal(pool.wants(0), true);
  pool.live = pool.starting = 1;
  assert.equal(pool.wants(0), false);
  assert.equal(pool.wants(1e9), false, 'each start serves one that waits');
});

test('short runs are waited for, long ones are not', () => {
  const pool = poolWith(4);
  pool.live = 1;
  pool.startMs = 60;
  pool.pace.runMs = 10;
  assert.equal(pool.wants(0), false);
  pool.pace.runMs = 15;
  assert.equal(pool.wants(0), true);
  pool.live = 2;
  assert.equal(pool.wants(0), false, 'two instances get through them twice as fast');
  pool.pace.runMs = undefined;
  assert.equal(pool.wants(0), true, 'nothing is known of a first run that still goes on');
});

test('what has waited as long as a start takes gets one', () => {
  const pool = poolWith(1, 1000);
  pool.live = 1;
  pool.startMs = 60;
  pool.pace.runMs = 0.1;
  assert.equal(pool.wants(1060), false);
  assert.equal(pool.wants(1061), true);
});

test('averages follow what is measured', () => {
  const pool = poolWith(0);
  pool.learnStart(40);
  assert.equal(pool.startMs, 40);
  pool.learnStart(80);
  assert.equal(pool.startMs, 45);
});

test('those that waited too long come out, the others keep their order', () => {
  const pool = poolWith(0);
  const [a, b, c] = [waitingSince(0, 10), waitingSince(1, 30), waitingSince(2, 20)];
  pool.waiting.push(a, b, c);
  assert.deepEqual(pool.expired(20), [a, c]);
  assert.deepEqual(pool.waiting, [b]);
  assert.equal(pool.headSince, 1);
});

test('the time that a start may take does not count', () => {
  const pool = poolWith(0);
  const one = waitingSince(0, 10);
  pool.waiting.push(one);
  pool.starting = 1;
  const limitMs = pool.version.initTimeoutS * 1000;
  assert.deepEqual(pool.expired(limitMs + 9), []);
  assert.deepEqual(pool.expired(limitMs + 10), [one]);
});

test('a failed start is shared by those that waited for it, or by the first when others live', () => {
  const pool = poolWith(0);
  const [a, b, c] = [waitingSince(0), waitingSince(5), waitingSince(6)];
  pool.waiting.push(a, b, c);
  assert.deepEqual(pool.sharers(5), [a, b]);
  pool.waiting.push(b);
  pool.live = 1;
  assert.deepEqual(pool.sharers(100), [c]);
  pool.live = 0;
  assert.deepEqual(pool.sharers(-1), [b], 'one always learns of it');
});
