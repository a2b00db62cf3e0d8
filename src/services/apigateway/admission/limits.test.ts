import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { anApi, assertSaid, FakeTarget, GatewayStand, REGION } from '../fixture.ts';

const RATE = 'API rate limit exceeded';
const QUOTA = 'API quota exceeded';

async function stand(settings: Parameters<typeof GatewayStand.open>[0] = {}) {
  const open = await GatewayStand.open(settings);
  const target = new FakeTarget();
  const { ref, base, serviceId } = await open.serve(target);
  const second = await open.gateway.apis.create(REGION, serviceId, anApi({ path: '/second' }));
  await open.gateway.releases.make({ ...ref, environment: 'release', description: '' });
  await open.gateway.releases.make({ ...ref, environment: 'test', description: '' });
  open.gateway.attach(second.id, target);
  const visit = (path = '/fn') => open.ask(`${base}${path}`);
  return { open, target, ref, base, visit, secondId: second.id };
}

describe('requests per second', () => {
  it('of an environment of a service: 5000/5000 is what is left', async () => {
    const { open, target, ref, base, visit } = await stand();
    await using _open = open;
    await open.gateway.services.limit(ref, ['release'], 2);
    assert.equal((await visit()).headers['x-service-ratelimit'], '2/2');
    assert.equal((await visit('/second')).headers['x-service-ratelimit'], '1/2');
    const refused = await visit();
    assertSaid(refused, 429, RATE);
    assert.equal(refused.headers['x-service-ratelimit'], '0/2');
    assert.equal(refused.headers['x-api-ratelimit'], 'unlimited');
    assert.equal((await open.ask(base.replace('release', 'test/fn'))).status, 200);
    await open.clock.advance(1000);
    assert.equal((await visit()).status, 200);
    assert.equal(target.seen.length, 4);
  });

  it('of an API, without a release, the lower limit first', async () => {
    const { open, ref, visit } = await stand();
    await using _open = open;
    await open.gateway.services.limit(ref, ['release'], 3);
    await open.gateway.apis.limit(ref, { apiIds: [ref.apiId], environment: 'release', qps: 1 });
    assert.equal((await visit()).headers['x-api-ratelimit'], '1/1');
    assertSaid(await visit(), 429, RATE);
    for (const left of ['2/3', '1/3']) assert.equal((await visit('/second')).headers['x-service-ratelimit'], left);
    assertSaid(await visit('/second'), 429, RATE);
  });

  it('are unlimited unless the server says otherwise', async () => {
    const free = await stand();
    await using _free = free.open;
    assert.equal((await free.visit()).headers['x-service-ratelimit'], 'unlimited');
    const bound = await stand({ serviceQps: 1 });
    await using _bound = bound.open;
    assert.equal((await bound.visit()).headers['x-service-ratelimit'], '1/1');
    assertSaid(await bound.visit('/second'), 429, RATE);
    await bound.open.gateway.services.limit(bound.ref, ['release'], 9);
    assert.equal((await bound.visit()).status, 200);
  });
});

