import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, test } from 'node:test';
import { TurnableClock } from '../../core/clock.ts';
import { CloudError, fail, PLATFORM_ERRORS } from '../../core/errors.ts';
import { NO_LOG } from '../../core/log.ts';
import { openFront } from '../../http/server.ts';
import { downloads } from './download.ts';

const clock = new TurnableClock(1_000_000);
const zip = Buffer.from('PK of a package');
const asked: unknown[] = [];
let origin = '';
const { site, url, layerUrl } = downloads({
  clock,
  secret: 'the secret',
  origin: () => origin,
  layers: {
    async code(region, ref) {
      asked.push([region, ref]);
      return { code: { sha256: 'a'.repeat(64), bytes: zip.length }, stream: Readable.from([zip]) };
    },
  },
  functions: {
    async code(key, qualifier) {
      asked.push([key, qualifier]);
      if (key.name === 'lost') fail('InternalError', { requestId: 'r' });
      if (key.name === 'gone')
        throw new CloudError('ResourceNotFound.Function', PLATFORM_ERRORS.InvalidAction, { action: 'gone' });
      return { code: { sha256: 'a'.repeat(64), bytes: zip.length }, stream: Readable.from([zip]) };
    },
  },
});
const front = await openFront({
  host: '127.0.0.1',
  port: 0,
  setting: 'portApi',
  sites: [],
  fallback: site,
  log: NO_LOG,
});
after(() => front.close());
origin = `http://127.0.0.1:${front.port}`;

const version = { region: 'ap-guangzhou', namespace: 'default', name: 'f', version: '$LATEST' };

test('an address gives the package of its version', async () => {
  const response = await fetch(await url(version));
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'application/zip');
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), zip);
  assert.equal(response.headers.get('etag'), `"${'a'.repeat(64)}"`);
  assert.deepEqual(asked.at(-1), [{ region: 'ap-guangzhou', namespace: 'default', name: 'f' }, '$LATEST']);
});

test('a layer has addresses of its own', async () => {
  const layer = { region: 'ap-guangzhou', name: 'deps', version: 3 };
  const address = await layerUrl(layer);
  const response = await fetch(address);
  assert.equal(response.headers.get('content-disposition'), 'attachment; filename="deps.zip"');
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), zip);
  assert.deepEqual(asked.at(-1), ['ap-guangzhou', { name: 'deps', version: 3 }]);
  for (const bad of [address.replace('/3?', '/4?'), address.replace('/layer/', '/code/')])
    assert.equal((await fetch(bad)).status, 403, bad);
});

test('its head and a part of it can be asked for, and nothing else', async () => {
  const address = await url(version);
  const head = await fetch(address, { method: 'HEAD' });
  assert.deepEqual(
    ['content-length', 'accept-ranges', 'content-disposition'].map(name => head.headers.get(name)),
    [String(zip.length), 'bytes', 'attachment; filename="f.zip"'],
  );
  assert.equal((await head.arrayBuffer()).byteLength, 0);
  const part = await fetch(address, { headers: { Range: 'bytes=3-4' } });
  assert.deepEqual([part.status, await part.text()], [206, 'of']);
  assert.equal((await fetch(address.replace('/f/', '/g/'), { method: 'HEAD' })).status, 403);
  for (const method of ['POST', 'PUT', 'DELETE']) {
    const refused = await fetch(address, { method });
    assert.deepEqual([refused.status, refused.headers.get('allow')], [405, 'GET, HEAD']);
  }
});

test('another function, version, time or signature is refused', async () => {
  const good = await url(version);
  const bad = [
    good.replace('/f/', '/g/'),
    good.replace('LATEST', '1'),
    good.replace('expires=', 'expires=9'),
    good.replace(/signature=../, 'signature=zz'),
    good.replace(/&signature.*/, ''),
  ];
  for (const address of bad) assert.equal((await fetch(address)).status, 403, address);
});

test('an address ends with its hour', async () => {
  const address = await url(version);
  await clock.advance(3_599_999);
  assert.equal((await fetch(address)).status, 200);
  await clock.advance(1);
  const response = await fetch(address);
  assert.equal(response.status, 403);
  assert.match(await response.text(), /expired/);
});

test('a function that is gone is not found', async () => {
  assert.equal((await fetch(await url({ ...version, name: 'gone' }))).status, 404);
});

test('a package that is gone is a fault of the server', async () => {
  assert.equal((await fetch(await url({ ...version, name: 'lost' }))).status, 500);
});
