// Web functions as clients meet them: behind function URLs of the real server, everything that HTTP allows.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, type ClientRequest, type IncomingMessage, type RequestOptions, request as send } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { ask, sdkOf, until } from './fixture.ts';
import { startTestServer } from './harness.ts';
import { bindUrl, deployWeb, endedRun, OPEN } from './web.ts';

const server = await startTestServer();
after(() => server.close());
const sdk = sdkOf(server);
const { ports } = await server.get<{ ports: { portHttp: number } }>('/status');
const json = (body: Buffer | string) => JSON.parse(String(body));

const MANY = { InstanceConcurrencyConfig: { DynamicEnabled: 'FALSE', MaxConcurrency: 20 } };
const MB = 1024 * 1024;

/** One route per thing that a server may do. */
const APP = `
const { createServer } = require('node:http');
const me = Math.random().toString(36).slice(2);
let open = 0;
let next = () => {};
const routes = {
  raw: (q, r) => { r.writeHead(202, 'As It Is', ['x-LOW', '1', 'X-Two', 'b', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-Scf-Request-Id', 'forged']);
    r.end(JSON.stringify({ method: q.method, url: q.url, raw: q.rawHeaders })); },
  echo: (q, r) => { r.writeHead(200, { 'X-Length': String(q.headers['content-length']), 'X-Coding': String(q.headers['transfer-encoding']), 'X-Me': me, 'X-Open': String(open) }); q.pipe(r); },
  count: (q, r) => { let n = 0; q.on('data', c => { n += c.length; }).on('end', () => r.end(String(n))); },
  events: (q, r) => { r.writeHead(200, { 'Content-Type': 'text/event-stream' }); let n = 0;
    const more = () => { r.write('data: ' + n++ + '\\n\\n'); if (n < 3) next = () => setTimeout(more, 100); else r.end(); };
    more(); if (q.method === 'HEAD') r.end(); },
  next: (q, r) => { next(); r.end(); },
  forever: (q, r) => { const t = setInterval(() => r.write('x'), 5); r.on('close', () => clearInterval(t)); },
  flood: (q, r) => { const block = Buffer.alloc(65536, 120);
    const pour = () => { while (!r.destroyed && r.write(block)); }; r.on('drain', pour); pour(); },
  open: (q, r) => r.end(String(open - 1)),
  trailers: (q, r) => q.resume().on('end', () => { r.writeHead(200, { Trailer: 'X-Sum' }); r.write('body'); r.addTrailers({ 'X-Sum': String(q.trailers['x-in']) }); r.end(); }),
  large: (q, r) => { r.writeHead(200, { 'Content-Length': 7e6 }); r.end(Buffer.alloc(7e6)); },
  stream: (q, r) => { let n = 0; const more = () => { if (n++ === 7) r.end(); else r.write(Buffer.alloc(1e6, 97), more); }; more(); },
  heads: (q, r) => { r.writeHead(200, { 'X-Much': 'm'.repeat(5000) }); r.end(); },
  status: (q, r) => { r.writeHead(Number(q.url.split('=')[1])); r.end('not read where there is none'); },
  late: () => {},
  half: (q, r) => { r.writeHead(200, { 'Content-Length': 100 }); r.write('half'); },
  reset: (q, r) => { q.socket.destroy(); },
  cut: (q, r) => { r.write('some'); setTimeout(() => q.socket.destroy(), 20); },
  garbage: (q, r) => { q.socket.end('this is no HTTP\\r\\n\\r\\n'); },
  early: (q, r) => { r.writeHead(401, { Connection: 'close' }); r.end('no'); },
  me: (q, r) => r.end(me),
  exit: () => { console.log('last words'); process.exit(3); },
  kill: (q, r) => { r.write('begun'); setTimeout(() => process.kill(process.pid, 'SIGKILL'), 20); },
  eat: () => { const all = []; for (;;) all.push(Buffer.alloc(1e7, 1)); },
};
createServer((q, r) => { open++; r.on('close', () => { open--; }); const run = routes[q.url.split('/')[1].split('?')[0]]; if (run) run(q, r); else { r.statusCode = 404; r.end(); } })
  .listen(9000, '0.0.0.0');
`;

let url: string;
before(async () => {
  await deployWeb(sdk, 'app', APP, MANY);
  ({ url } = await bindUrl(sdk, 'app'));
});

/** The response's head, and the request that it answers. */
async function opened(path: string, options: RequestOptions = {}): Promise<[ClientRequest, IncomingMessage]> {
  const request = send(`${url}/${path}`, { agent: false, ...options });
  request.on('error', () => {});
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return [request, response];
}

