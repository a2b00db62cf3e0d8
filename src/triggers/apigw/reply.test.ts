import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { anOutcome } from '../../core/fixture.ts';
import { replyOf } from './reply.ts';

const golden = readFileSync(new URL('./golden/apigw-reply.json', import.meta.url));
const INVALID = '{"errno":403,"error":"Invalid scf response format. please check your scf response format."}';

const returned = (value: unknown) => anOutcome(200, { body: Buffer.from(JSON.stringify(value)) });
const integrated = (value: unknown) => replyOf(returned(value), 'id', true);

describe('integrated', () => {
  it('reads the documents’ example', () => {
    assert.deepEqual(replyOf(anOutcome(200, { body: golden }), 'id', true), {
      status: 200,
      headers: ['Content-Type', 'text/html', 'Key', 'value1', 'Key', 'value2', 'Key', 'value3'],
      body: '<html><body><h1>Heading</h1><p>Paragraph.</p></body></html>',
      upstreamStatus: 200,
    });
  });

  it('needs the status alone', () => {
    const { status, headers, body } = integrated({ statusCode: 204 });
    assert.equal(status, 204);
    assert.deepEqual(headers, ['Content-Type', 'application/json']);
    assert.equal(body, '');
    assert.equal(integrated({ statusCode: 200, headers: null, body: null, isBase64Encoded: null }).status, 200);
  });

  it('decodes Base64 to bytes', () => {
    const bytes = Buffer.from([0, 255, 128]);
    const { body } = integrated({ statusCode: 200, isBase64Encoded: true, body: bytes.toString('base64') });
    assert.deepEqual(body, bytes);
  });

  it('sends text as UTF-8', () => {
    assert.deepEqual(integrated({ statusCode: 200, body: 'é中' }).body, Buffer.from('é中'));
  });

  it('leaves the connection’s headers to the gateway', () => {
    const headers = {
      Connection: 'close',
      'transfer-encoding': 'chunked',
      'Content-Length': '5',
      'Keep-Alive': 'x',
      Upgrade: 'h2c',
      'X-A': 'a',
    };
    assert.deepEqual(integrated({ statusCode: 200, headers }).headers, [
      'X-A',
      'a',
      'Content-Type',
      'application/json',
    ]);
  });

  it('sends header text beyond ASCII as its UTF-8 bytes', () => {
    const { headers } = integrated({ statusCode: 200, headers: { 'X-A': '中' } });
    assert.equal(Buffer.from(headers[1] ?? '', 'latin1').toString(), '中');
  });

  const refused: [string, unknown][] = [
    ['a text', 'hi'],
    ['a text that holds the object', '{"statusCode":200}'],
    ['a list', [{ statusCode: 200 }]],
    ['null', null],
    ['no status', { body: 'x' }],
    ['a status as text', { statusCode: '200' }],
    ['a fraction', { statusCode: 200.5 }],
    ['zero', { statusCode: 0 }],
    ['a negative status', { statusCode: -1 }],
    ['a status that ends nothing', { statusCode: 101 }],
    ['a status with four digits', { statusCode: 1000 }],
    ['a body that is an object', { statusCode: 200, body: {} }],
    ['a flag as text', { statusCode: 200, isBase64Encoded: 'false' }],
    ['headers as a list', { statusCode: 200, headers: [] }],
    ['headers as text', { statusCode: 200, headers: 'x' }],
    ['a header that is a number', { statusCode: 200, headers: { a: 1 } }],
    ['a list with a number', { statusCode: 200, headers: { a: ['x', 1] } }],
    ['content types', { statusCode: 200, headers: { 'Content-Type': ['a/b'] } }],
    ['a header that breaks the line', { statusCode: 200, headers: { a: 'x\r\nEvil: 1' } }],
    ['a header name with a blank', { statusCode: 200, headers: { 'a b': 'x' } }],
    ['an empty header name', { statusCode: 200, headers: { '': 'x' } }],
  ];
  for (const [what, value] of refused) {
    it(`answers 403 to ${what}`, () => {
      const { status, headers, body, upstreamStatus } = integrated(value);
      assert.equal(status, 403);
      assert.deepEqual(headers, ['Content-Type', 'application/json']);
      assert.equal(body, INVALID);
      assert.equal(upstreamStatus, 200);
    });
  }

  it('answers 403 to what is not JSON', () => {
    assert.equal(replyOf(anOutcome(200, { body: Buffer.from('{') }), 'id', true).status, 403);
  });
});

describe('passed through', () => {
  it('is the return value as JSON, byte by byte', () => {
    for (const value of ['hi', null, { statusCode: 500 }, 1]) {
      const outcome = returned(value);
      assert.deepEqual(replyOf(outcome, 'id', false), {
        status: 200,
        headers: ['Content-Type', 'application/json'],
        body: outcome.body,
        upstreamStatus: 200,
      });
    }
  });
});

describe('failures', () => {
  for (const mode of [true, false]) {
    it(`are told by the status, ${mode ? 'integrated' : 'passed through'}`, () => {
      for (const status of [430, 432, 434, 435, 437, 439, 442, 443, 406, 500]) {
        const reply = replyOf(anOutcome(status, { errorMessage: 'why', stackTrace: 'at x' }), 'id-1', mode);
        assert.equal(reply.status, status);
        assert.equal(reply.upstreamStatus, status);
        assert.equal(reply.reason, `status code ${status}`);
        assert.deepEqual(JSON.parse(reply.body.toString()), {
          errorCode: -1,
          errorMessage: 'why',
          requestId: 'id-1',
          stackTrace: 'at x',
          statusCode: status,
        });
      }
    });

    it(`by time-out of the function answer 200 with the error as content, ${mode ? 'integrated' : 'passed through'}`, () => {
      const errorMessage = 'Invoking task timed out after 3 seconds';
      const reply = replyOf(anOutcome(433, { errorMessage }), 'id-1', mode);
      assert.equal(reply.status, 200);
      assert.equal(reply.reason, undefined);
      assert.match(reply.body.toString(), /timed out after 3 seconds.*"statusCode":433/);
    });
  }
});
