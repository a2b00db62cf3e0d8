import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { WebSocket, WebSocketServer } from 'ws';
import { Backend, FakeTarget, freePort, REGION, refOf, Stand, saying, text } from '../fixture.ts';

const HOST = { host: 'a.test' };

/** How often each answer came. */
async function tally(count: number, get: () => Promise<{ readonly body: string }>): Promise<Record<string, number>> {
  const seen: Record<string, number> = {};
  for (let i = 0; i < count; i++) {
    const { body } = await get();
    seen[body] = (seen[body] ?? 0) + 1;
  }
  return seen;
}

describe('a rule with servers', () => {
  it('passes requests on as they came, with the managed headers', async () => {
    await using server = await Backend.open((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', chunk => chunks.push(chunk));
      request.on('end', () => {
        response.writeHead(202, 'Fine', ['X-A', '1', 'X-A', '2', 'X-Request-Id', 'its own']);
        const { method, url, rawHeaders } = request;
        response.end(JSON.stringify({ method, url, rawHeaders, body: Buffer.concat(chunks).toString() }));
      });
    });
    await using stand = await Stand.open();
    const placed = await stand.servers([server]);
    const answer = await placed.ask('/x%20?a=1', {
      method: 'PUT',
      headers: { ...HOST, 'X-mIxed': 'v', 'X-Real-IP': 'forged', 'Transfer-Encoding': 'chunked' },
      body: 'chunks',
    });
    assert.equal(answer.status, 202);
    assert.deepEqual([answer.headers['x-a'], answer.headers['x-request-id']], ['1, 2', 'its own']);
    const seen = JSON.parse(answer.body) as { method: string; url: string; rawHeaders: string[]; body: string };
    assert.deepEqual([seen.method, seen.url, seen.body], ['PUT', '/x%20?a=1', 'chunks']);
    const names = seen.rawHeaders.filter((_, i) => i % 2 === 0);
    assert.ok(names.includes('X-mIxed'));
    assert.equal(names.filter(name => name.toLowerCase() === 'x-real-ip').length, 1);
    assert.equal(seen.rawHeaders.includes('forged'), false);
    for (const name of [
      'X-Stgw-Time',
      'X-Client-Proto',
      'X-Forwarded-Proto',
      'X-Client-Proto-Ver',
      'X-Forwarded-For',
    ]) {
      assert.ok(names.includes(name), name);
    }
  });

  it('streams both ways', async () => {
    let got = '';
    await using server = await Backend.open((request, response) => {
      response.write('begun;');
      request.on('data', chunk => {
        got += chunk;
        response.write(`heard ${chunk};`);
      });
      request.on('end', () => response.end());
    });
    await using stand = await Stand.open();
    const placed = await stand.servers([server]);
    const { host, port } = stand.clb.place(placed.listener);
    const request = httpRequest({ host, port, method: 'POST', headers: HOST, agent: false });
    request.flushHeaders();
    const [response] = await once(request, 'response');
    response.setEncoding('utf8');
    assert.equal((await once(response, 'data'))[0], 'begun;');
    request.write('one');
    assert.equal((await once(response, 'data'))[0], 'heard one;');
    const ended = once(response.resume(), 'end');
    request.end('two');
    await ended;
    assert.equal(got, 'onetwo');
  });

  it('shares requests by weight, smoothly, and gives none to weight 0', async () => {
    await using a = await saying('a');
    await using b = await saying('b');
    await using c = await saying('c');
    await using stand = await Stand.open();
    const placed = await stand.servers([
      { draft: () => a.draft(50) },
      { draft: () => b.draft(10) },
      { draft: () => c.draft(0) },
    ]);
    assert.deepEqual(await tally(60, () => placed.ask('/', { headers: HOST })), { a: 50, b: 10 });
    await stand.clb.targets.weigh(refOf(placed.rule), [
      { address: '127.0.0.1', port: a.port, weight: 0 },
      { address: '127.0.0.1', port: c.port, weight: 10 },
    ]);
    assert.deepEqual(await tally(20, () => placed.ask('/', { headers: HOST })), { b: 10, c: 10 });
    await stand.clb.targets.deregister(refOf(placed.rule), [{ address: '127.0.0.1', port: b.port }]);
    assert.deepEqual(await tally(5, () => placed.ask('/', { headers: HOST })), { c: 5 });
    await stand.clb.targets.weigh(refOf(placed.rule), [{ address: '127.0.0.1', port: c.port, weight: 0 }]);
    assert.equal((await placed.ask('/', { headers: HOST })).status, 502);
  });

  it('gives the next request to who has the fewest for its weight', async () => {
    const held: (() => void)[] = [];
    const slow = (body: string) => Backend.open((_, response) => void held.push(() => response.end(body)));
    await using a = await slow('a');
    await using b = await slow('b');
    await using stand = await Stand.open();
    const placed = await stand.servers([{ draft: () => a.draft(20) }, { draft: () => b.draft(10) }], {
      scheduler: 'LEAST_CONN',
    });
    const answers: Promise<{ body: string }>[] = [];
    for (let i = 0; i < 6; i++) {
      answers.push(placed.ask('/', { headers: HOST }));
      while (held.length <= i) await new Promise(setImmediate);
    }
    for (const finish of held) finish();
    const bodies = (await Promise.all(answers)).map(({ body }) => body);
    assert.deepEqual(bodies.toSorted(), ['a', 'a', 'a', 'a', 'b', 'b']);
  });

  it('keeps an address with its server, also when another one goes', async () => {
    await using a = await saying('a');
    await using b = await saying('b');
    await using c = await saying('c');
    await using stand = await Stand.open();
    const placed = await stand.servers([a, b, c], { scheduler: 'IP_HASH' });
    const bodies = new Map<string, string>();
    for (let i = 1; i <= 30; i++) {
      const localAddress = `127.9.9.${i}`;
      const { body } = await placed.ask('/', { headers: HOST, localAddress });
      assert.equal((await placed.ask('/', { headers: HOST, localAddress })).body, body);
      bodies.set(localAddress, body);
    }
    assert.equal(new Set(bodies.values()).size, 3);
    await stand.clb.targets.deregister(refOf(placed.rule), [{ address: '127.0.0.1', port: b.port }]);
    for (const [localAddress, body] of bodies) {
      if (body !== 'b') assert.equal((await placed.ask('/', { headers: HOST, localAddress })).body, body);
    }
  });

  it('keeps a client that brings its cookie with its server', async () => {
    await using a = await saying('a');
    await using b = await saying('b');
    await using stand = await Stand.open();
    const placed = await stand.servers([a, b], { sessionExpireS: 60 });
    const first = await placed.ask('/', { headers: HOST });
    const [cookie = ''] = first.headers['set-cookie'] ?? [];
    assert.match(
      cookie,
      /^tgw_l7_route=[0-9a-f]{32}; Expires=Fri, 19 Apr 2024 08:01:00 GMT; Max-Age=60; Path=\/; HttpOnly$/,
    );
    const headers = { ...HOST, cookie: `x=1; ${cookie.split(';')[0]}` };
    assert.deepEqual(await tally(6, () => placed.ask('/', { headers })), { [first.body]: 6 });
    assert.equal((await tally(6, () => placed.ask('/', { headers: HOST })))[first.body], 3);
    await stand.clb.rules.modify(refOf(placed.rule), { cookieName: 'mine', sessionExpireS: 30 });
    assert.match((await placed.ask('/', { headers })).headers['set-cookie']?.[0] ?? '', /^mine=.*Max-Age=30/);
    const stranger = { ...HOST, cookie: 'mine=nobody' };
    assert.deepEqual(await tally(4, () => placed.ask('/', { headers: stranger })), { a: 2, b: 2 });
  });

  it('tries another server where a connection is refused, with the whole body', async () => {
    await using live = await Backend.open((request, response) => void request.pipe(response));
    const dead = await freePort('127.0.0.1');
    await using stand = await Stand.open();
    const placed = await stand.servers([live]);
    await stand.clb.targets.register(refOf(placed.rule), [{ id: '', address: '127.0.0.1', port: dead, weight: 10 }]);
    for (let i = 0; i < 4; i++) {
      const answer = await placed.ask('/', { method: 'POST', headers: HOST, body: 'x'.repeat(100_000) });
      assert.deepEqual([answer.status, answer.body.length], [200, 100_000]);
    }
    await stand.clb.targets.deregister(refOf(placed.rule), [{ address: '127.0.0.1', port: live.port }]);
    assert.equal((await placed.ask('/', { headers: HOST })).status, 502);
  });

  it('answers 502 where a server breaks off, and sends the request to nobody else', async () => {
    let asked = 0;
    const breaks = () =>
      Backend.open(request => {
        asked++;
        request.socket.destroy();
      });
    await using a = await breaks();
    await using b = await breaks();
    await using stand = await Stand.open();
    const placed = await stand.servers([a, b]);
    assert.equal((await placed.ask('/', { method: 'POST', headers: HOST, body: 'x' })).status, 502);
    assert.equal(asked, 1);
  });

  it('refuses what is larger than client_max_body_size', async () => {
    await using server = await Backend.open(
      (request, response) => void request.resume().on('end', () => response.end('all')),
    );
    await using stand = await Stand.open();
    const placed = await stand.servers([server]);
    const config = await stand.clb.configs.create(REGION, { name: 'c', content: 'client_max_body_size 1m;' });
    await stand.clb.configs.bind(REGION, config.id, [placed.balancer.id]);
    const body = Buffer.alloc(1024 * 1024 + 1);
    assert.equal((await placed.ask('/', { method: 'POST', headers: HOST, body })).status, 413);
    const chunked = { ...HOST, 'Transfer-Encoding': 'chunked' };
    assert.equal((await placed.ask('/', { method: 'POST', headers: chunked, body })).status, 413);
    assert.equal((await placed.ask('/', { method: 'POST', headers: HOST, body: body.subarray(1) })).body, 'all');
  });

  it('compresses as it comes, and tells so', async () => {
    const long = 'line\n'.repeat(1000);
    await using server = await Backend.open((request, response) => {
      const headers = {
        'Content-Type': 'text/plain',
        ETag: '"e"',
        ...(request.url === '/packed' && { 'Content-Encoding': 'br' }),
      };
      if (request.url === '/short') response.writeHead(200, { ...headers, 'Content-Length': 5 }).end('short');
      else response.writeHead(200, headers).end(long);
    });
    await using stand = await Stand.open();
    const placed = await stand.servers([server]);
    const headers = { ...HOST, 'Accept-Encoding': 'br, gzip;q=0.5' };
    const packed = await placed.ask('/', { headers });
    assert.equal(gunzipSync(packed.bytes).toString(), long);
    assert.deepEqual([packed.headers.etag, packed.headers.vary], ['W/"e"', 'Accept-Encoding']);
    assert.equal((await placed.ask('/packed', { headers })).headers['content-encoding'], 'br');
    assert.equal((await placed.ask('/short', { headers })).body, 'short');
    assert.equal((await placed.ask('/', { headers: HOST })).body, long);
    const head = await placed.ask('/', { method: 'HEAD', headers });
    assert.deepEqual([head.headers['content-encoding'], head.bytes.length], [undefined, 0]);
  });

  it('breaks off at the server what its client has left', async () => {
    const gone: Promise<unknown>[] = [];
    await using server = await Backend.open((request, response) => {
      gone.push(once(request.socket, 'close'));
      response.write('some');
    });
    await using stand = await Stand.open();
    const placed = await stand.servers([server]);
    const { host, port } = stand.clb.place(placed.listener);
    const request = httpRequest({ host, port, headers: HOST, agent: false }).end();
    const [response] = await once(request, 'response');
    await once(response, 'data');
    request.on('error', () => {});
    request.destroy();
    await Promise.all(gone);
    assert.equal(gone.length, 1);
  });

  it('passes WebSockets on, tries another server, and gives back a refusal as it is', async () => {
    await using server = await Backend.open(
      (_, response) => void response.writeHead(403, { 'X-Why': 'no' }).end('not here'),
    );
    const sockets = new WebSocketServer({ noServer: true });
    server.server.on('upgrade', (request, socket, head) => {
      if (request.url === '/no') socket.end('HTTP/1.1 403 Forbidden\r\nX-Why: no\r\nContent-Length: 2\r\n\r\nno');
      else
        sockets.handleUpgrade(request, socket, head, one =>
          one.on('message', data => one.send(`${request.headers['x-real-ip']} ${data}`)),
        );
    });
    await using stand = await Stand.open();
    const placed = await stand.servers([server]);
    const dead = await freePort('127.0.0.1');
    await stand.clb.targets.register(refOf(placed.rule), [{ id: '', address: '127.0.0.1', port: dead, weight: 10 }]);
    const { host, port } = stand.clb.place(placed.listener);
    for (let i = 0; i < 2; i++) {
      const client = new WebSocket(`ws://${host}:${port}/chat`, { headers: HOST });
      await once(client, 'open');
      client.send('hello');
      assert.match(String((await once(client, 'message'))[0]), /^[\d.]+ hello$/);
      const [served] = sockets.clients;
      const closed = served && once(served, 'close');
      client.close();
      await Promise.all([closed, once(client, 'close')]);
    }
    const upgrade = { ...HOST, Connection: 'Upgrade', Upgrade: 'websocket' };
    const refused = await placed.ask('/no', { headers: upgrade });
    assert.deepEqual([refused.status, refused.headers['x-why'], refused.body], [403, 'no', 'no']);
    await stand.clb.targets.deregister(refOf(placed.rule), [{ address: '127.0.0.1', port: server.port }]);
    assert.equal((await placed.ask('/', { headers: upgrade })).status, 502);
  });
});

