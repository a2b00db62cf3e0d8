import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import fc from 'fast-check';
import { hostName, Router, targetPath, targetQuery } from './router.ts';
import type { Site } from './site.ts';

const site = (name: string, claims: Site['claims'] = () => false): Site => ({ name, claims, serve() {} });

test('a host name is lower case and has no port', () => {
  const cases: Record<string, string> = {
    'SCF.TencentCloudAPI.com': 'scf.tencentcloudapi.com',
    '127.0.0.1:9700': '127.0.0.1',
    localhost: 'localhost',
    '[::1]:9700': '[::1]',
    '[FE80::1]': '[fe80::1]',
    'a:': 'a',
    '': '',
  };
  for (const [header, name] of Object.entries(cases)) assert.equal(hostName(header), name, header);
  assert.equal(hostName(undefined), '');
});

test('a port never becomes part of a host name', () => {
  fc.assert(
    fc.property(fc.domain(), fc.integer({ min: 0, max: 65_535 }), (name, port) => {
      assert.equal(hostName(`${name}:${port}`), name.toLowerCase());
      assert.equal(hostName(name), name.toLowerCase());
    }),
  );
});

test('a target is cut at its first question mark, its bytes untouched', () => {
  assert.equal(targetPath('/a%2Fb/?x=1?y'), '/a%2Fb/');
  assert.equal(targetQuery('/a?x=1?y=%20'), 'x=1?y=%20');
  assert.equal(targetPath('/'), '/');
  assert.equal(targetQuery('/'), '');
  assert.equal(targetPath('http://scf.tencentcloudapi.com/a?b'), '/a');
  assert.equal(targetPath('http://scf.tencentcloudapi.com'), '/');
  assert.equal(targetPath('http://h?x=/y'), '/');
  assert.equal(targetPath('*'), '*');
  assert.equal(targetPath('/x?u=http://a/b'), '/x');
});

test('the first site that claims a request serves it, else the fallback', () => {
  const byHost = site('host', host => host === 'api.example');
  const byPath = site('path', (_, path) => path === '/p');
  const byHeader = site('header', (_host, _path, headers) => headers['x-tc-action'] !== undefined);
  const router = new Router([byHost, byPath, byHeader], site('fallback'));
  const find = (host: string, url: string, headers = {}) =>
    router.find({ url, headers: { host, ...headers } } as IncomingMessage).name;
  assert.equal(find('API.example:80', '/p'), 'host');
  assert.equal(find('other', '/p?q'), 'path');
  assert.equal(find('other', '/', { 'x-tc-action': 'Invoke' }), 'header');
  assert.equal(find('other', '/'), 'fallback');
});
