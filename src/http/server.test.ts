import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { CloudError } from '../core/errors.ts';
import { type Log, NO_LOG } from '../core/log.ts';
import { readBody } from './body.ts';
import { rawExchange } from './fixture.ts';
import { type Front, openFront } from './server.ts';
import type { Site } from './site.ts';

const echo: Site = {
  name: 'echo',
  claims: () => false,
  async serve(request, response) {
    const body = await readBody(request, 1024 * 1024);
    response.end(JSON.stringify({ url: request.url, raw: request.rawHeaders, body: body.toString() }));
  },
};

async function front(fallback: Site, more: { sites?: Site[]; log?: Log; port?: number } = {}): Promise<Front> {
  return openFront({ host: '127.0.0.1', port: 0, setting: 'portApi', sites: [], log: NO_LOG, fallback, ...more });
}

const url = (open: Front, path = '/') => `http://127.0.0.1:${open.port}${path}`;

test('requests reach their site by host, and the fallback otherwise', async t => {
  const named: Site = {
    ...echo,
    name: 'named',
    claims: host => host === 'named.example',
    serve: (_, r) => void r.end('n'),
  };
  const open = await front(echo, { sites: [named] });
  t.after(() => open.close());
  assert.match(
    await rawExchange(open, 'GET / HTTP/1.1\r\nHost: Named.Example:99\r\nConnection: close\r\n\r\n'),
    /\r\n\r\nn$/,
  );
  const answer = (await (await fetch(url(open, '/a?b'))).json()) as { url: string };
  assert.equal(answer.url, '/a?b');
});

test('a busy port is told with the setting in its three spellings', async t => {
  const open = await front(echo);
  t.after(() => open.close());
  await assert.rejects(front(echo, { port: open.port }), (error: CloudError) => {
    assert.equal(error.code, 'Server.PortInUse');
    assert.match(error.text('en'), new RegExp(`^port ${open.port} of 127.0.0.1 is in use: `));
    for (const language of ['zh', 'en'] as const) {
      const text = error.text(language);
      for (const name of ['portApi', '--port-api', 'OPENSCF_PORT_API']) assert.ok(text.includes(name), text);
    }
    return true;
  });
});

test('an address that is not here is told with the host setting', async () => {
  const opening = openFront({ host: '192.0.2.1', port: 0, setting: 'portCos', sites: [], log: NO_LOG, fallback: echo });
  await assert.rejects(opening, /of 192\.0\.2\.1 is on an address .*--host, OPENSCF_HOST/);
});

