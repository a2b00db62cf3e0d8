import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as send } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { BUCKET, CAUSE, MB, someBytes } from '../testing.ts';
import { HOST, openShop, type Shop, signed, textIn } from './testing.ts';

let shop: Shop;
before(async () => {
  shop = await openShop();
});
after(() => shop[Symbol.asyncDispose]());

/** What comes back on a connection until it is closed. */
function raw(text: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(shop.port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', chunk => chunks.push(chunk));
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
    socket.on('error', reject);
    socket.write(text);
  });
}

const auth = (method: string, target: string) =>
  `Host: ${HOST}\r\nAuthorization: ${signed(method, target, [['host', HOST]])}\r\n`;

describe('lengths', () => {
  test('are needed for content', async () => {
    const got = await raw(`PUT /a HTTP/1.1\r\n${auth('PUT', '/a')}Connection: close\r\n\r\n`);
    assert.match(got, /^HTTP\/1\.1 411 /);
    assert.equal(textIn(got, 'Code'), 'MissingContentLength');
    assert.match(got, /You must provide the Content-Length HTTP header\./);
  });

  test('what is sent beyond is the next request', async () => {
    const got = await raw(
      `PUT /cut HTTP/1.1\r\n${auth('PUT', '/cut')}Content-Length: 3\r\n\r\nabcGET /cut HTTP/1.1\r\n${auth('GET', '/cut')}Connection: close\r\n\r\n`,
    );
    assert.match(got, /^HTTP\/1\.1 200 /);
    assert.equal(got.match(/HTTP\/1\.1 \d+ /g)?.length, 2);
    assert.equal(await shop.house.text('cut'), 'abc');
  });
});

