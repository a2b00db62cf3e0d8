import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuMs } from '../../../core/fixture.ts';
import { readXml } from '../http/readxml.ts';
import { SHAPES } from '../http/shapes.ts';
import { allowsReferer, readReferer } from './referer.ts';

const xml = (domains: readonly string[], { type = 'White-List', status = 'Enabled', none = '' } = {}) =>
  `<RefererConfiguration><Status>${status}</Status><RefererType>${type}</RefererType><DomainList>${domains
    .map(domain => `<Domain>${domain}</Domain>`)
    .join('')}</DomainList>${none}</RefererConfiguration>`;

test('a configuration is read', () => {
  assert.deepEqual(readReferer(xml(['*.qq.com', ' a.com '])), {
    ...{ type: 'white', domains: ['*.qq.com', 'a.com'], allowsNone: false },
  });
  const none = '<EmptyReferConfiguration>Allow</EmptyReferConfiguration>';
  assert.deepEqual(readReferer(xml([], { type: 'Black-List', none })), {
    type: 'black',
    domains: [],
    allowsNone: true,
  });
  assert.equal(readReferer(xml(['a.com'], { status: 'Disabled' })), undefined);
});

test('its words are taken in the letters in which they are let in', () => {
  const none = '<EmptyReferConfiguration>ALLOW</EmptyReferConfiguration>';
  const sent = xml(['a.com'], { status: 'enabled', type: 'black-list', none });
  SHAPES.referer(readXml(Buffer.from(sent), 'RefererConfiguration'));
  assert.deepEqual(readReferer(sent), { type: 'black', domains: ['a.com'], allowsNone: true });
});

for (const [domain, listed, others] of [
  [
    'www.example.com',
    [
      'http://www.example.com',
      'https://www.example.com/123',
      'https://WWW.example.com.cn/',
      'http://www.example.com:8080/',
    ],
    ['https://example.com/', 'https://a.www.example.com/', 'https://evil.com/www.example.com'],
  ],
  [
    'www.example.com:8080',
    ['http://www.example.com:8080/a'],
    ['http://www.example.com/', 'http://www.example.com:80/'],
  ],
  ['10.10.10.10', ['http://10.10.10.10:8080/'], ['http://10.10.10.1/']],
  [
    '*.example.com',
    ['https://a.example.com/', 'https://a.b.example.com/123'],
    [
      'https://example.com/',
      'https://evil.com/?a.example.com',
      'https://evil.com/a.example.com/',
      'https://evil.com#.example.com',
    ],
  ],
  [
    'www.qq.com/example',
    ['https://www.qq.com/example/1', 'https://www.qq.com/examples'],
    ['https://www.qq.com/', 'https://www.qq.com.cn/example'],
  ],
  ['https://a.com', ['http://a.com/'], ['http://b.com/']],
] as const)
  test(`a list with ${domain}`, () => {
    const rule = { domains: [domain], allowsNone: false };
    for (const [pages, isListed] of [
      [listed, true],
      [others, false],
    ] as const)
      for (const page of pages) {
        assert.equal(allowsReferer({ ...rule, type: 'white' }, page), isListed, page);
        assert.equal(allowsReferer({ ...rule, type: 'black' }, page), !isListed, page);
      }
  });

test('no page at all, and no list', () => {
  for (const type of ['white', 'black'] as const)
    for (const referer of [undefined, '']) {
      assert.ok(allowsReferer({ type, domains: ['a.com'], allowsNone: true }, referer));
      assert.ok(!allowsReferer({ type, domains: ['a.com'], allowsNone: false }, referer));
    }
  assert.ok(!allowsReferer({ type: 'white', domains: [''], allowsNone: true }, 'http://a.com'));
  assert.ok(allowsReferer({ type: 'black', domains: [], allowsNone: false }, 'http://a.com'));
});

test('a host of any length takes no time', () => {
  const domains = Array.from({ length: 2000 }, () => '*a*a*a*a*b');
  const page = `http://${'a'.repeat(60_000)}`;
  const spent = cpuMs(() => {
    assert.ok(!allowsReferer({ type: 'white', domains, allowsNone: false }, page));
    assert.ok(allowsReferer({ type: 'white', domains: ['*a*a'], allowsNone: false }, page));
  });
  // Compared to its end it takes seconds.
  assert.ok(spent < 700, `${spent} ms`);
});
