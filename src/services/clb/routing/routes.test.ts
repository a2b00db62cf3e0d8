import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { normalUrl, parseDomain, parseUrl } from './names.ts';
import { compileRoutes, normalPath } from './routes.ts';

interface Fake {
  readonly domains: readonly string[];
  readonly url: string;
  readonly defaultServer: boolean;
  readonly id: string;
}

const rule = (domain: string, url: string, defaultServer = false): Fake => ({
  domains: [domain],
  url: normalUrl(url),
  defaultServer,
  id: `${domain} ${url}`,
});

function ask(rules: readonly Fake[], host: string, path: string): string | undefined {
  const found = compileRoutes(rules).find(host, path);
  return typeof found === 'object' ? found.rule.id : found;
}

describe('domains of a listener', () => {
  const rules = [
    rule('a.com', '/', true),
    rule('www.a.com', '/'),
    rule('*.a.com', '/'),
    rule('*.b.a.com', '/'),
    rule('www.*', '/'),
    rule('www.c.*', '/'),
    rule('~^api\\d+\\.', '/'),
    rule('~^api', '/'),
  ];
  for (const [host, wanted] of [
    ['www.a.com', 'www.a.com'],
    ['x.a.com', '*.a.com'],
    ['x.y.a.com', '*.a.com'],
    ['x.b.a.com', '*.b.a.com'],
    ['www.d.org', 'www.*'],
    ['www.c.org', 'www.c.*'],
    ['api1.org', '~^api\\d+\\.'],
    ['apix.org', '~^api'],
    ['other.org', 'a.com'],
    ['', 'a.com'],
    ['127.80.0.1', 'a.com'],
    ['.a.com', 'a.com'],
  ] as const) {
    it(`${host || 'no host'} means ${wanted}`, () => {
      assert.equal(ask(rules, host, '/'), `${wanted} /`);
    });
  }

  it('does not look in the default domain for a path that the named one lacks', () => {
    const two = [rule('a.com', '/', true), rule('b.com', '/x')];
    assert.equal(ask(two, 'b.com', '/y'), undefined);
    assert.equal(ask(two, 'c.com', '/y'), 'a.com /');
  });

  it('answers for all domains of a rule', () => {
    const many = { domains: ['a.com', 'b.com'], url: '/', defaultServer: false, id: 'both' };
    assert.equal(ask([many], 'b.com', '/'), 'both');
    assert.equal(ask([many], 'c.com', '/'), undefined);
  });
});

describe('paths of a domain', () => {
  const a = (...urls: string[]) => urls.map(url => rule('a', url));
  const cases: readonly (readonly [readonly string[], string, string | undefined])[] = [
    [['= /x', '/x', '~ ^/x'], '/x', '= /x'],
    [['= /x', '/'], '/x/', '/'],
    [['/', '/a', '/a/b'], '/a/bc', '/a/b'],
    [['/', '^~ /a', '~ a'], '/a/b', '^~ /a'],
    [['/', '/a', '~ b$'], '/a/b', '~ b$'],
    [['^~ /a', '/a/b', '~ b$'], '/a/b', '~ b$'],
    [['~ \\.JPG$', '~* \\.jpg$'], '/x.jpg', '~* \\.jpg$'],
    [['~* \\.jp', '~* \\.jpg$'], '/x.JPG', '~* \\.jp'],
    [['/abc/'], '/abc', 'redirect'],
    [['/abc/', '/'], '/abc', 'redirect'],
    [['/abc/', '~ ^/abc$'], '/abc', 'redirect'],
    [['/abc/', '/abc'], '/abc', '/abc'],
    [['/abc/', '= /abc'], '/abc', '= /abc'],
    [['/abc'], '/abc/', '/abc'],
    [['/abc/'], '/abcd', undefined],
    [['/abc'], '/', undefined],
  ];
  for (const [urls, path, wanted] of cases) {
    it(`${path} with ${urls.join(', ')} gives ${wanted ?? 'nothing'}`, () => {
      const found = ask(a(...urls), 'a', path);
      assert.equal(found?.replace(/^a /, ''), wanted);
    });
  }
});

