import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { keptLog } from '../../../core/fixture.ts';
import { aBackend, anApi, aReply, FakeTarget, GatewayStand, REGION } from '../fixture.ts';
import type { ApiConfig } from '../model.ts';

const HOST = (serviceId: string) => `${serviceId}-1250000000.gz.apigw.tencentcs.com`;
const message = (body: Buffer) => (JSON.parse(body.toString()) as { message: string }).message;

describe('finding the way', () => {
  it('serves by host and by path alike', async () => {
    await using open = await GatewayStand.open();
    const target = new FakeTarget();
    const { serviceId, base } = await open.serve(target);
    const byHost = await open.ask('/release/fn/x?a=1', { headers: { host: HOST(serviceId) } });
    const byPath = await open.ask(`${base}/fn/x?a=1`);
    assert.equal(byHost.status, 200);
    assert.equal(byPath.body.toString(), '"ok"');
    for (const { path, query, route } of target.seen) {
      assert.equal(path, '/fn/x');
      assert.equal(query, 'a=1');
      assert.equal(route.environment, 'release');
    }
    assert.equal(target.seen.length, 2);
    for (const { headers } of [byHost, byPath]) assert.equal(headers['x-api-uri'], '/release/fn/x');
  });

  it('takes the absolute form of a request target', async () => {
    await using open = await GatewayStand.open();
    const target = new FakeTarget();
    const { serviceId } = await open.serve(target);
    const host = HOST(serviceId);
    const { status } = await open.ask(`http://${host}/release/fn?x`, { headers: { host } });
    assert.equal(status, 200);
    assert.equal(target.seen[0]?.path, '/fn');
    assert.equal(target.seen[0]?.query, 'x');
  });

  it('keeps the path as it was sent and decodes it for matching', async () => {
    await using open = await GatewayStand.open();
    const target = new FakeTarget();
    const { base } = await open.serve(target, { path: '/中/{id}' });
    await open.ask(`${base}/%E4%B8%AD/a%20b`);
    assert.equal(target.seen[0]?.path, '/%E4%B8%AD/a%20b');
    assert.deepEqual({ ...target.seen[0]?.pathParameters }, { id: 'a b' });
  });

  it('says what does not exist', async () => {
    await using open = await GatewayStand.open();
    const { serviceId, base } = await open.serve(new FakeTarget(), { method: 'GET' });
    const nowhere = await open.ask('/release/fn', { headers: { host: 'service-00000000.localhost:9702' } });
    assert.equal(nowhere.status, 404);
    assert.equal(message(nowhere.body), "There is no api match host 'service-00000000.localhost'");
    const bare = await open.ask('/', { headers: { host: HOST(serviceId) } });
    assert.equal(bare.body.toString(), `{"message":"There is no api match default env_mapping '\\/'"}`);
    assert.equal(bare.headers['content-type'], 'application/json');
    const texts = {
      [`/_apigw/${serviceId}/prod/fn`]: "There is no api match default env_mapping '/prod'",
      [`${base}/other`]: "There is no api match uri '/other'",
      [`/_apigw/${serviceId}/test/fn`]: "There is no api match uri '/fn'",
    };
    for (const [path, text] of Object.entries(texts)) {
      const answer = await open.ask(path);
      assert.equal(answer.status, 404);
      assert.equal(message(answer.body), text);
    }
    const method = await open.ask(`${base}/fn`, { method: 'POST' });
    assert.equal(message(method.body), "There is no api match method 'POST'");
    const verb = await open.ask(`${base}/fn`, { method: 'PROPFIND' });
    assert.equal(message(verb.body), 'Could not support method');
    assert.equal(verb.status, 404);
  });

  it('serves a protocol only if the service has it', async () => {
    await using open = await GatewayStand.open();
    const { gateway } = open;
    const service = await gateway.services.create({ region: REGION, name: 's', protocol: 'https' });
    const answer = await open.ask(`/_apigw/${service.id}/release/fn`);
    assert.equal(answer.status, 426);
    assert.equal(message(answer.body), 'Not allow use HTTP protocol');
  });

  it('leaves hosts and paths of others alone', async () => {
    await using open = await GatewayStand.open();
    const { site } = open.gateway;
    assert.ok(site.claims('service-aaaaaaaa-1.x.y', '/', {}));
    assert.ok(site.claims('127.0.0.1', '/_apigw/service-aaaaaaaa/release', {}));
    assert.ok(!site.claims('127.0.0.1', '/release/fn', {}));
  });
});

