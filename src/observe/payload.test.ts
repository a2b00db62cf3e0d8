import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anEvent, anOutcome } from '../core/fixture.ts';
import { errorJson } from '../core/reply.ts';
import { anAttempt, START } from './fixture.ts';
import { payloadOf } from './payload.ts';

const body = Buffer.from([0x7b, 0xff, 0x00, 0x7d]);
const event = anEvent({ requestId: 'r', body, routingKey: '{"a":"b"}' });

test('a success: the bytes that came in and went out, none of them read', () => {
  const reply = Buffer.from('"\u{1F600}"');
  assert.deepEqual(payloadOf(anAttempt('r', { event, startedAt: START + 0.4, outcome: { body: reply } })), {
    requestId: 'r',
    retryNum: 0,
    at: START,
    bytes: body.length + reply.length,
    routingKey: '{"a":"b"}',
    event: body,
    reply,
  });
});

test('a failure: its error JSON, whole', () => {
  const failure = { status: 430, errorMessage: 'user code exception caught', stackTrace: '<'.repeat(20_000) };
  const { reply } = payloadOf(anAttempt('r', { event, outcome: failure }));
  assert.equal(reply.toString(), errorJson('r', anOutcome(430, failure)));
  assert.ok(reply.length > 20_000);
});

test('an event that waits has no reply yet', () => {
  const row = payloadOf({ event, acceptedAt: START });
  assert.deepEqual([row.retryNum, row.at, row.bytes, row.reply.length], [0, START, body.length, 0]);
  assert.equal(row.event, body);
});

test('a retry brings its reply alone', () => {
  const row = payloadOf(anAttempt('r', { event, retryNum: 2, mode: 'async', outcome: { body: Buffer.from('1') } }));
  assert.deepEqual([row.retryNum, row.routingKey, row.event.length, row.bytes], [2, '', 0, 1]);
});
