import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CustomDomain, DomainEndpoint, PathRewrite } from '../../core/domain.ts';
import { domainRoute } from './routes.ts';

const endpoint = (pathMatch: string, rewrites: PathRewrite[] = []): DomainEndpoint => ({
  pathMatch,
  namespace: 'default',
  name: pathMatch,
  qualifier: '1',
  rewrites,
});
const domain = (...endpoints: DomainEndpoint[]) => ({ endpoints }) as unknown as CustomDomain;
const route = (paths: string[], path: string) =>
  domainRoute(domain(...paths.map(one => endpoint(one))), path)?.endpoint.pathMatch;

test('an exact path comes before any wildcard, the longest wildcard before the others', () => {
  const paths = ['/*', '/x/*', '/x', '/x/a', '/x/a/*', '/'];
  for (const [path, expected] of [
    ['/', '/'],
    ['/x', '/x'],
    ['/x/', '/x/*'],
    ['/x/a', '/x/a'],
    ['/x/b', '/x/*'],
    ['/x/a/b', '/x/a/*'],
    ['/y', '/*'],
    ['/xa', '/*'],
  ] as const)
    for (const order of [paths, paths.toReversed()]) assert.equal(route(order, path), expected, path);
});

test('a path that nothing matches has no function', () => {
  assert.equal(route(['/', '/x', '/y/*'], '/z'), undefined);
  assert.equal(route(['/', '/x', '/y/*'], '/y'), undefined);
  assert.equal(route([], '/'), undefined);
});

test('the function sees the path, or what a rule makes of it', () => {
  const path = (rewrites: PathRewrite[], sent: string) => domainRoute(domain(endpoint('/*', rewrites)), sent)?.path;
  const exact = { path: '/old', type: 'ExactRules', rewrite: '/new' } as const;
  const wild = { path: '/api/*', type: 'WildcardRules', rewrite: '/$1' } as const;
  const deeper = { path: '/api/v1/*', type: 'WildcardRules', rewrite: '/one/$1/$1' } as const;
  const flat = { path: '/flat/*', type: 'WildcardRules', rewrite: '/' } as const;
  const all = [exact, wild, deeper, flat];
  for (const [sent, seen] of [
    ['/old', '/new'],
    ['/old/', '/old/'],
    ['/api/x/y', '/x/y'],
    ['/api/', '/'],
    ['/api/v1/x', '/one/x/x'],
    ['/api/$&$1', '/$&$1'],
    ['/flat/x', '/'],
    ['/other', '/other'],
  ])
    assert.equal(path(all, sent ?? ''), seen, sent);
  assert.equal(path([{ ...wild, rewrite: '$1' }], '/api/x'), '/x', 'a path begins with a slash');
  assert.equal(path([{ ...exact, type: 'WildcardRules' }], '/old'), '/old', 'a rule of the other kind');
});

test('the route is the one of a plain reading of the rules', () => {
  const segment = fc.constantFrom('a', 'b', 'ab');
  const somePath = fc.array(segment, { maxLength: 3 }).map(parts => `/${parts.join('/')}`);
  const pattern = fc
    .tuple(somePath, fc.boolean())
    .map(([path, wild]) => (wild ? `${path === '/' ? '' : path}/*` : path));
  fc.assert(
    fc.property(fc.uniqueArray(pattern), somePath, (patterns, path) => {
      const matching = patterns.filter(one => (one.endsWith('/*') ? path.startsWith(one.slice(0, -1)) : one === path));
      const expected = matching.find(one => one === path) ?? matching.toSorted((a, b) => b.length - a.length)[0];
      assert.equal(route(patterns, path), expected);
    }),
  );
});
