import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { type Ask, assertSaid, FakeTarget, GatewayStand } from '../fixture.ts';
import type { ApiConfig, HttpBackend } from '../model.ts';

interface Seen extends Pick<IncomingMessage, 'method' | 'url' | 'headers'> {
  readonly body: string;
}

/** A plain server, and an API in front of it. */
async function stand(
  change: Partial<ApiConfig> & { readonly to?: Partial<HttpBackend> } = {},
  answer: RequestListener = (_, response) => response.end('hello'),
) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const { method, url, headers } = request;
    seen.push({ method, url, headers, body: (await buffer(request)).toString() });
    answer(request, response);
  });
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const open = await GatewayStand.open();
  const { to, ...config } = change;
  const url = `http://127.0.0.1:${port}`;
  const backend: HttpBackend = { type: 'HTTP', url, path: '/', method: 'ANY', ...to };
  const { base } = await open.serve(new FakeTarget(), { ...config, backend });
  return {
    open,
    seen,
    port,
    visit: (path = '/fn', options: Ask = {}) => open.ask(`${base}${path}`, options),
    async [Symbol.asyncDispose]() {
      await open[Symbol.asyncDispose]();
      server.closeAllConnections();
      await new Promise(closed => server.close(closed));
    },
  };
}

describe('an API in front of a plain server', () => {
  it('passes request and answer on', async () => {
    await using at = await stand({ to: { path: '/shop' } }, (_, response) => {
      response.writeHead(201, 'Made', { 'X-Own': 'b', 'Set-Cookie': ['c=1', 'd=2'] }).end('made');
    });
    const answer = await at.visit('/fn/x%20y?a=1&a=2', { method: 'PUT', body: 'body', headers: { 'X-Mine': 'a' } });
    assert.deepEqual([answer.status, answer.reason, answer.body.toString()], [201, 'Made', 'made']);
    assert.equal(answer.headers['x-own'], 'b');
    assert.deepEqual(answer.headers['set-cookie'], ['c=1', 'd=2']);
    assert.equal(answer.headers['x-api-upstreamstatus'], '201');
    const [seen] = at.seen;
    assert.deepEqual([seen?.method, seen?.url, seen?.body], ['PUT', '/shop/x%20y?a=1&a=2', 'body']);
    assert.equal(seen?.headers['x-mine'], 'a');
  });

  it('adds the documented headers, and takes a client’s copies of them away', async () => {
    await using at = await stand();
    const forged = {
      'X-Api-RequestId': 'x',
      'X-Real-IP': '1.2.3.4',
      'X-Forwarded-For': '5.6.7.8',
      RequestSource: 'me',
    };
    const { headers } = await at.visit('/fn', { headers: forged });
    const seen = at.seen[0]?.headers ?? {};
    assert.equal(seen['x-api-requestid'], headers['x-api-requestid']);
    assert.equal(seen['x-b3-traceid'], headers['x-api-requestid']);
    assert.equal(seen['x-forwarded-for'], '5.6.7.8, 127.0.0.1');
    const told = ['x-real-ip', 'x-client-proto', 'x-client-proto-ver', 'x-api-scheme', 'requestsource'];
    assert.deepEqual(
      told.map(name => seen[name]),
      ['127.0.0.1', 'http', 'HTTP/1.1', 'http', 'APIGW'],
    );
    assert.equal(seen['x-anonymous-consumer'], 'true');
    assert.equal(seen.host, `127.0.0.1:${at.port}`);
  });

  it('fills parameters of the path in, and defaults of declared ones', async () => {
    const parameters: ApiConfig['parameters'] = [
      { name: 'page', position: 'QUERY', required: false, defaultValue: '1 0' },
      { name: 'X-Shop', position: 'HEADER', required: false, defaultValue: 'corner' },
    ];
    await using at = await stand({ path: '/u/{id}', parameters, to: { path: '/v1/{id}/users', method: 'POST' } });
    await at.visit('/u/%E4%B8%AD%2Fx/rest?b=1');
    await at.visit('/u/7?page=2', { headers: { 'x-shop': 'mine' } });
    const [first, second] = at.seen;
    assert.deepEqual([first?.method, first?.url], ['POST', '/v1/%E4%B8%AD/users%2Fx/rest?b=1&page=1%200']);
    assert.equal(first?.headers['x-shop'], 'corner');
    assert.deepEqual([second?.url, second?.headers['x-shop']], ['/v1/7/users?page=2', 'mine']);
  });

  it('leaves redirects to the client', async () => {
    await using at = await stand({}, (_, response) => response.writeHead(302, { Location: '/elsewhere' }).end());
    const { status, headers } = await at.visit();
    assert.deepEqual([status, headers.location], [302, '/elsewhere']);
    assert.equal(at.seen.length, 1);
  });
});

describe('a plain server that does not answer well', () => {
  it('is not there: 502', async () => {
    await using at = await stand({ to: { url: 'http://127.0.0.1:1' } });
    const answer = await at.visit();
    assertSaid(answer, 502, 'Bad Gateway');
    assert.equal(answer.headers['x-api-upstreamstatus'], '502');
  });

  it('speaks something else: 502', async () => {
    const other = createTcpServer(socket => socket.resume().end('SSH-2.0-OpenSSH_9.6\r\n'));
    await new Promise<void>(listening => other.listen(0, '127.0.0.1', listening));
    const { port } = other.address() as AddressInfo;
    await using at = await stand({ to: { url: `http://127.0.0.1:${port}` } });
    assertSaid(await at.visit(), 502, 'Bad Gateway');
    await new Promise(closed => other.close(closed));
  });

  it('hangs up: 502', async () => {
    await using at = await stand({}, request => request.socket.destroy());
    assertSaid(await at.visit('/fn', { method: 'POST', body: 'x' }), 502, 'Bad Gateway');
  });

  it('is too slow: 504', async () => {
    const asked = Promise.withResolvers<void>();
    await using at = await stand({ timeoutS: 2 }, () => asked.resolve());
    const waiting = at.visit();
    await asked.promise;
    await at.open.clock.advance(2000);
    const answer = await waiting;
    assertSaid(answer, 504, 'Gateway Time-out');
    assert.equal(answer.headers['x-api-upstreamstatus'], '504');
  });

  it('of an authorisation API is the authentication server', async () => {
    const oauth = { publicKey: '', tokenLocation: 'header', loginRedirectUrl: '' };
    const auth = { type: 'OAUTH', business: 'OAUTH', oauth } as const;
    await using at = await stand({ auth, to: { url: 'http://127.0.0.1:1' } });
    assertSaid(await at.visit(), 401, 'Oauth call authentication server fail');
  });
});

describe('an API with a fixed answer', () => {
  for (const [message, type] of [
    ['{"a":1}', 'application/json'],
    ['hello, 世界', 'text/plain; charset=utf-8'],
  ] as const) {
    it(`${type}`, async () => {
      await using open = await GatewayStand.open();
      const { base } = await open.serve(new FakeTarget(), { backend: { type: 'MOCK', message } });
      const answer = await open.ask(`${base}/fn`, { method: 'POST', body: 'ignored' });
      assert.deepEqual([answer.status, answer.body.toString()], [200, message]);
      assert.equal(answer.headers['content-type'], type);
      assert.equal(answer.headers['x-api-upstreamstatus'], undefined);
    });
  }

  it('that is empty is a mistake', async () => {
    await using open = await GatewayStand.open();
    const { base } = await open.serve(new FakeTarget(), { backend: { type: 'MOCK', message: '' } });
    assertSaid(await open.ask(`${base}/fn`), 481, 'Mock config error');
  });
});
