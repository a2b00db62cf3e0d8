import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Outcome, refusal } from '../../../core/invocation.ts';
import { assertSaid, FakeTarget, GatewayStand, REGION } from '../fixture.ts';
import type { Verify, VerifyCall } from './customauth.ts';

const RULE = {
  func_name: 'guard',
  func_namespace: 'safety',
  func_qualifier: '2',
  endpoint_timeout: 3,
  header_auth_parameters: ['X-Token'],
  query_auth_parameters: ['Shop'],
};
const GIVEN = { path: '/fn?shop=a&shop=b', headers: { 'x-token': 't' } };

const said = (value: unknown): Outcome => ({ ...refusal(200, ''), body: Buffer.from(JSON.stringify(value)) });

async function stand(verify: Verify, rule: object = {}) {
  const calls: VerifyCall[] = [];
  const open = await GatewayStand.open({}, undefined, {
    verify: call => {
      calls.push(call);
      return verify(call);
    },
  });
  const target = new FakeTarget();
  const { ref, base } = await open.serve(target);
  const { plugins } = open.gateway;
  const data = JSON.stringify({ ...RULE, ...rule });
  const plugin = await plugins.create({ region: REGION, name: 'guard', type: 'CustomAuth', data });
  await plugins.attach(ref, plugin.id, 'release', [ref.apiId]);
  const visit = ({ path, ...options } = GIVEN) => open.ask(`${base}${path}`, options);
  return { open, target, calls, visit, base, plugin, data };
}

describe('verification by a function', () => {
  it('gets the parameters that the plugin names, and lets in what it says yes to', async () => {
    const { open, target, calls, visit } = await stand(async () => said({ 'api-auth': true }));
    await using _open = open;
    assert.equal((await visit()).status, 200);
    const [call] = calls;
    assert.deepEqual(call?.target, { region: REGION, namespace: 'safety', name: 'guard' });
    assert.equal(call?.qualifier, '2');
    assert.deepEqual(call?.headers, { 'x-token': 't' });
    assert.deepEqual(call?.queries, { shop: '["a","b"]' });
    assert.notEqual(call?.requestId, target.seen[0]?.requestId);
    assert.equal(target.seen.length, 1);
  });

  for (const value of [{ 'api-auth': false }, { 'api-auth': 'true' }, {}, null, true, 'yes', []]) {
    it(`keeps out what it answers ${JSON.stringify(value)} to`, async () => {
      const { open, target, visit } = await stand(async () => said(value));
      await using _open = open;
      assertSaid(await visit(), 403, 'Access not authorized');
      assert.equal(target.seen.length, 0);
    });
  }

  it('is not asked about requests without the parameters', async () => {
    const { open, calls, visit } = await stand(async () => said({ 'api-auth': true }));
    await using _open = open;
    assertSaid(
      await visit({ path: '/fn?shop=a', headers: {} as typeof GIVEN.headers }),
      403,
      'header x-token is required',
    );
    assertSaid(await visit({ ...GIVEN, path: '/fn?other=a' }), 403, 'querystring shop is required');
    assert.equal(calls.length, 0);
    assert.equal((await visit({ path: '/fn?SHOP', headers: { 'x-token': '' } })).status, 200);
    assert.deepEqual(calls[0]?.queries, { shop: 'true' });
  });

  it('that fails is a bad gateway, one that is too slow a time-out', async () => {
    const failing = await stand(async () => refusal(430, 'thrown'));
    await using _failing = failing.open;
    const answer = await failing.visit();
    assertSaid(answer, 502, 'Bad Gateway');
    assert.equal(answer.headers['x-api-upstreamstatus'], '430');

    const asked = Promise.withResolvers<void>();
    const slow = await stand(() => {
      asked.resolve();
      return new Promise(() => {});
    });
    await using _slow = slow.open;
    const waiting = slow.visit();
    await asked.promise;
    await slow.open.clock.advance(3000);
    assertSaid(await waiting, 504, 'Gateway Time-out');
    assert.equal(slow.target.seen.length, 0);
  });

  it('that breaks is an error of the gateway', async () => {
    const { open, target, visit } = await stand(() => Promise.reject(new Error('bug')));
    await using _open = open;
    assertSaid(await visit(), 500, 'Internal Server Error');
    assert.equal(target.seen.length, 0);
  });

  it('sees the body only where the plugin says so; the function sees it either way', async () => {
    for (const sends of [false, true]) {
      const { open, target, calls, base } = await stand(async () => said({ 'api-auth': true }), {
        is_send_body: sends,
      });
      await using _open = open;
      const options = { method: 'POST', body: 'secret', headers: GIVEN.headers };
      assert.equal((await open.ask(`${base}${GIVEN.path}`, options)).status, 200);
      assert.equal(calls[0]?.request.body?.toString(), sends ? 'secret' : undefined);
      assert.equal(target.seen[0]?.body?.toString(), 'secret');
    }
  });
});

describe('what is kept of its answers', () => {
  it('counts for the same parameters until it is old, or the plugin is changed', async () => {
    let allowed = true;
    const cached = { cache_time: 60 };
    const { open, calls, visit, plugin, data } = await stand(async () => said({ 'api-auth': allowed }), cached);
    await using _open = open;
    assert.equal((await visit()).status, 200);
    allowed = false;
    await open.clock.advance(59_999);
    assert.equal((await visit()).status, 200);
    assert.equal(calls.length, 1);
    assertSaid(await visit({ ...GIVEN, headers: { 'x-token': 'other' } }), 403, 'Access not authorized');
    assert.equal(calls.length, 2);
    await open.clock.advance(1);
    assertSaid(await visit(), 403, 'Access not authorized');
    allowed = true;
    assertSaid(await visit(), 403, 'Access not authorized');
    assert.equal(calls.length, 3);
    await open.clock.advance(1);
    await open.gateway.plugins.modify(REGION, plugin.id, { data });
    assert.equal((await visit()).status, 200);
  });

  it('is nothing when the function failed, nor where no time is set', async () => {
    const failing = await stand(async () => refusal(430, 'thrown'), { cache_time: 60 });
    await using _failing = failing.open;
    for (let i = 0; i < 2; i++) assert.equal((await failing.visit()).status, 502);
    assert.equal(failing.calls.length, 2);
    const plain = await stand(async () => said({ 'api-auth': true }));
    await using _plain = plain.open;
    for (let i = 0; i < 2; i++) assert.equal((await plain.visit()).status, 200);
    assert.equal(plain.calls.length, 2);
  });
});
