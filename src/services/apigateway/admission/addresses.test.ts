import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { trustedProxies } from '../../../http/client.ts';
import { assertSaid, FakeTarget, GatewayStand, REGION } from '../fixture.ts';

const DENIED = 'Your IP address is not allowed';

async function stand(traffic: Parameters<typeof GatewayStand.open>[2] = {}) {
  const open = await GatewayStand.open({}, undefined, traffic);
  const target = new FakeTarget();
  const { ref, base } = await open.serve(target);
  const from = (localAddress: string, headers = {}) => open.ask(`${base}/fn`, { localAddress, headers });
  return { open, target, ref, from };
}

describe('an IP strategy', () => {
  it('takes those on a white list alone, and anyone again when it is unbound', async () => {
    const { open, target, ref, from } = await stand();
    await using _open = open;
    const { strategies } = open.gateway;
    const strategy = await strategies.create({ ...ref, name: 'w', type: 'WHITE', data: '127.0.0.8/30\n10.0.0.1' });
    const strategyId = strategy.id;
    await strategies.bind({ ...ref, strategyId }, 'release', [ref.apiId]);
    assertSaid(await from('127.0.0.1'), 403, DENIED);
    assertSaid(await from('127.0.0.12'), 403, DENIED);
    assert.equal((await from('127.0.0.11')).status, 200);
    await strategies.modify({ ...ref, strategyId }, '127.0.0.1');
    assert.equal((await from('127.0.0.1')).status, 200);
    assertSaid(await from('127.0.0.11'), 403, DENIED);
    await strategies.unbind({ ...ref, strategyId }, 'release', [ref.apiId]);
    assert.equal((await from('127.0.0.11')).status, 200);
    assert.equal(target.seen.length, 3);
  });

  it('keeps those on a black list out', async () => {
    const { open, ref, from } = await stand();
    await using _open = open;
    const { strategies } = open.gateway;
    const { id } = await strategies.create({ ...ref, name: 'b', type: 'BLACK', data: '127.0.0.2' });
    await strategies.bind({ ...ref, strategyId: id }, 'release', [ref.apiId]);
    assertSaid(await from('127.0.0.2'), 403, DENIED);
    assert.equal((await from('127.0.0.3')).status, 200);
  });
});

describe('the plugin IPControl', () => {
  for (const [type, inside, outside] of [
    ['white_list', 200, 403],
    ['black_list', 403, 200],
  ] as const) {
    it(type, async () => {
      const { open, ref, from } = await stand();
      await using _open = open;
      const data = JSON.stringify({ type, blocks: '127.0.0.2\n127.0.1.0/24' });
      const plugin = await open.gateway.plugins.create({ region: REGION, name: 'who', type: 'IPControl', data });
      await open.gateway.plugins.attach(ref, plugin.id, 'release', [ref.apiId]);
      for (const address of ['127.0.0.2', '127.0.1.77']) assert.equal((await from(address)).status, inside, address);
      for (const address of ['127.0.0.1', '127.0.2.0']) assert.equal((await from(address)).status, outside, address);
    });
  }

  it('looks at the client that trusted proxies name, and at nobody else’s word', async () => {
    const { open, ref, from } = await stand({ proxies: trustedProxies('127.0.0.9') });
    await using _open = open;
    const data = JSON.stringify({ type: 'white_list', blocks: '203.0.113.7' });
    const plugin = await open.gateway.plugins.create({ region: REGION, name: 'who', type: 'IPControl', data });
    await open.gateway.plugins.attach(ref, plugin.id, 'release', [ref.apiId]);
    const headers = { 'X-Forwarded-For': '203.0.113.7' };
    assert.equal((await from('127.0.0.9', headers)).status, 200);
    assertSaid(await from('127.0.0.8', headers), 403, DENIED);
  });
});