test('Expect: 100-continue', async () => {
  const got = await raw(
    `PUT /e HTTP/1.1\r\n${auth('PUT', '/e')}Content-Length: 1\r\nExpect: 100-continue\r\nConnection: close\r\n\r\nx`,
  );
  assert.match(got, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
});

describe('somebody who goes away', () => {
  test('while writing leaves nothing', async () => {
    const out = send({
      ...{ host: '127.0.0.1', port: shop.port, method: 'PUT', path: '/half' },
      headers: {
        Host: HOST,
        'Content-Length': String(4 * MB),
        Authorization: signed('PUT', '/half', [['host', HOST]]),
      },
    });
    const before = shop.house.files.kept.size;
    out.on('error', () => undefined);
    out.write(Buffer.alloc(MB));
    await setImmediate();
    await new Promise<void>(resolve => out.once('close', resolve).destroy());
    await setImmediate();
    await assert.rejects(async () => shop.house.text('half'), { code: 'NoSuchKey' });
    assert.equal(shop.house.files.kept.size, before);
  });

  test('while reading is not waited for', async () => {
    await shop.house.put('long', someBytes(16 * MB));
    const gone = new Promise<void>((resolve, reject) => {
      const out = send({
        ...{ host: '127.0.0.1', port: shop.port, path: '/long', agent: false },
        headers: { Host: HOST, Authorization: signed('GET', '/long', [['host', HOST]]) },
      });
      out.on('error', reject);
      out.on('response', response => {
        response.once('data', () => response.destroy());
        response.on('error', () => undefined);
        response.once('close', () => resolve());
      });
      out.end();
    });
    await gone;
    assert.equal((await shop.ask('HEAD', '/long')).status, 200);
    assert.deepEqual(
      shop.log.lines.filter(line => line.level === 'error'),
      [],
    );
  });
});

describe('answers behind one another on a connection', () => {
  const get = (path: string) => `GET ${path} HTTP/1.1\r\n${auth('GET', path)}`;

  test('come whole and in their order', async () => {
    const contents = [someBytes(3 * MB, 1), someBytes(2 * MB, 2)];
    for (const [n, content] of contents.entries()) await shop.house.put(`behind-${n}`, content);
    const got = await raw(`${get('/behind-0')}\r\n${get('/behind-1')}Connection: close\r\n\r\n`);
    const bodies = contents.map(content => content.toString('latin1'));
    const [, first = '', second = ''] = got.split(/HTTP\/1\.1 200 OK\r\n(?:[^\r]+\r\n)+\r\n/);
    assert.ok(first === bodies[0] && second === bodies[1]);
  });

  test('and whoever leaves before holds no file', async () => {
    const before = shop.house.files.kept.size;
    await shop.house.put('left', someBytes(16 * MB));
    const socket = connect(shop.port, '127.0.0.1');
    socket.write(`${get('/left')}\r\n${get('/left')}\r\n`);
    await once(socket, 'data');
    socket.pause();
    await shop.house.cos.objects.remove({ bucket: BUCKET, key: 'left' }, CAUSE);
    assert.equal(shop.house.files.kept.size, before + 1);
    socket.destroy();
    while (shop.house.files.kept.size > before) await setImmediate();
  });
});

describe('the store’s own faults', () => {
  test('a full disk while the content comes is told', async () => {
    shop.house.files.before = verb => {
      if (verb === 'write') throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    };
    const got = await shop.ask('PUT', '/full', { body: Buffer.alloc(8 * MB) });
    shop.house.files.before = () => undefined;
    assert.equal(got.status, 500);
    assert.equal(textIn(got.text, 'Code'), 'InternalError');
    assert.match(got.text, /disk of this server is full/);
    assert.equal((await shop.ask('GET', '/full')).status, 404);
  });

  test('what breaks off in the middle is answered too', async () => {
    const { files } = shop.house;
    const { write } = files;
    Object.assign(files, {
      write: async (body: Readable) => {
        for await (const _ of body.iterator({ destroyOnReturn: false }))
          throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
      },
    });
    const put = await shop.ask('PUT', '/full', { body: Buffer.alloc(8 * MB) });
    const chunked = await shop.ask('PUT', '/full', { body: Buffer.alloc(8 * MB), chunked: true });
    Object.assign(files, { write });
    for (const got of [put, chunked]) assert.match(got.text, /disk of this server is full/);
  });

  test('a lost file is told as one before the first byte; behind it the answer breaks off', async () => {
    await shop.house.put('lost', someBytes(MB));
    const { kept, read } = shop.house.files;
    const [file = '', content = Buffer.alloc(0)] = [...kept].at(-1) ?? [];
    const breaksOff = async function* () {
      yield content.subarray(0, 1000);
      throw Object.assign(new Error('no file'), { code: 'EACCES' });
    };
    Object.assign(shop.house.files, { read: () => Readable.from(breaksOff(), { objectMode: false }) });
    await assert.rejects(shop.ask('GET', '/lost'));
    Object.assign(shop.house.files, { read });
    kept.delete(file);
    const got = await shop.ask('GET', '/lost');
    assert.match(got.text, /content of this object is damaged/);
    assert.equal(got.status, 500);
    assert.equal(textIn(got.text, 'Code'), 'InternalError');
    assert.ok(shop.log.lines.some(line => line.level === 'error'));
  });

  test('an unexpected error is told as one, without its text', async () => {
    const { index } = shop.house;
    const { uploads } = index;
    const broken = () => {
      throw new Error('secret');
    };
    Object.assign(index, { uploads: broken });
    const got = await shop.ask('GET', '/?uploads');
    Object.assign(index, { uploads });
    assert.equal(got.status, 500);
    assert.equal(textIn(got.text, 'Code'), 'InternalError');
    assert.doesNotMatch(got.text, /secret/);
  });
});

describe('whatever comes', () => {
  const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH'];
  const SUBS = [
    '',
    'acl',
    'cors',
    'lifecycle',
    'tagging',
    'policy',
    'versioning',
    'uploads',
    'uploadId=1',
    'delete',
    'append&position=0',
    'restore',
    'inventory&id=1',
    'website',
    'versions',
    'location',
  ];
  const NAMES = [
    'Range',
    'If-Match',
    'If-Modified-Since',
    'x-cos-acl',
    'x-cos-grant-read',
    'x-cos-copy-source',
    'x-cos-copy-source-range',
    'x-cos-tagging',
    'x-cos-storage-class',
    'Content-MD5',
    'x-cos-meta-a',
    'Origin',
    'Content-Type',
    'x-cos-metadata-directive',
  ];
  const headerText = fc.string({ unit: fc.constantFrom(...'abz019=;,"-/%&*?<>{}[]()\\ é\u00ff'), maxLength: 40 });
  const xmlText = fc.oneof(
    fc.string(),
    fc
      .array(
        fc.constantFrom(
          '<Delete>',
          '</Delete>',
          '<CORSConfiguration>',
          '<Rule>',
          '<Key>',
          '</Key>',
          '<a/>',
          '&amp;',
          '&x;',
          '1',
          ' ',
        ),
      )
      .map(parts => parts.join('')),
  );

  test('is answered, and never with a fault of ours', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...METHODS),
        fc.constantFrom('/', '/fuzz', '/a%20b'),
        fc.constantFrom(...SUBS),
        fc.dictionary(fc.constantFrom(...NAMES), headerText, { maxKeys: 4 }),
        xmlText,
        async (method, path, sub, headers, body) => {
          const target = sub === '' ? path : `${path}?${sub}`;
          // The bucket itself has to stay.
          if (path === '/' && method === 'DELETE') return;
          const got = await shop.ask(method, target, { headers, body });
          assert.ok(got.status < 500 || got.status === 501, `${got.status} ${got.text}`);
          assert.ok(got.headers['x-cos-request-id']);
          if (got.status >= 400 && method !== 'HEAD') {
            for (const name of ['Code', 'Message', 'Resource', 'RequestId'])
              assert.ok(textIn(got.text, name), got.text);
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  test('in the path and query too', async () => {
    const part = fc.string({ unit: fc.constantFrom(...'ab/.%2eE8+&=?;~'), maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(part, part, async (path, query) => {
        const got = await shop.ask('GET', `/${path}?${query}`, { unsigned: true });
        assert.ok(got.status < 500 || got.status === 501, `${got.status} ${got.text}`);
      }),
      { numRuns: 200 },
    );
  });
});

test('errors are in English, and in Chinese for those who ask for it', async () => {
  const english = await shop.ask('GET', '/none');
  assert.equal(textIn(english.text, 'Message'), 'The specified key does not exist.');
  const headers = { 'X-TC-Language': 'zh-CN' };
  const chinese = await shop.ask('GET', '/none', { headers });
  assert.deepEqual([textIn(chinese.text, 'Code'), textIn(chinese.text, 'Message')], ['NoSuchKey', '对象不存在。']);
  const other = await shop.ask('GET', '/none', { headers: { 'X-TC-Language': 'en-US' } });
  assert.equal(textIn(other.text, 'Message'), 'The specified key does not exist.');
});
