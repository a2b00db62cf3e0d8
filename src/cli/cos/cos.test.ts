import assert from 'node:assert/strict';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ACCOUNT } from '../../core/fixture.ts';
import { BUCKET, MB, someBytes } from '../../services/cos/testing.ts';
import { runIn } from '../fixture.ts';
import { openStall } from './testing.ts';

const APP_ID = ACCOUNT.appId;

test('buckets are made in the region that is named, listed, and removed', async t => {
  const stall = await openStall(t);
  assert.equal(await stall.cos('mb', 'cos://notes'), `Made cos://notes-${APP_ID} (ap-guangzhou)\n`);
  await stall.cos('mb', `cos://far-${APP_ID}`, '--region', 'ap-tokyo');
  assert.deepEqual(
    stall.house.cos.buckets.list().map(({ id, region }) => [id, region]),
    [
      [`far-${APP_ID}`, 'ap-tokyo'],
      [`notes-${APP_ID}`, 'ap-guangzhou'],
      [BUCKET, 'ap-guangzhou'],
    ],
  );
  assert.match(await stall.cos('ls'), new RegExp(`^2024-04-19T08:00:00Z  ap-tokyo      cos://far-${APP_ID}$`, 'm'));
  const { buckets } = JSON.parse(await stall.cos('ls', 'cos://', '--json')) as { buckets: { name: string }[] };
  assert.equal(buckets.length, 3);
  assert.equal(await stall.cos('rb', 'cos://far'), `Removed cos://far-${APP_ID}\n`);
  assert.equal(stall.house.cos.buckets.find(`far-${APP_ID}`), undefined);
});

test('a bucket with something in it stays unless it is forced', async t => {
  const stall = await openStall(t);
  const { cos } = stall.house;
  await cos.buckets.setVersioning(BUCKET, 'Enabled');
  await stall.house.put('a', '1');
  await stall.house.put('a', '2');
  await stall.house.remove('a');
  await stall.house.put('b&<>', '3');
  const head = { headers: {}, storageClass: 'STANDARD', acl: { canned: 'default', grants: [] }, tags: [] } as const;
  await cos.uploads.begin({ bucket: BUCKET, key: '中 +' }, head);
  const refused = await stall.run(['rb', 'cos://pictures']);
  assert.equal(refused.status, 1);
  assert.match(refused.note, /^error: BucketNotEmpty: .*openscf cos rb --force cos:\/\/pictures-/);
  await stall.cos('rb', '--force', 'cos://pictures');
  assert.equal(cos.buckets.find(BUCKET), undefined);
});

test('a bucket that never had versions is emptied as well', async t => {
  const stall = await openStall(t);
  for (let i = 0; i < 5; i++) await stall.house.put(`k${i}`, 'x');
  await stall.cos('rb', '--force', 'cos://pictures');
  assert.equal(stall.house.cos.buckets.find(BUCKET), undefined);
});

const KEYS = [
  'plain.txt',
  'a b.txt',
  'a+b%20c.txt',
  '中文/文件.txt',
  '/lead.txt',
  'x//y',
  "q'(!)*~.txt",
  'a&b<c>?#.txt',
  '../up',
  'a\nb',
];

test('objects go up and down under any key', async t => {
  const stall = await openStall(t);
  for (const [i, key] of KEYS.entries()) {
    await stall.file('in', `content ${i}`);
    await stall.cos('cp', 'in', `cos://pictures/${key}`);
    assert.equal(await stall.house.text(key), `content ${i}`, key);
    await stall.cos('cp', `cos://pictures/${key}`, 'out');
    assert.equal(String(await stall.read('out')), `content ${i}`, key);
    assert.equal(await stall.cos('cp', `cos://pictures/${key}`, '-'), `content ${i}`, key);
    await stall.cos('cp', `cos://pictures/${key}`, `cos://pictures/copies/${key}`);
    assert.equal(await stall.house.text(`copies/${key}`), `content ${i}`, key);
    await stall.cos('rm', `cos://pictures/${key}`);
    assert.throws(() => stall.house.cos.objects.head({ bucket: BUCKET, key }), { code: 'NoSuchKey' });
  }
  assert.deepEqual(await readdir(stall.cwd), ['credentials.json', 'in', 'out', 'server.json', 'token']);
});

