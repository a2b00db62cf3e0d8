import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anEvent, anOutcome, KEY } from '../core/fixture.ts';
import { errorJson } from '../core/reply.ts';
import { aBegun, aRow, START } from './fixture.ts';
import { rowOf } from './row.ts';

test('a success keeps its return value, a failure its error JSON and its stack', () => {
  const row = aRow('r', {
    outcome: { body: Buffer.from('{"a":1}'), durationMs: 1.5, initMs: 2, waitMs: 3, memoryBytes: 4, log: 'x' },
  });
  assert.deepEqual(row, {
    ...KEY,
    requestId: 'r',
    retryNum: 0,
    version: '$LATEST',
    qualifier: '$DEFAULT',
    source: 'invoke',
    acceptedAt: START,
    startedAt: START,
    status: 200,
    verdict: 'answered',
    durationMs: 1.5,
    initMs: 2,
    waitMs: 3,
    memoryBytes: 4,
    memoryMB: 256,
    retMsg: '{"a":1}',
    errMsg: '',
    log: 'x',
    instance: 'i-1',
    queuedMs: 0,
    nextAt: 0,
    why: '',
  });
  const failure = { status: 430, errorMessage: 'user code exception caught', stackTrace: 'Error: <a>\n at b' };
  const failed = aRow('r', { outcome: failure, verdict: 'retried', retryNum: 1 });
  assert.equal(failed.retMsg, errorJson('r', anOutcome(430, failure)));
  assert.equal(failed.errMsg, 'Error: <a>\n at b');
  assert.equal(failed.verdict, 'retried');
  assert.equal(aRow('r', { outcome: { status: 433, errorMessage: 'timed out' } }).errMsg, 'timed out');
});

test('long texts are cut at 8 KB between characters', () => {
  const long = '中'.repeat(5000);
  const size = (text: string) => Buffer.byteLength(text);
  const ok = aRow('r', { outcome: { body: Buffer.from(`"${long}"`) } });
  assert.equal(size(ok.retMsg), 1 + 3 * Math.floor((8192 - 1) / 3));
  assert.ok(!ok.retMsg.includes('\ufffd'));
  const failed = aRow('r', { outcome: { status: 430, errorMessage: 'e', stackTrace: long } });
  for (const text of [failed.retMsg, failed.errMsg])
    assert.ok(size(text) <= 8192 && size(text) > 8189, String(size(text)));
});

test('a call refused before a version was chosen', () => {
  const row = aRow('r', { version: undefined, outcome: { status: 435, instance: '' } });
  assert.deepEqual([row.version, row.memoryMB, row.status], ['', 0, 435]);
});

test('an event that waits stands as 202, accepted, in the row of its first attempt', () => {
  const row = rowOf({ event: anEvent({ requestId: 'r', qualifier: 'prod', source: 'timer' }), acceptedAt: START });
  assert.deepEqual(
    [row.requestId, row.retryNum, row.status, row.verdict, row.startedAt, row.qualifier, row.source],
    ['r', 0, 202, 'accepted', START, 'prod', 'timer'],
  );
  assert.deepEqual(Object.keys(row).sort(), Object.keys(aRow('r')).sort());
});

test('an attempt that runs stands as 202, running, with its version and the time it was late', () => {
  const begun = { retryNum: 2, acceptedAt: START, dueAt: START + 60_000, startedAt: START + 60_025.4 };
  const row = rowOf(aBegun('r', begun));
  assert.deepEqual(
    [row.retryNum, row.status, row.verdict, row.acceptedAt, row.startedAt, row.queuedMs],
    [2, 202, 'running', START, START + 60_025, 25],
  );
  assert.deepEqual([row.version, row.memoryMB], ['$LATEST', 256]);
  const early = rowOf(aBegun('r', { version: undefined, startedAt: START - 5 }));
  assert.deepEqual([early.version, early.memoryMB, early.queuedMs], ['', 0, 0]);
  assert.deepEqual(Object.keys(row).sort(), Object.keys(aRow('r')).sort());
});

test('an end says how long it waited, when it is tried again, and why it is not', () => {
  const retried = aRow('r', { dueAt: START - 40.2, nextAt: START + 60_000.4, verdict: 'retried' });
  assert.deepEqual([retried.queuedMs, retried.nextAt, retried.why], [40, START + 60_000, '']);
  const dead = aRow('r', { verdict: 'dead', why: 'retries used up' });
  assert.deepEqual([dead.queuedMs, dead.nextAt, dead.why], [0, 0, 'retries used up']);
});
