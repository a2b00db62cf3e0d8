import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { anOutcome } from '../../core/fixture.ts';
import { trustedProxies } from '../../http/client.ts';
import { refused, SOCKET, UrlStand, UUID, WEB } from './fixture.ts';
import { REQUEST_BYTES } from './model.ts';

describe('a web function behind its URL', () => {
  test('gets the request as it came, and its answer goes back as it was made', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url(WEB);
    const answer = await stand.ask(`/_url/${id}/p/?q=1`, { method: 'POST', body: Readable.from(['a', 'b']) });
    assert.deepEqual([answer.status, answer.text, answer.headers['x-web']], [200, 'ab', '1']);
    assert.match(String(answer.headers['x-scf-request-id']), UUID);
    const [passed] = stand.target.passed;
    assert.equal(passed?.target, '/p/?q=1');
    assert.equal(passed?.remoteAddress, '127.0.0.1');
    assert.equal(stand.target.asked.length, 0);
    await stand.ask(`/_url/${id}/p?`);
    assert.equal(stand.target.passed[1]?.target, '/p?', 'a query of nothing is one');
    assert.equal(stand.target.passed[1]?.body, undefined);
  });

  test('cannot say the request id itself', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url(WEB);
    stand.target.play = async exchange => {
      exchange.respond({ status: 200, reason: '', rawHeaders: ['x-scf-request-id', 'mine'] }).stream.end();
      return anOutcome(200);
    };
    assert.match(String((await stand.ask(`/_url/${id}`)).headers['x-scf-request-id']), UUID);
  });

  test('that gives no answer is told by its outcome', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url(WEB);
    for (const [status, told] of [
      [446, 446],
      [433, 433],
      [200, 500],
    ] as const) {
      stand.target.play = async () => anOutcome(status);
      const answer = await stand.ask(`/_url/${id}`);
      assert.deepEqual([answer.status, answer.headers['x-scf-status']], [told, String(told)]);
      assert.equal((JSON.parse(answer.text) as { statusCode: number }).statusCode, told);
    }
    stand.target.play = async () => {
      throw new Error('a defect');
    };
    assert.equal((await stand.ask(`/_url/${id}`)).status, 500);
  });

  test('is told when its client goes', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url(WEB);
    const { promise: gone, resolve } = Promise.withResolvers<void>();
    const socket = connect(stand.port, '127.0.0.1');
    stand.target.play = exchange =>
      new Promise(end => {
        exchange.signal.addEventListener('abort', () => {
          end(anOutcome(499));
          resolve();
        });
        socket.destroy();
      });
    socket.write(`GET /_url/${id} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await gone;
    assert.equal((await stand.ask('/_url/none')).status, 404, 'nothing else is hurt');
  });

  test('is not bothered with a body that is too large', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url(WEB);
    const body = Buffer.alloc(REQUEST_BYTES + 1);
    assert.equal((await stand.ask(`/_url/${id}`, { method: 'POST', body })).status, 413);
    assert.equal(stand.target.passed.length, 0);
  });
});

describe('WebSocket', () => {
  const handshake = (path: string) =>
    `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n`;

  /** All that comes back. */
  async function raw(stand: UrlStand, text: string): Promise<string> {
    const socket = connect(stand.port, '127.0.0.1', () => socket.write(text));
    let got = '';
    socket.setEncoding('utf8').on('data', chunk => {
      got += chunk;
    });
    await once(socket, 'close');
    return got;
  }

  test('is spoken by functions that were made for it', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url(SOCKET);
    stand.target.play = async exchange => {
      exchange.respond({ status: 101, reason: 'Switching Protocols', rawHeaders: [] }).stream.end('frames');
      return anOutcome(200);
    };
    const got = await raw(stand, handshake(`/_url/${id}/chat?a`));
    assert.match(got, /^HTTP\/1\.1 101 [\s\S]*X-Scf-Request-Id: [\s\S]*\r\n\r\nframes$/);
    assert.equal(stand.target.passed[0]?.target, '/chat?a');
  });

  test('is refused by all others, by no URL, and without a signature', async () => {
    await using stand = await UrlStand.open();
    const signed = await stand.url({ ...SOCKET, qualifier: '1' }, { auth: 'CAM' });
    for (const [id, status] of [
      [await stand.url(), 426],
      [await stand.url(WEB), 426],
      ['aaaaaaaaaa', 404],
      [signed, 401],
    ] as const) {
      const got = await raw(stand, handshake(`/_url/${id}`));
      assert.match(got, new RegExp(`^HTTP/1\\.1 ${status} `));
      assert.equal(refused(got.slice(got.indexOf('\r\n\r\n') + 4)).statusCode, status);
    }
    assert.equal(stand.target.passed.length, 0);
  });

  test('that the function cannot take is told by its outcome', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url(SOCKET);
    stand.target.play = async () => anOutcome(446);
    assert.match(await raw(stand, handshake(`/_url/${id}`)), /^HTTP\/1\.1 446 [\s\S]*"statusCode":446/);
    stand.target.play = async () => {
      throw new Error('a defect');
    };
    assert.match(await raw(stand, handshake(`/_url/${id}`)), /^HTTP\/1\.1 500 /);
  });

  test('that breaks after it was agreed to breaks its connection alone', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url(SOCKET);
    stand.target.play = async exchange => {
      exchange.respond({ status: 101, reason: '', rawHeaders: [] }).stream.write('x');
      throw new Error('a defect');
    };
    assert.match(await raw(stand, handshake(`/_url/${id}`)), /^HTTP\/1\.1 101 /);
  });
});

describe('the direct path to a web function', () => {
  test('is for callers on this machine, by a name of this machine', async () => {
    await using stand = await UrlStand.open({ proxies: trustedProxies('127.0.0.1') });
    assert.equal((await stand.ask('/_web/default/web/$LATEST/p?q', { method: 'POST', body: 'b' })).text, 'b');
    assert.equal(stand.target.passed[0]?.target, '/p?q');
    assert.deepEqual(stand.dialled, [{ ...WEB, qualifier: '$LATEST' }]);
    for (const ask of [{ host: 'rebound.example' }, { headers: { 'X-Forwarded-For': '1.2.3.4' } }]) {
      const answer = await stand.ask('/_web/default/web/$LATEST', ask);
      assert.equal(answer.status, 403);
      refused(answer.text);
    }
    assert.equal(stand.target.passed.length, 1);
  });

  test('leads to no other function', async () => {
    await using stand = await UrlStand.open();
    for (const path of ['/_web/default/fn/$LATEST', '/_web/default/none/1/x', '/_web/', '/_web/default']) {
      const answer = await stand.ask(path);
      assert.equal(answer.status, 404, path);
      refused(answer.text);
    }
  });
});
