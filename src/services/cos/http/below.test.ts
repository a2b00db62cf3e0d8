import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { TurnableClock } from '../../../core/clock.ts';
import { SeededIds } from '../../../core/ids.ts';
import { refusalBelow } from './below.ts';
import { HOST, openShop, type Shop } from './testing.ts';

const ERROR =
  /^<\?xml [^>]+\?>\s*<Error>\s*<Code>(?<code>\w+)<\/Code>\s*<Message>(?<message>[^<]+)<\/Message>\s*<Resource>[^<]+<\/Resource>\s*<RequestId>(?<id>[^<]+)<\/RequestId>\s*<TraceId>[^<]+<\/TraceId>\s*<\/Error>\s*$/;

/** What these bytes are answered with. */
async function said({ port }: Shop, bytes: string) {
  const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n', 2);
  const { code, message, id } = ERROR.exec(body)?.groups ?? assert.fail(`no error document: ${head}\n${body}`);
  assert.match(head, /^content-type: application\/xml$/im);
  assert.match(head, /^server: tencent-cos$/im);
  assert.match(head, /^connection: close$/im);
  assert.equal(/^x-cos-request-id: (.+)$/im.exec(head)?.[1], id);
  assert.equal(Number(/^content-length: (\d+)$/im.exec(head)?.[1]), Buffer.byteLength(body));
  return { status: Number(head.split(' ', 2)[1]), code, message };
}

describe('what never reaches the store is refused in its own form', () => {
  const cases: readonly [what: string, bytes: string, status: number, code: string, message: RegExp][] = [
    ['no HTTP', 'how do you do\r\n\r\n', 400, 'BadRequest', /no HTTP request/],
    [
      'headers without end',
      `GET / HTTP/1.1\r\nHost: ${HOST}\r\nx-cos-meta-a: ${'a'.repeat(70_000)}\r\n\r\n`,
      431,
      'BadRequest',
      /64 KB/,
    ],
    ['two hosts', `GET / HTTP/1.1\r\nHost: ${HOST}\r\nHost: b\r\n\r\n`, 400, 'BadRequest', /one Host header/],
    [
      'an unknown coding',
      `PUT /a HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
      501,
      'NotImplemented',
      /only transfer coding is chunked/,
    ],
    ['an expectation', `GET / HTTP/1.1\r\nHost: ${HOST}\r\nExpect: gold\r\n\r\n`, 417, 'BadRequest', /100-continue/],
    ['a tunnel', `CONNECT ${HOST}:80 HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`, 405, 'MethodNotAllowed', /method/],
  ];
  for (const [what, bytes, status, code, message] of cases) {
    test(what, async () => {
      await using shop = await openShop();
      const got = await said(shop, bytes);
      assert.deepEqual([got.status, got.code], [status, code]);
      assert.match(String(got.message), message);
    });
  }
});

test('a body that does not come is the error that clients try again', () => {
  const at = { clock: new TurnableClock(1_700_000_000_000), ids: new SeededIds('below') };
  const { status, body, headers } = refusalBelow(at, { status: 408, message: 'late' });
  assert.equal(status, 400);
  const { code, message, id } = ERROR.exec(body)?.groups ?? assert.fail(body);
  assert.deepEqual([code, headers['x-cos-request-id']], ['RequestTimeout', id]);
  assert.match(String(message), /timeout period/);
});
