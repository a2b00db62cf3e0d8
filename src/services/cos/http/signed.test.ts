// Requests as the vendor's SDKs sign them, through the whole of HTTP: whatever the key, the query and the headers are, they are
// taken, and not when anything of them is changed on the way.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import Cos from 'cos-nodejs-sdk-v5';
import fc from 'fast-check';
import { SystemClock } from '../../../core/clock.ts';
import { BUCKET, REGION, START } from '../testing.ts';
import { HOST, openShop, SECRET, type Shop, textIn } from './testing.ts';

const startS = START / 1000;
const shop = await openShop();
/** By the time that it is. */
const today = await openShop({ wallClock: new SystemClock() });
after(async () => {
  for (const one of [shop, today]) await one[Symbol.asyncDispose]();
});

type Headers = Readonly<Record<string, string>>;

/** What becomes of it; a signature that is taken is not the end of a request. */
async function outcome(at: Shop, method: string, target: string, headers: Headers): Promise<'taken' | 'refused'> {
  const given = { unsigned: true, headers: { ...headers, Host: `${HOST}:9701` } };
  const { status, text } = await at.ask(method, target, given);
  if (status !== 403) return status < 500 ? 'taken' : assert.fail(text);
  if (method !== 'HEAD') assert.equal(textIn(text, 'Code'), 'SignatureDoesNotMatch');
  return 'refused';
}

/** cos-python-sdk-v5 1.9.44 at 2024-04-19T08:00:00Z: the host is signed without its port. */
const PYTHON: readonly (readonly [method: string, target: string, headers: Headers, rest: string])[] = [
  [
    'GET',
    '/k%23%25%24/?response-cache-control=%C3%A9~%7B%2F&Q%252F=%E4%B8%AD__&response-content-type=%40%27%3F-%2B',
    { 'Cache-Control': 'a**)(+', 'x-cos-meta-a_b': '//=' },
    'q-header-list=cache-control;host;x-cos-meta-a_b&q-url-param-list=q%252f;response-cache-control;response-content-type&q-signature=a92354f77a352208eeeb9406e95a39d2a5f5ab73',
  ],
  [
    'PUT',
    '/k%E4%B8%AD%E4%B8%AD%60?x+Y=~%25%2C%2A%23&ab=%23+~%5E%25e4a&Q%252F=%24%7B',
    {
      'x-cos-meta-One': 'a/=++=*(',
      'Cache-Control': '/ a',
      'Content-MD5': '1B2M2Y8AsgTpgAmY7PhCfg==',
      Range: 'bytes=0-3',
    },
    'q-header-list=cache-control;content-length;content-md5;host;range;x-cos-meta-one&q-url-param-list=ab;q%252f;x%20y&q-signature=7a347aaea7104c51fc80b86f7b8e2c35f4971216',
  ],
  [
    'DELETE',
    '/kb%7B%29%40_?response-content-type=%5C%C3%A9.%2C&response-cache-control=%60%7C%21&ab=+%27%E4%B8%AD%27',
    {},
    'q-header-list=content-length;host&q-url-param-list=ab;response-cache-control;response-content-type&q-signature=9900ac16c9a8db7e3f9d86cc66c9cea4b1406010',
  ],
  [
    'HEAD',
    '/k%3F%2A%28%21%3E%22%20%2A%F0%9F%98%80?response-cache-control=%2B%40%26&x+Y=%28%25%5C',
    { 'Cache-Control': "+/%'a);", 'Content-Type': ';+*+a"\'+' },
    'q-header-list=cache-control;content-type;host&q-url-param-list=response-cache-control;x%20y&q-signature=2b0fee4a9e0b1efa00e8bc880e9d48a6f1f585ce',
  ],
  [
    'GET',
    '/k%3D%7B%3A?Prefix=%7B%3D',
    {},
    'q-header-list=host&q-url-param-list=prefix&q-signature=95330f0610756209f8870f6c68eed92c6f2f47de',
  ],
  [
    'PUT',
    '/k~/%3D_%5B',
    { 'If-None-Match': '%;+"b%' },
    'q-header-list=content-length;host;if-none-match&q-url-param-list=&q-signature=2f9f56e33bb2a8316befe9be8accd4ac16e28e0c',
  ],
  [
    'DELETE',
    '/k%5Ca%27~%5E?response-cache-control=%2B&Prefix=%7B&ab=%2C',
    { 'x-cos-meta-a_b': '\',"%+' },
    'q-header-list=content-length;host;x-cos-meta-a_b&q-url-param-list=ab;prefix;response-cache-control&q-signature=8ca2f04e778cc48e3bd61872cf855d36937420b9',
  ],
  [
    'HEAD',
    '/k%5E%2C%2A%C3%A9?x+Y=%25e4%2C%5D.%24&response-cache-control=_%3C%60%24',
    { 'x-cos-acl': 'private', 'x-cos-meta-a_b': '/ (;' },
    'q-header-list=host;x-cos-acl;x-cos-meta-a_b&q-url-param-list=response-cache-control;x%20y&q-signature=9d98112f3eefb2fa262184e672716e3c456900e4',
  ],
  [
    'GET',
    '/k%40%28~',
    { 'Cache-Control': ", ''%", Range: 'bytes=0-3', 'X-Other': "'+%(((;,a", 'x-cos-acl': 'private' },
    'q-header-list=cache-control;host;range;x-cos-acl&q-url-param-list=&q-signature=421a7424583533ce014f6e268e38e263e652be4d',
  ],
  [
    'PUT',
    '/k?Q%252F=%5B%23-%60',
    {
      'Content-MD5': '1B2M2Y8AsgTpgAmY7PhCfg==',
      Range: 'bytes=0-3',
      'Content-Type': '(b/*"a\'',
      'x-cos-meta-a_b': "ba+='+)(",
    },
    'q-header-list=content-length;content-md5;content-type;host;range;x-cos-meta-a_b&q-url-param-list=q%252f&q-signature=fd1ca20bfd6dc68f781acb1d236748da4ed8ae48',
  ],
  [
    'DELETE',
    '/k%23-_%60%2C%3E%28/%26%3C',
    {},
    'q-header-list=content-length;host&q-url-param-list=&q-signature=4365033212a49a77e12f5f8608a8bcaeccdb422b',
  ],
  [
    'HEAD',
    '/k%23%20%2A_%3E%3D?Q%252F=%7D%2F%3B&ab=%7B&Prefix=%27%2C%C3%A9',
    {
      'If-None-Match': '""("+a=',
      'Content-MD5': '1B2M2Y8AsgTpgAmY7PhCfg==',
      'X-Other': '/',
      'x-cos-meta-a_b': ')/(+(%)*,',
    },
    'q-header-list=content-md5;host;if-none-match;x-cos-meta-a_b&q-url-param-list=ab;prefix;q%252f&q-signature=ca9b55f1d895da5ff79947790cfde24dca14ff4f',
  ],
  [
    'GET',
    '/k%27%5B%21.%3F%7B%5D%27?response-content-type=b-%28&ab=%25&Q%252F=%7B%28%3C-%5D',
    { 'x-cos-meta-One': ',";+%/+/*', 'x-cos-acl': 'private', Range: 'bytes=0-3' },
    'q-header-list=host;range;x-cos-acl;x-cos-meta-one&q-url-param-list=ab;q%252f;response-content-type&q-signature=efe0863a84919cb9d2e77d590816675deab7e22d',
  ],
  [
    'PUT',
    '/k?Prefix=%60%24%22&response-content-type=%2C',
    {},
    'q-header-list=content-length;host&q-url-param-list=prefix;response-content-type&q-signature=1164fe329118127765bd1e4b82b4197067734a3b',
  ],
  [
    'DELETE',
    '/k%3C%5Ea%28%20',
    { 'Content-MD5': '1B2M2Y8AsgTpgAmY7PhCfg==', 'Cache-Control': '%;;*%*b' },
    'q-header-list=cache-control;content-length;content-md5;host&q-url-param-list=&q-signature=9ae48df927690633077668ac3a2b1731be980a31',
  ],
  [
    'HEAD',
    '/k%E4%B8%AD%3F%25%2C%E4%B8%AD',
    { 'x-cos-meta-One': ';((' },
    'q-header-list=host;x-cos-meta-one&q-url-param-list=&q-signature=616a4364c6f3b23bac6e9845d0e788ce3f898cc4',
  ],
];