/** A request that the function has begun to answer, and goes on with until `end` sends the rest. */
async function begun(base: string) {
  const request = send(`${base}/echo`, { agent: false, method: 'POST' });
  request.write('one');
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return {
    instance: response.headers['x-me'],
    /** How many the instance had then, this one among them. */
    open: Number(response.headers['x-open']),
    async end() {
      request.end('two');
      return { status: response.statusCode, body: await text(response) };
    },
  };
}

const ended = (id: unknown) => endedRun(server, id);

async function metric(name: string): Promise<number> {
  const all = await (await fetch(`${server.endpoint}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(all)?.[1]);
}

describe('a request', () => {
  test('goes through to the letter, with the documented headers of the platform and no others of that kind', async () => {
    const rawHeaders = ['hOST', 'a.example', 'X-One', '1', 'X-ONE', '2', 'X-SCF-Name', 'forged', 'X_scf_uin', 'forged'];
    const hop = ['Connection', 'close, X-Hop', 'X-Hop', '1', 'TE', 'trailers'];
    const answer = await ask(`${url}/raw/a%2Fb//c;d?x=1&y&x=%20`, {
      method: 'DELETE',
      headers: [...rawHeaders, ...hop],
    } as unknown as RequestOptions);
    const seen = json(answer.body);
    assert.deepEqual([seen.method, seen.url], ['DELETE', '/raw/a%2Fb//c;d?x=1&y&x=%20']);
    const id = answer.headers['x-scf-request-id'];
    assert.deepEqual(
      seen.raw.filter((_: string, i: number) => !/^connection$/i.test(seen.raw[i - (i % 2)])),
      [
        ...['hOST', 'a.example', 'X-One', '1', 'X-ONE', '2', 'X-Scf-Request-Id', id, 'X-Scf-Memory', '128'],
        ...['X-Scf-Timeout', '60', 'X-Scf-Version', '$LATEST', 'X-Scf-Name', 'app', 'X-Scf-Namespace', 'default'],
        ...['X-Scf-Region', 'ap-guangzhou', 'X-Scf-Appid', '1250000000', 'X-Scf-Uin', '100000000001'],
      ],
    );
    assert.deepEqual([answer.status, answer.reason], [202, 'As It Is']);
    assert.deepEqual(answer.rawHeaders.slice(0, 8), [
      ...['x-LOW', '1', 'X-Two', 'b', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'],
    ]);
    assert.equal(answer.rawHeaders.filter(name => /^x-scf-request-id$/i.test(name)).length, 1);
    assert.equal((await ended(id)).status, 200);
  });

  test('has a body of any framing, and its answer as well', async () => {
    const sent = Buffer.alloc(6 * MB, 'abcdefg');
    const told = await ask(`${url}/echo`, { method: 'PUT', headers: { 'Content-Length': sent.length } }, sent);
    assert.ok(told.body.equals(sent));
    assert.deepEqual([told.headers['x-length'], told.headers['x-coding']], [String(sent.length), 'undefined']);
    const chunked = send(`${url}/echo`, { agent: false, method: 'POST' });
    Readable.from([sent.subarray(0, 1), sent.subarray(1, 70_000), sent.subarray(70_000)]).pipe(chunked);
    const [response] = (await once(chunked, 'response')) as [IncomingMessage];
    assert.ok((await buffer(response)).equals(sent));
    assert.deepEqual([response.headers['x-length'], response.headers['x-coding']], ['undefined', 'chunked']);
    const none = await ask(`${url}/echo`, { method: 'POST', headers: { 'Content-Length': 0 } });
    assert.deepEqual([none.headers['x-length'], none.body.length], ['0', 0]);
  });

  test('with HEAD, and answers that have no body, leave the connection fit for more', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const sockets = new Set<unknown>();
    agent.on('free', socket => sockets.add(socket));
    for (const [method, path, status, length] of [
      ['HEAD', 'large', 200, 0],
      ['GET', 'status?s=204', 204, 0],
      ['GET', 'status?s=304', 304, 0],
      ['OPTIONS', 'status?s=405', 405, 28],
      ['GET', 'status?s=503', 503, 28],
      ['GET', 'nothing', 404, 0],
    ] as const) {
      const answer = await ask(`${url}/${path}`, { method, agent });
      assert.deepEqual([answer.status, answer.body.length], [status, length], `${method} ${path}`);
    }
    assert.equal(sockets.size, 1);
    agent.destroy();
    // Without a length: Node.js' own client does not use the connection again, others do.
    const { pathname } = new URL(url);
    const line = (method: string, path: string) => `${method} ${pathname}/${path} HTTP/1.1\r\nHost: x\r\n`;
    const socket = connect(ports.portHttp, '127.0.0.1');
    socket.write(`${line('HEAD', 'events')}\r\n${line('GET', 'nothing')}Connection: close\r\n\r\n`);
    const both = await text(socket);
    assert.match(both, /^HTTP\/1\.1 200 (?:.+\r\n)+\r\nHTTP\/1\.1 404 /);
  });

  test('that expects to continue is told to, and its trailers arrive as the answer’s do', async () => {
    const asked = send(`${url}/trailers`, {
      agent: false,
      method: 'POST',
      headers: { Expect: '100-continue', Trailer: 'X-In' },
    });
    asked.flushHeaders();
    await once(asked, 'continue');
    asked.addTrailers({ 'X-In': '42' });
    asked.end('body');
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    assert.equal(await text(response), 'body');
    assert.equal(response.trailers['x-sum'], '42');
  });

  test('is answered while it is still sent: pieces go both ways as they are made', async () => {
    const asked = send(`${url}/echo`, { agent: false, method: 'POST' });
    asked.write('one');
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    assert.equal(String((await once(response, 'data'))[0]), 'one');
    asked.write('two');
    assert.equal(String((await once(response, 'data'))[0]), 'two');
    asked.end();
    assert.equal(await text(response), '');
  });

  test('that the function answers and closes early has that answer, whatever is left of it', async () => {
    for (let i = 0; i < 10; i++) {
      const answer = await ask(`${url}/early`, { method: 'POST' }, Buffer.alloc(5 * MB));
      assert.deepEqual([answer.status, String(answer.body)], [401, 'no'], `number ${i}`);
    }
  });

  test('of 400 MB is refused, told or not, and is never held in memory', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const limit = await ask(`${url}/count`, { method: 'POST', agent }, Buffer.alloc(6 * MB));
    assert.equal(String(limit.body), String(6 * MB));
    const told = await ask(`${url}/count`, { method: 'POST', agent }, Buffer.alloc(6 * MB + 1));
    assert.deepEqual([told.status, json(told.body).statusCode], [413, 413]);
    assert.equal((await ask(`${url}/me`, { agent })).status, 200, 'the connection is as good as before');
    agent.destroy();

    const before = process.memoryUsage().rss;
    let most = 0;
    const piece = Buffer.alloc(MB);
    for (const bytes of [400 * MB, undefined]) {
      const headers = bytes === undefined ? {} : { 'Content-Length': bytes };
      const request = send(`${url}/count`, { agent: false, method: 'POST', headers });
      const over = Promise.withResolvers<number>();
      request.once('response', response => over.resolve(response.resume().statusCode ?? 0));
      request.on('error', () => over.resolve(0));
      for (let sent = 0; sent < 400 && !request.destroyed; sent++) {
        const more = new Promise(resolve => request.write(piece, resolve));
        await Promise.race([more, over.promise]);
        most = Math.max(most, process.memoryUsage().rss);
      }
      // Told of it before or, as it goes on for long, cut off.
      assert.ok([0, 413].includes(await over.promise));
      request.destroy();
    }
    // What has been read and not collected yet counts as well.
    assert.ok(most - before < 200 * MB, `${Math.round((most - before) / MB)} MB`);
    const chunks = Readable.from(Array.from({ length: 20 }, () => Buffer.alloc(MB)));
    const request = send(`${url}/count`, { agent: false, method: 'POST' });
    const answered = once(request, 'response') as Promise<[IncomingMessage]>;
    chunks.pipe(request);
    const [response] = await answered;
    assert.deepEqual([response.statusCode, json(await buffer(response)).statusCode], [406, 406]);
    assert.equal((await ended(response.headers['x-scf-request-id'])).status, 406);
    assert.equal((await ask(`${url}/me`)).status, 200);
  });
});