describe('releases', () => {
  it('bring changes into effect, one environment at a time', async () => {
    await using open = await GatewayStand.open();
    const { gateway } = open;
    const target = new FakeTarget();
    const { ref, base } = await open.serve(target);
    await gateway.apis.modify(ref, anApi({ path: '/new' }));
    assert.equal((await open.ask(`${base}/fn`)).status, 200);
    assert.equal((await open.ask(`${base}/new`)).status, 404);
    await gateway.releases.make({ ...ref, environment: 'test', description: '' });
    assert.equal((await open.ask(`${base}/new`)).status, 404);
    assert.equal((await open.ask(`/_apigw/${ref.serviceId}/test/new`)).status, 200);
    await gateway.apis.remove(ref);
    assert.equal((await open.ask(`${base}/fn`)).status, 200);
    await gateway.releases.end(ref, 'release');
    assert.equal((await open.ask(`${base}/fn`)).status, 404);
    await gateway.releases.withdraw(ref);
    assert.equal((await open.ask(`/_apigw/${ref.serviceId}/test/new`)).status, 404);
    assert.equal(target.seen.length, 3);
  });

  it('outlive the process', async () => {
    await using open = await GatewayStand.open();
    const { ref, base } = await open.serve(new FakeTarget());
    await open.gateway.apis.create(REGION, ref.serviceId, anApi({ path: '/unreleased' }));
    await open.restart();
    assert.equal((await open.ask(`${base}/fn`)).status, 404);
    const target = new FakeTarget();
    open.gateway.attach(ref.apiId, target);
    assert.equal((await open.ask(`${base}/fn`)).status, 200);
    assert.equal((await open.ask(`${base}/unreleased`)).status, 404);
    assert.equal(target.seen.length, 1);
  });

  it('serve nothing without a target, and the newest of two', async () => {
    await using open = await GatewayStand.open();
    const first = new FakeTarget();
    const { attached, ref, base } = await open.serve(first);
    const second = new FakeTarget();
    const again = open.gateway.attach(ref.apiId, second);
    attached[Symbol.dispose]();
    assert.equal((await open.ask(`${base}/fn`)).status, 200);
    assert.equal(second.seen.length, 1);
    again[Symbol.dispose]();
    assert.equal(message((await open.ask(`${base}/fn`)).body), "There is no api match uri '/fn'");
  });
});

describe('what the target is told', () => {
  it('has ids, address, scheme and raw headers', async () => {
    await using open = await GatewayStand.open();
    const target = new FakeTarget();
    const { base } = await open.serve(target);
    const answer = await open.ask(`${base}/fn`, { headers: { 'X-Mixed-Case': 'a' } });
    const [seen] = target.seen;
    assert.match(seen?.requestId ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    assert.equal(seen?.traceId, seen?.requestId.replaceAll('-', ''));
    assert.equal(answer.headers['x-api-requestid'], seen?.traceId);
    assert.equal(seen?.sourceIp, '127.0.0.1');
    assert.equal(seen?.scheme, 'http');
    assert.equal(seen?.method, 'GET');
    assert.equal(seen?.body, undefined);
    assert.equal(seen?.base64, false);
    assert.ok(seen?.rawHeaders.includes('X-Mixed-Case'));
  });

  it('has the body byte by byte', async () => {
    await using open = await GatewayStand.open();
    const target = new FakeTarget();
    const { base } = await open.serve(target);
    const body = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 256));
    await open.ask(`${base}/fn`, { method: 'POST', body });
    assert.deepEqual(target.seen[0]?.body, body);
    await open.ask(`${base}/fn`, { method: 'POST', body: 'x', headers: { 'transfer-encoding': 'chunked' } });
    assert.equal(target.seen[1]?.body?.toString(), 'x');
    await open.ask(`${base}/fn`, { method: 'POST', body: '', headers: { 'transfer-encoding': 'chunked' } });
    assert.equal(target.seen[2]?.body, undefined);
    await open.ask(`${base}/fn`, { method: 'POST', headers: { 'content-length': '0' } });
    assert.equal(target.seen[3]?.body, undefined);
  });

  it('refuses more than 16 MB and serves the connection on', async () => {
    await using open = await GatewayStand.open();
    const target = new FakeTarget();
    const { base } = await open.serve(target);
    const most = 16 * 1024 * 1024;
    const answer = await open.ask(`${base}/fn`, { method: 'POST', body: Buffer.alloc(most + 1) });
    assert.equal(answer.status, 413);
    assert.equal((await open.ask(`${base}/fn`, { method: 'POST', body: Buffer.alloc(most) })).status, 200);
    assert.equal(target.seen.length, 1);
  });

  it('asks for Base64 by setting and rules', async () => {
    await using open = await GatewayStand.open();
    const target = new FakeTarget();
    const base64 = { enabled: true, rules: [{ header: 'content-type', values: ['image/', 'pdf'] }] } as const;
    const { base } = await open.serve(target, { backend: aBackend({ base64 }) });
    const send = (type: string, body = 'x') =>
      open.ask(`${base}/fn`, { method: 'POST', body, headers: { 'content-type': type } });
    for (const type of ['image/png', 'text/plain', 'application/pdf']) await send(type);
    await send('image/png', '');
    assert.deepEqual(
      target.seen.map(seen => seen.base64),
      [true, false, true, false],
    );
  });
});

