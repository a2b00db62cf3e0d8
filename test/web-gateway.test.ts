// Web functions behind API Gateway over the real server, and what changes while their requests are under way.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request as send } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { ask, type HttpAnswer, sdkOf, settled, until } from './fixture.ts';
import { startTestServer } from './harness.ts';
import { bindUrl, deployWeb, endedRun, webZip } from './web.ts';

const server = await startTestServer();
after(() => server.close());
const sdk = sdkOf(server);
const json = (answer: HttpAnswer) => JSON.parse(String(answer.body));

const app = (word: string) => `
const { createServer } = require('node:http');
let next = () => {};
createServer((q, r) => {
  const path = q.url.split('?')[0];
  if (path === '/raw') { r.writeHead(203, 'Told', ['X-Own', '1', 'x-own', '2']); r.end(JSON.stringify({ method: q.method, url: q.url, raw: q.rawHeaders })); }
  else if (path === '/echo') { r.writeHead(200, { 'X-Length': String(q.headers['content-length']) }); q.pipe(r); }
  else if (path === '/events') { r.writeHead(200, { 'Content-Type': 'text/event-stream' }); r.write('data: ${word}\\n\\n');
    next = () => { next = () => r.end('data: end of ${word}\\n\\n'); r.write('data: 0\\n\\n'); }; }
  else if (path === '/next') { next(); r.end(); }
  else if (path === '/late') {}
  else if (path === '/reset') q.socket.destroy();
  else if (path === '/exit') process.exit(3);
  else r.end('${word}');
}).listen(9000, '0.0.0.0');`;

const MANY = { InstanceConcurrencyConfig: { DynamicEnabled: 'FALSE', MaxConcurrency: 20 } };

/** Its URL ends where the API's path begins. */
async function bindApi(FunctionName: string): Promise<string> {
  const { TriggerInfo } = await sdk.CreateTrigger({
    FunctionName,
    TriggerName: 'http',
    Type: 'apigw',
    TriggerDesc: JSON.stringify({
      api: { authRequired: 'FALSE', requestConfig: { method: 'ANY', path: '/' } },
      service: { serviceName: FunctionName },
    }),
    Enable: 'OPEN',
  });
  const { service } = JSON.parse(TriggerInfo?.TriggerDesc ?? '') as { service: { subDomain: string } };
  return service.subDomain.replace(/\/$/, '');
}

