import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DomainEndpoint } from '../core/domain.ts';
import type { Certificate } from '../core/ports.ts';
import { domainName, domainProtocol } from './domain-rules.ts';
import type { DomainCertificates, DomainInput } from './domains.ts';
import { KEY, rejects, scene, throws } from './fixture.ts';

const BAD = 'InvalidParameterValue';
const { region } = KEY;

const certificate = (id: string, domains: string[], privateKeyPem = 'key'): Certificate => ({
  id,
  alias: '',
  certificatePem: 'pem',
  privateKeyPem,
  domains,
  notBefore: 0,
  notAfter: 1,
});
const KEPT = [
  certificate('cert-1', ['www.example.com']),
  certificate('cert-2', ['*.example.com']),
  certificate('cert-3', ['other.example.com', 'example.com']),
  certificate('cert-ca', [], ''),
];

const endpoint = (change: Partial<DomainEndpoint> = {}): DomainEndpoint => ({
  pathMatch: '/*',
  namespace: 'default',
  name: 'hello',
  qualifier: '$DEFAULT',
  rewrites: [],
  ...change,
});
const input = (change: Partial<DomainInput> = {}) => ({
  protocol: 'HTTP',
  certificateId: '',
  endpoints: [endpoint()],
  waf: null,
  tags: [],
  ...change,
});

async function house() {
  let usedBy: ((id: string) => string | undefined) | undefined;
  const certificates: DomainCertificates = {
    find: id => KEPT.find(one => one.id === id),
    askBeforeRemoval(asked) {
      usedBy = asked;
    },
  };
  const world = await scene({ certificates });
  await world.made();
  const { domains } = world.control;
  const create = (domain = 'www.example.com', change: Partial<DomainInput> = {}) =>
    domains.create(region, domain, input(change));
  return { ...world, domains, create, usedBy: (id: string) => usedBy?.(id) };
}

describe('the name of a domain', () => {
  test('is a host name, in lower case', () => {
    assert.equal(domainName(' WWW.Example.COM '), 'www.example.com');
    assert.equal(domainName('a.b-c.xn--fiqs8s'), 'a.b-c.xn--fiqs8s');
  });

  test('is no address, no wildcard and no single word', () => {
    for (const wrong of [
      '',
      'localhost',
      '*.example.com',
      '127.0.0.1',
      '::1',
      'a..b',
      '-a.b',
      'a-.b',
      'a b.c',
      'a.b:80',
      'http://a.b',
      `${'a.'.repeat(130)}b`,
    ])
      throws(() => domainName(wrong), BAD);
  });
});

test('a protocol is one of three', () => {
  assert.equal(domainProtocol('https'), 'HTTPS');
  assert.equal(domainProtocol('HTTP&HTTPS'), 'HTTP&HTTPS');
  for (const wrong of ['', 'HTTPS&HTTP', 'WS']) throws(() => domainProtocol(wrong), BAD);
});