test('a key that ends with a slash, a folder, and a bucket alone take the name along', async t => {
  const stall = await openStall(t);
  await stall.file('note.txt', 'hi');
  assert.match(
    await stall.cos('cp', 'note.txt', 'cos://pictures'),
    /\/note\.txt -> cos:\/\/pictures-\d+\/note\.txt {2}2 B\n$/,
  );
  await stall.cos('cp', 'note.txt', 'cos://pictures/dir/');
  await stall.cos('cp', 'cos://pictures/dir/note.txt', 'cos://pictures/other/');
  assert.equal(await stall.house.text('other/note.txt'), 'hi');
  await mkdir(join(stall.cwd, 'here'));
  await stall.cos('cp', 'cos://pictures/dir/note.txt', 'here');
  assert.equal(String(await stall.read('here/note.txt')), 'hi');
  await stall.cos('cp', 'cos://pictures/dir/note.txt', 'new/');
  assert.equal(String(await stall.read('new/note.txt')), 'hi');
  assert.equal((await stall.run(['cp', 'cos://pictures/none', 'never/made'])).status, 1);
  assert.ok(!(await readdir(stall.cwd)).includes('never'));
  const marker = await stall.run(['cp', 'cos://pictures/dir/', 'here']);
  assert.match(marker.note, /cannot be a file in/);
});

test('headers are kept, the type is guessed, and a copy takes them along or has new ones', async t => {
  const stall = await openStall(t);
  const headersOf = (key: string) => stall.house.cos.objects.head({ bucket: BUCKET, key }).headers;
  await stall.file('page.html', '<p>');
  await stall.cos('cp', 'page.html', 'cos://pictures');
  assert.equal(headersOf('page.html')['content-type'], 'text/html');
  await stall.cos('cp', 'page.html', 'cos://pictures/p', '-H', 'Content-Type: text/x', '-H', 'x-cos-meta-who: 我');
  assert.equal(headersOf('p')['content-type'], 'text/x');
  const who = headersOf('p')['x-cos-meta-who'] ?? '';
  assert.equal(Buffer.from(who, 'latin1').toString(), '我');
  await stall.cos('cp', 'cos://pictures/p', 'cos://pictures/same');
  assert.deepEqual(headersOf('same'), headersOf('p'));
  await stall.cos('cp', '-H', 'Cache-Control: no-cache', 'cos://pictures/p', 'cos://pictures/new');
  assert.equal(headersOf('new')['cache-control'], 'no-cache');
  assert.equal(headersOf('new')['x-cos-meta-who'], undefined);
  for (const wrong of ['nothing', ': x', 'Host: x', 'a b: c', 'a: b\nc: d']) {
    const { status, note } = await stall.run(['cp', 'page.html', 'cos://pictures/w', '-H', wrong]);
    assert.deepEqual([status, /is no header/.test(note)], [1, true], wrong);
  }
});

test('versions are listed, read and removed by their ids', async t => {
  const stall = await openStall(t);
  await stall.house.cos.buckets.setVersioning(BUCKET, 'Enabled');
  const one = await stall.house.put('k', 'one');
  const two = await stall.house.put('k', 'two');
  assert.equal(await stall.cos('cp', '--version-id', one.versionId, 'cos://pictures/k', '-'), 'one');
  await stall.cos('cp', '--version-id', one.versionId, 'cos://pictures/k', 'cos://pictures/old');
  assert.equal(await stall.house.text('old'), 'one');
  assert.match(
    await stall.cos('rm', 'cos://pictures/k'),
    /^Removed cos:\/\/pictures-\d+\/k \(older versions stay\)\n$/,
  );
  const lines = (await stall.cos('ls', '--versions', 'cos://pictures/k')).trimEnd().split('\n');
  assert.equal(lines.length, 3);
  assert.match(lines[0] ?? '', / - {2}\S+ {2}k {2}\(delete marker\)$/);
  assert.match(lines[1] ?? '', new RegExp(` 3 B  ${two.versionId}  k  \\(older\\)$`));
  await stall.cos('rm', '--version-id', two.versionId, 'cos://pictures/k');
  const left = JSON.parse(await stall.cos('ls', '--versions', 'cos://pictures/k', '--json')) as { entries: object[] };
  assert.equal(left.entries.length, 2);
});