describe('a web function behind API Gateway', () => {
  let url: string;
  before(async () => {
    await deployWeb(sdk, 'app', app('one'), MANY);
    url = await bindApi('app');
  });

  test('gets the request as it came, without the environment and without headers of the gateway', async () => {
    const headers = ['Host', 'a.example', 'X-One', '1', 'X-ONE', '2', 'X-SCF-Name', 'forged', 'X-Real-IP', '9.9.9.9'];
    const answer = await ask(`${url}/raw?x=%20&y`, { method: 'DELETE', headers } as object);
    const seen = json(answer);
    assert.deepEqual([seen.method, seen.url], ['DELETE', '/raw?x=%20&y']);
    const names = seen.raw.filter((_: string, i: number) => i % 2 === 0);
    assert.deepEqual(
      names.filter((name: string) => name.toLowerCase() !== 'connection'),
      [
        ...['Host', 'X-One', 'X-ONE', 'X-Real-IP', 'X-Scf-Request-Id', 'X-Scf-Memory', 'X-Scf-Timeout'],
        ...['X-Scf-Version', 'X-Scf-Name', 'X-Scf-Namespace', 'X-Scf-Region', 'X-Scf-Appid', 'X-Scf-Uin'],
      ],
    );
    assert.equal(seen.raw[seen.raw.indexOf('X-Scf-Name') + 1], 'app');
    assert.deepEqual([answer.status, answer.reason], [203, 'Told']);
    assert.deepEqual(answer.rawHeaders.slice(0, 4), ['X-Own', '1', 'x-own', '2']);
    const run = await endedRun(server, seen.raw[seen.raw.indexOf('X-Scf-Request-Id') + 1]);
    assert.deepEqual([run.status, run.source], [200, 'apigw']);
  });

  test('takes bodies and answers of any framing', async () => {
    const sent = Buffer.alloc(3_000_000, 'abc');
    const told = await ask(`${url}/echo`, { method: 'PUT', headers: { 'Content-Length': sent.length } }, sent);
    assert.ok(told.body.equals(sent));
    assert.equal(told.headers['x-length'], String(sent.length));
    const none = await ask(`${url}/echo`, { method: 'HEAD' });
    assert.deepEqual([none.status, none.body.length], [200, 0]);
  });

  test('streams events', async () => {
    const [response] = (await once(send(`${url}/events`, { agent: false }).end(), 'response')) as [IncomingMessage];
    const events = response[Symbol.asyncIterator]();
    const event = async () => String((await events.next()).value);
    assert.equal(await event(), 'data: one\n\n');
    // Each of the others is made after the one before has come.
    for (const more of ['0', 'end of one']) {
      await ask(`${url}/next`);
      assert.equal(await event(), `data: ${more}\n\n`);
    }
    assert.equal((await events.next()).done, true);
  });

  test('that fails is told by the status of its run, in headers too', async () => {
    for (const [path, status] of [
      ['reset', 430],
      ['exit', 439],
    ] as const) {
      const answer = await ask(`${url}/${path}`);
      assert.deepEqual([answer.status, json(answer).statusCode], [status, status], path);
      assert.deepEqual(
        [answer.headers['x-api-status'], answer.headers['x-api-upstreamstatus']],
        [String(status), String(status)],
      );
    }
    assert.equal(String((await ask(`${url}/`)).body), 'one');
  });

  test('has the time of its run, or the gateway’s if that is shorter: its run is broken off then', async () => {
    await deployWeb(sdk, 'hasty', app('hasty'), { ...MANY, Timeout: 1 });
    const own = await ask(`${await bindApi('hasty')}/late`);
    assert.deepEqual([own.status, json(own).statusCode], [433, 433]);
    await deployWeb(sdk, 'patient', app('patient'), MANY);
    // Fifteen seconds, as no trigger says otherwise.
    const gateway = await ask(`${await bindApi('patient')}/late`);
    assert.deepEqual([gateway.status, json(gateway)], [504, { message: 'Gateway Time-out' }]);
    const { events } = await server.get<{ events: readonly { requestId: string }[] }>('/events?function=patient');
    assert.equal((await endedRun(server, events[0]?.requestId)).status, 499);
  });
});

describe('while requests are under way', () => {
  /** Half of a request has been answered; `end` sends the other half and gives the rest of the answer. */
  const open = async (url: string) => {
    const request = send(`${url}/echo`, { agent: false, method: 'POST' });
    request.write('half');
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    assert.equal(String((await once(response, 'data'))[0]), 'half');
    return {
      end() {
        request.end(' and half');
        return text(response);
      },
    };
  };

  test('new code, another URL and no URL take effect, and what runs is answered to its end', async () => {
    await deployWeb(sdk, 'changes', app('first'), MANY);
    const { url, id } = await bindUrl(sdk, 'changes');
    const before = await open(url);
    await sdk.UpdateFunctionCode({ FunctionName: 'changes', ZipFile: await webZip(app('second')) });
    await settled(sdk, 'changes');
    assert.equal(String((await ask(url)).body), 'second');
    assert.equal(await before.end(), ' and half');
    const last = await open(url);
    await sdk.DeleteTrigger({ FunctionName: 'changes', TriggerName: id, Type: 'http', Qualifier: '$DEFAULT' });
    assert.equal((await ask(url)).status, 404);
    assert.equal(await last.end(), ' and half');
  });

  test('a client of HTTP/1.0 gets pieces without chunks, and the end of the connection', async () => {
    await deployWeb(sdk, 'old', app('first'), MANY);
    const { url } = await bindUrl(sdk, 'old');
    const { hostname, port, pathname } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.write(`GET ${pathname}/events HTTP/1.0\r\nHost: x\r\n\r\n`);
    let all = '';
    socket.setEncoding('latin1').on('data', (piece: string) => {
      all += piece;
    });
    for (const last of ['first', '0']) {
      await until(`${last} has come`, async () => all.endsWith(`data: ${last}\n\n`));
      await ask(`${url}/next`);
    }
    await once(socket, 'close');
    assert.match(all, /^HTTP\/1\.1 200 OK\r\n/);
    assert.doesNotMatch(all, /chunked/i);
    assert.match(all, /\r\n\r\ndata: first\n\ndata: 0\n\ndata: end of first\n\n$/);
  });
});
