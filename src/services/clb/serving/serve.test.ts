import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { trustedProxies } from '../../../http/client.ts';
import { ask, FakeTarget, REGION, refOf, START, Stand, text } from '../fixture.ts';
import type { ClbReply } from '../target.ts';

/** `{ name: value }` of a flat list. */
function pairs(headers: readonly string[] | undefined): Record<string, string> {
  const found: Record<string, string> = {};
  for (let i = 0; headers && i < headers.length; i += 2) found[headers[i] ?? ''] = headers[i + 1] ?? '';
  return found;
}

const HOST = { host: 'a.test' };

describe('a rule with a function', () => {
  it('hands over the request and writes the reply', async () => {
    await using stand = await Stand.open();
    const target = new FakeTarget(async () => ({ status: 201, headers: ['X-A', '1', 'X-A', '2'], body: 'né' }));
    const { ask: asked, balancer, listener, rule } = await stand.function(target, { url: '/api' });
    const answer = await asked('/api/x%20y?b=1&a=2', {
      method: 'POST',
      headers: { ...HOST, 'content-Type': 'application/json' },
      body: '{"k":1}',
    });
    assert.equal(answer.status, 201);
    assert.equal(answer.headers['x-a'], '1, 2');
    assert.deepEqual(answer.bytes, Buffer.from('né', 'latin1'));
    const [seen] = target.seen;
    assert.equal(answer.headers['x-request-id'], seen?.requestId);
    assert.equal(seen?.method, 'POST');
    assert.equal(seen?.path, '/api/x%20y');
    assert.equal(seen?.query, 'b=1&a=2');
    assert.equal(seen?.body?.toString(), '{"k":1}');
    assert.equal(seen?.contentType, 'application/json');
    assert.equal(seen?.scheme, 'http');
    assert.equal(seen?.httpVersion, '1.1');
    assert.deepEqual([seen?.vip, seen?.vport], [balancer.vip, listener.port]);
    assert.equal(seen?.rule.id, rule.id);
    assert.equal(seen?.clientAddress, pairs(seen?.headers)['X-Real-IP']);
  });

  it('sees the client’s headers as they were sent, then the managed ones in their documented order', async () => {
    await using stand = await Stand.open();
    const target = new FakeTarget();
    const { ask: asked } = await stand.function(target);
    await asked('/', {
      headers: {
        Host: 'a.test',
        'uSer-aGent': 'x',
        'X-Real-IP': 'forged',
        'X-Client-Proto': 'forged',
        'x-forwarded-for': '9.9.9.9',
        Connection: 'close',
        'X-Uri': 'mine',
      },
    });
    const client = target.seen[0]?.clientAddress ?? '';
    assert.deepEqual(target.seen[0]?.headers, [
      'Host',
      'a.test',
      'uSer-aGent',
      'x',
      'X-Uri',
      'mine',
      'X-Stgw-Time',
      `${START / 1000}.000`,
      'X-Client-Proto',
      'http',
      'X-Forwarded-Proto',
      'http',
      'X-Client-Proto-Ver',
      'HTTP/1.1',
      'X-Real-IP',
      client,
      'X-Forwarded-For',
      `9.9.9.9, ${client}`,
    ]);
  });

  it('tells the client behind a trusted proxy', async () => {
    await using stand = await Stand.open({ proxies: trustedProxies('127.0.0.0/8') });
    const target = new FakeTarget();
    const { ask: asked } = await stand.function(target);
    await asked('/', { headers: { ...HOST, 'X-Forwarded-For': '1.2.3.4' }, localAddress: '127.0.0.1' });
    const headers = pairs(target.seen[0]?.headers);
    assert.equal(headers['X-Real-IP'], '1.2.3.4');
    assert.equal(headers['X-Forwarded-For'], '1.2.3.4, 127.0.0.1');
  });

  it('has X-Vip and its like when the custom configuration says so, and not before', async () => {
    await using stand = await Stand.open();
    const target = new FakeTarget();
    const { ask: asked, balancer, listener } = await stand.function(target);
    const { clb } = stand;
    await asked('/scf_location?a=1', { headers: HOST });
    assert.equal(pairs(target.seen[0]?.headers)['X-Vip'], undefined);
    const content = `proxy_set_header X-Vip $vip; proxy_set_header X-Vport $vport;
      proxy_set_header X-Uri $uri; # the path
      proxy_set_header X-Method $request_method; proxy_set_header X-Real-Port $remote_port;
      proxy_set_header X-Args "$args!"; proxy_set_header X-clb-lbid $clb_lbid; proxy_set_header X-None "";`;
    const config = await clb.configs.create(REGION, { name: 'c', content });
    await clb.configs.bind(REGION, config.id, [balancer.id]);
    await asked('/scf_location?a=1', { method: 'PUT', headers: { ...HOST, 'x-uri': 'forged', 'X-None': 'dropped' } });
    const headers = pairs(target.seen[1]?.headers);
    assert.equal(headers['X-Vip'], balancer.vip);
    assert.equal(headers['X-Vport'], String(listener.port));
    assert.equal(headers['X-Uri'], '/scf_location');
    assert.equal(headers['x-uri'], undefined);
    assert.equal(headers['X-Method'], 'PUT');
    assert.match(headers['X-Real-Port'] ?? '', /^\d+$/);
    assert.equal(headers['X-Args'], 'a=1!');
    assert.equal(headers['X-clb-lbid'], balancer.id);
    assert.equal('X-None' in headers, false);
    await clb.configs.modify(REGION, config.id, { content: 'proxy_set_header X-Vip $vip;' });
    await asked('/', { headers: HOST });
    assert.deepEqual(
      Object.keys(pairs(target.seen[2]?.headers)).filter(name => /^X-(Vip|Uri|Method)$/.test(name)),
      ['X-Vip'],
    );
    await clb.configs.unbind(REGION, config.id, [balancer.id]);
    await asked('/', { headers: HOST });
    assert.equal(pairs(target.seen[3]?.headers)['X-Vip'], undefined);
  });

  it('answers 502 with weight 0, and where no function is attached', async () => {
    await using stand = await Stand.open();
    const { ask: asked, rule } = await stand.function(new FakeTarget());
    await stand.clb.targets.weighFunction(refOf(rule), 0);
    const stopped = await asked('/', { headers: HOST });
    assert.equal(stopped.status, 502);
    assert.match(stopped.body, /<h1>502 Bad Gateway<\/h1>/);
    assert.match(String(stopped.headers['x-request-id']), /^[0-9a-f-]{36}$/);
    await stand.clb.targets.weighFunction(refOf(rule), 1);
    assert.equal((await asked('/', { headers: HOST })).status, 200);
    const bare = await stand.rule();
    assert.equal((await bare.ask('/', { headers: HOST })).status, 502);
    await stand.clb.targets.registerFunction(refOf(bare.rule), { triggerId: 't-2' });
    assert.equal((await bare.ask('/', { headers: HOST })).status, 502);
  });

  it('does not count time in which the server stood still', async () => {
    await using stand = await Stand.open();
    const late = Promise.withResolvers<ClbReply>();
    const target = new FakeTarget(() => late.promise);
    const { ask: asked } = await stand.function(target);
    const waiting = asked('/', { headers: HOST });
    while (target.seen.length === 0) await new Promise(setImmediate);
    stand.slept.sleepFor(3_600_000);
    await stand.clock.advance(59_999);
    late.resolve({ status: 200, headers: [], body: '' });
    assert.equal((await waiting).status, 200);
  });

  it('answers 504 after proxy_read_timeout, and 500 when a target breaks', async () => {
    await using stand = await Stand.open();
    const target = new FakeTarget(() => new Promise(() => {}));
    const { ask: asked } = await stand.function(target);
    const waiting = asked('/', { headers: HOST });
    while (target.seen.length === 0) await new Promise(setImmediate);
    await stand.clock.advance(59_999);
    await stand.clock.advance(1);
    assert.equal((await waiting).status, 504);
    target.reply = () => Promise.reject(new Error('broken'));
    assert.equal((await asked('/', { headers: HOST })).status, 500);
  });

  it('takes a body of client_max_body_size, told or chunked, and refuses a larger one with 413', async () => {
    await using stand = await Stand.open();
    const target = new FakeTarget();
    const { ask: asked, balancer } = await stand.function(target);
    const config = await stand.clb.configs.create(REGION, { name: 'c', content: 'client_max_body_size 1M;' });
    await stand.clb.configs.bind(REGION, config.id, [balancer.id]);
    const fits = Buffer.alloc(1024 * 1024, 1);
    const tooLarge = Buffer.alloc(1024 * 1024 + 1, 1);
    const chunked = { ...HOST, 'Transfer-Encoding': 'chunked' };
    assert.equal((await asked('/', { method: 'POST', headers: HOST, body: fits })).status, 200);
    assert.equal((await asked('/', { method: 'POST', headers: chunked, body: fits })).status, 200);
    assert.equal((await asked('/', { method: 'POST', headers: HOST, body: tooLarge })).status, 413);
    assert.equal((await asked('/', { method: 'POST', headers: chunked, body: tooLarge })).status, 413);
    assert.deepEqual(
      target.seen.map(one => one.body?.length),
      [fits.length, fits.length],
    );
  });

  it('refuses a WebSocket with 400', async () => {
    await using stand = await Stand.open();
    const target = new FakeTarget();
    const { ask: asked } = await stand.function(target);
    const answer = await asked('/', { headers: { ...HOST, Connection: 'Upgrade', Upgrade: 'websocket' } });
    assert.equal(answer.status, 400);
    assert.equal(target.seen.length, 0);
  });

  it('compresses what a client takes, unless the rule or the configuration says no', async () => {
    await using stand = await Stand.open();
    const long = 'x'.repeat(2000);
    let type = 'text/html; charset=utf-8';
    const target = new FakeTarget(async () => ({ status: 200, headers: ['Content-Type', type], body: long }));
    const { ask: asked, rule, balancer } = await stand.function(target);
    const headers = { ...HOST, 'Accept-Encoding': 'gzip' };
    const packed = await asked('/', { headers });
    assert.equal(packed.headers['content-encoding'], 'gzip');
    assert.equal(gunzipSync(packed.bytes).toString(), long);
    assert.equal((await asked('/', { headers: HOST })).headers['content-encoding'], undefined);
    type = 'image/png';
    assert.equal((await asked('/', { headers })).headers['content-encoding'], undefined);
    type = 'text/html';
    await stand.clb.rules.modify(refOf(rule), { gzip: false });
    assert.equal((await asked('/', { headers })).headers['content-encoding'], undefined);
    await stand.clb.rules.modify(refOf(rule), { gzip: true });
    const config = await stand.clb.configs.create(REGION, { name: 'c', content: 'gzip off;' });
    await stand.clb.configs.bind(REGION, config.id, [balancer.id]);
    assert.equal((await asked('/', { headers })).headers['content-encoding'], undefined);
  });

  it('tells clients the headers of the custom configuration', async () => {
    await using stand = await Stand.open();
    let status = 200;
    const target = new FakeTarget(async () => ({ status, headers: ['Server', 'f', 'X-B', 'f'], body: '' }));
    const { ask: asked, balancer } = await stand.function(target);
    const content = `add_header X-A 'a b'; more_set_headers "Server: mine" "X-C:";`;
    const config = await stand.clb.configs.create(REGION, { name: 'c', content });
    await stand.clb.configs.bind(REGION, config.id, [balancer.id]);
    const fine = (await asked('/', { headers: HOST })).headers;
    assert.deepEqual([fine['x-a'], fine.server, fine['x-b'], fine['x-c']], ['a b', 'mine', 'f', '']);
    status = 404;
    const missing = (await asked('/', { headers: HOST })).headers;
    assert.deepEqual([missing['x-a'], missing.server], [undefined, 'mine']);
  });
});

