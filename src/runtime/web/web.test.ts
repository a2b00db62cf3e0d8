import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { Agent, request as ask, type IncomingMessage, type RequestOptions } from 'node:http';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { TurnableClock } from '../../core/clock.ts';
import type { Files } from '../testing.ts';
import { bootstrap, nodeApp, type WebBench, webBench } from './testing.ts';

const onLinux = process.platform === 'linux' ? {} : { skip: 'web functions need Linux' };

describe('web functions in a sandbox', onLinux, () => {
  /** Follows the machine's own until a test turns it. */
  const processClock = new TurnableClock();
  let at: WebBench & AsyncDisposable;
  before(async () => {
    at = await webBench({ processClock });
  });
  after(() => at[Symbol.asyncDispose]());

  let names = 0;
  /** A function of its own. */
  const serve: WebBench['serve'] = (files, change) => {
    names++;
    return at.serve(files, { name: `web${names}`, id: `lam-${names}`, ...change });
  };
  const last = () => at.outcome(at.outcomes.length);

  /** Lets limits of a minute, which are those of functions here, be over. */
  async function passMinute(): Promise<void> {
    await processClock.advance(60_000);
    processClock.resume();
  }

  /** The response with its body, by a client that adds nothing. */
  async function get(path = '/', options: RequestOptions = {}, body?: Buffer | Readable) {
    const asked = ask(`${at.url}${path}`, { agent: false, ...options });
    const before = at.outcomes.length;
    if (body instanceof Readable) body.pipe(asked);
    else asked.end(body);
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    const whole = await buffer(response);
    return { response, whole, outcome: await at.outcome(before + 1) };
  }

  test('a request goes through as it came, and its answer as it was made', async () => {
    await serve(
      nodeApp(`
        response.writeHead(201, 'Made', ['X-b', '1', 'x-A', '2', 'X-b', '3']);
        response.end(JSON.stringify({ method: request.method, url: request.url, raw: request.rawHeaders }));`),
    );
    const headers = ['hOST', 'a.example', 'X-One', '1', 'X-ONE', '2', 'X-Scf-Name', 'forged', 'Connection', 'close'];
    const { response, whole, outcome } = await get('/a%2Fb/?x=1&x', { method: 'DELETE', headers });
    const seen = JSON.parse(String(whole));
    assert.deepEqual([seen.method, seen.url], ['DELETE', '/a%2Fb/?x=1&x']);
    assert.deepEqual(seen.raw.slice(0, 6), ['hOST', 'a.example', 'X-One', '1', 'X-ONE', '2']);
    assert.deepEqual(seen.raw.slice(6, 8), ['X-Scf-Request-Id', 'request-1']);
    assert.equal(seen.raw[seen.raw.indexOf('X-Scf-Name') + 1], `web${names}`);
    assert.equal(seen.raw.filter((name: string) => name === 'X-Scf-Name').length, 1);
    assert.deepEqual([response.statusCode, response.statusMessage], [201, 'Made']);
    assert.deepEqual(response.rawHeaders.slice(0, 6), ['X-b', '1', 'x-A', '2', 'X-b', '3']);
    assert.equal(outcome.status, 200);
    assert.ok(outcome.initMs > 0);
  });

  test('bodies of any framing go both ways: 5 MB, chunks, none, and HEAD', async () => {
    await serve(
      nodeApp(
        'response.writeHead(200, { "X-Framing": String(request.headers["content-length"]) }); request.pipe(response);',
      ),
    );
    const sent = Buffer.alloc(5_000_000, 'abc');
    const told = await get('/', { method: 'PUT', headers: { 'Content-Length': sent.length } }, sent);
    assert.ok(told.whole.equals(sent));
    assert.equal(told.response.headers['x-framing'], '5000000');
    const chunked = await get('/', { method: 'POST' }, Readable.from([sent.subarray(0, 100), sent.subarray(100)]));
    assert.ok(chunked.whole.equals(sent));
    assert.equal(chunked.response.headers['x-framing'], 'undefined');
    const none = await get('/', { method: 'POST', headers: { 'Content-Length': 0 } });
    assert.equal(none.response.headers['x-framing'], '0');
    const head = await get('/', { method: 'HEAD' });
    assert.equal(head.whole.length, 0);
    assert.equal(head.response.headers['x-framing'], 'undefined');
  });

  test('what is streamed is not held back, in either direction', async () => {
    await serve(
      nodeApp(`
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      request.on('data', chunk => response.write('data: ' + chunk + '\\n\\n'));
      request.on('end', () => response.end('data: end\\n\\n'));`),
    );
    const asked = ask(at.url, { agent: false, method: 'POST' });
    asked.write('one');
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    assert.equal(response.headers['content-type'], 'text/event-stream');
    assert.equal(String((await once(response, 'data'))[0]), 'data: one\n\n');
    asked.write('two');
    assert.equal(String((await once(response, 'data'))[0]), 'data: two\n\n');
    asked.end();
    assert.equal(await text(response), 'data: end\n\n');
  });

  test('trailers go both ways, and a client that expects to continue may', async () => {
    await serve(
      nodeApp(`
      request.resume().on('end', () => {
        response.writeHead(200, { Trailer: 'X-Back' });
        response.write(String(request.headers.expect));
        response.addTrailers({ 'X-Back': request.trailers['x-sum'] });
        response.end();
      });`),
    );
    const asked = ask(at.url, { agent: false, method: 'POST', headers: { Expect: '100-continue', Trailer: 'X-Sum' } });
    asked.flushHeaders();
    await once(asked, 'continue');
    asked.addTrailers({ 'X-Sum': '42' });
    asked.end('body');
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    assert.equal(await text(response), 'undefined');
    assert.equal(response.trailers['x-back'], '42');
  });

  test('a client that goes away is told to the function, and the instance serves on', async () => {
    await serve(
      nodeApp(`
      if (request.url === '/') return response.end(String(globalThis.gone));
      request.on('close', () => (globalThis.gone = true));
      response.write('begun');`),
    );
    const before = at.outcomes.length;
    const asked = ask(`${at.url}/slow`, { agent: false }).end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    await once(response, 'data');
    response.on('error', () => {});
    asked.destroy();
    const canceled = await at.outcome(before + 1);
    assert.equal(canceled.status, 499);
    const { whole, outcome } = await get();
    assert.equal(String(whole), 'true');
    assert.equal(outcome.instance, canceled.instance);
  });

  test('ten requests at once are one instance where the function says so, and several where it does not', async () => {
    const together = nodeApp(`
      globalThis.held = [...(globalThis.held || []), response];
      if (globalThis.held.length === 10) for (const one of globalThis.held) one.end('10');`);
    const app = nodeApp(`
      globalThis.now = (globalThis.now || 0) + 1;
      globalThis.most = Math.max(globalThis.most || 0, globalThis.now);
      setTimeout(() => { response.end(String(globalThis.most)); globalThis.now--; }, 200);`);
    const many = { InstanceConcurrencyConfig: { DynamicEnabled: 'FALSE', MaxConcurrency: 10 } };
    await serve(together, { echoed: many });
    const all = await Promise.all(Array.from({ length: 10 }, () => get()));
    assert.equal(new Set(all.map(one => one.outcome.instance)).size, 1);
    assert.ok(all.every(one => String(one.whole) === '10'));
    await serve(app, { memoryMB: 64 });
    const alone = await Promise.all(Array.from({ length: 3 }, () => get()));
    assert.deepEqual(
      alone.map(one => String(one.whole)),
      ['1', '1', '1'],
    );
  });

  test('a crash is 439 with what was printed, and the next request starts anew', async () => {
    await serve(
      nodeApp(`
      if (request.url === '/') return response.end('fine');
      console.error('about to fall');
      process.exit(3);`),
    );
    const fine = await get();
    const crashed = await get('/crash');
    assert.equal(crashed.response.statusCode, 439);
    assert.deepEqual(JSON.parse(String(crashed.whole)), {
      ...{ errorCode: -1, errorMessage: 'User process exit when running', requestId: 'request', statusCode: 439 },
    });
    assert.match(crashed.outcome.log, /about to fall/);
    const again = await get();
    assert.equal(String(again.whole), 'fine');
    assert.notEqual(again.outcome.instance, fine.outcome.instance);
  });

  test('a request over time is 433, also while its body is on its way', async () => {
    await serve(nodeApp('console.log("begun"); if (request.url === "/half") response.write("half");'));
    const getting = get();
    while (!at.runtime.printed(at.lastId)?.includes('begun')) await new Promise(setImmediate);
    await passMinute();
    const late = await getting;
    assert.equal(late.response.statusCode, 433);
    assert.ok(late.outcome.durationMs >= 60_000);
    const asked = ask(`${at.url}/half`, { agent: false }).end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    await passMinute();
    await assert.rejects(buffer(response), { code: 'ECONNRESET' });
    assert.equal((await at.outcome(at.outcomes.length)).status, 433);
  });

  test('a slow start is waited for', async () => {
    const slow = { ...nodeApp('response.end("up")'), scf_bootstrap: bootstrap('sleep 1', 'exec node app.js') };
    await serve(slow);
    const { whole, outcome } = await get();
    assert.equal(String(whole), 'up');
    assert.ok(outcome.initMs >= 1000);
  });

  test('a port that is not bound is 446, and one on a loopback address says so', async t => {
    const server = createServer().listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    const here = server.address();
    assert.ok(here && typeof here === 'object');
    const told = `exec 5<>/dev/tcp/127.0.0.1/${here.port}`;
    await serve({ scf_bootstrap: bootstrap('echo waiting', told, 'exec sleep 100') });
    const getting = get();
    const [socket] = await once(server, 'connection');
    socket.on('error', () => {}).destroy();
    await passMinute();
    const none = await getting;
    assert.equal(none.response.statusCode, 446);
    assert.match(none.outcome.errorMessage, /nothing listened on 0\.0\.0\.0:9000 within 60 seconds/);
    assert.match(none.outcome.log, /waiting/);
    const inside = nodeApp('response.end("never")');
    await serve({ ...inside, 'app.js': String(inside['app.js']).replace('0.0.0.0', '127.0.0.1') });
    const loopback = await get();
    assert.equal(loopback.response.statusCode, 446);
    assert.match(loopback.outcome.errorMessage, /listens on 127\.0\.0\.1:9000.*let it listen on 0\.0\.0\.0:9000/);
  });

  test('a start file that ends, cannot run or has the wrong mode is 405', async () => {
    await serve({ scf_bootstrap: bootstrap('echo no such thing >&2', 'exit 7') });
    const ended = await get();
    assert.equal(ended.response.statusCode, 405);
    assert.match(ended.outcome.errorMessage, /exit code 7/);
    assert.match(ended.outcome.log, /no such thing/);
    await serve({ scf_bootstrap: '#!/bin/bash\nexec node app.js\n' });
    const mode = await get();
    assert.equal(mode.response.statusCode, 405);
    assert.match(mode.outcome.errorMessage, /chmod 755 scf_bootstrap/);
    await serve({ scf_bootstrap: { text: '#!/bin/bash\r\nnode app.js\r\n', mode: 0o100755 } });
    assert.match((await get()).outcome.errorMessage, /CRLF/);
    await serve({ scf_bootstrap: { text: '#!/no/such/shell\n', mode: 0o100755 } });
    assert.equal((await get()).response.statusCode, 405);
  });

  test('the environment is the documented one, and node is the interpreter of the runtime', async () => {
    await serve(
      nodeApp('response.end(JSON.stringify({ env: process.env, cwd: process.cwd(), version: process.version }))'),
      { environment: { OWN: 'x' } },
    );
    const { env, cwd, version } = JSON.parse(String((await get()).whole));
    assert.equal(env.PORT, undefined);
    assert.equal(env.OWN, 'x');
    assert.equal(env.TENCENTCLOUD_RUNENV, 'SCF');
    assert.equal(env.SCF_FUNCTIONNAME, `web${names}`);
    assert.equal(`${cwd}/`, env.USER_CODE_ROOT);
    assert.equal(version, process.version);
    if (at.runtime.driver.name !== 'bwrap') return;
    assert.equal(cwd, '/var/user');
    await serve({
      ...nodeApp('response.end(process.version)'),
      scf_bootstrap: bootstrap('export PORT=9000', '/var/lang/node16/bin/node app.js'),
    });
    assert.equal(String((await get()).whole), process.version);
  });

  test('absolute paths of the cloud are pointed out where they are not there', async t => {
    if (at.runtime.driver.name === 'bwrap') return t.skip('they are there');
    await serve({ scf_bootstrap: bootstrap('/var/lang/node16/bin/node app.js') });
    const { outcome } = await get();
    assert.equal(outcome.status, 405);
    assert.match(
      outcome.log,
      /calls \/var\/lang\/node16\/bin\/node, which is there with sandbox=bwrap alone; call node/,
    );
  });

  test('Python serves by its own server, and what it prints is in the log', async t => {
    if (at.runtime.supports('Python3.6') !== 'yes') return t.skip('there is no Python');
    const python = at.runtime.driver.name === 'bwrap' ? '/var/lang/python3/bin/python3' : 'python3';
    await serve(
      {
        scf_bootstrap: bootstrap(`${python} app.py`),
        'app.py': `
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        print('got', len(body))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body[::-1])
HTTPServer(('0.0.0.0', 9000), Handler).serve_forever()
`,
      },
      { runtime: 'Python3.6', handler: 'scf_bootstrap' },
    );
    const { whole, outcome } = await get(
      '/',
      { method: 'POST', headers: { 'Content-Length': 5 } },
      Buffer.from('hello'),
    );
    assert.equal(String(whole), 'olleh');
    assert.match(outcome.log, /got 5/);
  });

  test('memory beyond the limit ends the instance with 434', async t => {
    if (process.getuid?.() !== 0) return t.skip('limits are kept exactly for root alone');
    await serve(
      nodeApp('globalThis.held = Buffer.alloc(600e6, 1); setTimeout(() => response.end("too late"), 50_000);'),
    );
    const { response, outcome } = await get();
    assert.equal(response.statusCode, 434);
    assert.match(outcome.errorMessage, /128 MB/);
    return undefined;
  });

  test('kept connections carry one request after another, pipelined or not', async () => {
    await serve(nodeApp('request.resume().on("end", () => response.end(request.url))'));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (const path of ['/1', '/2', '/3']) assert.equal(String((await get(path, { agent })).whole), path);
    agent.destroy();
    const socket = connect(at.port, '127.0.0.1');
    socket.write('GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    const all = await text(socket);
    assert.ok(all.indexOf('/a') > 0 && all.indexOf('/b') > all.indexOf('/a'), all);
  });

  test('WebSocket goes through to an independent server', async () => {
    const folder = dirname(createRequire(import.meta.url).resolve('ws/package.json'));
    const files: Record<string, Files[string]> = {};
    for (const name of readdirSync(join(folder, 'lib')))
      files[`node_modules/ws/lib/${name}`] = readFileSync(join(folder, 'lib', name), 'utf8');
    for (const name of ['package.json', 'index.js'])
      files[`node_modules/ws/${name}`] = readFileSync(join(folder, name), 'utf8');
    await serve(
      {
        ...files,
        scf_bootstrap: bootstrap('exec node app.js'),
        'app.js': `
          const { WebSocketServer } = require('ws');
          new WebSocketServer({ port: 9000, host: '0.0.0.0', perMessageDeflate: true, handleProtocols: () => 'chat' })
            .on('connection', peer => peer.on('message', (data, binary) => {
              if (String(data) === 'bye') return peer.close(4001, 'as asked');
              peer.send(data, { binary });
            }));`,
      },
      { protocol: 'WS', wsIdleTimeoutS: 60, timeoutS: 600 },
    );
    const before = at.outcomes.length;
    const open = async () => {
      const client = new WebSocket(at.url.replace('http', 'ws'), ['chat']);
      await once(client, 'open');
      return client;
    };
    const [one, two] = await Promise.all([open(), open()]);
    assert.equal(one.protocol, 'chat');
    assert.match(one.extensions, /permessage-deflate/);
    for (const message of ['hello', 'a'.repeat(200_000)]) {
      one.send(message);
      assert.equal(String((await once(one, 'message'))[0]), message);
    }
    one.send('bye');
    const [code, reason] = await once(one, 'close');
    assert.deepEqual([code, String(reason)], [4001, 'as asked']);
    assert.equal((await at.outcome(before + 1)).status, 439);
    two.close(1000);
    await once(two, 'close');
    const second = await at.outcome(before + 2);
    assert.equal(second.status, 200);
    assert.notEqual(second.instance, (await at.outcome(before + 1)).instance, 'each connection has its own');
  });

  test('calls of the wrong kind are refused before anything starts', async () => {
    const web = await serve(nodeApp('response.end()'));
    const invoked = await at.run(web);
    assert.equal(invoked.status, 436);
    assert.match(invoked.errorMessage, /is a web function: call it by its URL/);
    const client = new WebSocket(at.url.replace('http', 'ws')).on('error', () => {});
    await once(client, 'unexpected-response');
    assert.equal((await last()).status, 436);
    assert.match((await last()).errorMessage, /takes no WebSocket connections/);
    await serve({ 'index.js': 'exports.main_handler = () => 1' }, { type: 'Event' });
    const event = await get();
    assert.equal(event.outcome.status, 436);
    assert.match(event.outcome.errorMessage, /is an event function/);
  });

  test('instances are kept ready where that is asked for', async () => {
    const version = await serve(nodeApp('response.end("ready")'), { version: '1', status: 'Active' });
    const entry = {
      ...{ key: version, versions: new Map([['1', version]]), aliases: new Map() },
      async: { retryNum: 2, msgTtlS: 21600 },
      concurrency: { reservedMB: undefined, provisioned: new Map([['1', 2]]) },
    };
    at.runtime.changed(version, entry);
    for (let i = 0; i < 1200 && at.runtime.readiness(version, '1').available < 2; i++)
      await new Promise(resolve => setTimeout(resolve, 50));
    assert.equal(at.runtime.readiness(version, '1').available, 2);
    const { outcome } = await get();
    assert.ok(outcome.waitMs < outcome.initMs, 'nobody waited for a start');
    at.runtime.changed(version, undefined);
  });
});

test('a package without a start file, or for a machine that cannot, is refused when it comes', onLinux, async () => {
  await using at = await webBench();
  const version = await at.version({ 'app.js': '' }, { type: 'HTTP' });
  const reason = await at.runtime.prepare(version);
  assert.equal(reason?.ErrorCode, 'InvalidParameterValue.ZipFile');
  assert.match(reason?.ErrorMessage ?? '', /needs the file scf_bootstrap at its top.*0\.0\.0\.0:9000/);
  const alone = await at.version(nodeApp(''), {
    type: 'HTTP',
    echoed: { PublicNetConfig: { PublicNetStatus: 'DISABLE' } },
  });
  assert.equal((await at.runtime.prepare(alone))?.ErrorCode, 'UnsupportedOperation');
});
