import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { SystemClock } from '../../core/clock.ts';
import { crc64 } from '../../core/crc64.ts';
import { CloudError } from '../../core/errors.ts';
import { escapeXml as escapeServer } from '../../services/cos/http/xml.ts';
import { BUCKET, MB, someBytes } from '../../services/cos/testing.ts';
import { openSession } from '../session.ts';
import { baseOf, bucketId, folderOf, formatAddress, parseAddress, shown } from './address.ts';
import { CosClient } from './client.ts';
import { copy } from './copy.ts';
import { COS_CLI_ERRORS, refused } from './errors.ts';
import { fileIn, filesIn } from './folder.ts';
import { headersOf } from './headers.ts';
import { inParallel } from './pool.ts';
import { openStall } from './testing.ts';
import { partBytesFor } from './transfer.ts';
import { escapeXml, readXml, textOf } from './xml.ts';

const APP_ID = '1250000000';

describe('addresses', () => {
  test('name a bucket, and a key as it stands', () => {
    const cases: [string, string, string][] = [
      ['cos://b', 'b', ''],
      ['COS://b/', 'b', ''],
      ['cos://b/k', 'b', 'k'],
      ['cos://b//k', 'b', '/k'],
      ['cos://b/a b+c%20?#/中/', 'b', 'a b+c%20?#/中/'],
      ['cos://b/../x', 'b', '../x'],
      ['cos://b/cos://c/d', 'b', 'cos://c/d'],
    ];
    for (const [text, bucket, key] of cases) {
      assert.deepEqual(parseAddress(text, APP_ID), { bucket: `${bucket}-${APP_ID}`, key }, text);
    }
  });

  test('that name no bucket are refused', () => {
    for (const text of ['', 'b/k', '/b', 's3://b/k', 'cos:/b', './cos://b'])
      assert.throws(() => parseAddress(text, APP_ID), { code: 'Cli.CosAddress' }, text);
    for (const text of ['cos://', 'cos:///k', 'cos://B', 'cos://a_b', 'cos://-b', 'cos://b-', 'cos://b.c', 'cos://a b'])
      assert.throws(() => parseAddress(text, APP_ID), { code: 'Cli.CosBucketName' }, text);
  });

  test('have the APPID, unless they have one', () => {
    const cases: [string, string, string][] = [
      ['pics', APP_ID, 'pics-1250000000'],
      ['pics-1250000000', APP_ID, 'pics-1250000000'],
      ['pics-1300000001', APP_ID, 'pics-1300000001'],
      ['pics-2024', APP_ID, 'pics-2024-1250000000'],
      ['1250000000', APP_ID, '1250000000-1250000000'],
      ['pics-7', '7', 'pics-7'],
      ['7', '7', '7-7'],
      ['pics-17', '7', 'pics-17-7'],
    ];
    for (const [name, appId, id] of cases) assert.equal(bucketId(name, appId), id);
  });

  test('property: what is written is read as the same', () => {
    const name = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,20}[a-z0-9])?$/);
    const key = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom('/', '.', '%', 'a', ' ') }));
    fc.assert(
      fc.property(name, key, fc.constantFrom(APP_ID, '7'), (bucket, key, appId) => {
        const id = bucketId(bucket, appId);
        assert.deepEqual(parseAddress(formatAddress({ bucket: id, key }), appId), { bucket: id, key });
        assert.deepEqual(parseAddress(formatAddress({ bucket, key }), appId), { bucket: id, key });
        assert.match(id, /-\d+$/);
        assert.equal(bucketId(id, appId), id);
      }),
    );
  });

  test('their keys are folders and names', () => {
    assert.deepEqual(['', 'a', 'a/', 'a/b', '/'].map(folderOf), ['', 'a/', 'a/', 'a/b/', '/']);
    assert.deepEqual(['', 'a', 'a/', 'a/b', '/b'].map(baseOf), ['', 'a', '', 'b', 'b']);
    assert.equal(shown('a\u001b[0m\u007f\u009b\n中 \u2028'), 'a\\u001b[0m\\u007f\\u009b\\u000a中 \\u2028');
  });
});