describe('an answer', () => {
  test('of events comes event by event, and is one run', async () => {
    const [, response] = await opened('events');
    assert.equal(response.headers['content-type'], 'text/event-stream');
    const events = response[Symbol.asyncIterator]();
    const event = async () => String((await events.next()).value);
    assert.equal(await event(), 'data: 0\n\n');
    // Each of the others is made after the one before has come.
    for (const n of [1, 2]) {
      await ask(`${url}/next`);
      assert.equal(await event(), `data: ${n}\n\n`);
    }
    assert.equal((await events.next()).done, true);
    const { status, durationMs } = await ended(response.headers['x-scf-request-id']);
    assert.equal(status, 200);
    assert.ok(durationMs >= 200, 'it has lasted as long as the stream');
  });

  test('that tells of more than 6 MB is 407, and a stream may have them', async () => {
    const large = await ask(`${url}/large`);
    assert.deepEqual([large.status, large.headers['x-scf-status']], [407, '407']);
    assert.equal((await ask(`${url}/stream`)).body.length, 7e6);
  });

  test('is taken as slowly as its client likes', async () => {
    const [request, response] = await opened('flood');
    await once(response, 'readable');
    const before = process.memoryUsage().rss;
    // Nobody reads: what the function pours out has to stop somewhere.
    await new Promise(resolve => setTimeout(resolve, 300));
    assert.ok(process.memoryUsage().rss - before < 40 * MB);
    request.destroy();
    assert.equal((await ended(response.headers['x-scf-request-id'])).status, 499);
  });
});