describe('usage plans', () => {
  async function planned(change: { readonly quota?: number; readonly qps?: number }) {
    const made = await stand();
    const { plans } = made.open.gateway;
    const plan = await plans.create({ region: REGION, name: 'p', ...change });
    const { serviceId } = made.ref;
    const binding = { region: REGION, serviceId, environment: 'release', apiIds: [], bindType: 'SERVICE' };
    await plans.bind({ ...binding, planIds: [plan.id] });
    return { ...made, plan };
  }

  it('limit requests per second, and tell how many are used', async () => {
    const { open, plan, visit } = await planned({ qps: 2 });
    await using _open = open;
    const first = await visit();
    assert.equal(first.headers['x-usageplan-ratelimit'], '1/2');
    assert.equal(first.headers['x-usageplan-quota'], 'unlimited');
    assert.equal((await visit('/second')).headers['x-usageplan-ratelimit'], '2/2');
    assertSaid(await visit(), 429, RATE);
    await open.gateway.plans.modify(REGION, plan.id, { qps: 3 });
    assert.equal((await visit()).headers['x-usageplan-ratelimit'], '3/3');
  });

  it('limit requests in all, over restarts, and what a rate refuses is not counted', async () => {
    const { open, target, ref, plan, visit } = await planned({ quota: 3, qps: 1 });
    await using _open = open;
    assert.equal((await visit()).headers['x-usageplan-quota'], '1/3');
    assertSaid(await visit(), 429, RATE);
    await open.clock.advance(1000);
    assert.equal((await visit()).headers['x-usageplan-quota'], '2/3');
    assert.equal(open.gateway.used(plan), 2);
    await open.restart();
    open.gateway.attach(ref.apiId, target);
    assert.equal(open.gateway.used(plan), 2);
    await open.clock.advance(1000);
    assert.equal((await visit()).headers['x-usageplan-quota'], '3/3');
    await open.clock.advance(1000);
    const refused = await visit();
    assertSaid(refused, 429, QUOTA);
    assert.equal(refused.headers['x-usageplan-quota'], '3/3');
    await open.gateway.plans.modify(REGION, plan.id, { quota: 4 });
    assert.equal((await visit()).status, 200);
    assert.equal(target.seen.length, 4);
  });

  it('are written a few seconds after they were used', async () => {
    const { open, plan, visit } = await planned({ quota: 9 });
    await using _open = open;
    const row = { kind: 'apigateway/usage', region: REGION, id: plan.id };
    await visit();
    assert.equal(await open.store.get('resources', row), undefined);
    await open.clock.advance(5000);
    await open.gateway.close();
    assert.deepEqual((await open.store.get('resources', row))?.body, { used: 1 });
  });
});

describe('the plugin TrafficControl', () => {
  async function controlled(rule: object) {
    const made = await stand();
    const { plugins } = made.open.gateway;
    const data = JSON.stringify({ expire_type: 'minute', expire: 2, ...rule });
    const plugin = await plugins.create({ region: REGION, name: 'slow', type: 'TrafficControl', data });
    await plugins.attach(made.ref, plugin.id, 'release', [made.ref.apiId, made.secondId]);
    return { ...made, plugin };
  }

  it('limits each API in windows of its length', async () => {
    const { open, ref, plugin, visit } = await controlled({ api_rate_limit: 1 });
    await using _open = open;
    assert.equal((await visit()).status, 200);
    assertSaid(await visit(), 429, RATE);
    assert.equal((await visit('/second')).status, 200);
    await open.clock.advance(119_999);
    assertSaid(await visit(), 429, RATE);
    await open.clock.advance(1);
    assert.equal((await visit()).status, 200);
    await open.gateway.plugins.detach(ref, plugin.id, 'release', ref.apiId);
    assert.equal((await visit()).status, 200);
  });

  it('limits each client address', async () => {
    const { open, base, visit } = await controlled({ ip_rate_limit: 1 });
    await using _open = open;
    assert.equal((await visit()).status, 200);
    assertSaid(await visit(), 429, RATE);
    assert.equal((await open.ask(`${base}/fn`, { localAddress: '127.0.0.2' })).status, 200);
  });

  it('limits each key pair', async () => {
    const { open, target, ref, base } = await controlled({ app_rate_limit: 1 });
    await using _open = open;
    const { apis, releases, keys, plans } = open.gateway;
    await apis.modify(ref, anApi({ auth: { type: 'SECRET' } }));
    await releases.make({ ...ref, environment: 'release', description: '' });
    const plan = await plans.create({ region: REGION, name: 'p' });
    const binding = { ...ref, environment: 'release', bindType: 'API', apiIds: [ref.apiId] };
    await plans.bind({ ...binding, planIds: [plan.id] });
    const visitAs = async (name: string) => {
      const { id, secret } = await keys.create({ region: REGION, name });
      await plans.bindKeys(REGION, plan.id, [id]);
      return () => {
        const date = new Date(open.clock.now()).toUTCString();
        const signature = createHmac('sha1', secret).update(`x-date: ${date}`).digest('base64');
        const parts = `id="${id}", algorithm="hmac-sha1", headers="x-date", signature="${signature}"`;
        return open.ask(`${base}/fn`, { headers: { 'X-Date': date, Authorization: `hmac ${parts}` } });
      };
    };
    const [one, other] = [await visitAs('one'), await visitAs('other')];
    assert.equal((await one()).status, 200);
    assertSaid(await one(), 429, RATE);
    assert.equal((await other()).status, 200);
    await open.clock.advance(120_000);
    assert.equal((await one()).status, 200);
    assert.equal(target.seen.length, 3);
  });
});