describe('a listener', () => {
  it('answers 404 where there is no rule, 301 where a slash is missing, 400 for a path above the root', async () => {
    await using stand = await Stand.open();
    const { ask: asked } = await stand.function(new FakeTarget(), { url: '/abc/' });
    const missing = await asked('/x', { headers: HOST });
    assert.equal(missing.status, 404);
    assert.match(missing.body, /404 Not Found/);
    const moved = await asked('/abc?x=1', { headers: HOST });
    assert.deepEqual([moved.status, moved.headers.location], [301, '/abc/?x=1']);
    assert.equal((await asked('/../abc/', { headers: HOST })).status, 400);
    assert.equal((await asked('/x/../abc/y', { headers: HOST })).status, 200);
  });

  it('ends a connection after keepalive_requests, and after each answer with keepalive_timeout 0', async () => {
    await using stand = await Stand.open();
    const { ask: asked, balancer } = await stand.function(new FakeTarget());
    const bind = async (content: string) => {
      const config = await stand.clb.configs.create(REGION, { name: 'c', content });
      await stand.clb.configs.bind(REGION, config.id, [balancer.id]);
    };
    const headers = { ...HOST, Connection: 'keep-alive' };
    assert.equal((await asked('/', { headers })).headers['keep-alive'], 'timeout=75, max=100');
    await bind('keepalive_requests 1;');
    assert.equal((await asked('/', { headers })).headers.connection, 'close');
    await bind('keepalive_timeout 0s;');
    assert.equal((await asked('/', { headers })).headers.connection, 'close');
    await bind('keepalive_timeout 30s; keepalive_requests 7;');
    assert.equal((await asked('/', { headers })).headers['keep-alive'], 'timeout=30, max=7');
  });

  it('serves on under the old rules what is in flight while they change', async () => {
    await using stand = await Stand.open();
    let finish: (reply: ClbReply) => void = () => {};
    const target = new FakeTarget(() => new Promise(resolve => (finish = resolve)));
    const { ask: asked, rule, listener } = await stand.function(target);
    const { clb } = stand;
    const first = asked('/', { headers: HOST });
    while (target.seen.length < 1) await new Promise(setImmediate);
    await clb.rules.modify(refOf(rule), { url: '/moved' });
    assert.equal((await asked('/', { headers: HOST })).status, 404);
    finish(text('first'));
    assert.equal((await first).body, 'first');
    const second = asked('/moved', { headers: HOST });
    while (target.seen.length < 2) await new Promise(setImmediate);
    await clb.rules.remove(refOf(rule), [rule.id]);
    finish(text('second'));
    assert.equal((await second).body, 'second');
    const [again] = await clb.rules.create(refOf(rule), [{ domains: ['a.test'], url: '/' }]);
    assert.ok(again);
    await clb.targets.registerFunction(refOf(again), { triggerId: 't-2' });
    clb.attach(again.id, target);
    const third = asked('/', { headers: HOST });
    while (target.seen.length < 3) await new Promise(setImmediate);
    await clb.listeners.remove(refOf(rule), [listener.id]);
    await assert.rejects(asked('/', { headers: HOST }), { code: 'ECONNREFUSED' });
    finish(text('third'));
    assert.equal((await third).body, 'third');
  });

  it('outlives requests that are none', async () => {
    await using stand = await Stand.open();
    const { ask: asked, balancer, listener } = await stand.function(new FakeTarget());
    for (const raw of [
      '\0\0\0',
      'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
      'GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    ]) {
      const { port } = stand.clb.place(listener);
      const answer = await new Promise<string>(resolve => {
        let got = '';
        const socket = connect(port, balancer.vip, () => socket.write(raw));
        socket.on('data', chunk => {
          got += chunk;
        });
        socket.on('close', () => resolve(got));
        socket.on('error', () => {});
      });
      assert.match(answer, /^HTTP\/1\.1 400 /);
    }
    assert.equal((await asked('/', { headers: HOST })).status, 200);
  });
});

describe('the path form', () => {
  it('strips its prefix, takes the domain from the Host, its own header, or the path', async () => {
    await using stand = await Stand.open();
    const one = new FakeTarget(async () => text('one'));
    const two = new FakeTarget(async () => text('two'));
    const { rule, listener, balancer } = await stand.function(one, { url: '/hello' });
    const [other] = await stand.clb.rules.create(refOf(rule), [{ domains: ['*.b.test'], url: '/hello/' }]);
    assert.ok(other);
    await stand.clb.targets.registerFunction(refOf(other), { triggerId: 't-2' });
    stand.clb.attach(other.id, two);
    const { createServer } = await import('node:http');
    const edge = createServer((request, response) => void stand.clb.site.serve(request, response));
    await new Promise<void>(listening => edge.listen(0, '127.0.0.1', listening));
    const { port } = edge.address() as { port: number };
    const base = `/_clb/${balancer.id}/${listener.port}`;
    const get = async (path: string, headers = {}) => ask('127.0.0.1', port, path, { headers });
    assert.equal((await get(`${base}/hello?x=1`)).body, 'one');
    assert.deepEqual([one.seen[0]?.path, one.seen[0]?.query], ['/hello', 'x=1']);
    assert.equal(pairs(one.seen[0]?.headers).Host, `127.0.0.1:${port}`);
    assert.equal((await get(`${base}/hello/`, { Host: 'x.b.test' })).body, 'two');
    assert.equal((await get(`${base}/hello/`, { 'X-Openscf-Clb-Host': 'y.b.test' })).body, 'two');
    assert.equal(pairs(two.seen[1]?.headers).Host, 'y.b.test');
    assert.equal(pairs(two.seen[1]?.headers)['X-Openscf-Clb-Host'], undefined);
    assert.equal((await get(`${base}@z.b.test/hello`)).headers.location, `${base}@z.b.test/hello/`);
    for (const missing of [`/_clb/lb-none/${listener.port}/`, `/_clb/${balancer.id}/1/`, '/_clb/', `${base}x/`]) {
      assert.equal((await get(missing)).status, 404, missing);
    }
    const place = stand.clb.place(listener);
    assert.deepEqual(stand.clb.urls(rule), [
      `http://127.0.0.1:9702${base}/hello`,
      `http://${balancer.vip}:${place.port}/hello`,
    ]);
    assert.deepEqual(stand.clb.urls(other), [
      `http://127.0.0.1:9702${base}@www.b.test/hello/`,
      `http://www.b.test:${place.port}/hello/`,
    ]);
    assert.equal(stand.clb.site.claims('', `${base}/`, {}), true);
    assert.equal(stand.clb.site.claims('', '/other', {}), false);
    edge.closeAllConnections();
    await new Promise(closed => edge.close(closed));
  });
});