describe('what goes wrong', () => {
  const failures: readonly [path: string, status: number, message: RegExp][] = [
    ['reset', 430, /closed the connection without an answer/],
    ['garbage', 430, /not HTTP/],
    ['heads', 407, /5\d\d\d bytes, at most 4096 are allowed/],
    ['exit', 439, /exit/i],
  ];

  test('is told by its status and in the documented form, and the connection serves on', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const sockets = new Set<unknown>();
    agent.on('free', socket => sockets.add(socket));
    for (const [path, status, message] of failures) {
      const answer = await ask(`${url}/${path}`, { agent });
      const id = answer.headers['x-scf-request-id'];
      assert.deepEqual([answer.status, answer.headers['x-scf-status']], [status, String(status)], path);
      assert.equal(answer.headers['content-type'], 'application/json');
      const told = json(answer.body);
      assert.deepEqual([told.statusCode, told.requestId], [status, id], path);
      assert.match(told.errorMessage, message);
      assert.equal((await ended(id)).status, status);
      assert.equal((await ask(`${url}/me`, { agent })).status, 200, `after ${path}`);
    }
    assert.equal(sockets.size, 1);
    agent.destroy();
  });

  test('when half of it is out already breaks the connection', async () => {
    for (const [path, status] of [
      ['cut', 430],
      ['kill', 439],
    ] as const) {
      const [, response] = await opened(path);
      await assert.rejects(buffer(response), { code: 'ECONNRESET' });
      assert.equal((await ended(response.headers['x-scf-request-id'])).status, status, path);
      assert.equal((await ask(`${url}/me`)).status, 200);
    }
  });

  test('in time: 433 alone for who is late, and its instance takes no more', async () => {
    await deployWeb(sdk, 'hasty', APP, MANY);
    const { url: hasty } = await bindUrl(sdk, 'hasty');
    const first = String((await ask(`${hasty}/me`)).body);
    const failing = [ask(`${hasty}/late`), ask(`${hasty}/half`).catch(error => error as { code: string })] as const;
    await until('both have begun', async () => String((await ask(`${hasty}/open`)).body) === '2');
    await server.passForFunctions(30_000);
    const fine = await begun(hasty);
    assert.equal(fine.instance, first);
    await server.passForFunctions(30_000);
    const [late, half] = await Promise.all(failing);
    assert.deepEqual([late.status, json(late.body).statusCode], [433, 433]);
    assert.match(json(late.body).errorMessage, /timed out after 60 seconds/);
    assert.equal('code' in half && half.code, 'ECONNRESET');
    assert.notEqual(String((await ask(`${hasty}/me`)).body), first);
    assert.deepEqual(await fine.end(), { status: 200, body: 'onetwo' });
  });

  test('with its memory is 434', async t => {
    if (process.platform !== 'linux') return t.skip('memory is watched on Linux');
    await deployWeb(sdk, 'eats', APP, { MemorySize: 128 });
    const { url: eats } = await bindUrl(sdk, 'eats');
    assert.equal((await ask(`${eats}/eat`)).status, 434);
    return undefined;
  });

  test('at the start is 405 or 446, with the reason', async () => {
    const script = (line: string) => ({ scf_bootstrap: `#!/bin/bash\n${line}\n` });
    const cases = [
      ['ends', script('echo nothing here; exit 3'), 60, 405, /exit code 3/],
      // The limit itself is met here alone: on a busy machine the others may take longer to fail in their own way.
      ['binds-nothing', script('exec sleep 100'), 3, 446, /0\.0\.0\.0:9000 within 3 seconds/],
      ['binds-inside', { 'app.js': APP.replace('0.0.0.0', '127.0.0.1') }, 60, 446, /127\.0\.0\.1:9000/],
    ] as const;
    const start = async ([name, files, InitTimeout, status, message]: (typeof cases)[number]) => {
      await deployWeb(sdk, name, files, { InitTimeout });
      const answer = await ask((await bindUrl(sdk, name)).url);
      assert.deepEqual([answer.status, answer.headers['x-scf-status']], [status, String(status)], name);
      assert.match(json(answer.body).errorMessage, message);
    };
    await Promise.all(cases.map(start));
  });
});

