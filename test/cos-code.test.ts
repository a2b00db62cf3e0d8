// Functions and layers whose packages lie in the object store, with the vendor's Node.js SDK, signed uploads and openscf deploy.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runIn } from '../src/cli/fixture.ts';
import { BUCKET, cosOf, hostOf } from './cos.ts';
import { invoke, rawCall, type Scf, sdkOf, settled, until, zipOf } from './fixture.ts';
import { startTestServer, type TestServer } from './harness.ts';

let server: TestServer;
let cos: Awaited<ReturnType<typeof cosOf>>;
let sdk: Scf;
let cwd: string;
before(async () => {
  server = await startTestServer();
  cos = await cosOf(server);
  sdk = sdkOf(server);
  await cos.done('/', { method: 'PUT' });
  cwd = await mkdtemp(join(tmpdir(), 'openscf-cos-code-'));
});
after(async () => {
  await server.close();
  await rm(cwd, { recursive: true, force: true });
});

/** Without the number of the account, as documented. */
const CosBucketName = BUCKET.replace(/-\d+$/, '');
const saying = (word: string) => `exports.main_handler = async () => '${word}';`;

async function upload(key: string, files: Readonly<Record<string, string>>): Promise<Buffer> {
  const body = await zipOf(files);
  await cos.done(`/${encodeURI(key)}`, { method: 'PUT', body });
  return body;
}

async function active(FunctionName: string) {
  const answer = await settled(sdk, FunctionName);
  assert.equal(answer.Status, 'Active', JSON.stringify(answer.StatusReasons));
  return answer;
}

test('a function is made from an object, changed by another one, and downloaded', async () => {
  const FunctionName = 'fetched';
  await upload('code/one.zip', { 'index.js': saying('one') });
  // As the vendor's deployment library sends it.
  const Code = { CosBucketName, CosObjectName: 'code/one.zip' };
  await sdk.CreateFunction({ FunctionName, Runtime: 'Nodejs18.15', Timeout: 60, Code });
  await active(FunctionName);
  assert.equal((await invoke(sdk, FunctionName)).RetMsg, '"one"');

  // What has been fetched stays, whatever becomes of the object.
  await upload('code/one.zip', { 'index.js': saying('two') });
  assert.equal((await invoke(sdk, FunctionName)).RetMsg, '"one"');
  // The older form, and the documented one.
  await sdk.UpdateFunctionCode({ FunctionName, CosBucketName, CosObjectName: '/code/one.zip' });
  await active(FunctionName);
  assert.equal((await invoke(sdk, FunctionName)).RetMsg, '"two"');
  const three = await upload('三.zip', { 'index.js': saying('three') });
  await sdk.UpdateFunctionCode({
    FunctionName,
    CodeSource: 'Cos',
    Code: { CosBucketName: BUCKET, CosObjectName: '/三.zip', CosBucketRegion: 'ap-guangzhou' },
  });
  const shown = await active(FunctionName);
  assert.deepEqual([shown.CodeSize, shown.CodeResult], [three.length, 'success']);
  await cos.done(`/${encodeURIComponent('三.zip')}`, { method: 'DELETE' });
  assert.equal((await invoke(sdk, FunctionName)).RetMsg, '"three"');

  const { Url = '', CodeSha256 } = await sdk.GetFunctionAddress({ FunctionName });
  const downloaded = Buffer.from(await (await fetch(Url)).arrayBuffer());
  assert.deepEqual(downloaded, three);
  assert.equal(CodeSha256, createHash('sha256').update(three).digest('hex'));

  // As programs resume what broke off.
  const head = await fetch(Url, { method: 'HEAD' });
  assert.deepEqual(
    [head.headers.get('content-length'), head.headers.get('accept-ranges')],
    [`${three.length}`, 'bytes'],
  );
  const ETag = `"${CodeSha256}"`;
  assert.equal(head.headers.get('etag'), ETag);
  const rest = await fetch(Url, { headers: { Range: 'bytes=10-', 'If-Range': ETag } });
  assert.deepEqual(
    [rest.status, rest.headers.get('content-range')],
    [206, `bytes 10-${three.length - 1}/${three.length}`],
  );
  assert.deepEqual(Buffer.from(await rest.arrayBuffer()), three.subarray(10));
  assert.equal((await fetch(Url, { headers: { 'If-None-Match': ETag } })).status, 304);
});

