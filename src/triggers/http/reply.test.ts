import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anOutcome } from '../../core/fixture.ts';
import { urlReply } from './reply.ts';

const returned = (json: string) => urlReply(anOutcome(200, { body: Buffer.from(json) }), 'id');
const JSON_TYPE = ['Content-Type', 'application/json'];

test('a return value with a status is a reply', () => {
  assert.deepEqual(returned('{"statusCode":201,"headers":{"X-A":["1","2"],"Content-Type":"text/html"},"body":"<b>"}'), {
    status: 201,
    headers: ['X-A', '1', 'X-A', '2', 'Content-Type', 'text/html'],
    body: '<b>',
    functionStatus: 200,
  });
  const bytes = returned('{"statusCode":200,"body":"AP8=","isBase64Encoded":true}');
  assert.deepEqual(bytes.body, Buffer.from([0, 255]));
  assert.deepEqual(returned('{"st\\u0061tusCode":204}').status, 204, 'however its name is written');
});

test('any other value is the body, as JSON', () => {
  for (const json of [
    '"hi"',
    'null',
    '3',
    '[{"statusCode":404}]',
    '{"a":1}',
    '{"body":"x","nested":{"statusCode":404}}',
    '"{\\"statusCode\\":404}"',
    '{"a":"\\u0061"}',
  ]) {
    const reply = returned(json);
    assert.deepEqual([reply.status, reply.headers, String(reply.body)], [200, JSON_TYPE, json]);
  }
});

test('a reply that cannot be sent is told as the documents do', () => {
  for (const json of [
    '{"statusCode":"200"}',
    '{"statusCode":99}',
    '{"statusCode":null}',
    '{"statusCode":200,"headers":[]}',
    '{"statusCode":200,"body":{}}',
  ]) {
    const reply = returned(json);
    assert.deepEqual([reply.status, reply.functionStatus], [403, 403], json);
    assert.match(String(reply.body), /^\{"errno":403,"error":"Invalid scf response format/);
  }
});

test('a failure is told by status and error', () => {
  const reply = urlReply(anOutcome(433, { errorMessage: 'too long', stackTrace: '' }), 'id');
  assert.deepEqual([reply.status, reply.reason, reply.functionStatus], [433, 'status code 433', 433]);
  assert.deepEqual(JSON.parse(String(reply.body)), {
    errorCode: -1,
    errorMessage: 'too long',
    requestId: 'id',
    statusCode: 433,
  });
});