describe('required parameters', () => {
  const parameters: ApiConfig['parameters'] = [
    { name: 'X-Key', position: 'HEADER', required: true, defaultValue: '' },
    { name: 'q', position: 'QUERY', required: true, defaultValue: '' },
    { name: 'o', position: 'QUERY', required: false, defaultValue: 'd' },
  ];

  it('are refused when they are absent', async () => {
    await using open = await GatewayStand.open();
    const target = new FakeTarget();
    const { base } = await open.serve(target, { parameters });
    const without = await open.ask(`${base}/fn?q=`);
    assert.equal(without.status, 403);
    assert.equal(message(without.body), 'header X-Key is required');
    const headers = { 'x-key': '1' };
    assert.equal(message((await open.ask(`${base}/fn?o=1`, { headers })).body), 'querystring q is required');
    assert.equal((await open.ask(`${base}/fn?q=`, { headers })).status, 200);
    assert.equal(target.seen.length, 1);
  });
});

describe('time', () => {
  it('ends the wait with 504 while the function goes on, and takes no late answer', async () => {
    const log = keptLog();
    await using open = await GatewayStand.open({}, log);
    const late = Promise.withResolvers<ReturnType<typeof aReply>>();
    const asked = Promise.withResolvers<void>();
    const target = new FakeTarget(() => {
      asked.resolve();
      return late.promise;
    });
    const { base } = await open.serve(target, { timeoutS: 7 });
    const agent = new Agent({ keepAlive: true });
    const answer = open.ask(`${base}/fn`, { agent });
    await asked.promise;
    await open.clock.advance(6999);
    await open.clock.advance(1);
    const { status, body, headers } = await answer;
    assert.equal(status, 504);
    assert.equal(body.toString(), '{"message":"Gateway Time-out"}');
    assert.equal(headers['x-api-upstreamstatus'], '504');
    late.resolve(aReply());
    await late.promise;
    assert.equal((await open.ask(`${base}/nothing`, { agent })).status, 404);
    assert.deepEqual(log.lines, []);
    agent.destroy();
  });

  it('in which the server stood still is not counted', async () => {
    await using open = await GatewayStand.open();
    const late = Promise.withResolvers<ReturnType<typeof aReply>>();
    const asked = Promise.withResolvers<void>();
    const target = new FakeTarget(() => {
      asked.resolve();
      return late.promise;
    });
    const { base } = await open.serve(target, { timeoutS: 7 });
    const answer = open.ask(`${base}/fn`);
    await asked.promise;
    await open.clock.advance(1000);
    open.slept.sleepFor(3_600_000);
    await open.clock.advance(5999);
    late.resolve(aReply());
    assert.equal((await answer).status, 200);
  });

  it('does not touch an answer that was in time', async () => {
    await using open = await GatewayStand.open();
    const { base } = await open.serve(new FakeTarget());
    assert.equal((await open.ask(`${base}/fn`)).status, 200);
    await open.clock.advance(60_000);
    assert.equal((await open.ask(`${base}/fn`)).status, 200);
  });
});

it('answers 500 and logs when a target breaks', async () => {
  const log = keptLog();
  await using open = await GatewayStand.open({}, log);
  const { base } = await open.serve(new FakeTarget(() => Promise.reject(new Error('bug'))));
  const answer = await open.ask(`${base}/fn`);
  assert.equal(answer.status, 500);
  assert.equal(answer.body.toString(), '{"message":"Internal Server Error"}');
  assert.deepEqual(
    log.lines.map(line => line.level),
    ['error'],
  );
});

it('survives clients that go away', async () => {
  await using open = await GatewayStand.open();
  const answered = Promise.withResolvers<ReturnType<typeof aReply>>();
  const asked = Promise.withResolvers<void>();
  const { base } = await open.serve(
    new FakeTarget(() => {
      asked.resolve();
      return answered.promise;
    }),
  );
  const upload = connect(open.port, '127.0.0.1');
  upload.write(`POST ${base}/fn HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf`, () => upload.destroy());
  const waiting = connect(open.port, '127.0.0.1');
  waiting.write(`GET ${base}/fn HTTP/1.1\r\nHost: x\r\n\r\n`);
  await asked.promise;
  waiting.destroy();
  await new Promise(closed => waiting.once('close', closed));
  answered.resolve(aReply());
  assert.equal((await open.ask(`${base}/nothing`)).status, 404);
});
