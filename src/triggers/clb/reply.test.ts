import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clbReplyOf } from './reply.ts';

const returned = (value: unknown) => clbReplyOf({ status: 200, body: Buffer.from(JSON.stringify(value) ?? '') });
const failed = (status: number) => clbReplyOf({ status, body: Buffer.alloc(0) });
const UNREADABLE = '{"errno":403,"error":"Analyse scf response failed."}';

describe("a function's answer", () => {
  it('is status, headers and body', () => {
    const { status, headers, body } = returned({
      isBase64Encoded: false,
      statusCode: 201,
      headers: { 'Content-Type': 'text/html', 'Set-Cookie': ['a=1', 'b=2'] },
      body: '<p>hi</p>',
    });
    assert.equal(status, 201);
    assert.deepEqual(headers, ['Content-Type', 'text/html', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']);
    assert.equal(String(body), '<p>hi</p>');
  });

  it('may be bytes', () => {
    const { body } = returned({ isBase64Encoded: true, statusCode: 200, headers: {}, body: 'AP8=' });
    assert.deepEqual(body, Buffer.from([0, 255]));
  });

  it('is refused in the documented words when it is none', () => {
    const wrong = [null, 'text', [], {}, { statusCode: '200' }, { statusCode: 200, isBase64Encoded: 'false' }];
    for (const value of [...wrong, { statusCode: 200, body: 1 }]) {
      const { status, body, headers } = returned(value);
      assert.deepEqual([status, body], [403, UNREADABLE], JSON.stringify(value));
      assert.deepEqual(headers, ['Content-Type', 'application/json']);
    }
    assert.equal(clbReplyOf({ status: 200, body: Buffer.from('{') }).body, UNREADABLE);
  });
});

describe('a function that failed', () => {
  it('has no answer that could be read', () => {
    for (const status of [430, 434, 439, 442]) assert.equal(failed(status).body, UNREADABLE, String(status));
  });

  it('out of time is a gateway that waited in vain', () => {
    assert.equal(failed(433).status, 504);
  });

  it('or could not run is a bad gateway', () => {
    for (const status of [406, 432, 449, 500]) assert.equal(failed(status).status, 502, String(status));
  });
});
