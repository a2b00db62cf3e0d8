import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { anApi, assertSaid, FakeTarget, GatewayStand, REGION } from '../fixture.ts';
import type { DomainDraft } from '../verbs/subdomains.ts';

type Mappings = DomainDraft['mappings'];

async function stand() {
  const open = await GatewayStand.open();
  const target = new FakeTarget();
  const { ref } = await open.serve(target);
  for (const environment of ['test', 'prepub']) {
    await open.gateway.releases.make({ ...ref, environment, description: '' });
  }
  const bind = (host: string, mappings: Mappings, change: Partial<DomainDraft> = {}) =>
    open.gateway.domains.bind({
      ...ref,
      host,
      protocol: 'http&https',
      netType: 'OUTER',
      defaultDomain: `${ref.serviceId}-1250000000.gz.apigw.tencentcs.com`,
      mappings,
      ...change,
    });
  const visit = (host: string, path: string) => open.ask(path, { headers: { host } });
  return { open, target, ref, bind, visit };
}

describe('a domain of one’s own', () => {
  it('with the default mapping has the environment in its paths', async () => {
    const { open, target, bind, visit } = await stand();
    await using _open = open;
    await bind('shop.example.com', undefined);
    for (const environment of ['release', 'test', 'prepub']) {
      assert.equal((await visit('shop.example.com', `/${environment}/fn/x`)).status, 200);
      assert.equal(target.seen.at(-1)?.route.environment, environment);
      assert.equal(target.seen.at(-1)?.path, '/fn/x');
    }
    assertSaid(await visit('shop.example.com', '/fn'), 404, "There is no api match default env_mapping '/fn'");
  });

  it('with mappings of its own has them instead, the longest first, by whole segments', async () => {
    const { open, target, bind, visit } = await stand();
    await using _open = open;
    const mappings = [
      { path: '/v1', environment: 'test' },
      { path: '/v1/new', environment: 'prepub' },
    ];
    await bind('shop.example.com', mappings);
    for (const [path, environment, rest] of [
      ['/v1/fn', 'test', '/fn'],
      ['/v1/new/fn?a=/v1', 'prepub', '/fn'],
      ['/v1//fn', 'test', '//fn'],
    ] as const) {
      const { status } = await visit('shop.example.com', path);
      assert.equal(status, rest === '/fn' ? 200 : 404);
      if (status === 200)
        assert.deepEqual([target.seen.at(-1)?.route.environment, target.seen.at(-1)?.path], [environment, rest]);
    }
    assertSaid(await visit('shop.example.com', '/v1'), 404, "There is no api match uri '/'");
    assertSaid(await visit('shop.example.com', '/'), 404, "There is no api match env_mapping '/'");
    assertSaid(await visit('shop.example.com', '/v12/fn'), 404, "There is no api match env_mapping '/v12'");
    assertSaid(await visit('shop.example.com', '/release/fn'), 404, "There is no api match env_mapping '/release'");
  });

  it('with / is an environment as a whole', async () => {
    const { open, target, bind, visit } = await stand();
    await using _open = open;
    await bind('shop.example.com', [{ path: '/', environment: 'release' }]);
    assert.equal((await visit('shop.example.com:8080', '/fn')).status, 200);
    assert.equal(target.seen[0]?.path, '/fn');
    assertSaid(await visit('shop.example.com', '/release/fn'), 404, "There is no api match uri '/release/fn'");
  });

  it('may stand for all names of a level; an exact one goes before', async () => {
    const { open, ref, bind, visit, target } = await stand();
    await using _open = open;
    await bind('*.example.com', [{ path: '/', environment: 'test' }]);
    await bind('shop.example.com', [{ path: '/', environment: 'release' }]);
    for (const [host, environment] of [
      ['SHOP.example.com', 'release'],
      ['other.example.com', 'test'],
    ] as const) {
      assert.equal((await visit(host, '/fn')).status, 200);
      assert.equal(target.seen.at(-1)?.route.environment, environment);
      assert.ok(open.gateway.serves(host.toLowerCase()));
    }
    for (const host of ['example.com', 'a.b.example.com']) {
      assertSaid(await visit(host, '/fn'), 404, `There is no api match host '${host}'`);
    }
    await open.gateway.domains.unbind({ ...ref, host: 'shop.example.com' });
    assert.equal((await visit('shop.example.com', '/fn')).status, 200);
    assert.equal(target.seen.at(-1)?.route.environment, 'test');
  });
});

describe('the protocol', () => {
  it('of a domain is its own', async () => {
    const { open, bind, visit } = await stand();
    await using _open = open;
    await bind('secure.example.com', undefined, { protocol: 'https' });
    assertSaid(await visit('secure.example.com', '/release/fn'), 426, 'Not allow use HTTP protocol');
  });

  it('is changed to HTTPS where that is forced, path and query kept', async () => {
    const { open, target, bind, visit } = await stand();
    await using _open = open;
    await bind('shop.example.com', undefined, { forcedHttps: true });
    const { status, headers } = await visit('shop.example.com:9702', '/release/fn%20x?a=1');
    assert.deepEqual([status, headers.location], [301, 'https://shop.example.com:9743/release/fn%20x?a=1']);
    assert.equal(target.seen.length, 0);
  });
});

it('a request without a host is told so', async () => {
  const { open, ref } = await stand();
  await using _open = open;
  const said = async (path: string) => {
    const socket = connect(open.port, '127.0.0.1');
    socket.write(`GET ${path} HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n`);
    return (await buffer(socket)).toString();
  };
  assert.match(await said('/release/fn'), /^HTTP\/1\.1 404 .*\r\n\r\n\{"message":"Get Host Fail"\}$/s);
  assert.match(await said(`/_apigw/${ref.serviceId}/release/fn`), /^HTTP\/1\.1 200 /);
});

it('what is not there, by the name that was asked for', async () => {
  const { open, ref } = await stand();
  await using _open = open;
  const only = await open.gateway.apis.create(REGION, ref.serviceId, anApi({ path: '/only', method: 'PUT' }));
  await open.gateway.releases.make({ ...ref, environment: 'release', description: '' });
  open.gateway.attach(only.id, new FakeTarget());
  const base = `/_apigw/${ref.serviceId}`;
  const cases: readonly (readonly [path: string, method: string, message: string])[] = [
    [`${base}/release/none/a%2Fb`, 'GET', "There is no api match uri '/none/a%2Fb'"],
    [`${base}/release/only`, 'GET', "There is no api match method 'GET'"],
    [`${base}/release/only`, 'PURGE', 'Could not support method'],
    [`${base}/Release/fn`, 'GET', "There is no api match default env_mapping '/Release'"],
    ['/_apigw/service-00000000/release/fn', 'GET', "There is no api match host '127.0.0.1'"],
  ];
  for (const [path, method, message] of cases) {
    assertSaid(await open.ask(path, { method, headers: { host: '127.0.0.1:9702' } }), 404, message);
  }
});
