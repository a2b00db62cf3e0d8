import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import type { Exchange } from '../../../core/exchange.ts';
import { keptLog } from '../../../core/fixture.ts';
import { aBackend, anApi, aReply, assertSaid, GatewayStand, REGION } from '../fixture.ts';
import type { ApiConfig } from '../model.ts';
import type { GatewayReply, GatewayRequest, Target } from '../target.ts';

type Pass = (request: GatewayRequest, exchange: Exchange) => Promise<GatewayReply>;

const OVER = aReply({ body: '', headers: [] });
const head = (status = 200, rawHeaders: readonly string[] = []) => ({ status, reason: 'As It Is', rawHeaders });

async function stand(pass: Pass, change: Partial<ApiConfig> = {}) {
  const log = keptLog();
  const lines: string[] = [];
  const open = await GatewayStand.open({}, log, { access: line => lines.push(line) });
  const asked = Promise.withResolvers<Exchange>();
  const target: Target = {
    functionName: 'web',
    invoke: () => assert.fail('a web function is given exchanges'),
    pass(request, exchange) {
      asked.resolve(exchange);
      return pass(request, exchange);
    },
  };
  const backend = aBackend({ functionType: 'HTTP' });
  const { base } = await open.serve(target, { backend, timeoutS: 5, ...change });
  return { open, log, lines, base, asked: asked.promise };
}

describe('a request that is passed on', () => {
  it('has path and query without the environment, and its body and answer go through', async () => {
    const { open, base } = await stand(async (request, exchange) => {
      const sent = exchange.body ? await buffer(exchange.body) : Buffer.from('');
      const { stream } = exchange.respond(head(201, ['X-Own', 'a', 'x-OWN', 'b']));
      stream.end(`${exchange.method} ${exchange.target} ${sent} ${request.path}`);
      return OVER;
    });
    await using _open = open;
    const answer = await open.ask(`${base}/fn/x%20y?a=1`, { method: 'POST', body: 'body' });
    assert.deepEqual([answer.status, answer.reason], [201, 'As It Is']);
    assert.equal(answer.body.toString(), 'POST /fn/x%20y?a=1 body /fn/x%20y');
    assert.deepEqual(
      answer.rawHeaders.filter((_, i) => answer.rawHeaders[i - (i % 2)]?.toLowerCase() === 'x-own'),
      ['X-Own', 'a', 'x-OWN', 'b'],
    );
    assert.equal(answer.headers['x-api-status'], '201');
    assert.equal(answer.headers['x-api-funcname'], 'web');
  });

  it('still has its body where the gateway had to read it', async () => {
    const parameters: ApiConfig['parameters'] = [{ name: 'a', position: 'BODY', required: true, defaultValue: '' }];
    const echo: Pass = async (_, exchange) => {
      const { stream } = exchange.respond(head());
      stream.end(exchange.body ? await buffer(exchange.body) : '');
      return OVER;
    };
    const { open, base } = await stand(echo, { parameters });
    await using _open = open;
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    assert.equal((await open.ask(`${base}/fn`, { method: 'POST', body: 'a=1', headers })).body.toString(), 'a=1');
    assertSaid(await open.ask(`${base}/fn`, { method: 'POST', body: 'b=1', headers }), 403, 'body param a is required');
  });

  it('has what the run says where nothing answers', async () => {
    const { open, lines, base } = await stand(async () => aReply({ status: 439, upstreamStatus: 439, body: 'gone' }));
    await using _open = open;
    const answer = await open.ask(`${base}/fn`);
    assert.deepEqual([answer.status, answer.body.toString()], [439, 'gone']);
    assert.equal(answer.headers['x-api-upstreamstatus'], '439');
    assert.match(lines[0] ?? '', /\[rsp_st:439\]\[ups_st:439\]/);
  });
});

