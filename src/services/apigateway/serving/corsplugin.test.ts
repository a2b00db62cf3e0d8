import assert from 'node:assert/strict';
import { it } from 'node:test';
import { aReply, assertSaid, FakeTarget, GatewayStand, JSON_TYPE, REGION } from '../fixture.ts';

const RULE = {
  allow_origin: ['http://a.test', 'http://b.test'],
  allow_methods: ['GET', 'PUT'],
  allow_headers: ['x-one', 'x-two'],
  expose_headers: ['x-shown'],
  allow_credentials: true,
  max_age: 60,
};

async function stand(rule: object = RULE, target = new FakeTarget()) {
  const open = await GatewayStand.open();
  const { ref, base } = await open.serve(target, { cors: true });
  const { plugins } = open.gateway;
  const plugin = await plugins.create({ region: REGION, name: 'cors', type: 'Cors', data: JSON.stringify(rule) });
  await plugins.attach(ref, plugin.id, 'release', [ref.apiId]);
  const visit = (origin?: string) => open.ask(`${base}/fn`, origin === undefined ? {} : { headers: { origin } });
  const preflight = (origin: string, wanted = 'PUT') => {
    const asked = { 'access-control-request-method': wanted, 'access-control-request-headers': 'x-three' };
    return open.ask(`${base}/fn`, { method: 'OPTIONS', headers: { origin, ...asked } });
  };
  return { open, target, ref, plugin, visit, preflight };
}

it('the plugin’s rule stands above the API’s switch', async () => {
  const { open, visit } = await stand();
  await using _open = open;
  const { headers } = await visit('http://b.test');
  assert.equal(headers['access-control-allow-origin'], 'http://b.test');
  assert.equal(headers['access-control-allow-credentials'], 'true');
  assert.equal(headers['access-control-expose-headers'], 'x-shown');
  assert.equal(headers.vary, 'Origin');
  for (const origin of [undefined, 'http://c.test', 'null']) {
    const other = await visit(origin);
    assert.equal(other.status, 200);
    assert.equal(other.headers['access-control-allow-origin'], undefined);
    assert.equal(other.headers['access-control-expose-headers'], undefined);
    assert.equal(other.headers.vary, 'Origin');
  }
});

it('a preflight is answered by the rule', async () => {
  const { open, target, preflight } = await stand();
  await using _open = open;
  const { status, headers, body } = await preflight('http://a.test');
  assert.deepEqual([status, body.length], [200, 0]);
  assert.equal(headers['access-control-allow-origin'], 'http://a.test');
  assert.equal(headers['access-control-allow-methods'], 'GET,PUT');
  assert.equal(headers['access-control-allow-headers'], 'x-one,x-two');
  assert.equal(headers['access-control-max-age'], '60');
  assert.equal(headers['access-control-allow-credentials'], 'true');
  const refused = await preflight('http://c.test');
  assert.equal(refused.status, 200);
  assert.equal(refused.headers['access-control-allow-origin'], undefined);
  assert.equal(refused.headers['access-control-allow-methods'], undefined);
  assert.equal(target.seen.length, 0);
});

it('* stands for any origin and any header', async () => {
  const open = { allow_origin: ['*'], allow_headers: ['*'], allow_methods: [] };
  const any = await stand(open);
  await using _any = any.open;
  assert.equal((await any.visit()).headers['access-control-allow-origin'], '*');
  const { headers } = await any.preflight('http://c.test');
  assert.equal(headers['access-control-allow-headers'], 'x-three');
  assert.equal(headers['access-control-max-age'], '600');
  assert.match(headers['access-control-allow-methods'] ?? '', /(^|,)PATCH(,|$)/);
  const known = await stand({ ...open, allow_credentials: true });
  await using _known = known.open;
  assert.equal((await known.visit('http://c.test')).headers['access-control-allow-origin'], 'http://c.test');
});

it('what the function says goes before', async () => {
  const own = [...JSON_TYPE, 'Access-Control-Allow-Origin', 'http://own.test'];
  const { open, visit } = await stand(RULE, new FakeTarget(async () => aReply({ headers: own })));
  await using _open = open;
  const { headers } = await visit('http://a.test');
  assert.equal(headers['access-control-allow-origin'], 'http://own.test');
  assert.equal(headers['access-control-expose-headers'], undefined);
});

it('it holds where it is attached, and no longer', async () => {
  const { open, ref, plugin, visit } = await stand();
  await using _open = open;
  await open.gateway.plugins.detach(ref, plugin.id, 'release', ref.apiId);
  assert.equal((await visit('http://c.test')).headers['access-control-allow-origin'], '*');
});

it('a rule that cannot be read lets no preflight through', async () => {
  const { open, ref, plugin, preflight, visit } = await stand();
  await using _open = open;
  const row = { kind: 'apigateway/plugin', region: REGION, id: plugin.id };
  const stored = await open.store.get('resources', row);
  assert.ok(stored);
  await open.store.put('resources', { ...stored, body: { ...(stored.body as object), data: '{}' } });
  const target = new FakeTarget();
  await open.restart();
  open.gateway.attach(ref.apiId, target);
  assertSaid(await preflight('http://a.test'), 481, 'Found no valid cors config');
  assert.equal((await visit('http://a.test')).headers['access-control-allow-origin'], undefined);
});