describe('XML', () => {
  test('is read as elements and their text', () => {
    const root = readXml(
      `<?xml version='1.0'?>\n<!-- a --><A>\n <B x="1">t &lt;&#65;&#x4e2d;&amp;amp;</B>\t<C/><D><E>1</E></D>\n</A>\n`,
    );
    assert.equal(root?.name, 'A');
    assert.deepEqual(
      root?.children.map(({ name, text }) => [name, text]),
      [
        ['B', 't <A中&amp;'],
        ['C', ''],
        ['D', ''],
      ],
    );
    assert.equal(textOf(root?.children[2], 'E'), '1');
    assert.equal(textOf(root, 'None'), '');
    assert.equal(textOf(undefined, 'B'), '');
  });

  test('that is none is undefined', () => {
    for (const text of ['', 'text', '<a>', '<a></b>', '</a>', '<a/><b/>', '<a', '<a><b></a></b>', '{"a":1}'])
      assert.equal(readXml(text), undefined, text);
    assert.equal(readXml('<a>&#x7fffffff;&none;</a>')?.text, '&#x7fffffff;&none;');
  });

  test('property: text comes back as either side writes it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        assert.equal(readXml(`<a>${escapeServer(text)}</a>`)?.text, text);
        assert.equal(readXml(`<a>${escapeXml(text)}</a>`)?.text, text);
      }),
    );
  });
});

describe('work on many things', () => {
  test('is done some at a time, and all of it', async () => {
    let running = 0;
    let most = 0;
    const done: number[] = [];
    await inParallel(
      Array.from({ length: 20 }, (_, i) => i),
      3,
      async item => {
        most = Math.max(most, ++running);
        await new Promise(setImmediate);
        running--;
        done.push(item);
      },
    );
    assert.deepEqual([most, done.length, running], [3, 20, 0]);
  });

  test('ends with the first failure, when what has begun is over', async () => {
    const begun: number[] = [];
    const ended: number[] = [];
    const run = inParallel([0, 1, 2, 3, 4, 5], 2, async item => {
      begun.push(item);
      if (item === 1) throw new Error('one');
      await new Promise(setImmediate);
      ended.push(item);
    });
    await assert.rejects(run, /one/);
    assert.ok(begun.length < 5);
    assert.deepEqual(
      ended,
      begun.filter(item => item !== 1),
    );
  });

  test('waits for what has begun also if there is no more to be had', async () => {
    let ended = false;
    const source = async function* () {
      yield 1;
      throw new Error('source');
    };
    const run = inParallel(source(), 4, async () => {
      await new Promise(setImmediate);
      ended = true;
    });
    await assert.rejects(run, /source/);
    assert.ok(ended);
  });
});

