import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { keptLog } from '../../../core/fixture.ts';
import { aReply, FakeTarget, GatewayStand, JSON_TYPE } from '../fixture.ts';

describe('the answer', () => {
  it('has the labels of the gateway', async () => {
    await using open = await GatewayStand.open();
    const { ref, base } = await open.serve(new FakeTarget(async () => aReply({ status: 201 })));
    const { headers, rawHeaders } = await open.ask(`${base}/fn`, { headers: { host: 'example.test:9702' } });
    assert.equal(headers['x-api-id'], ref.apiId);
    assert.equal(headers['x-api-serviceid'], ref.serviceId);
    assert.equal(headers['x-api-funcname'], 'fn');
    assert.equal(headers['x-api-appid'], '1250000000');
    assert.equal(headers['x-api-httphost'], 'example.test:9702');
    assert.equal(headers['x-api-uri'], '/release/fn');
    assert.equal(headers['x-api-status'], '201');
    assert.equal(headers['x-api-upstreamstatus'], '200');
    assert.ok(headers.date);
    assert.ok(rawHeaders.includes('X-Api-RequestId'));
  });

  it('has no upstream status when nothing was asked', async () => {
    await using open = await GatewayStand.open();
    const { base } = await open.serve(new FakeTarget());
    const { headers } = await open.ask(`${base}/nothing`);
    assert.equal(headers['x-api-status'], '404');
    assert.equal(headers['x-api-upstreamstatus'], undefined);
    assert.match(headers['x-api-requestid'] as string, /^[0-9a-f]{32}$/);
  });

  it('has bodies of either kind and any size byte by byte', async () => {
    await using open = await GatewayStand.open();
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    for (const body of ['', 'text', bytes, Buffer.concat(Array(1000).fill(bytes)), Buffer.from('中文')]) {
      const { base } = await open.serve(new FakeTarget(async () => aReply({ body })));
      const answer = await open.ask(`${base}/fn`);
      assert.deepEqual(answer.body, Buffer.from(body));
      assert.equal(answer.headers['content-length'], String(body.length));
    }
  });

  it('repeats headers and keeps reason phrases', async () => {
    await using open = await GatewayStand.open();
    const headers = ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'];
    const reply = async () => aReply({ headers, status: 435, reason: 'status code 435', upstreamStatus: 435 });
    const { base } = await open.serve(new FakeTarget(reply));
    const answer = await open.ask(`${base}/fn`);
    assert.deepEqual(answer.headers['set-cookie'], ['a=1', 'b=2']);
    assert.equal(answer.status, 435);
    assert.equal(answer.reason, 'status code 435');
  });

  it('to HEAD has a length and no body', async () => {
    await using open = await GatewayStand.open();
    const target = new FakeTarget();
    const { base } = await open.serve(target);
    const answer = await open.ask(`${base}/fn`, { method: 'HEAD' });
    assert.equal(answer.body.length, 0);
    assert.equal(answer.headers['content-length'], '4');
    assert.equal(target.seen[0]?.method, 'HEAD');
  });

  for (const status of [204, 304]) {
    it(`with ${status} has neither`, async () => {
      await using open = await GatewayStand.open();
      const { base } = await open.serve(new FakeTarget(async () => aReply({ status })));
      const answer = await open.ask(`${base}/fn`);
      assert.equal(answer.status, status);
      assert.equal(answer.body.length, 0);
      assert.equal(answer.headers['content-length'], undefined);
    });
  }

  it('drops Location only when it is told to', async () => {
    for (const dropLocation of [false, true]) {
      await using open = await GatewayStand.open({ dropLocation });
      const reply = async () => aReply({ status: 302, headers: [...JSON_TYPE, 'location', '/x'] });
      const { base } = await open.serve(new FakeTarget(reply));
      assert.equal((await open.ask(`${base}/fn`)).headers.location, dropLocation ? undefined : '/x');
    }
  });

  it('is one packet for a small body', async () => {
    await using open = await GatewayStand.open();
    const { base } = await open.serve(new FakeTarget(async () => aReply({ body: Buffer.from('"é"') })));
    const chunks: Buffer[] = [];
    const socket = connect(open.port, '127.0.0.1');
    socket.on('data', chunk => chunks.push(chunk));
    socket.write(`GET ${base}/fn HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    await new Promise(closed => socket.once('close', closed));
    assert.equal(chunks.length, 1);
    assert.match(chunks[0]?.toString() ?? '', /\r\n\r\n"é"$/);
  });
});

describe('compression', () => {
  const big = JSON.stringify('x'.repeat(2000));
  const ask = async (body: string, headers: readonly string[], accept: string | undefined, method = 'GET') => {
    await using open = await GatewayStand.open();
    const { base } = await open.serve(new FakeTarget(async () => aReply({ body, headers })));
    return await open.ask(`${base}/fn`, {
      method,
      ...(accept !== undefined && { headers: { 'accept-encoding': accept } }),
    });
  };

  it('is for clients that take it, bodies above 1 KB and the documented types', async () => {
    const packed = await ask(big, ['content-type', 'application/json; charset=utf-8'], 'deflate, gzip');
    assert.equal(packed.headers['content-encoding'], 'gzip');
    assert.equal(gunzipSync(packed.body).toString(), big);
    assert.equal(packed.headers['content-length'], String(packed.body.length));
  });

  it('is left out otherwise', async () => {
    const cases: Parameters<typeof ask>[] = [
      [big, JSON_TYPE, undefined],
      [big, JSON_TYPE, 'br, deflate'],
      [big, JSON_TYPE, 'gzip;q=0'],
      [big, JSON_TYPE, 'xgzip'],
      ['x'.repeat(1024), JSON_TYPE, 'gzip'],
      [big, ['Content-Type', 'text/html'], 'gzip'],
      [big, [...JSON_TYPE, 'Content-Encoding', 'br'], 'gzip'],
      [big, JSON_TYPE, 'gzip', 'HEAD'],
    ];
    for (const [body, headers, accept, method] of cases) {
      const plain = await ask(body, headers, accept, method);
      assert.notEqual(plain.headers['content-encoding'], 'gzip', `${accept} ${method} ${headers}`);
      assert.equal(plain.headers['content-length'], String(body.length));
    }
  });
});

it('answers 500 when a reply cannot be written', async () => {
  const log = keptLog();
  await using open = await GatewayStand.open({}, log);
  const { base } = await open.serve(new FakeTarget(async () => aReply({ headers: ['a', 'b\r\nc: d'] })));
  assert.equal((await open.ask(`${base}/fn`)).status, 500);
  assert.equal(log.lines.length, 1);
});
