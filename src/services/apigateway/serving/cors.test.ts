import assert from 'node:assert/strict';
import { it } from 'node:test';
import { anApi, aReply, FakeTarget, GatewayStand, JSON_TYPE, REGION } from '../fixture.ts';

const PREFLIGHT = {
  method: 'OPTIONS',
  headers: {
    origin: 'http://a.test',
    'access-control-request-method': 'PUT',
    'access-control-request-headers': 'x-a, x-b',
  },
};

it('lets every origin read an API that has it on', async () => {
  await using open = await GatewayStand.open();
  const { base } = await open.serve(new FakeTarget(), { cors: true });
  const { headers } = await open.ask(`${base}/fn`);
  assert.equal(headers['access-control-allow-origin'], '*');
  const exposed = headers['access-control-expose-headers'] ?? '';
  assert.match(
    exposed,
    /^X-Api-ID,X-Service-RateLimit,X-UsagePlan-RateLimit,X-UsagePlan-Quota,Cache-Control,Connection,/,
  );
  assert.match(exposed, /,Content-Type$/);
});

it('says nothing for one that has it off', async () => {
  await using open = await GatewayStand.open();
  const { base } = await open.serve(new FakeTarget());
  const { status, headers } = await open.ask(`${base}/fn`, { headers: { origin: 'http://a.test' } });
  assert.equal(status, 200);
  assert.equal(headers['access-control-allow-origin'], undefined);
});

it('gives way to what the function says', async () => {
  await using open = await GatewayStand.open();
  const own = [...JSON_TYPE, 'access-control-allow-origin', 'http://a.test'];
  const { base } = await open.serve(new FakeTarget(async () => aReply({ headers: own })), { cors: true });
  assert.equal((await open.ask(`${base}/fn`)).headers['access-control-allow-origin'], 'http://a.test');
});

it('answers a preflight itself', async () => {
  await using open = await GatewayStand.open();
  const target = new FakeTarget();
  const { ref, base } = await open.serve(target, { cors: true, method: 'PUT' });
  const get = await open.gateway.apis.create(REGION, ref.serviceId, anApi({ method: 'GET', cors: true }));
  await open.gateway.releases.make({ ...ref, environment: 'release', description: '' });
  open.gateway.attach(get.id, target);
  const { status, headers, body } = await open.ask(`${base}/fn`, PREFLIGHT);
  assert.equal(status, 200);
  assert.equal(headers['access-control-allow-origin'], '*');
  assert.deepEqual(headers['access-control-allow-methods']?.split(',').sort(), ['GET', 'PUT']);
  assert.equal(headers['access-control-allow-headers'], 'x-a, x-b');
  assert.equal(body.length, 0);
  assert.equal(target.seen.length, 0);
});

it('refuses a preflight where it is off', async () => {
  await using open = await GatewayStand.open();
  const target = new FakeTarget();
  const { base } = await open.serve(target);
  const { status, body } = await open.ask(`${base}/fn`, PREFLIGHT);
  assert.equal(status, 429);
  assert.equal(
    body.toString(),
    '{"message":"req is cross origin, api \\/release\\/fn need open cors flag on qcloud apigateway"}',
  );
  assert.equal(target.seen.length, 0);
});

it('tells a preflight for a method that is not there', async () => {
  await using open = await GatewayStand.open();
  const { base } = await open.serve(new FakeTarget(), { cors: true, method: 'GET' });
  assert.equal((await open.ask(`${base}/fn`, PREFLIGHT)).status, 404);
  assert.equal((await open.ask(`${base}/other`, PREFLIGHT)).status, 404);
});

it('hands OPTIONS on when it is no preflight, or an API is made for it', async () => {
  await using open = await GatewayStand.open();
  const target = new FakeTarget();
  const { base } = await open.serve(target);
  assert.equal((await open.ask(`${base}/fn`, { method: 'OPTIONS' })).status, 200);
  const own = await open.serve(target, { method: 'OPTIONS' });
  assert.equal((await open.ask(`${own.base}/fn`, PREFLIGHT)).status, 200);
  assert.equal(target.seen.length, 2);
});
