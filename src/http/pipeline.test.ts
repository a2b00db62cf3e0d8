import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { NO_LOG } from '../core/log.ts';
import { rawExchange } from './fixture.ts';
import { openFront } from './server.ts';
import type { Site } from './site.ts';

/** Holds its answers back until they are asked for. */
async function holding(t: TestContext, bodyIdleMs?: number) {
  const held = new Map<string, ServerResponse>();
  let upgrades = 0;
  let arrived = () => {};
  const site: Site = {
    name: 'holding',
    claims: () => true,
    serve(request, response) {
      request.resume();
      held.set(request.url ?? '', response);
      arrived();
    },
    upgrade(_request, socket, head) {
      upgrades++;
      socket.end(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhead=${head}`);
    },
  };
  const at = { host: '127.0.0.1', port: 0, setting: 'portHttp', sites: [site], fallback: site, log: NO_LOG };
  const front = await openFront(bodyIdleMs === undefined ? at : { ...at, bodyIdleMs });
  t.after(() => front.close(0));
  return {
    front,
    /** How many handshakes the site has seen. */
    upgrades: () => upgrades,
    async until(path: string): Promise<ServerResponse> {
      for (;;) {
        const response = held.get(path);
        if (response) return response;
        await new Promise<void>(resolve => {
          arrived = resolve;
        });
      }
    },
  };
}

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
const HANDSHAKE = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
const statuses = (answer: string) => [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));

test('a handshake waits for the answers to what was asked before it', async t => {
  const at = await holding(t);
  const all = rawExchange(at.front, `${get('/1')}${get('/2')}${get('/ws', HANDSHAKE)}behind`);
  // More than the connection takes at once.
  const long = 'x'.repeat(4 * 1024 * 1024);
  (await at.until('/2')).end('second');
  assert.equal(at.upgrades(), 0);
  const first = await at.until('/1');
  assert.equal(first.write(long), false);
  first.once('drain', () => first.end());
  const answer = await all;
  assert.deepEqual(statuses(answer), [200, 200, 101]);
  assert.ok(answer.indexOf('second') > long.length);
  assert.match(answer, /head=behind$/);
});

test('nobody shakes hands on a connection that has ended with the answer before', async t => {
  const at = await holding(t);
  const all = rawExchange(at.front, get('/1') + get('/ws', HANDSHAKE));
  const first = await at.until('/1');
  first.setHeader('Connection', 'close');
  first.end('last');
  assert.deepEqual(statuses(await all), [200]);
  assert.equal(at.upgrades(), 0);
});

test('a tunnel is refused behind the answer to what was asked before', async t => {
  const at = await holding(t);
  const all = rawExchange(at.front, `${get('/1')}CONNECT b:1 HTTP/1.1\r\nHost: b:1\r\n\r\n`);
  (await at.until('/1')).end('first');
  assert.deepEqual(statuses(await all), [200, 405]);
});

for (const begun of [false, true]) {
  test(`what is no HTTP is refused behind an answer that ${begun ? 'has' : 'has not'} begun`, async t => {
    const at = await holding(t);
    const socket = connect(at.front.port, '127.0.0.1');
    let answer = '';
    socket.on('data', chunk => {
      answer += chunk.toString();
    });
    socket.write(get('/1'));
    const first = await at.until('/1');
    if (begun) first.write('fir');
    // Each piece is malformed.
    for (let i = 0; i < 20; i++) await new Promise<void>(resolve => socket.write('nonsense\r\n\r\n', () => resolve()));
    first.end('st');
    await new Promise(resolve => socket.once('close', resolve));
    assert.deepEqual(statuses(answer), [200, 400]);
  });
}

test('a body that turns out to be malformed is refused at once: its site waits for the rest', async t => {
  const at = await holding(t);
  const post = 'POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nno chunk\r\n';
  assert.deepEqual(statuses(await rawExchange(at.front, post)), [400]);
});

test('a body that stops behind an unanswered request is not answered in its place', async t => {
  const at = await holding(t, 30);
  const all = rawExchange(at.front, `${get('/1')}POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhi`);
  await at.until('/2');
  assert.equal(await all, '');
});
