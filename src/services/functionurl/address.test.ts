import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressedByHost, addressedByPath, isUrlHost, urlAddresses, urlResourceId } from './address.ts';

const ID = 'f94sy04vab';
const byHost = (host: string, base = 'localhost') => addressedByHost(host, '/x', base);

test('a URL is meant by its public names, old and new, the vendor’s and ours', () => {
  for (const host of [
    `1250000000-${ID}.ap-guangzhou.tencentscf.com`,
    `1250000000-${ID}-ap-guangzhou.scf.tencentcs.com`,
    `1250000000-${ID}-gz.scf.tencentcs.com`,
    `1250000000-${ID}.ap-guangzhou.scf.localhost`,
  ])
    assert.deepEqual(byHost(host), { by: 'id', urlId: ID, appId: '1250000000', net: 'public', path: '/x' }, host);
  assert.ok(byHost(`1-${ID}.ap-beijing.scf.faas.example.org`, 'faas.example.org'));
});

test('and by its private ones', () => {
  for (const host of [
    `1250000000-${ID}.in.ap-guangzhou.tencentscf.com`,
    `1250000000-${ID}-ap-guangzhou-in.scf.tencentcs.com`,
    `1250000000-${ID}.in.ap-guangzhou.scf.localhost`,
  ])
    assert.deepEqual(byHost(host), { by: 'id', urlId: ID, appId: '1250000000', net: 'private', path: '/x' }, host);
});

test('other hosts mean none', () => {
  for (const host of [
    '',
    'localhost',
    '127.0.0.1',
    '127.0.0.1.scf.localhost',
    `${ID}.ap-guangzhou.tencentscf.com`,
    `1250000000-${ID}`,
    `1250000000-${ID}.example.com`,
    `1250000000-${ID}.scf.tencentcs.com.example.com`,
    `1250000000-${ID}x.ap-guangzhou.tencentscf.com`,
    `1250000000-${ID.toUpperCase()}.ap-guangzhou.tencentscf.com`,
    `1250000000-${ID}.ap-guangzhou.scf.localhost.evil`,
    `1250000000-${ID}.tencentscf.company`,
    `service-f94sy04v.ap-guangzhou.apigateway.localhost`,
  ])
    assert.equal(byHost(host), undefined, host);
});

test('names under the suffixes are nobody else’s', () => {
  assert.ok(isUrlHost('whatever.tencentscf.com', 'localhost'));
  assert.ok(isUrlHost('a.b.scf.tencentcs.com', 'localhost'));
  assert.ok(isUrlHost('x.ap-guangzhou.scf.localhost', 'localhost'));
  for (const host of ['localhost', 'scf.localhost', 'cls.tencentcs.com', 'tencentscf.com'])
    assert.ok(!isUrlHost(host, 'localhost'), host);
});

test('paths mean a URL, or a function', () => {
  assert.deepEqual(addressedByPath(`/_url/${ID}`), { by: 'path', urlId: ID, path: '/' });
  assert.deepEqual(addressedByPath(`/_url/${ID}/`), { by: 'path', urlId: ID, path: '/' });
  assert.deepEqual(addressedByPath(`/_url/${ID}//a%2Fb/`), { by: 'path', urlId: ID, path: '//a%2Fb/' });
  const web = { by: 'function', namespace: 'ns', name: 'fn', qualifier: '$LATEST' };
  assert.deepEqual(addressedByPath('/_web/ns/fn/$LATEST/a/b'), { ...web, path: '/a/b' });
  assert.deepEqual(addressedByPath('/_web/ns/fn/%24LATEST'), { ...web, path: '/' });
  assert.deepEqual(addressedByPath('/_web/ns'), { ...web, name: '', qualifier: '', path: '/' });
  for (const path of ['/', '/_url', '/x/_url/a', '/_webs/a/b/c']) assert.equal(addressedByPath(path), undefined, path);
});

test('nothing of a path is lost or read twice', () => {
  fc.assert(
    fc.property(fc.webPath(), path => {
      const rest = path === '' ? '/' : path;
      assert.equal(addressedByPath(`/_url/${ID}${path}`)?.path, rest);
      assert.equal(addressedByPath(`/_web/n/f/1${path}`)?.path, rest);
    }),
  );
});

test('addresses work with their ports, and lead back to the URL', () => {
  const edge = { host: '127.0.0.1', httpPort: 9702, tlsPort: 9743, baseDomain: 'localhost' };
  const all = urlAddresses(edge, '1250000000', 'ap-guangzhou', ID);
  assert.deepEqual(all, {
    http: `http://127.0.0.1:9702/_url/${ID}`,
    https: `https://127.0.0.1:9743/_url/${ID}`,
    ws: `ws://127.0.0.1:9702/_url/${ID}`,
    wss: `wss://127.0.0.1:9743/_url/${ID}`,
    byHost: `http://1250000000-${ID}.ap-guangzhou.scf.localhost:9702`,
  });
  assert.equal(byHost(new URL(all.byHost).hostname)?.by, 'id');
  const open = urlAddresses({ ...edge, host: '::', httpPort: 80 }, '1', 'gz', ID);
  assert.equal(open.byHost, `http://1-${ID}.gz.scf.localhost`);
  assert.equal(open.wss, `wss://[::1]:9743/_url/${ID}`);
});

test('the resource id is that of the documents’ sample', () => {
  assert.equal(urlResourceId('1000', 'ap-guangzhou', 'fn', ID), `qcs::scf:gz:uin/1000:function/fn/${ID}`);
  assert.equal(urlResourceId('1000', 'eu-frankfurt', 'fn', ID), `qcs::scf:eu-frankfurt:uin/1000:function/fn/${ID}`);
});