test('what is no HTTP is answered 400 and the port lives on', async t => {
  const open = await front(echo);
  t.after(() => open.close());
  assert.match(await rawExchange(open, 'nonsense\r\n\r\n'), /^HTTP\/1\.1 400 /);
  assert.match(await rawExchange(open, 'GET / HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 400 /, 'no Host');
  const conflict = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
  assert.match(await rawExchange(open, conflict), /^HTTP\/1\.1 400 /);
  assert.equal((await fetch(url(open))).status, 200);
});

test('a site has its own words for what never reaches it; unread requests get those of who answers for the port', async t => {
  const worded = (name: string): Site => ({
    ...echo,
    name,
    claims: host => host === name,
    refusal: ({ status }) => ({ status: status + 1, headers: { 'X-By': name }, body: 'ä' }),
  });
  const open = await front(worded('port'), { sites: [worded('site')] });
  t.after(() => open.close());
  const said = async (bytes: string) => {
    const answer = await rawExchange(open, bytes);
    assert.match(answer, /Content-Length: 2\r\n/);
    return [Number(answer.slice(9, 12)), /X-By: (\w+)/.exec(answer)?.[1]];
  };
  assert.deepEqual(await said('nonsense\r\n\r\n'), [401, 'port']);
  assert.deepEqual(await said('GET /#a HTTP/1.1\r\nHost: site\r\n\r\n'), [401, 'site']);
  assert.deepEqual(await said('GET / HTTP/1.1\r\nHost: site\r\nExpect: gold\r\n\r\n'), [418, 'site']);
});

test('headers above 64 KB are refused with 431, 60 KB are taken', async t => {
  const open = await front(echo);
  t.after(() => open.close());
  const headers = (bytes: number) =>
    `GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Big: ${'x'.repeat(bytes)}\r\n\r\n`;
  assert.match(await rawExchange(open, headers(60 * 1024)), /^HTTP\/1\.1 200 /);
  assert.match(await rawExchange(open, headers(80 * 1024)), /^HTTP\/1\.1 431 /);
});

test('Expect: 100-continue is answered before the body comes', async t => {
  const open = await front(echo);
  t.after(() => open.close());
  const request = httpRequest(url(open), { method: 'POST', headers: { Expect: '100-continue', 'Content-Length': 4 } });
  request.flushHeaders();
  await once(request, 'continue');
  request.end('late');
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const [chunk] = (await once(response, 'data')) as [Buffer];
  assert.equal((JSON.parse(chunk.toString()) as { body: string }).body, 'late');
});

test('a site that fails is answered 500 and logged, thrown or rejected', async t => {
  const logged: object[] = [];
  const log: Log = { ...NO_LOG, error: fields => void logged.push(fields) };
  const failing: Site = {
    name: 'failing',
    claims: () => false,
    serve(request, response) {
      if (request.url === '/throw') throw new Error('thrown');
      if (request.url === '/half') response.write('half');
      return Promise.reject(new Error('rejected'));
    },
  };
  const open = await front(failing, { log });
  t.after(() => open.close());
  assert.equal((await fetch(url(open, '/throw'))).status, 500);
  assert.equal((await fetch(url(open, '/reject'))).status, 500);
  await assert.rejects(fetch(url(open, '/half')).then(response => response.text()));
  assert.deepEqual(
    logged.map(fields => (fields as { err: Error }).err.message),
    ['thrown', 'rejected', 'rejected'],
  );
});

test('a WebSocket upgrade reaches a site that speaks it; any other upgrade is a plain request', async t => {
  const speaking: Site = {
    ...echo,
    claims: host => host === 'ws.example',
    upgrade(_request, socket, head) {
      socket.end(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhead=${head.toString()}`,
      );
    },
  };
  const open = await front(echo, { sites: [speaking] });
  t.after(() => open.close());
  const ask = (host: string, upgrade: string, connection: string) =>
    rawExchange(open, `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: ${connection}\r\nUpgrade: ${upgrade}\r\n\r\n`);
  assert.match(await ask('ws.example', 'WebSocket', 'Upgrade'), /^HTTP\/1\.1 101 /);
  assert.match(await ask('ws.example', 'h2c', 'Upgrade, close'), /^HTTP\/1\.1 200 /);
  assert.match(await ask('other.example', 'websocket', 'Upgrade, close'), /^HTTP\/1\.1 200 /);
});

test('close ends idle connections at once and lets a running request end', async () => {
  const { promise: release, resolve: let_go } = Promise.withResolvers<void>();
  const { promise: running, resolve: started } = Promise.withResolvers<void>();
  const slow: Site = {
    name: 'slow',
    claims: () => false,
    async serve(request, response) {
      if (request.url === '/slow') {
        started();
        await release;
      }
      response.end('done');
    },
  };
  const open = await front(slow);
  const agent = new Agent({ keepAlive: true });
  const ask = (path: string) =>
    new Promise<string>((resolve, reject) => {
      const request = httpRequest(url(open, path), { agent }, response => {
        response.setEncoding('utf8');
        response.on('data', resolve);
      });
      request.on('error', reject).end();
    });
  assert.equal(await ask('/'), 'done');
  const answer = ask('/slow');
  await running;
  const closing = open.close(60_000);
  await assert.rejects(fetch(url(open)), 'no longer listening');
  let_go();
  assert.equal(await answer, 'done');
  await closing;
  agent.destroy();
});

test('close cuts what has not ended after the grace', async () => {
  const { promise: running, resolve: started } = Promise.withResolvers<void>();
  const open = await front({ name: 'never', claims: () => false, serve: () => started() });
  const answer = fetch(url(open));
  answer.catch(() => undefined);
  await running;
  await open.close(1);
  await assert.rejects(answer);
});

test('a client that breaks off in the middle of its body does no harm', async t => {
  const { promise: reading, resolve: read } = Promise.withResolvers<unknown>();
  const open = await front({
    name: 'reader',
    claims: () => false,
    async serve(request) {
      await readBody(request, 1000).catch(read);
    },
  });
  t.after(() => open.close());
  const socket = connect(open.port, '127.0.0.1', () => {
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf', () => socket.destroy());
  });
  assert.equal(((await reading) as Error).name, 'BodyAborted');
});