test('lists go on beyond a thousand, fold at slashes, and end where they are told', async t => {
  const stall = await openStall(t);
  const keys = Array.from({ length: 1203 }, (_, i) => `dir/${String(i).padStart(4, '0')} +中`);
  for (const key of keys) await stall.house.put(key, '');
  await stall.house.put('top', 'x');
  const all = (await stall.cos('ls', '-r', 'cos://pictures')).trimEnd().split('\n');
  assert.deepEqual(
    all.map(line => line.slice(38)),
    [...keys, 'top'],
  );
  const folded = [`${' '.repeat(33)}DIR  dir/`, '2024-04-19T08:00:00.000Z         1 B  top', ''];
  assert.equal(await stall.cos('ls', 'cos://pictures'), folded.join('\n'));
  assert.equal((await stall.cos('ls', 'cos://pictures/dir/', '-n', '1001')).trimEnd().split('\n').length, 1001);
  assert.equal((await stall.cos('ls', 'cos://pictures/dir/00')).trimEnd().split('\n').length, 100);
  const { entries } = JSON.parse(await stall.cos('ls', '-r', 'cos://pictures', '--json')) as { entries: object[] };
  assert.equal(entries.length, 1204);
  await stall.house.cos.buckets.setVersioning(BUCKET, 'Enabled');
  assert.equal((await stall.cos('ls', '-r', '--versions', 'cos://pictures')).trimEnd().split('\n').length, 1204);
  assert.match(
    (await stall.run(['ls', 'cos://pictures/none'])).note,
    /^No objects under cos:\/\/pictures-\d+\/none\.\n$/,
  );
  assert.match((await stall.run(['ls', 'cos://pictures', '-n', '0'])).note, /--limit must be a whole number/);
  assert.equal(await stall.cos('rm', '-r', 'cos://pictures/dir'), 'Removed 1203 objects\n');
  assert.equal((await stall.cos('ls', '-r', 'cos://pictures')).trimEnd().split('\n').length, 1);
});