describe('a custom domain', () => {
  test('is kept, found by its host, and there again after a start', async () => {
    const { create, domains, store } = await house();
    const waf = { WafOpen: 'OPEN' };
    await create('WWW.example.com', { waf });
    assert.equal(domains.find('www.example.com')?.endpoints[0]?.name, 'hello');
    assert.equal(domains.find('example.com'), undefined);
    assert.deepEqual((await domains.get(region, 'www.EXAMPLE.com')).domain.waf, waf);
    const again = await scene({ store });
    assert.deepEqual(again.control.domains.find('www.example.com'), domains.find('www.example.com'));
  });

  test('is bound once, wherever', async () => {
    const { create, domains } = await house();
    await create();
    await rejects(create(), 'ResourceInUse');
    await rejects(domains.create('ap-shanghai', 'www.example.com', input()), 'ResourceInUse');
    await rejects(domains.get('ap-shanghai', 'www.example.com'), 'ResourceNotFound');
  });

  test('has tags of its own, which go with it', async () => {
    const { domains, control } = await house();
    const tags = [{ Key: 'team', Value: 'web' }];
    await domains.create(region, 'www.example.com', { ...input(), tags });
    assert.deepEqual((await domains.get(region, 'www.example.com')).tags, tags);
    await domains.delete(region, 'www.example.com');
    assert.deepEqual(control.tags.tagged(), []);
    assert.equal(domains.find('www.example.com'), undefined);
    await rejects(domains.delete(region, 'www.example.com'), 'ResourceNotFound');
    await rejects(domains.delete(region, ''), 'MissingParameter');
  });

  test('changes what it is told to and keeps the rest', async () => {
    const { create, domains, clock } = await house();
    await create();
    const before = domains.find('www.example.com');
    await clock.advance(1000);
    await domains.update(region, 'www.example.com', { protocol: 'HTTP&HTTPS', certificateId: 'cert-1' });
    const after = domains.find('www.example.com') ?? assert.fail();
    assert.deepEqual(after, { ...before, protocol: 'HTTP&HTTPS', certificateId: 'cert-1', modTime: after.modTime });
    assert.equal(after.modTime - after.addTime, 1000);
    await domains.update(region, 'www.example.com', { endpoints: [endpoint({ pathMatch: '/a' })] });
    assert.equal(domains.find('www.example.com')?.endpoints[0]?.pathMatch, '/a');
    await rejects(domains.update(region, 'none.example.com', {}), 'ResourceNotFound');
  });

  test('leads to functions that are there, by a version or alias', async () => {
    const { create, domains, control } = await house();
    await rejects(create('a.example.com', { endpoints: [endpoint({ name: 'nobody' })] }), 'ResourceNotFound.Function');
    await rejects(create('a.example.com', { endpoints: [endpoint({ qualifier: '9' })] }), 'ResourceNotFound.Qualifier');
    await create();
    // Documented nowhere: the domain stays, and its path is refused until a function of that name is there again.
    await control.functions.delete(KEY);
    assert.equal(domains.find('www.example.com')?.endpoints.length, 1);
  });

  test('has paths of the documented forms, each once', async () => {
    const { create, domains } = await house();
    const paths = ['/', '/*', '/x', '/x/a', '/x/*', '/x/a.b_c-d/*'];
    await create('www.example.com', { endpoints: paths.map(pathMatch => endpoint({ pathMatch })) });
    for (const wrong of ['', 'x', '*', '/x*', '/x/', '//', '/x//a', '/*/x', '/x/*/', '/a b', '/a?b', '/a#b'])
      await rejects(domains.update(region, 'www.example.com', { endpoints: [endpoint({ pathMatch: wrong })] }), BAD);
    await rejects(domains.update(region, 'www.example.com', { endpoints: [endpoint(), endpoint()] }), BAD);
    await rejects(domains.update(region, 'www.example.com', { endpoints: [] }), BAD);
  });

  test('rewrites paths by rules of the form that they say', async () => {
    const { create } = await house();
    const of = (path: string, type: 'ExactRules' | 'WildcardRules', rewrite: string) => ({
      endpoints: [endpoint({ rewrites: [{ path, type, rewrite }] })],
    });
    await create('a.example.com', of('/api/*', 'WildcardRules', '/$1'));
    await create('b.example.com', of('/api', 'ExactRules', '/'));
    for (const [path, type, rewrite] of [
      ['/api', 'WildcardRules', '/'],
      ['/api/*', 'ExactRules', '/'],
      ['/api', 'ExactRules', '/$1'],
      ['/api/*', 'WildcardRules', 'x'],
      ['/api/*', 'WildcardRules', '/a b'],
      ['api', 'ExactRules', '/'],
    ] as const)
      await rejects(create('c.example.com', of(path, type, rewrite)), BAD);
  });

  test('with HTTPS has a certificate that vouches for it, with a key', async () => {
    const { create, domains, usedBy } = await house();
    for (const certificateId of ['', 'cert-0', 'cert-3', 'cert-ca'])
      await rejects(create('www.example.com', { protocol: 'HTTPS', certificateId }), BAD);
    assert.equal(usedBy('cert-2'), undefined);
    await create('www.example.com', { protocol: 'HTTPS', certificateId: 'cert-2' });
    assert.equal(domains.certificateOf('www.example.com'), 'cert-2');
    assert.equal(usedBy('cert-2'), 'scf www.example.com');
    await create('other.example.com', { protocol: 'HTTP', certificateId: 'cert-3' });
    assert.equal(domains.certificateOf('other.example.com'), undefined, 'plain HTTP needs none');
    assert.equal(domains.certificateOf('none.example.com'), undefined);
    await domains.update(region, 'www.example.com', { protocol: 'HTTP' });
    assert.equal(usedBy('cert-2'), undefined);
  });

  test('is listed newest first, filtered and paged', async () => {
    const { create, domains, clock } = await house();
    for (const name of ['a', 'b', 'c']) {
      await create(`${name}.example.com`, name === 'b' ? { endpoints: [endpoint({ qualifier: '$LATEST' })] } : {});
      await clock.advance(1000);
    }
    await domains.update(region, 'a.example.com', {});
    const names = async (query: Parameters<typeof domains.list>[1], from = region) =>
      (await domains.list(from, query)).rows.map(({ domain }) => domain.domain[0]).join('');
    assert.equal(await names({}), 'cba');
    assert.equal(await names({ orderBy: 'ModTime' }), 'acb');
    assert.equal(await names({ order: 'ASC', offset: 1, limit: 1 }), 'b');
    assert.equal(await names({ filters: [{ name: 'Domain', values: ['B.ex'] }] }), 'b');
    assert.equal(await names({ filters: [{ name: 'Qualifier', values: ['$LATEST'] }] }), 'b');
    assert.equal(await names({ filters: [{ name: 'FunctionName', values: ['hello'] }] }), 'cba');
    for (const name of ['Namespace', 'Protocol', 'CertificateId'])
      assert.equal(await names({ filters: [{ name, values: ['none'] }] }), '', name);
    assert.equal(await names({}, 'ap-shanghai'), '');
    assert.equal((await domains.list(region, { limit: 1 })).total, 3);
    await rejects(
      domains.list(region, { filters: [{ name: 'Colour', values: ['red'] }] }),
      'InvalidParameterValue.Filters',
    );
  });
});
