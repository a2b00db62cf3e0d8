// A process that stands still longer than its deadlines: what has come meanwhile has come in time, and counts.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { NO_LOG } from '../core/log.ts';
import { readBody } from './body.ts';
import { openUpstreams } from './forward.ts';
import { openFront } from './server.ts';
import type { Site } from './site.ts';

/** Of both sides' deadlines. */
const LIMIT_MS = 300;

/** The other end is a thread of its own, which goes on meanwhile and says so in `flag`. */
const SERVER = `
const { parentPort, workerData: { flag } } = require('node:worker_threads');
const server = require('node:net').createServer(socket => socket.on('data', chunk => {
  const at = String(chunk).split(' ')[1];
  const stop = '/begun' === at && 'a';
  socket.write('HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n' + (stop || 'ok'), () => {
    if (stop) return parentPort.once('message', () => socket.write('b', told));
    if (at === '/late') told();
  });
}));
const told = () => { Atomics.store(flag, 0, 1); Atomics.notify(flag, 0); };
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;
const CLIENT = `
const { parentPort, workerData: { flag, port } } = require('node:worker_threads');
const socket = require('node:net').connect(port, '127.0.0.1');
let text = '';
socket.on('data', chunk => { text += chunk; }).on('close', () => parentPort.postMessage(text));
socket.write('POST / HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\nContent-Length: 9\\r\\n\\r\\nabc');
parentPort.once('message', () => socket.write('defghi', () => { Atomics.store(flag, 0, 1); Atomics.notify(flag, 0); }));
`;

async function other(t: TestContext, program: string, more: object = {}) {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(program, { eval: true, workerData: { flag, ...more } });
  t.after(() => worker.terminate());
  return {
    worker,
    /** Returns when the other end has sent what it has, and the deadline is long over: nothing runs here until then. */
    standStill() {
      assert.notEqual(Atomics.wait(flag, 0, 0, 60_000), 'timed-out');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LIMIT_MS * 2);
    },
  };
}

test('a server that has answered in time is not given up', async t => {
  const { worker, standStill } = await other(t, SERVER);
  const [port] = await once(worker, 'message');
  const upstreams = openUpstreams({ idleSocketMs: 60_000 });
  t.after(() => upstreams.close());
  const to = { host: '127.0.0.1', port };
  const ask = (target: string, limits: object) =>
    upstreams.forward(to, { method: 'GET', target, rawHeaders: ['Host', 'a'], ...limits });
  const text = async ({ body }: Awaited<ReturnType<typeof ask>>) => Buffer.concat(await body.toArray()).toString();
  // From now on there is a connection: the next request is on its way when the call returns.
  assert.equal(await text(await ask('/', {})), 'ok');
  const late = ask('/late', { headTimeoutMs: LIMIT_MS });
  standStill();
  assert.equal(await text(await late), 'ok');
});

test('a server that has gone on with its answer in time is not given up', async t => {
  const { worker, standStill } = await other(t, SERVER);
  const [port] = await once(worker, 'message');
  const upstreams = openUpstreams();
  t.after(() => upstreams.close());
  const request = { method: 'GET', target: '/begun', rawHeaders: ['Host', 'a'], idleTimeoutMs: LIMIT_MS };
  const { body } = await upstreams.forward({ host: '127.0.0.1', port }, request);
  worker.postMessage('on');
  standStill();
  assert.equal(Buffer.concat(await body.toArray()).toString(), 'ab');
});

test('a client that has gone on with its body in time is not given up', async t => {
  const begun = Promise.withResolvers<void>();
  const site: Site = {
    name: 'length',
    claims: () => true,
    async serve(request, response) {
      request.once('data', () => begun.resolve());
      response.end(String(await readBody(request, 100)));
    },
  };
  const at = { host: '127.0.0.1', port: 0, setting: 'portHttp', sites: [], fallback: site, log: NO_LOG };
  const front = await openFront({ ...at, bodyIdleMs: LIMIT_MS });
  t.after(() => front.close(0));
  const { worker, standStill } = await other(t, CLIENT, { port: front.port });
  const answer = once(worker, 'message');
  await begun.promise;
  // Of all turns of the loop that is the one after which deadlines are looked at before sockets.
  await new Promise(setImmediate);
  worker.postMessage('on');
  standStill();
  assert.match((await answer)[0], /^HTTP\/1\.1 200 .*abcdefghi$/s);
});
