// What every front has to stand and to do with requests as such, whatever product it is of.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { after, describe, test } from 'node:test';
import { ask, sdkOf } from './fixture.ts';
import { deployObedient, FRONTS, type FrontAddress, openStore, openTo } from './fronts.ts';
import { startTestServer } from './harness.ts';

const server = await startTestServer();
after(() => server.close());
const sdk = sdkOf(server);
await deployObedient(sdk);

const fronts: FrontAddress[] = [];
for (const name of Object.keys(FRONTS)) fronts.push(await openTo(sdk, 'obedient', name as keyof typeof FRONTS));
const api = new URL(server.endpoint);
const cloudApi: FrontAddress = {
  name: 'Cloud API',
  url: api.href,
  host: api.host,
  port: Number(api.port),
  path: '/',
};
const store = await openStore(server);

/** All that is answered until the server ends the connection. */
function sent(port: number, bytes: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
  buffer(socket).then(answer => resolve(answer.toString('latin1')), reject);
  return promise;
}

const head = ({ host, path }: FrontAddress, start: string, ...lines: string[]): string =>
  `${start.replace(' /', ` ${path}`)} HTTP/1.1\r\n${[`Host: ${host}`, ...lines].join('\r\n')}\r\n\r\n`;
const statuses = (answer: string) => [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
const marks = (answer: string) => [...answer.matchAll(/^X-Mark: (\S+)/gim)].map(([, mark]) => mark);
const CLOSE = 'Connection: close';

/** Every one of them may be read in two ways: by the length or by the chunks, up to here or up to there. */
const INNER = 'GET / HTTP/1.1\r\nHost: a\r\nX-Mark: inner\r\n\r\n';
const CHUNKED = 'Transfer-Encoding: chunked';
const TWO_WAYS: Readonly<Record<string, readonly [lines: readonly string[], body: string]>> = {
  'both lengths': [['Content-Length: 4', CHUNKED], `0\r\n\r\n${INNER}`],
  'two lengths': [['Content-Length: 0', `Content-Length: ${INNER.length}`], INNER],
  'a list of lengths': [[`Content-Length: 0, ${INNER.length}`], INNER],
  'a signed length': [['Content-Length: +0'], INNER],
  'a hexadecimal length': [['Content-Length: 0x0'], INNER],
  'a coding before chunked': [['Transfer-Encoding: gzip, chunked'], `0\r\n\r\n${INNER}`],
  'a coding after chunked': [['Transfer-Encoding: chunked, identity'], `0\r\n\r\n${INNER}`],
  'chunked twice': [[CHUNKED, CHUNKED], `0\r\n\r\n${INNER}`],
  'an unknown coding': [['Transfer-Encoding: xchunked', 'Content-Length: 0'], INNER],
  'a coding behind a tab': [['Transfer-Encoding:\tx chunked'], `0\r\n\r\n${INNER}`],
  'white space before the colon': [['Content-Length : 0'], INNER],
  'a folded header': [['X-A: b', ' Content-Length: 0'], INNER],
  'a bare line feed': [['X-A: b\nContent-Length: 0'], INNER],
  'a bare carriage return': [['X-A: b\rContent-Length: 0'], INNER],
  'a NUL': [['X-A: b\0'], ''],
  'a chunk without its length': [[CHUNKED], `\r\n\r\n${INNER}`],
  'a chunk of a signed length': [[CHUNKED], `-1\r\n\r\n${INNER}`],
  'a chunk longer than it says': [[CHUNKED], `1\r\nab\r\n0\r\n\r\n${INNER}`],
  'a chunk beyond numbers': [[CHUNKED], `fffffffffffffffff\r\na\r\n0\r\n\r\n${INNER}`],
  'two Hosts': [['Host: b'], ''],
};

for (const front of [...fronts, cloudApi, store]) {
  describe(front.name, () => {
    for (const [what, [lines, body]] of Object.entries(TWO_WAYS)) {
      test(`${what}: refused, and nothing behind it is read`, async () => {
        const answer = await sent(front.port, head(front, 'POST /', ...lines) + body);
        assert.equal(statuses(answer).length, 1, answer);
        assert.match(answer, /^HTTP\/1\.1 (400|501) /);
        assert.match(answer, /^Connection: close\r$/im);
        assert.deepEqual(marks(answer), []);
      });
    }

    test('every answer has an id of its own', async () => {
      const requests = [
        head(front, 'GET /', CLOSE),
        // The Cloud API says it in the body.
        ...(front === cloudApi ? [] : [head(front, 'HEAD /', CLOSE)]),
        head(front, 'OPTIONS /', CLOSE, 'Origin: http://a', 'Access-Control-Request-Method: POST'),
        head(front, 'POST /', CLOSE, 'X-Do: fail', 'Content-Length: 0'),
        `GET /nowhere HTTP/1.1\r\nHost: ${front.host}\r\n${CLOSE}\r\n\r\n`,
        `GET / HTTP/1.1\r\nHost: nobody.example\r\n${CLOSE}\r\n\r\n`,
        'nonsense\r\n\r\n',
        head(front, 'GET /', `X-Long: ${'x'.repeat(80_000)}`),
        'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n',
        'GET / HTTP/2.5\r\nHost: a\r\n\r\n',
      ];
      const ids = new Set<string>();
      for (const request of requests) {
        const answer = await sent(front.port, request);
        const id =
          /^X-(?:Api-|Scf-|cos-)?Request-?Id: (\S+)\r$/im.exec(answer)?.[1] ?? /"RequestId":"(\S+?)"/.exec(answer)?.[1];
        assert.ok(id, `${request.slice(0, 200)} → ${answer.slice(0, 400)}`);
        ids.add(id);
      }
      assert.equal(ids.size, requests.length);
    });

    test('headers above 64 KB are refused', async () => {
      assert.deepEqual(statuses(await sent(front.port, head(front, 'GET /', `X-Long: ${'x'.repeat(80_000)}`))), [431]);
    });
  });
}

for (const front of fronts) {
  const get = (mark: string, ...lines: string[]) => head(front, 'GET /', `X-Mark: ${mark}`, ...lines);
  describe(`${front.name}, with its function`, () => {
    test('answers in the order of the requests, however long each takes', async () => {
      const answer = await sent(
        front.port,
        get('1', 'X-Do: wait') + get('2') + get('3', 'X-Do: wait') + get('4', CLOSE),
      );
      assert.deepEqual(statuses(answer), [200, 200, 200, 200]);
      assert.deepEqual(marks(answer), ['1', '2', '3', '4']);
    });

    test('keeps the connection after what went wrong', async () => {
      const nowhere = `GET /nowhere HTTP/1.1\r\nHost: ${front.host}\r\n\r\n`;
      const post = head(front, 'POST /nowhere', 'Content-Length: 5');
      const answer = await sent(front.port, `${nowhere}${get('1', 'X-Do: fail')}${post}12345${get('last', CLOSE)}`);
      assert.equal(statuses(answer).length, 4, answer);
      assert.equal(statuses(answer).at(-1), 200);
      assert.equal(marks(answer).at(-1), 'last');
    });

    test('goes by the host of an absolute target', async () => {
      const start = `GET http://${front.host}${front.path} HTTP/1.1`;
      const lines = 'Host: nobody.example\r\nX-Mark: absolute\r\nConnection: close';
      assert.deepEqual(marks(await sent(front.port, `${start}\r\n${lines}\r\n\r\n`)), ['absolute']);
    });

    test('takes a request to upgrade for a plain one, or refuses it', async () => {
      const upgrade = [
        'Upgrade: websocket',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        'Sec-WebSocket-Version: 13',
      ];
      const [status = 0] = statuses(await sent(front.port, get('1', 'Connection: Upgrade, close', ...upgrade)));
      assert.ok(status === 200 || (status >= 400 && status < 500), String(status));
      assert.deepEqual(statuses(await sent(front.port, get('1', 'Connection: Upgrade, close', 'Upgrade: h2c'))), [200]);
    });

    test('does not mind clients that go in the middle of the answer', async () => {
      const goes = () =>
        new Promise<void>(resolve => {
          const socket = connect(front.port, '127.0.0.1', () => socket.write(get('1', 'X-Do: much')));
          socket.once('data', () => socket.destroy());
          socket.once('close', () => resolve());
        });
      for (let i = 0; i < 10; i++) await goes();
      const answer = await ask(front.url, { headers: { 'X-Mark': 'after', 'X-Do': 'much' } });
      assert.deepEqual([answer.status, answer.body.length], [200, 4e6]);
    });

    test('knows who calls it by the connection, whatever the client says', async () => {
      const told = await ask(front.url, {
        headers: { 'X-Do': 'tell', 'X-Forwarded-For': '203.0.113.7', 'X-Real-IP': '203.0.113.8' },
      });
      assert.equal(callerOf(told.body), '127.0.0.1');
    });
  });
}

/** Where each front tells it. */
function callerOf(body: Buffer): string | undefined {
  const { requestContext, headers } = JSON.parse(body.toString()) as {
    requestContext?: { sourceIp?: string };
    headers: Readonly<Record<string, string>>;
  };
  return requestContext?.sourceIp ?? headers['X-Real-IP'] ?? headers['x-scf-remote-addr'];
}

test('all of them know who calls by a proxy that is trusted, and serve IPv6', async t => {
  const other = await startTestServer({ host: '::1', trustedProxies: '::1' });
  t.after(() => other.close());
  const itsSdk = sdkOf(other);
  await deployObedient(itsSdk);
  for (const name of Object.keys(FRONTS)) {
    const { url } = await openTo(itsSdk, 'obedient', name as keyof typeof FRONTS);
    assert.match(url, /^http:\/\/\[::1\]:/);
    const [own, forwarded] = [{ 'X-Do': 'tell' }, { 'X-Do': 'tell', 'X-Forwarded-For': '2001:db8::7' }];
    assert.equal(callerOf((await ask(url, { headers: own })).body), '::1', name);
    assert.equal(callerOf((await ask(url, { headers: forwarded })).body), '2001:db8::7', name);
  }
});