/** The rules of the page, one sentence after another, with no thought for speed. */
function plainly(rules: readonly Fake[], host: string, path: string): string | undefined {
  const labels = host.split('.');
  const fits = (domain: string, kind: string): number => {
    const parsed = parseDomain(domain);
    if (parsed.kind !== kind) return 0;
    if (parsed.kind === 'exact') return parsed.name === host ? 1 : 0;
    if (parsed.kind === 'suffix')
      return labels.length > 1 && host.endsWith(parsed.text) && host.length > parsed.text.length
        ? parsed.text.length
        : 0;
    if (parsed.kind === 'prefix')
      return host.startsWith(parsed.text) && host.length > parsed.text.length ? parsed.text.length : 0;
    return parsed.pattern.test(host) ? 1 : 0;
  };
  let members: readonly Fake[] | undefined;
  for (const kind of ['exact', 'suffix', 'prefix', 'pattern']) {
    let best: string | undefined;
    for (const {
      domains: [domain = ''],
    } of rules) {
      if (fits(domain, kind) > (best === undefined ? 0 : fits(best, kind))) best = domain;
    }
    if (best === undefined) continue;
    const chosen = best;
    members = rules.filter(one => one.domains[0] === chosen);
    break;
  }
  members ??= rules.filter(one => one.defaultServer);
  const forms = members.map(member => ({ member, form: parseUrl(member.url) }));
  const exact = forms.find(({ form }) => form.kind === 'exact' && form.path === path);
  if (exact) return exact.member.id;
  let longest: (typeof forms)[number] | undefined;
  let long = -1;
  for (const one of forms) {
    if (one.form.kind !== 'prefix' || !path.startsWith(one.form.path) || one.form.path.length <= long) continue;
    longest = one;
    long = one.form.path.length;
  }
  if (long !== path.length && forms.some(({ form }) => form.kind === 'prefix' && form.path === `${path}/`))
    return 'redirect';
  if (longest?.form.kind === 'prefix' && longest.form.final) return longest.member.id;
  const pattern = forms.find(({ form }) => form.kind === 'pattern' && form.pattern.test(path));
  return (pattern ?? longest)?.member.id;
}

describe('any rules', () => {
  it('are decided as the plain reading of the page says', () => {
    const label = fc.constantFrom('a', 'b', 'c');
    const host = fc.array(label, { minLength: 1, maxLength: 4 }).map(labels => labels.join('.'));
    const domain = fc.oneof(
      host,
      host.map(text => `*.${text}`),
      host.map(text => `${text}.*`),
      label.map(text => `~^${text}`),
    );
    const path = fc
      .tuple(fc.array(label, { maxLength: 3 }), fc.boolean())
      .map(([labels, slash]) => `/${labels.join('/')}${slash && labels.length > 0 ? '/' : ''}`);
    const url = fc.oneof(
      path,
      path.map(text => `=${text}`),
      path.map(text => `^~${text}`),
      path.map(text => `~^${text}`),
      label.map(text => `~*${text.toUpperCase()}`),
    );
    const rules = fc.uniqueArray(fc.tuple(domain, url), { maxLength: 8, selector: pair => pair.join(' ') });
    fc.assert(
      fc.property(rules, fc.nat(), host, path, (pairs, chosen, asked, target) => {
        const main = pairs[chosen % Math.max(1, pairs.length)]?.[0];
        const made = pairs.map(([name, text]) => rule(name, text, name === main));
        assert.equal(ask(made, asked, target), plainly(made, asked, target));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('normalPath', () => {
  for (const [path, wanted] of [
    ['/a/b', '/a/b'],
    ['/a//b', '/a/b'],
    ['/a/./b', '/a/b'],
    ['/a/../b', '/b'],
    ['/a/b/..', '/a/'],
    ['/a/.', '/a/'],
    ['/%61%2fb', '/a/b'],
    ['/%E4%BD%A0', '/你'],
    ['/%e4', '/ä'],
    ['/..', undefined],
    ['/a/../../b', undefined],
    ['/%2e%2e/b', undefined],
    ['/%zz', undefined],
    ['/%00', undefined],
    ['*', undefined],
  ] as const) {
    it(`${path} is ${wanted ?? 'refused'}`, () => assert.equal(normalPath(path), wanted));
  }
  it('gives a path that stays what it is', () => {
    fc.assert(
      fc.property(fc.webPath(), text => {
        const once = normalPath(text.startsWith('/') ? text : `/${text}`);
        if (once !== undefined && !once.includes('%')) assert.equal(normalPath(once), once);
      }),
    );
  });
});
