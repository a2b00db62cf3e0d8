import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endToEnd, headerOf, passedTrailers, requestHead } from './head.ts';

const request = (rawHeaders: readonly string[], method = 'GET', target = '/') => ({ method, target, rawHeaders });
const head = (rawHeaders: readonly string[], framing: Parameters<typeof requestHead>[1] = 'none') =>
  requestHead(request(rawHeaders), framing, 'fall.back:80');

test('headers keep their letters, their order and their repetitions', () => {
  const headers = ['HOST', 'a.example', 'x-B', '1', 'X-a', '', 'x-B', '2', 'CoOkIe', 'k=v; l=ü'];
  assert.deepEqual(endToEnd(headers), headers);
  assert.equal(
    head(headers),
    'GET / HTTP/1.1\r\nHOST: a.example\r\nx-B: 1\r\nX-a: \r\nx-B: 2\r\nCoOkIe: k=v; l=ü\r\n\r\n',
  );
});

test('what belongs to the connection goes, and what Connection names with it', () => {
  const gone = [
    ...['Connection', 'keep-alive, X-Own ,x-other', 'X-own', '1', 'X-OTHER', '2', 'Keep-Alive', 'timeout=5'],
    ...['Proxy-Authorization', 'x', 'Proxy-Authenticate', 'x', 'Proxy-Connection', 'close', 'TE', 'trailers'],
    ...['Trailer', 'X-Sum', 'Transfer-Encoding', 'chunked', 'Upgrade', 'h2c', 'Expect', '100-continue'],
    ...['HTTP2-Settings', 'AAMA'],
  ];
  assert.deepEqual(endToEnd([...gone, 'X-Kept', '1']), ['X-Kept', '1']);
});

test('Connection cannot take away what gives a request its meaning', () => {
  const headers = ['Host', 'a', 'Content-Length', '3', 'Authorization', 'b', 'Cookie', 'c'];
  const naming = ['Connection', 'host, content-length, authorization, cookie, close'];
  assert.deepEqual(endToEnd([...naming, ...headers]), headers);
});

test('a name in a second Connection header goes as well', () => {
  assert.deepEqual(endToEnd(['X-A', '1', 'Connection', 'close', 'X-B', '2', 'connection', 'x-a']), ['X-B', '2']);
});

test('a length is kept where the body is what the header tells, and made anew where it is not', () => {
  const told = ['Host', 'a', 'content-LENGTH', '3'];
  assert.equal(head(told, 'as told'), 'GET / HTTP/1.1\r\nHost: a\r\ncontent-LENGTH: 3\r\n\r\n');
  assert.equal(head(told, 7), 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n');
  assert.equal(head(told, 'chunked'), 'GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
  assert.equal(head(told), 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  assert.equal(head(['Host', 'a', 'Content-Length', '0']), 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n');
});

test('a request without a host gets one', () => {
  assert.equal(head([]), 'GET / HTTP/1.1\r\nHost: fall.back:80\r\n\r\n');
});

test('an upgrade names its protocol in headers of its own', () => {
  const raw = ['Host', 'a', 'connection', 'Upgrade', 'upgrade', 'websocket', 'Sec-WebSocket-Version', '13'];
  assert.equal(
    requestHead(request(raw), 'none', 'x', 'websocket'),
    'GET / HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Version: 13\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  );
});

test('what would break out of a line is not sent', () => {
  for (const bad of [
    request(['X', 'a\r\nY: b']),
    request(['X', 'a\nb']),
    request(['X', 'a\0b']),
    request(['X', 'ā']),
    request(['X Y', 'a']),
    request(['', 'a']),
    request(['X:', 'a']),
    request([], 'GE T'),
    request([], ''),
    request([], 'GET', '/a b'),
    request([], 'GET', '/a\r\nX: y'),
    request([], 'GET', ''),
  ]) {
    assert.notEqual(typeof requestHead(bad, 'none', 'x'), 'string', JSON.stringify(bad));
  }
});

test('trailers that would change the message are left out', () => {
  const trailers = ['X-Sum', '1', 'Content-Length', '5', 'transfer-encoding', 'chunked', 'Host', 'a', 'x-sum', '2'];
  assert.deepEqual(passedTrailers([...trailers, 'bad name', '1', 'X-Bad', 'a\rb']), ['X-Sum', '1', 'x-sum', '2']);
});

test('a header is found by its name in any letters', () => {
  assert.equal(headerOf(['A', '1', 'uPGRADE', 'x', 'Upgrade', 'y'], 'upgrade'), 'x');
  assert.equal(headerOf(['A', '1'], 'upgrade'), undefined);
});