describe('folders', () => {
  test('hold files in the order of their names, links to files too', async t => {
    const folder = await mkdtemp(join(tmpdir(), 'openscf-folder-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    await mkdir(join(folder, 'b/empty'), { recursive: true });
    for (const name of ['z', 'a', 'b/y', 'b/x']) await writeFile(join(folder, name), name);
    await symlink('../z', join(folder, 'b/link'));
    await symlink('..', join(folder, 'b/up'));
    await symlink('gone', join(folder, 'dangling'));
    const found: [string, unknown][] = [];
    for await (const file of filesIn(folder)) {
      assert.equal(file.path, join(folder, file.name));
      found.push([file.name, 'bytes' in file ? file.bytes : file.reason]);
    }
    assert.deepEqual(found, [
      ['a', 1],
      ['b/link', 1],
      ['b/x', 3],
      ['b/y', 3],
      ['z', 1],
    ]);
  });

  test('property: what a key becomes lies in the folder', () => {
    const name = fc.string({ unit: fc.constantFrom('/', '.', '..', 'a', '\0', ' ', '~') });
    fc.assert(
      fc.property(name, name => {
        const path = fileIn('/data/down', name);
        if (path === undefined) return;
        assert.ok(path.startsWith('/data/down/'), path);
        assert.equal(path.slice('/data/down/'.length), name);
      }),
    );
    assert.equal(fileIn('/d', 'a/b c'), '/d/a/b c');
    for (const name of ['', '/a', 'a/', 'a//b', '..', '../a', 'a/../b', './a', 'a\0b'])
      assert.equal(fileIn('/d', name), undefined);
  });
});

test('long files have larger parts, as few as may be', () => {
  const GB = 1024 * MB;
  const cases: [number, number][] = [
    [0, 16],
    [40 * MB, 16],
    [156 * GB, 16],
    [160 * GB, 17],
    [1024 * GB, 105],
  ];
  for (const [bytes, partMB] of cases) {
    const partBytes = partBytesFor(bytes, 16 * MB);
    assert.equal(partBytes, partMB * MB, `${bytes}`);
    assert.ok(bytes / partBytes <= 10_000);
  }
});

test('headers are read as they are written', () => {
  assert.deepEqual(headersOf(['Content-Type: text/html; charset=utf-8', 'x-cos-meta-a:b:c', 'Expires:\t']), {
    'Content-Type': 'text/html; charset=utf-8',
    'x-cos-meta-a': 'b:c',
    Expires: '',
  });
  for (const text of ['', 'a', ' a: b', 'content-length: 1', 'Authorization: x', 'X-COS-Copy-Source: x', 'a: \u0001'])
    assert.throws(() => headersOf([text]), { code: 'Cli.CosHeader' }, text);
});

test('every refusal has its parameters in both languages', () => {
  const named = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
  for (const [code, { zh, en }] of Object.entries(COS_CLI_ERRORS))
    assert.deepEqual([...new Set(named(zh))], [...new Set(named(en))], code);
  for (const code of ['NoSuchBucket', 'NoSuchKey', 'NoSuchVersion', 'BucketNotEmpty', 'InvalidBucketName', 'Other']) {
    const error = refused({ code, message: 'Said.', requestId: 'r-1', bucket: 'b-1', address: 'cos://b-1/k' });
    assert.ok(error instanceof CloudError);
    for (const language of ['zh', 'en'] as const)
      assert.match(error.text(language), /^Said\.[^{}]* \(RequestId r-1\)$/);
  }
});

/** A client as commands have it. */
function clientOf(cwd: string, endpoint: string): CosClient {
  const io = { env: { LANG: 'C' }, cwd };
  const command = { optsWithGlobals: () => ({ data: '.', endpoint }) };
  return new CosClient(openSession(command as never, io as never), new SystemClock());
}

test('without keys nothing is asked', async t => {
  const cwd = await mkdtemp(join(tmpdir(), 'openscf-keys-'));
  t.after(() => rm(cwd, { recursive: true, force: true }));
  using cos = clientOf(cwd, 'http://127.0.0.1:1');
  await assert.rejects(cos.ask({ method: 'GET' }), { code: 'Cli.NoKeys' });
});

describe('a copy of what is too long for one', () => {
  const bytes = someBytes(3 * MB + 5);
  const headers = { 'content-type': 'text/x', 'x-cos-meta-who': Buffer.from('我').toString('latin1') };
  const from = { bucket: BUCKET, key: 'from +' };
  const to = { bucket: BUCKET, key: 'to' };

  test('is made of parts, with all that a copy takes along', async t => {
    const stall = await openStall(t);
    await stall.house.put(from.key, bytes, { headers });
    using cos = clientOf(stall.cwd, stall.endpoint);
    const made = await copy(cos, { from, to, headers: { 'Cache-Control': 'no-cache' }, pieceBytes: MB });
    assert.deepEqual([made.bytes, made.crc64], [bytes.length, crc64(bytes)]);
    assert.match(made.etag, /^[\da-f]{32}-4$/);
    assert.ok((await stall.house.read('to')).equals(bytes));
    assert.deepEqual(stall.house.cos.objects.head(to).headers, { ...headers, 'cache-control': 'no-cache' });
    assert.equal(stall.asked.filter(line => line.includes('partNumber=')).length, 4);
  });

  test('is taken back where one part fails', async t => {
    const stall = await openStall(t);
    await stall.house.put(from.key, bytes, { headers });
    using cos = clientOf(stall.cwd, stall.endpoint);
    stall.before = request => (request.url?.includes('partNumber=2') ? { status: 503, body: '' } : undefined);
    await assert.rejects(copy(cos, { from, to, headers: {}, pieceBytes: MB }), { code: 'Cli.Answer' });
    assert.match(stall.asked.at(-1) ?? '', /^DELETE .*uploadId=/);
    assert.throws(() => stall.house.cos.objects.head(to), { code: 'NoSuchKey' });
  });
});