describe('the time-out', () => {
  it('before the answer begins is 504, and the run is told', async () => {
    const told = Promise.withResolvers<void>();
    const { open, base, asked } = await stand((_, { signal }) => {
      signal.addEventListener('abort', () => told.resolve(), { once: true });
      return told.promise.then(() => OVER);
    });
    await using _open = open;
    const waiting = open.ask(`${base}/fn`);
    await asked;
    await open.clock.advance(5000);
    assertSaid(await waiting, 504, 'Gateway Time-out');
    await told.promise;
  });

  it('does not cut an answer that has begun', async () => {
    const { open, base, asked, lines } = await stand(async (_, exchange) => {
      const { stream } = exchange.respond(head());
      stream.write('one ');
      await open.clock.advance(60_000);
      assert.equal(exchange.signal.aborted, false);
      await new Promise<void>(done => stream.end('two', done));
      return OVER;
    });
    await using _open = open;
    const waiting = open.ask(`${base}/fn`);
    await asked;
    assert.equal((await waiting).body.toString(), 'one two');
    assert.match(lines[0] ?? '', /\[rsp_st:200\]\[ups_st:200\].*\[rsp_len:-\]/);
  });
});

describe('a run that breaks', () => {
  it('before the answer begins is an error of the gateway', async () => {
    const { open, log, base } = await stand(() => Promise.reject(new Error('bug')));
    await using _open = open;
    assertSaid(await open.ask(`${base}/fn`), 500, 'Internal Server Error');
    assert.equal(log.lines.length, 1);
  });

  it('after it has begun breaks the connection', async () => {
    const { open, base } = await stand((_, exchange) => {
      exchange.respond(head()).stream.write('half');
      return Promise.reject(new Error('bug'));
    });
    await using _open = open;
    await assert.rejects(open.ask(`${base}/fn`), { code: 'ECONNRESET' });
    assert.equal((await open.ask(`${base}/none`)).status, 404);
  });
});

it('a client that goes is told to the run', async () => {
  const told = Promise.withResolvers<void>();
  const { open, lines, base, asked } = await stand((_, { signal }) => {
    signal.addEventListener('abort', () => told.resolve(), { once: true });
    return told.promise.then(() => OVER);
  });
  await using _open = open;
  const request = httpRequest({ host: '127.0.0.1', port: open.port, path: `${base}/fn`, agent: false }).end();
  request.on('error', () => {});
  await asked;
  request.destroy();
  await told.promise;
  while (lines.length === 0) await new Promise(setImmediate);
  assert.match(lines[0] ?? '', /\[rsp_st:499\].*\[err_msg:Client closed connetion\]/);
});

it('a plain request for a WebSocket API is told what it lacks', async () => {
  const { open, base } = await stand(async () => OVER, { protocol: 'WEBSOCKET' });
  await using _open = open;
  const key = { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' };
  assertSaid(await open.ask(`${base}/fn`), 403, 'need header Sec-WebSocket-Key');
  assertSaid(await open.ask(`${base}/fn`, { headers: key }), 403, 'need header Sec-WebSocket-Version');
  const whole = { ...key, 'sec-websocket-version': '13' };
  assertSaid(await open.ask(`${base}/fn`, { headers: whole }), 426, 'Upgrade Required');
});

it('an API that has a web function beside one that has none are told apart', async () => {
  const { open, base } = await stand(async (_, exchange) => {
    exchange.respond(head()).stream.end('web');
    return OVER;
  });
  await using _open = open;
  const { service } = await open.gateway.services.ensure(REGION, { serviceId: base.split('/')[2] ?? '', name: '' });
  const event = await open.gateway.apis.create(REGION, service.id, anApi({ path: '/event' }));
  await open.gateway.releases.make({ region: REGION, serviceId: service.id, environment: 'release', description: '' });
  open.gateway.attach(event.id, { functionName: 'event', invoke: async () => aReply({ body: 'event' }) });
  for (const name of ['fn', 'event']) {
    assert.equal((await open.ask(`${base}/${name}`)).body.toString(), name === 'fn' ? 'web' : 'event');
  }
});
