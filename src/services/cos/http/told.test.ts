// Nothing that a writer says can make the event of a write too large to be told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ASYNC_EVENT_BYTES } from '../../../core/limits.ts';
import { buildCosEvent } from '../../../triggers/cos/event.ts';
import type { ObjectNotice } from '../model.ts';
import { hostXml, openSource, originRule, originXml } from '../origin/testing.ts';
import { type Given, HOST, openShop, type Shop, signed, textIn } from './testing.ts';

const desc = { bucketUrl: HOST, event: 'cos:ObjectCreated:*', prefix: '', suffix: '' };
const trigger = { region: 'ap-guangzhou', namespace: 'default', name: 'f'.repeat(60), qualifier: '$LATEST', desc };
const bytesOf = (notice: ObjectNotice) =>
  buildCosEvent({ notice, trigger, reqid: 1 }, { eventName: 'concrete', extendedEvent: true }).length;

const KEY = '%01'.repeat(850);
const META = { 'x-cos-meta-a': '"'.repeat(2000) };

async function told(shop: Shop, method: string, target: string, given: Given): Promise<string> {
  using listening = shop.house.listen();
  const { status, text } = await shop.ask(method, target, given);
  const [notice] = listening.told;
  if (status >= 300) {
    assert.equal(notice, undefined);
    return `${status} ${textIn(text, 'Code')}`;
  }
  assert.ok(notice && bytesOf(notice) < ASYNC_EVENT_BYTES, `${notice && bytesOf(notice)} bytes`);
  return 'told';
}

test('by headers that are kept', async () => {
  await using shop = await openShop();
  const put = (bytes: number, name = 'Content-Type') =>
    told(shop, 'PUT', `/${KEY}`, { headers: { ...META, [name]: '"'.repeat(bytes) } });
  assert.equal(await put(8000), 'told');
  for (const name of ['Content-Type', 'Content-Disposition', 'Expires'])
    assert.equal(await put(50_000, name), '400 InvalidArgument', name);
});

test('by fields of a form', async () => {
  await using shop = await openShop();
  const post = (bytes: number) => {
    const field = (name: string, value: string) =>
      `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    const file = '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nx\r\n--b--\r\n';
    const body = `${field('key', 'a')}${field('Content-Type', '"'.repeat(bytes))}${file}`;
    return told(shop, 'POST', '/', { body, headers: { 'Content-Type': 'multipart/form-data; boundary=b' } });
  };
  assert.equal(await post(8000), 'told');
  assert.equal(await post(100_000), '400 InvalidArgument');
});

test('by what stands beside a signature', async () => {
  await using shop = await openShop();
  const put = (bytes: number) => {
    const Authorization = `${signed('PUT', '/a', [['host', HOST]])}&x=${'"'.repeat(bytes)}`;
    return told(shop, 'PUT', '/a', { headers: { Authorization, ...META } });
  };
  assert.equal(await put(7000), 'told');
  assert.equal(await put(60_000), '400 InvalidArgument');
  const url = (count: number) => {
    const pairs = signed('PUT', '/a', [['host', HOST]]).replaceAll(';', '%3B');
    return told(shop, 'PUT', `/a?${pairs}&q-x=${'%01'.repeat(count)}`, { unsigned: true, headers: META });
  };
  assert.equal(await url(7000), 'told');
  assert.equal(await url(20_000), '400 InvalidArgument');
});

test('by what a source says', async () => {
  await using source = await openSource((_request, response) => {
    response.writeHead(200, { 'Content-Type': '"'.repeat(12_000), 'Cache-Control': 'no-cache' }).end('x');
  });
  await using shop = await openShop();
  await shop.ask('PUT', '/?origin', { body: originXml(originRule({ hosts: hostXml(source.name) })) });
  assert.equal(await told(shop, 'GET', '/a', {}), 'told');
  const { headers } = await shop.ask('HEAD', '/a');
  assert.deepEqual([headers['content-type'], headers['cache-control']], ['application/octet-stream', undefined]);
});
