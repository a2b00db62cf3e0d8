// The object store behind a proxy, whole: policies that speak of addresses mean the client's.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { cosOf } from './cos.ts';
import { startTestServer } from './harness.ts';

const POLICY = JSON.stringify({
  version: '2.0',
  statement: [
    {
      ...{ effect: 'deny', principal: { qcs: ['*'] }, action: 'name/cos:GetObject', resource: '*' },
      condition: { ip_not_equal: { 'qcs:ip': ['192.0.2.0/24'] } },
    },
  ],
});

test('the setting trustedProxies counts for buckets', async () => {
  for (const [settings, status] of [
    [{}, 403],
    [{ trustedProxies: '127.0.0.1,::1' }, 200],
  ] as const) {
    const server = await startTestServer(settings);
    after(() => server.close());
    const cos = await cosOf(server);
    await cos.done('/', { method: 'PUT' });
    await cos.done('/a', { method: 'PUT', body: 'a' });
    await cos.done('/?policy', { method: 'PUT', body: POLICY });
    const read = async (from: string) => (await cos.ask('/a', { headers: { 'X-Forwarded-For': from } })).status;
    assert.equal(await read('192.0.2.9'), status);
    assert.equal(await read('198.51.100.9'), 403);
  }
});