describe('switching from a server to a function', () => {
  it('is two balancers with one listener port, and no request fails on the way', async () => {
    await using server = await saying('server');
    await using stand = await Stand.open();
    const target = new FakeTarget(async () => text('function'));
    const old = await stand.servers([server]);
    const { port } = old.listener;
    const fresh = await stand.function(target, { domains: ['a.test'] }, { port });
    assert.notEqual(old.balancer.vip, fresh.balancer.vip);
    assert.equal(old.listener.port, fresh.listener.port);
    const seen: string[] = [];
    for (let i = 0; i < 20; i++) {
      const { status, body } = await (i < 10 ? old : fresh).ask('/', { headers: HOST });
      assert.equal(status, 200);
      seen.push(body);
    }
    assert.deepEqual(seen, [...Array(10).fill('server'), ...Array(10).fill('function')]);
    await stand.clb.balancers.remove(REGION, [old.balancer.id]);
    assert.equal((await fresh.ask('/', { headers: HOST })).body, 'function');
  });

  it('or two domains of one listener', async () => {
    await using server = await saying('server');
    await using stand = await Stand.open();
    const placed = await stand.servers([server]);
    const [other] = await stand.clb.rules.create(refOf(placed.rule), [{ domains: ['b.test'], url: '/' }]);
    assert.ok(other);
    await stand.clb.targets.registerFunction(refOf(other), { triggerId: 't' });
    stand.clb.attach(other.id, new FakeTarget());
    assert.equal((await placed.ask('/', { headers: HOST })).body, 'server');
    assert.equal((await placed.ask('/', { headers: { host: 'b.test' } })).body, 'function');
  });
});