test('a layer is published from an object and found by a function', async () => {
  await upload('layers/deps.zip', { 'node_modules/shared/index.js': 'exports.word = "of the layer"' });
  const LayerName = 'deps';
  const Content = { CosBucketName, CosObjectName: 'layers/deps.zip' };
  const { LayerVersion = 0 } = await sdk.PublishLayerVersion({
    LayerName,
    CompatibleRuntimes: ['Nodejs18.15'],
    Content,
  });
  const published = await until('the layer is published', async () => {
    const answer = await sdk.GetLayerVersion({ LayerName, LayerVersion });
    return answer.Status !== 'Publishing' && answer;
  });
  assert.equal(published.Status, 'Active');
  const part = await fetch(published.Location ?? '', { headers: { Range: 'bytes=0-3' } });
  assert.deepEqual([part.status, await part.text()], [206, 'PK\x03\x04']);
  await upload('code/user.zip', { 'index.js': 'exports.main_handler = async () => require("shared").word;' });
  await sdk.CreateFunction({
    FunctionName: 'user',
    Runtime: 'Nodejs18.15',
    Timeout: 60,
    Code: { CosBucketName, CosObjectName: '/code/user.zip' },
    Layers: [{ LayerName, LayerVersion }],
  });
  await active('user');
  assert.equal((await invoke(sdk, 'user')).RetMsg, '"of the layer"');
});

test('a package of another region is taken where that is said', async () => {
  const host = hostOf('far-1250000000', 'ap-beijing');
  const body = await zipOf({ 'index.js': saying('far') });
  await cos.done('/', { method: 'PUT' }, host);
  await cos.done('/far.zip', { method: 'PUT', body }, host);
  const FunctionName = 'near';
  const Code = { CosBucketName: 'far', CosObjectName: '/far.zip' };
  const create = (more: object) =>
    sdk.CreateFunction({ FunctionName, Runtime: 'Nodejs18.15', Timeout: 60, Code: { ...Code, ...more } });
  await assert.rejects(create({}), { code: 'InvalidParameterValue.CosBucketRegion' });
  await create({ CosBucketRegion: 'ap-beijing' });
  await active(FunctionName);
  assert.equal((await invoke(sdk, FunctionName)).RetMsg, '"far"');
});

test('what is no package is refused, in the language of the caller', async () => {
  await cos.done('/plain.txt', { method: 'PUT', body: 'no zip' });
  const cold = { 'x-cos-storage-class': 'ARCHIVE' };
  await cos.done('/cold.zip', { method: 'PUT', body: await zipOf({ 'index.js': '' }), headers: cold });
  const refused = async (CosObjectName: string, language: 'zh-CN' | 'en-US' = 'en-US', bucket = CosBucketName) => {
    const Code = { CosBucketName: bucket, CosObjectName };
    const body = JSON.stringify({ FunctionName: 'none', Runtime: 'Nodejs18.15', Code });
    const { Error: error } = await rawCall(server, { action: 'CreateFunction', body, language });
    return [error?.Code, error?.Message] as const;
  };
  const [code, message] = await refused('/none.zip');
  assert.equal(code, 'ResourceNotFound.Cos');
  assert.match(message ?? '', /no object none\.zip/);
  assert.match((await refused('/none.zip', 'zh-CN'))[1] ?? '', /没有对象 none\.zip/);
  assert.equal((await refused('/plain.txt', 'en-US', 'nobody'))[0], 'ResourceNotFound.Cos');
  assert.equal((await refused('/plain.txt'))[0], 'InvalidParameterValue.ZipFile');
  assert.equal((await refused('/cold.zip'))[0], 'FailedOperation.Cos');
  await assert.rejects(sdk.GetFunction({ FunctionName: 'none' }), { code: 'ResourceNotFound.Function' });
});

/** Writes a project of one function and brings it with the command line. */
async function deployed(name: string, src: string, files: Readonly<Record<string, string | Buffer>> = {}, lang = 'en') {
  await mkdir(join(cwd, name), { recursive: true });
  const file = `component: scf\ninputs:\n  name: ${name}\n  runtime: Nodejs18.15\n  timeout: 60\n  enableRoleAuth: true\n  src: ${src}\n`;
  for (const [path, content] of Object.entries({ ...files, 'serverless.yml': file }))
    await writeFile(join(cwd, name, path), content);
  return runIn(cwd, ['--data', server.dataDir, '--lang', lang, 'deploy', name]);
}

