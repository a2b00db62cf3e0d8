import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { UrlRequest } from '../../services/functionurl/target.ts';
import { httpEvent, httpSample, passedEvent } from './event.ts';

const request = (change: Partial<UrlRequest> = {}): UrlRequest => ({
  requestId: 'r',
  method: 'POST',
  path: '/test/value',
  query: 'foo=bar&bob=alice',
  rawHeaders: ['Accept', '*/*', 'Content-Type', 'application/json'],
  sourceIp: '10.0.2.14',
  body: Buffer.from('{"test":"body"}'),
  ...change,
});

const read = (change: Partial<UrlRequest> = {}) =>
  JSON.parse(httpEvent(request(change)).toString()) as Record<string, unknown> & { headers: Record<string, string> };

test('an event has the documented members, in the order of their names', () => {
  assert.equal(
    httpEvent(request()).toString(),
    '{"body":"{\\"test\\":\\"body\\"}",' +
      '"headers":{"accept":"*/*","content-type":"application/json","x-scf-remote-addr":"10.0.2.14"},' +
      '"httpMethod":"POST","path":"/test/value","queryString":{"foo":"bar","bob":"alice"}}',
  );
  assert.deepEqual(Object.keys(httpSample() as object), Object.keys(read()));
});

test('without a body it is an empty text', () => {
  assert.equal(read({ body: undefined }).body, '');
  assert.equal('isBase64Encoded' in read({ body: undefined }), false);
});

test('bytes that are no text come as Base64, and that is said', () => {
  const bytes = Buffer.from([0xff, 0xfe, 0, 1]);
  const event = read({ body: bytes });
  assert.equal(event.isBase64Encoded, true);
  assert.deepEqual(Buffer.from(String(event.body), 'base64'), bytes);
  const text = read({ body: Buffer.from('中文\u0000"\\') });
  assert.deepEqual([text.body, 'isBase64Encoded' in text], ['中文\u0000"\\', false]);
});

test('every body comes back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), array => {
      const event = read({ body: Buffer.from(array) });
      const encoding = event.isBase64Encoded ? 'base64' : 'utf8';
      assert.deepEqual(Buffer.from(String(event.body), encoding), Buffer.from(array));
    }),
  );
});

test('a client cannot say who it is', () => {
  const { headers } = read({ rawHeaders: ['X-Scf-Remote-Addr', '6.6.6.6', 'A', '1', 'a', '2'] });
  assert.deepEqual(headers, { a: '1, 2', 'x-scf-remote-addr': '10.0.2.14' });
});

test('path and query are kept as texts of any kind', () => {
  const event = read({ path: '/a%20"\\b', query: 'i&a=1&a=2&e=&%E4%B8%AD=%2B' });
  assert.equal(event.path, '/a%20"\\b');
  assert.deepEqual(event.queryString, { i: true, a: ['1', '2'], e: '', 中: '+' });
  assert.deepEqual(read({ query: '' }).queryString, {});
});

test('what is passed on leaves a few words', () => {
  assert.equal(passedEvent({ method: 'GET', target: '/a?"b"' }).toString(), '{"httpMethod":"GET","path":"/a?\\"b\\""}');
});