for (const [method, target, headers, rest] of PYTHON)
  test(`the Python SDK: ${method} ${target}`, async () => {
    const span = `${startS - 60};${startS + 10_000}`;
    const Authorization = `q-sign-algorithm=sha1&q-ak=${SECRET.secretId}&q-sign-time=${span}&q-key-time=${span}&${rest}`;
    assert.equal(await outcome(shop, method, target, { ...headers, Authorization }), 'taken');
    const [path = '', query = ''] = target.split('?', 2);
    assert.equal(await outcome(shop, method, `${path}x?${query}`, { ...headers, Authorization }), 'refused');
    for (const name of Object.keys(headers).filter(one => rest.includes(one.toLowerCase()))) {
      const changed = { ...headers, [name]: `${headers[name]}x`, Authorization };
      assert.equal(await outcome(shop, method, target, changed), 'refused', name);
    }
  });

const client = new Cos({ SecretId: SECRET.secretId, SecretKey: SECRET.secretKey });
const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 10 }).filter(value => value.isWellFormed());
/** Neither is trimmed on the way. */
const headerText = fc.stringMatching(/^[!-~]([ -~]{0,10}[!-~])?$/);
const named = <V>(names: readonly string[], value: fc.Arbitrary<V>) =>
  fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 4, noNullPrototype: true });
const drawn = fc.record({
  Method: fc.constantFrom('GET', 'PUT', 'HEAD', 'DELETE'),
  Key: text.map(value => `k${value}`),
  Query: named(['response-content-type', 'versionId', 'Prefix', 'x Y', 'q%2F', 'ä'], text),
  Headers: named(['Content-Type', 'x-cos-meta-One', 'Cache-Control', 'Range', 'Origin'], headerText),
  way: fc.constantFrom('header', 'query'),
});

test('the Node.js SDK: any key, query and headers', async () => {
  const property = fc.asyncProperty(drawn, async ({ Method, Key, Query, Headers, way }) => {
    const { secretId: SecretId, secretKey: SecretKey } = SECRET;
    const more = { SecretId, SecretKey, Bucket: BUCKET, Region: REGION };
    const Authorization = client.getAuth({ ...more, Method: Method as 'GET', Key, Query, Headers });
    // Each value is encoded once more, the lists of names too.
    const pairs = way === 'header' ? [] : Authorization.split('&').map(pair => pair.split('='));
    const query = [...Object.entries(Query), ...pairs];
    const target = (key: string) =>
      `/${encodeURIComponent(key)}?${query.map(pair => pair.map(encodeURIComponent).join('=')).join('&')}`;
    const headers = way === 'header' ? { ...Headers, Authorization } : Headers;
    assert.equal(await outcome(today, Method, target(Key), headers), 'taken');
    assert.equal(await outcome(today, Method, target(`${Key}x`), headers), 'refused');
    assert.equal(await outcome(today, Method === 'PUT' ? 'DELETE' : 'PUT', target(Key), headers), 'refused');
  });
  await fc.assert(property, { numRuns: 80 });
});
