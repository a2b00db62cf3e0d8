import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import type { Upstreams } from '../../../http/forward.ts';
import type { ForwardRequest } from '../../../http/upstream/flow.ts';
import { fails } from '../testing.ts';
import { fetchFrom } from './fetch.ts';

/** A source that sends on to these, one after another, and then answers. */
function leading(...locations: readonly string[]) {
  const asked: { readonly to: string; readonly headers: readonly string[] }[] = [];
  const forward = async (
    { host, port, tls }: { host: string; port: number; tls?: object },
    request: ForwardRequest,
  ) => {
    const location = locations[asked.length];
    asked.push({ to: `${tls ? 'https' : 'http'}://${host}:${port}${request.target}`, headers: request.rawHeaders });
    const rawHeaders = location === undefined ? [] : ['Location', location];
    return {
      status: location === undefined ? 200 : 302,
      reason: '',
      rawHeaders,
      body: Readable.from([]),
      trailers: () => [],
    };
  };
  const get = (name: string, scheme: 'http' | 'https' = 'http', rawHeaders: readonly string[] = []) =>
    fetchFrom(
      { forward } as unknown as Upstreams,
      { scheme, names: [name], standbyStatuses: [], target: '/a', rawHeaders, followsRedirects: true },
      new AbortController().signal,
    );
  return { asked, get };
}

describe('a redirect', () => {
  test('from what is encrypted to what is not takes no secrets along', async () => {
    const source = leading('http://192.0.2.1/b');
    await source.get('192.0.2.1', 'https', [
      'Authorization',
      's',
      'Cookie',
      'c',
      'X-CI-Security-Token',
      't',
      'X-A',
      '1',
    ]);
    assert.deepEqual(
      source.asked.map(({ to }) => to),
      ['https://192.0.2.1:443/a', 'http://192.0.2.1:80/b'],
    );
    assert.ok(source.asked[0]?.headers.includes('Authorization'));
    const sent = source.asked[1]?.headers.filter((_, at) => at % 2 === 0);
    assert.deepEqual(sent, ['Host', 'User-Agent', 'X-A']);
  });

  for (const [from, location] of [
    ['192.0.2.1', 'http://127.0.0.1:9700/health'],
    ['192.0.2.1', 'http://[::1]/'],
    ['192.0.2.1', 'http://[::ffff:127.0.0.1]/'],
    ['192.0.2.1', 'http://2130706433/'],
    ['192.0.2.1', 'http://0.0.0.0/'],
    ['192.0.2.1', 'http://10.0.0.1/'],
    ['192.0.2.1', 'http://192.168.1.1/'],
    ['192.0.2.1', 'http://[fd00::1]/'],
    ['192.0.2.1', 'http://localhost/'],
    ['10.0.0.1', 'http://127.0.0.1/'],
    ['192.0.2.1', 'http://169.254.169.254/latest/meta-data/'],
    ['127.0.0.1', 'http://169.254.169.254/latest/meta-data/'],
    ['127.0.0.1', 'http://[fe80::1]/'],
    ['127.0.0.1', 'http://[::ffff:a9fe:a9fe]/'],
  ] as const)
    test(`from ${from} to ${location} leads where its source has no business`, async () => {
      const source = leading(location);
      await fails('FailedDependency', () => source.get(from));
      assert.equal(source.asked.length, 1);
    });

  for (const [from, location] of [
    ['127.0.0.1', 'http://127.0.0.2/b'],
    ['localhost', 'http://127.0.0.1/b'],
    ['127.0.0.1', 'http://10.0.0.1/b'],
    ['10.0.0.1', 'http://192.168.0.1/b'],
    ['192.0.2.1', 'https://198.51.100.1/b'],
  ] as const)
    test(`from ${from} to ${location} is followed`, async () => {
      const source = leading(location);
      assert.equal((await source.get(from)).status, 200);
      assert.equal(source.asked.length, 2);
    });

  test('is judged by where it comes from at each step', async () => {
    const source = leading('http://192.0.2.1/', 'http://127.0.0.1/');
    await fails('FailedDependency', () => source.get('127.0.0.1'));
    assert.equal(source.asked.length, 2);
  });
});
