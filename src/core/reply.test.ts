import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { anOutcome } from './fixture.ts';
import { errorJson, retMsg } from './reply.ts';

test('the error JSON has the documented members in their order', () => {
  const outcome = anOutcome(430, { errorMessage: 'user code exception caught', stackTrace: 'Error: a\n    at b' });
  assert.equal(
    errorJson('id-1', outcome),
    '{"errorCode":-1,"errorMessage":"user code exception caught","requestId":"id-1","stackTrace":"Error: a\\n    at b","statusCode":430}',
  );
});

test('without a stack there is none in it', () => {
  assert.equal(
    errorJson('id-1', anOutcome(439, { errorMessage: 'User process exit when running' })),
    '{"errorCode":-1,"errorMessage":"User process exit when running","requestId":"id-1","statusCode":439}',
  );
});

test('angle brackets and ampersands are written as escapes and read back', () => {
  const json = errorJson('id', anOutcome(430, { errorMessage: '<a> & b' }));
  assert.ok(json.includes('\\u003ca\\u003e \\u0026 b'), json);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      const json = errorJson('id', anOutcome(430, { errorMessage: text }));
      assert.doesNotMatch(json, /[<>&]/);
      assert.equal(JSON.parse(json).errorMessage, text);
    }),
  );
});

test('RetMsg of a success is the return value as it was encoded', () => {
  assert.equal(retMsg('id', anOutcome(200, { body: Buffer.from('"<hi> 嗨"') })), '"<hi> 嗨"');
  assert.equal(retMsg('id', anOutcome(433)), errorJson('id', anOutcome(433)));
});
