import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, test } from 'node:test';
import { CloudError } from '../../core/errors.ts';
import { openRegistry, registryUrl } from './registry.ts';
import { type FakeRegistry, fakeRegistry, sha512 } from './testing.ts';

let fake: FakeRegistry;
beforeEach(async () => {
  fake = await fakeRegistry();
});
afterEach(() => fake[Symbol.asyncDispose]());

const code =
  (expected: string, words = /./) =>
  (error: unknown) =>
    error instanceof CloudError && error.code === expected && words.test(error.message);
const open = (url = fake.url, env: NodeJS.ProcessEnv = {}) => openRegistry(url, env);

test('versions with their checksums, and the bytes of one', async () => {
  const bytes = Buffer.from('a package');
  fake.publish('some', '1.2.3', bytes);
  const registry = open(fake.url.slice(0, -1));
  const [dist] = await registry.versions('some');
  assert.deepEqual(dist, { version: '1.2.3', tarball: `${fake.url}some/-/some-1.2.3.tgz`, integrity: sha512(bytes) });
  const { body, bytes: length } = await registry.download({ ...dist, version: '' });
  assert.equal(length, bytes.length);
  assert.deepEqual(await buffer(body), bytes);
});

test('the short form is asked for', async () => {
  let accept: string | undefined;
  fake.answer = (_, __, request) => {
    accept = request.headers.accept;
    return false;
  };
  assert.deepEqual(await open().versions('missing'), []);
  assert.equal(accept, 'application/vnd.npm.install-v1+json');
});

test('versions that cannot be checked are not there', async () => {
  fake.publish('some', '1.0.0', Buffer.from('x'), { integrity: undefined });
  fake.publish('some', '1.0.1', Buffer.from('x'), { tarball: 5 });
  fake.publish('some', '1.0.2', Buffer.from('x'));
  assert.deepEqual(
    (await open().versions('some')).map(one => one.version),
    ['1.0.2'],
  );
});

test('redirects are followed, a circle of them is not', async () => {
  fake.publish('some', '1.0.0', Buffer.from('x'));
  fake.answer = (path, response) => {
    const to = path === '/old' ? '/some' : path === '/round' ? '/round' : undefined;
    if (to !== undefined) response.writeHead(302, { Location: to }).end();
    return to !== undefined;
  };
  assert.equal((await open().versions('old')).length, 1);
  await assert.rejects(open().versions('round'), code('Runtime.Answer', /redirects/));
  assert.equal(fake.asked.filter(path => path === '/round').length, 6);
});

test('answers that are none are told', async () => {
  fake.answer = (path, response) => {
    if (path === '/broken') response.writeHead(500).end('oh');
    else response.end(path === '/html' ? '<html>' : path === '/list' ? '[]' : '{"versions":3}');
    return true;
  };
  await assert.rejects(open().versions('broken'), code('Runtime.Answer', /HTTP 500/));
  await assert.rejects(open().versions('html'), code('Runtime.Answer'));
  await assert.rejects(open().versions('list'), code('Runtime.Answer', /lists no versions/));
  await assert.rejects(open().versions('number'), code('Runtime.Answer', /lists no versions/));
  await assert.rejects(open('ftp://127.0.0.1/').versions('some'), code('Runtime.Answer', /not an http/));
});

test('nobody there: the error names the registry and what to look at', async () => {
  const { url } = fake;
  await fake[Symbol.asyncDispose]();
  await assert.rejects(open(url).versions('some'), code('Runtime.Registry', /ECONNREFUSED.*proxy/));
  fake = await fakeRegistry();
});

test('the proxy of the environment is used', async () => {
  fake.answer = (path, response) => {
    if (!path.startsWith('http://registry.example.com/')) return false;
    response.end('{"versions":{}}');
    return true;
  };
  const { url } = fake;
  assert.deepEqual(await open('http://registry.example.com', { http_proxy: url }).versions('some'), []);
  assert.deepEqual(fake.asked, ['http://registry.example.com/some']);
});

test('an aborted call ends', async () => {
  const stop = new AbortController();
  fake.answer = () => {
    stop.abort(new Error('enough'));
    return true;
  };
  await assert.rejects(open().versions('some', stop.signal), code('Runtime.Registry'));
});

test('the address: the setting, npm’s, the public one', () => {
  assert.equal(registryUrl('http://a/', { npm_config_registry: 'http://b/' }), 'http://a/');
  assert.equal(registryUrl(undefined, { npm_config_registry: 'http://b/' }), 'http://b/');
  assert.equal(registryUrl(undefined, { npm_config_registry: '' }), 'https://registry.npmjs.org/');
});