test('many requests share an instance where the function says so, and have one each where it does not', async () => {
  /** None ends before all have begun. */
  const atOnce = async (base: string) => {
    const all = await Promise.all(Array.from({ length: 8 }, () => begun(base)));
    for (const one of all) assert.equal((await one.end()).body, 'onetwo');
    return all;
  };
  const shared = await atOnce(url);
  assert.equal(new Set(shared.map(({ instance }) => instance)).size, 1);
  assert.ok(shared.some(({ open }) => open >= 8));
  await deployWeb(sdk, 'alone', APP, { MemorySize: 64 });
  const alone = await atOnce((await bindUrl(sdk, 'alone')).url);
  assert.ok(alone.every(({ open }) => open === 1));
  assert.equal(new Set(alone.map(({ instance }) => instance)).size, 8);
});

test('clients that go away leave nothing behind', async () => {
  const open = async () => Number((await ask(`${url}/open`)).body);
  await until('nothing is open', async () => (await open()) === 0);
  const living = await metric('openscf_instances');
  const ids: unknown[] = [];
  for (const path of ['forever', 'flood', 'forever', 'flood']) {
    const [request, response] = await opened(path);
    response.on('error', () => {});
    await once(response, 'readable');
    ids.push(response.headers['x-scf-request-id']);
    request.destroy();
  }
  // Before there is an answer, and within the request's body.
  const silent = send(`${url}/late`, { agent: false }).on('error', () => {});
  silent.end();
  const sending = connect(ports.portHttp, '127.0.0.1');
  sending.write(`POST ${new URL(url).pathname}/count HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf`);
  await until('both have arrived', async () => (await open()) >= 2);
  silent.destroy();
  sending.destroy();
  for (const id of ids) assert.equal((await ended(id)).status, 499);
  await until('the function has heard of all of them', async () => (await open()) === 0);
  // Those of the tests before may have gone meanwhile.
  await until('no instance came for them', async () => (await metric('openscf_instances')) <= living);
  await until('nothing waits', async () => (await metric('openscf_waiting')) === 0);
});

test('other origins are answered by the URL, whatever the function says, failures included', async () => {
  const CorsConfig = {
    ...{ Enable: true, Origins: ['https://a.example'], Headers: ['x-mine'], Methods: ['PUT', 'GET'] },
    ...{ ExposeHeaders: ['X-Two'], MaxAge: 10, Credentials: true },
  };
  await deployWeb(sdk, 'shared', APP.replace("'X-Two', 'b'", "'X-Two', 'b', 'Access-Control-Allow-Origin', '*'"), MANY);
  const { url: shared } = await bindUrl(sdk, 'shared', { ...OPEN, CorsConfig });
  const origin = 'https://a.example';
  const asked = { origin, 'access-control-request-method': 'PUT', 'access-control-request-headers': 'x-mine' };
  const preflight = await ask(`${shared}/raw`, { method: 'OPTIONS', headers: asked });
  assert.deepEqual([preflight.status, preflight.body.length], [204, 0]);
  const cors = (headers: IncomingMessage['headers']) =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')));
  const allowed = { 'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true' };
  assert.deepEqual(cors(preflight.headers), {
    ...allowed,
    ...{ 'access-control-allow-methods': 'PUT,GET', 'access-control-allow-headers': 'x-mine' },
    'access-control-max-age': '10',
  });
  const exposed = { ...allowed, 'access-control-expose-headers': 'X-Two' };
  for (const path of ['raw', 'reset', 'exit']) {
    const answer = await ask(`${shared}/${path}`, { method: 'PUT', headers: { origin, 'content-length': 0 } });
    assert.deepEqual(cors(answer.headers), exposed, path);
  }
  const stranger = await ask(`${shared}/raw`, { headers: { origin: 'https://b.example' } });
  assert.deepEqual(cors(stranger.headers), {});
  assert.equal(stranger.status, 202, 'it is the browser that keeps it back');
  // A request of OPTIONS that is no preflight is the function's.
  assert.equal((await ask(`${shared}/raw`, { method: 'OPTIONS' })).status, 202);
});
