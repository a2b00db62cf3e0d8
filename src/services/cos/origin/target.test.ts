import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { fails } from '../testing.ts';
import { loopHeader } from './loop.ts';
import type { ClientRequest, OriginHost, OriginRule, SentHeaders } from './model.ts';
import { headersFor, hostFor, schemeFor, targetFor } from './target.ts';

const request = (change: Partial<ClientRequest> = {}): ClientRequest => ({
  ...{ bucket: 'b', key: 'a.jpg', scheme: 'http', query: '', rawHeaders: [] },
  ...change,
});
const plain = { followsQuery: true, file: { prefix: '', suffix: '' } } as OriginRule;
const target = (change: Partial<ClientRequest>, rule: Partial<OriginRule> = {}) =>
  targetFor({ ...plain, ...rule }, request(change));

describe('what is asked for', () => {
  test('the key, whatever is in it', () => {
    assert.equal(target({ key: 'a b/ü?#%/../x' }), '/a%20b/%C3%BC%3F%23%25/../x');
    assert.equal(target({ key: '/a//b' }), '//a//b');
  });

  test('any key comes back as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), key => {
        const path = target({ key });
        assert.match(path, /^\/[\x21-\x7e]*$/);
        assert.equal(decodeURIComponent(path.slice(1)), key);
      }),
    );
  });

  test('with something before and behind it', () => {
    const file = (prefix: string, suffix = '') => ({ file: { prefix, suffix } });
    // As the documents' example has it.
    assert.equal(target({}, file('test')), '/test/a.jpg');
    assert.equal(target({}, file('123/', '.webp')), '/123/a.jpg.webp');
    assert.equal(target({}, file('/p')), '/p/a.jpg');
    assert.equal(target({ query: 'x=1' }, { file: { fixed: '/404 page.html' } }), '/404%20page.html?x=1');
    assert.equal(target({}, { file: { fixed: 'd/e' } }), '/d/e');
  });

  test('with the query, but for a signature', () => {
    const query = 'a=%20b&q-ak=AKID&q-sign-algorithm=sha1&c&X-Cos-Security-Token=t&q=1';
    assert.equal(target({ query }), '/a.jpg?a=%20b&c&q=1');
    assert.equal(target({ query: 'q-ak=AKID&q-signature=0' }), '/a.jpg');
    assert.equal(target({ query }, { followsQuery: false }), '/a.jpg');
    // As the store reads them.
    assert.equal(target({ query: 'q%2Dsignature=0&%71-ak=AKID&x-ci-security-token=t&a=%' }), '/a.jpg?a=%');
  });

  test('by the protocol of the rule, or of the client', () => {
    const scheme = (protocol: OriginRule['protocol'], of: 'http' | 'https') =>
      schemeFor({ ...plain, protocol }, request({ scheme: of }));
    assert.deepEqual([scheme('follow', 'http'), scheme('follow', 'https')], ['http', 'https']);
    assert.deepEqual([scheme('http', 'https'), scheme('https', 'http')], ['http', 'https']);
  });
});

describe('which source', () => {
  const hosts: readonly OriginHost[] = [
    { weight: 4, names: ['a'] },
    { weight: 0, names: ['never'] },
    { weight: 6, names: ['b'] },
  ];

  test('by their weights', () => {
    const counts = { a: 0, b: 0, never: 0 };
    for (let i = 0; i < 1000; i++) counts[(hostFor(hosts, i / 1000)?.names[0] ?? 'never') as keyof typeof counts]++;
    assert.deepEqual(counts, { a: 400, b: 600, never: 0 });
  });

  test('the last at the very end', () => assert.equal(hostFor(hosts, 1)?.names[0], 'b'));
});

describe('which headers', () => {
  const rawHeaders = [
    ...['Host', 'mine', 'Accept', '*/*', 'X-A', '1', 'x-a', '2', 'Authorization', 'q-sign', 'Range', 'bytes=0-1'],
    ...[
      'X-Ci-Security-Token',
      't',
      'Connection',
      'close',
      'If-None-Match',
      '"e"',
      'Accept-Encoding',
      'gzip',
      'Cookie',
      'c',
      'User-Agent',
      'u',
    ],
  ];
  const sent = (change: Partial<SentHeaders>) =>
    headersFor({ all: false, added: [], followed: [], forbidden: [], ...change }, { rawHeaders });
  const WHOLE = ['Accept-Encoding', 'identity'];

  test('none of the client, unless they are wanted', () => assert.deepEqual(sent({}), WHOLE));

  test('all, but for those of the connection, of a part, and of a signature', () => {
    assert.deepEqual(sent({ all: true }), ['Accept', '*/*', 'X-A', '1', 'x-a', '2', 'Cookie', 'c', ...WHOLE]);
  });

  test('those that are named; those that are forbidden never', () => {
    assert.deepEqual(sent({ followed: ['accept', 'range'] }), ['Accept', '*/*', ...WHOLE]);
    assert.deepEqual(sent({ all: true, forbidden: ['x-a', 'cookie'] }), ['Accept', '*/*', ...WHOLE]);
    assert.deepEqual(sent({ followed: ['authorization', 'accept-encoding'] }), [
      ...['Authorization', 'q-sign', 'Accept-Encoding', 'gzip'],
    ]);
  });

  test('new ones, in the place of the client’s', () => {
    assert.deepEqual(sent({ all: true, forbidden: ['cookie'], added: [['x-A', 'new']] }), [
      ...['x-A', 'new', 'Accept', '*/*', ...WHOLE],
    ]);
    assert.deepEqual(sent({ added: [['accept-encoding', 'br']] }), ['accept-encoding', 'br']);
  });
});

describe('sources that lead back', () => {
  test('each bucket on the way is told', () => {
    const first = loopHeader([], 'one', 'a');
    const second = loopHeader(['cdn-loop', first, 'X', 'y'], 'two', 'a');
    assert.equal(second, 'one;bucket=a, two;bucket=a');
    assert.equal(
      loopHeader(['CDN-Loop', 'cloudflare', 'CDN-Loop', second], 'one', 'b'),
      `cloudflare, ${second}, one;bucket=b`,
    );
  });

  test('the same one again, and too many', async () => {
    const back = await fails('FailedDependency', () => loopHeader(['CDN-Loop', 'x, one;bucket=a'], 'one', 'a'));
    assert.match(back.message, /leads back/);
    const many = Array.from({ length: 10 }, (_, i) => `s${i};bucket=a`).join(', ');
    await fails('FailedDependency', () => loopHeader(['CDN-Loop', many], 'one', 'a'));
  });
});