test('the command line brings a function whose package lies in a bucket', async () => {
  await upload('code/yml.zip', { 'index.js': saying('in the bucket') });
  // What is beside the file is not sent.
  const beside = { 'index.js': saying('beside') };
  const first = await deployed('stored', `{bucket: ${CosBucketName}, object: /code/yml.zip}`, beside);
  assert.deepEqual([first.status, first.note], [0, '']);
  assert.match(first.out, /^Created stored \(Nodejs18\.15, index\.main_handler\)\n/);
  assert.equal((await invoke(sdk, 'stored')).RetMsg, '"in the bucket"');

  await upload('code/yml.zip', { 'index.js': saying('changed') });
  const again = await deployed('stored', `{bucket: ${BUCKET}, object: code/yml.zip}`);
  assert.match(again.out, /^Updated stored /);
  assert.equal((await invoke(sdk, 'stored')).RetMsg, '"changed"');
});

test('and one whose folder goes by way of a bucket, larger than a request may be', async () => {
  const src = `{src: ., bucket: ${CosBucketName}, exclude: ['*.log', serverless.yml]}`;
  const large = randomBytes(51 * 1024 * 1024);
  const files = { 'index.js': saying('by way of'), 'large.bin': large, 'a.log': 'x' };
  const { status, out, note } = await deployed('large', src, files);
  assert.deepEqual([status, note], [0, '']);
  assert.match(out, /^Created large /);
  assert.equal((await invoke(sdk, 'large')).RetMsg, '"by way of"');

  const listed = await cos.done('/?prefix=large-');
  const [key = '', ...more] = [...listed.text.matchAll(/<Key>([^<]*)/g)].map(one => one[1]);
  assert.match(key, /^large-[0-9a-f]{16}\.zip$/);
  assert.deepEqual(more, []);
  const { CodeSha256 } = await sdk.GetFunctionAddress({ FunctionName: 'large' });
  const { body, headers } = await cos.done(`/${key}`);
  assert.equal(CodeSha256, createHash('sha256').update(body).digest('hex'));
  assert.equal(headers['content-type'], 'application/zip');
});

test('the command line says what is missing, in both languages', async () => {
  const noObject = `{bucket: ${CosBucketName}, object: gone.zip}`;
  const en = await deployed('absent', noObject);
  assert.equal(en.status, 1);
  assert.match(en.note, /^error: The function absent could not be deployed from cos:\/\/pictures\/gone\.zip: /);
  assert.match(en.note, /has no object gone\.zip.*openscf cos cp code\.zip cos:\/\/pictures\/gone\.zip/);
  const zh = await deployed('absent', noObject, {}, 'zh');
  assert.match(zh.note, /^错误：无法从 cos:\/\/pictures\/gone\.zip 部署函数 absent：.*没有对象 gone\.zip/);

  const noBucket = '{bucket: nobody, object: a.zip}';
  assert.match((await deployed('absent', noBucket)).note, /cos:\/\/nobody\/a\.zip: .*there is no bucket nobody/);
  assert.match((await deployed('absent', noBucket, {}, 'zh')).note, /存储桶 nobody 不存在/);

  const files = { 'index.js': saying('never') };
  const toNobody = await deployed('absent', '{src: ., bucket: nobody}', files);
  assert.equal(toNobody.status, 1);
  assert.match(toNobody.note, /^error: NoSuchBucket: .*openscf cos mb cos:\/\/nobody-1250000000 makes it/);
  assert.match((await deployed('absent', '{src: ., bucket: nobody}', files, 'zh')).note, /openscf cos mb .* 创建/);
  // A bucket elsewhere is none here, and gets nothing.
  const host = hostOf('far-1250000000', 'ap-beijing');
  await cos.ask('/', { method: 'PUT' }, host);
  assert.match((await deployed('absent', '{src: ., bucket: far}', files)).note, /NoSuchBucket/);
  assert.doesNotMatch((await cos.done('/', {}, host)).text, /absent-/);
  assert.match((await deployed('absent', '{bucket: far, object: far.zip}')).note, /CosBucketRegion/);
  await assert.rejects(sdk.GetFunction({ FunctionName: 'absent' }), { code: 'ResourceNotFound.Function' });
});
