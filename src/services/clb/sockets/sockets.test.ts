import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { ask, FakeTarget, freePort, REGION, refOf, refused, Stand } from '../fixture.ts';

const HOST = { headers: { host: 'a.test' } };

async function occupy(host: string, port: number): Promise<AsyncDisposable> {
  const server = createServer();
  await new Promise<void>(listening => server.listen(port, host, listening));
  return { [Symbol.asyncDispose]: () => new Promise<void>(closed => server.close(() => closed())) };
}

describe('the ports of listeners', () => {
  it('below 1024 are moved by the offset, and told so', async () => {
    await using stand = await Stand.open({ offset: 18_000 });
    const { listener, balancer, ask: asked } = await stand.function(new FakeTarget(), {}, { port: 80 });
    assert.deepEqual(stand.clb.place(listener), { host: balancer.vip, port: 18_080, open: true });
    assert.equal((await asked('/', HOST)).status, 200);
    const udp = await stand.listener({ protocol: 'UDP' });
    assert.equal(stand.clb.place(udp.listener).open, false);
    const [clash] = [stand.listener({ port: 18_080 }, balancer)];
    await assert.rejects(clash, refused('InvalidParameter.PortCheckFailed', 'portOffset'));
  });

  it('that are busy refuse the listener, and nothing is left', async () => {
    await using stand = await Stand.open();
    const balancer = await stand.clb.balancers.create(REGION, { type: 'OPEN' });
    const port = await freePort(balancer.vip);
    {
      await using _ = await occupy(balancer.vip, port);
      await assert.rejects(
        stand.listener({ port }, balancer),
        refused('InvalidParameter.PortCheckFailed', `${port} of ${balancer.vip}`),
      );
      await assert.rejects(
        stand.listener({ port, protocol: 'TCP' }, balancer),
        refused('InvalidParameter.PortCheckFailed', 'another program'),
      );
    }
    assert.deepEqual(stand.clb.listeners.list({ region: REGION, loadBalancerId: balancer.id }), []);
    assert.equal((await stand.listener({ port }, balancer)).listener.port, port);
  });

  it('that are busy at the start are tried again, while the others serve', async () => {
    await using stand = await Stand.open();
    const target = new FakeTarget();
    const one = await stand.function(target);
    const two = await stand.function(target);
    const attach = () => {
      for (const { rule } of [one, two]) stand.clb.attach(rule.id, target);
    };
    await stand.clb.close(0);
    const busy = await occupy(one.balancer.vip, one.listener.port);
    await stand.restart();
    attach();
    assert.equal(stand.clb.place(one.listener).open, false);
    assert.equal((await two.ask('/', HOST)).body, 'function');
    await stand.clock.advance(5_000);
    assert.equal(stand.clb.place(one.listener).open, false);
    await busy[Symbol.asyncDispose]();
    await stand.clock.advance(5_000);
    while (!stand.clb.place(one.listener).open) await new Promise(setImmediate);
    assert.equal((await one.ask('/', HOST)).body, 'function');
  });

  it('that are busy are tried no more once their listener is gone', async () => {
    await using stand = await Stand.open();
    const { ref, listener, balancer } = await stand.listener();
    await stand.clb.close(0);
    await using _ = await occupy(balancer.vip, listener.port);
    await stand.restart();
    await stand.clb.listeners.remove(ref, [listener.id]);
    await stand.clock.advance(60_000);
    assert.equal(stand.clb.place(listener).open, false);
  });

  it('on the one address of a pool are told apart from those of other balancers', async () => {
    await using stand = await Stand.open({ pool: '127.80.10.1' });
    const one = await stand.function(new FakeTarget());
    const other = await stand.clb.balancers.create(REGION, { type: 'OPEN' });
    assert.equal(other.vip, one.balancer.vip);
    await assert.rejects(
      stand.listener({ port: one.listener.port }, other),
      refused('ResourceInsufficient', one.balancer.id),
    );
    const free = await stand.listener({}, other);
    assert.notEqual(free.listener.port, one.listener.port);
    await stand.clb.balancers.remove(REGION, [one.balancer.id]);
    assert.ok(await stand.listener({ port: one.listener.port }, other));
  });

  it('on an address that this machine lacks are refused with the setting', async () => {
    await using stand = await Stand.open({ pool: '203.0.113.7' });
    const balancer = await stand.clb.balancers.create(REGION, { type: 'OPEN' });
    const made = stand.listener({ port: 12_345 }, balancer);
    await assert.rejects(made, refused('InvalidParameter.PortCheckFailed', 'clb.vips'));
  });

  it('come back after a restart with the rules that they had', async () => {
    await using stand = await Stand.open();
    const target = new FakeTarget();
    const { rule, ask: asked } = await stand.function(target, { url: '/x' });
    await stand.restart();
    assert.equal((await asked('/x', HOST)).status, 502);
    const attached = stand.clb.attach(rule.id, target);
    assert.equal((await asked('/x', HOST)).status, 200);
    attached[Symbol.dispose]();
    assert.equal((await asked('/x', HOST)).status, 502);
    assert.equal(stand.clb.rules.need(refOf(rule)).url, '/x');
  });

  it('let requests in flight end when the server stops, and no longer than it may', async () => {
    const stand = await Stand.open();
    let finish: () => void = () => {};
    const target = new FakeTarget(
      () => new Promise(resolve => (finish = () => resolve({ status: 200, headers: [], body: 'late' }))),
    );
    const { ask: asked, listener } = await stand.function(target);
    const { host, port } = stand.clb.place(listener);
    const waiting = asked('/', HOST);
    while (target.seen.length === 0) await new Promise(setImmediate);
    const closing = stand.clb.close(5_000);
    await assert.rejects(ask(host, port, '/', HOST), { code: 'ECONNREFUSED' });
    finish();
    assert.equal((await waiting).body, 'late');
    await closing;
    await stand[Symbol.asyncDispose]();
  });
});