test('keys do not move the cursor', async t => {
  const stall = await openStall(t);
  await stall.house.put('a\u001b[2Jb\n', 'x');
  assert.match(await stall.cos('ls', 'cos://pictures'), / a\\u001b\[2Jb\\u000a\n$/);
});

test('what comes by the input has any length', async t => {
  const stall = await openStall(t);
  assert.equal((await stall.run(['cp', '-', 'cos://pictures/in'], { stdin: 'from a pipe' })).status, 0);
  assert.equal(await stall.house.text('in'), 'from a pipe');
  const long = someBytes(5 * MB + 7);
  await stall.run(['cp', '-', 'cos://pictures/long', '--part-size', '1'], { stdin: long });
  assert.ok((await stall.house.read('long')).equals(long));
  assert.equal(stall.asked.filter(line => line.includes('partNumber=')).length, 6);
  assert.equal((await stall.run(['cp', '-', 'cos://pictures/empty'], { stdin: '' })).status, 0);
  assert.equal(await stall.house.text('empty'), '');
});

test('folders go up, down and across', async t => {
  const stall = await openStall(t);
  await mkdir(join(stall.cwd, 'tree/deep/中 文'), { recursive: true });
  for (const name of ['a.txt', 'deep/b+c', 'deep/中 文/d']) await stall.file(`tree/${name}`, name);
  await symlink('a.txt', join(stall.cwd, 'tree/link'));
  await symlink('..', join(stall.cwd, 'tree/deep/loop'));
  const up = await stall.run(['cp', '-r', 'tree', 'cos://pictures/up']);
  assert.match(up.note, /^4 copied, \d+ B\n$/);
  const keys = async (prefix: string) =>
    (
      JSON.parse(await stall.cos('ls', '-r', `cos://pictures/${prefix}`, '--json')) as { entries: { key: string }[] }
    ).entries.map(one => one.key);
  assert.deepEqual(await keys('up'), ['up/a.txt', 'up/deep/b+c', 'up/deep/中 文/d', 'up/link']);
  // Not a folder of this name.
  await stall.house.put('upper/x', 'x');
  await stall.house.put('up/', '');
  await stall.house.put('up/hollow/', '');
  await stall.cos('cp', '-r', 'cos://pictures/up', 'down');
  assert.deepEqual((await readdir(join(stall.cwd, 'down'), { recursive: true })).sort(), [
    'a.txt',
    'deep',
    'deep/b+c',
    'deep/中 文',
    'deep/中 文/d',
    'hollow',
    'link',
  ]);
  assert.equal(String(await stall.read('down/deep/中 文/d')), 'deep/中 文/d');
  const across = await stall.cos('cp', '-r', 'cos://pictures/up/', 'cos://pictures/across', '--json');
  assert.deepEqual(JSON.parse(across), { objects: 6, bytes: 32, failed: 0 });
  assert.deepEqual((await keys('across')).length, 6);
  assert.equal(await stall.house.text('across/deep/b+c'), 'deep/b+c');
  assert.match((await stall.run(['cp', '-r', 'cos://pictures/nothing', 'x'])).note, /no objects under/);
  assert.match((await stall.run(['cp', '-r', 'cos://pictures/up', 'cos://pictures/up/again'])).note, /would not end/);
  assert.match((await stall.run(['cp', '-r', 'tree/a.txt', 'cos://pictures'])).note, /is no folder/);
  assert.match((await stall.run(['cp', 'tree', 'cos://pictures'])).note, /is a folder; add -r/);
});

test('no key leads out of the folder, and the others come all the same', async t => {
  const stall = await openStall(t);
  for (const key of ['../out', 'a/../../out', '/abs', 'a b//c', './c', 'fine', 'full/'])
    await stall.house.put(key, 'x');
  await mkdir(join(stall.cwd, 'in'));
  const { status, note } = await stall.run(['cp', '-r', 'cos://pictures', 'in/down']);
  assert.equal(status, 1);
  assert.equal(note.match(/cannot be a file in/g)?.length, 6);
  assert.match(note, / cp 'cos:\/\/pictures-\d+\/a b\/\/c' <file>/);
  assert.match(note, /1 copied, 1 B, 6 failed\n$/);
  assert.deepEqual(await readdir(join(stall.cwd, 'in'), { recursive: true }), ['down', 'down/fine']);
});

test('a download that is cut off or has other bytes leaves what was there', async t => {
  const stall = await openStall(t);
  const { house } = stall;
  await house.put('big', someBytes(2 * MB));
  await writeFile(join(stall.cwd, 'out'), 'before');
  const [file = ''] = house.files.kept.keys();
  const kept = house.files.kept.get(file) ?? assert.fail();
  const other = Buffer.from(kept);
  other[1_000_000] = (other[1_000_000] ?? 0) ^ 1;
  house.files.kept.set(file, other);
  const damaged = await stall.run(['cp', 'cos://pictures/big', 'out']);
  assert.equal(damaged.status, 1);
  assert.match(damaged.note, /CRC64|InternalError|failed/);
  house.files.kept.set(file, kept.subarray(0, 1_500_000));
  const short = await stall.run(['cp', 'cos://pictures/big', 'out']);
  assert.equal(short.status, 1);
  assert.equal(String(await stall.read('out')), 'before');
  assert.deepEqual((await readdir(stall.cwd)).sort(), ['credentials.json', 'out', 'server.json', 'token']);
});

test('bytes that are not those of the sum beside them are refused, up and down', async t => {
  const stall = await openStall(t);
  await stall.file('here', 'before');
  const headers = { 'x-cos-hash-crc64ecma': '7', ETag: '"e"' };
  stall.before = () => ({ status: 200, body: 'other', headers });
  const down = await stall.run(['cp', 'cos://pictures/k', 'here']);
  assert.match(down.note, /The CRC64 of cos:\/\/pictures-\d+\/k is not that of the bytes that were sent \(7, \d+\)/);
  assert.equal(String(await stall.read('here')), 'before');
  assert.match((await stall.run(['cp', 'cos://pictures/k', '-', '--lang', 'zh'])).note, /CRC64 与传输的内容不一致/);
  const up = await stall.run(['cp', 'here', 'cos://pictures/k']);
  assert.deepEqual([up.status, up.out], [1, '']);
  assert.match(up.note, /The CRC64 of .*\(\d+, 7\); try again/);
  stall.before = request =>
    /uploadId=/.test(request.url ?? '') && request.method === 'POST'
      ? { status: 200, body: '<a/>', headers }
      : undefined;
  await stall.file('long', someBytes(2 * MB + 1));
  assert.match((await stall.run(['cp', 'long', 'cos://pictures/k', '--part-size', '1'])).note, /The CRC64 of/);
});

test('a URL that clients would make shorter is told of', async t => {
  const stall = await openStall(t);
  for (const key of ['a/../b', './a', '..']) {
    assert.match((await stall.run(['presign', `cos://pictures/${key}`])).note, /curl --path-as-is/, key);
    assert.match(
      (await stall.run(['presign', `cos://pictures/${key}`, '--lang', 'zh'])).note,
      /curl --path-as-is/,
      key,
    );
  }
  assert.equal((await stall.run(['presign', 'cos://pictures/a..b/.c'])).note, '');
});

test('an upload that fails in the middle is taken back', async t => {
  const stall = await openStall(t);
  await stall.file('big', someBytes(4 * MB));
  stall.before = request => (request.url?.includes('partNumber=3') ? { status: 500, body: '' } : undefined);
  const { status, note } = await stall.run(['cp', 'big', 'cos://pictures/big', '--part-size', '1']);
  assert.equal(status, 1);
  assert.match(note, /HTTP 500/);
  const query = { bucket: BUCKET, prefix: '', delimiter: '', afterKey: '', afterUploadId: '', limit: 10 };
  assert.deepEqual(stall.house.cos.uploads.list(query).entries, []);
  assert.match(stall.asked.at(-1) ?? '', /^DELETE .*uploadId=/);
});

test('a connection that the server has closed is opened anew, but what breaks on a fresh one is told', async t => {
  const stall = await openStall(t);
  await stall.house.put('dir/a', 'x');
  let cuts = 0;
  stall.before = request => (request.method === 'POST' && cuts++ === 0 ? 'hang up' : undefined);
  assert.equal(await stall.cos('rm', '-r', 'cos://pictures/dir'), 'Removed 1 objects\n');
  assert.equal(cuts, 2);
  stall.before = () => 'hang up';
  assert.match((await stall.run(['ls', 'cos://pictures'])).note, /The call to http:.* failed: /);
});

test('what cannot be meant is refused with what can be done, in both languages', async t => {
  const stall = await openStall(t);
  await stall.file('f', 'x');
  const cases: [args: string[], en: RegExp, zh: RegExp][] = [
    [['cp', 'f', 'g'], /One of both has to be cos:\/\/bucket\/key: f, g/, /至少一个应为 cos:/],
    [['cp', 'cos://pictures', 'x'], /names no object/, /没有指明对象/],
    [['cp', '-', 'cos://pictures/'], /names no object/, /没有指明对象/],
    [['cp', 'none', 'cos://pictures/x'], /none cannot be read/, /无法读取/],
    [['cp', '-r', '-', 'cos://pictures/x'], /does not go with -r/, /不能与 -r 同用/],
    [['cp', 'f', 'cos://Pictures/x'], /The name Pictures .* cannot be a bucket/, /名称 Pictures 不可用/],
    [['cp', 'f', 'cos://pictures/x', '--part-size', '0'], /whole number from 1 to 5120/, /1 至 5120/],
    [['cp', 'cos://pictures/x', 'y', '-H', 'a: b'], /leave it out of a download/, /下载时请去掉/],
    [['cp', 'f', 'cos://pictures/x', '--version-id', 'v'], /one version of one object/, /一个对象的一个版本/],
    [['rm', 'cos://pictures'], /add -r to remove everything/, /请加 -r/],
    [['rm', '-r', '--version-id', 'v', 'cos://pictures/x'], /does not go with -r/, /不能与 -r 同用/],
    [['rm', '-r', 'cos://pictures/none'], /no objects under/, /下没有对象/],
    [['rm', 'pictures/x'], /it looks like cos:\/\/bucket\/key/, /应形如 cos:/],
    [['mb', 'cos://pictures/x'], /give the bucket alone, as in cos:\/\/pictures-/, /只需要存储桶/],
    [['mb', 'cos://pictures'], /^error: BucketAlreadyOwnedByYou: /, /^错误：BucketAlreadyOwnedByYou: 存储桶 .* 已存在/],
    [
      ['ls', 'cos://nowhere'],
      /NoSuchBucket: .* openscf cos mb cos:\/\/nowhere-/,
      /NoSuchBucket: 存储桶 .*openscf cos mb/,
    ],
    [
      ['cp', 'cos://pictures/none', '-'],
      /NoSuchKey: .*It was cos:.*\/none\./,
      /NoSuchKey: 对象不存在。 对象：cos:.*\/none。/,
    ],
    [['cp', 'cos://pictures/none', 'cos://pictures/x'], /NoSuchKey: .*It was cos:/, /NoSuchKey: 对象不存在/],
    [['presign', 'cos://pictures'], /names no object/, /没有指明对象/],
    [['presign', 'cos://pictures/x', '--method', 'POST'], /--method is GET, PUT/, /--method 应为/],
    [['presign', 'cos://pictures/x', '--expires', 'soon'], /number of seconds like 3600/, /应为秒数/],
    [['presign', 'cos://pictures/x', '--origin', 'here'], /looks like http:\/\/files/, /应形如 http:/],
  ];
  for (const [args, en, zh] of cases) {
    const english = await stall.run(args);
    assert.equal(english.status, 1, args.join(' '));
    assert.match(english.note, en, args.join(' '));
    assert.match((await stall.run([...args, '--lang', 'zh'])).note, zh, args.join(' '));
  }
});

test('a server that is not there, keys that are wrong, and answers of others are told', async t => {
  const stall = await openStall(t);
  const nowhere = await runIn(stall.cwd, ['cos', 'ls', '--data', '.', '--endpoint', 'http://127.0.0.1:1']);
  assert.match(nowhere.note, /No OpenSCF is running/);
  const keys = ['--secret-id', 'AKIDEXAMPLE', '--secret-key', 'anotherkey'];
  assert.match((await stall.run(['ls', 'cos://pictures', ...keys])).note, /SignatureDoesNotMatch: .*--secret-key/);
  const unknown = ['--secret-id', 'AKIDNOBODY', '--secret-key', 'anotherkey'];
  assert.match((await stall.run(['ls', 'cos://pictures', ...unknown])).note, /InvalidAccessKeyId: .*--data/);
  stall.before = () => ({ status: 404, body: '<html>' });
  assert.match((await stall.run(['ls', 'cos://pictures'])).note, /not one of OpenSCF \(HTTP 404\)/);
});

test('presigned URLs read and write without keys, until their time is over', async t => {
  const stall = await openStall(t);
  const key = 'dir//a b+中?.txt';
  const put = (await stall.cos('presign', `cos://pictures/${key}`, '--method', 'put', '--expires', '1h')).trim();
  assert.match(put, /^http:\/\/127\.0\.0\.1:\d+\/pictures-\d+\/dir\/\/a%20b%2B%E4%B8%AD%3F\.txt\?q-sign-/);
  assert.equal((await fetch(put, { method: 'PUT', body: 'sent' })).status, 200);
  assert.equal(await stall.house.text(key), 'sent');
  assert.equal((await fetch(put)).status, 403);
  const get = JSON.parse(await stall.cos('presign', `cos://pictures/${key}`, '--json')) as {
    url: string;
    method: string;
  };
  assert.equal(get.method, 'GET');
  assert.equal(await (await fetch(get.url)).text(), 'sent');
  assert.equal((await fetch(get.url, { method: 'PUT', body: 'x' })).status, 403);
  const elsewhere = await stall.cos('presign', 'cos://pictures/k', '--origin', 'https://files.example/');
  assert.match(elsewhere, /^https:\/\/files\.example\/pictures-\d+\/k\?/);
  const old = await stall.run(['presign', `cos://pictures/${key}`], {
    clock: { now: () => Date.UTC(2020, 0, 1) } as never,
  });
  assert.equal(old.status, 0);
  assert.equal((await fetch(old.out.trim())).status, 403);
});
