// Buckets with their settings and files, and websites, as the vendor's deployment toolkit brings them, unmodified.

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { cosOf, hostOf } from '../cos.ts';
import { ask } from '../fixture.ts';
import { MISSING } from './installed.ts';
import { APP_ID, openToolkit, REGION } from './toolkit-parts.ts';

const { server, base, part, fileOf } = await openToolkit();
const cos = await cosOf(server);

test('a bucket gets its settings and its files, gets others, and goes', { skip: MISSING }, async () => {
  const bucket = `settings-${APP_ID}`;
  const host = hostOf(bucket);
  const dir = join(base, 'folder');
  await fileOf('folder/index.html', '<h1>hello</h1>');
  await fileOf('folder/img/一张 图+.png', 'png');
  const friend = 'qcs::cam::uin/100000000002:uin/100000000002';
  const statement = {
    Principal: { qcs: ['qcs::cam::anyone:anyone'] },
    Effect: 'Allow',
    Action: ['name/cos:GetObject'],
    Resource: [`qcs::cos:${REGION}:uid/${APP_ID}:${bucket}/img/*`],
  };
  const inputs = {
    bucket,
    src: dir,
    acl: { permissions: 'private', grantRead: `id="${friend}"` },
    policy: { Statement: [statement], version: '2.0' },
    cors: [
      {
        ...{ id: 'abc', maxAgeSeconds: '10', allowedMethods: ['POST', 'GET'], allowedOrigins: ['https://a.example'] },
        ...{ allowedHeaders: ['x-first', 'x-second'], exposeHeaders: ['x-cos-request-id'] },
      },
    ],
    tags: [{ key: 'team', value: 'web' }],
    lifecycle: [
      {
        ...{ status: 'Enabled', id: 'logs', filter: { prefix: 'log/' }, expiration: { days: '10' } },
        transition: { days: '5', storageClass: 'STANDARD_IA' },
        NoncurrentVersionTransition: { noncurrentDays: '5', storageClass: 'ARCHIVE' },
      },
    ],
  };
  await part('Cos')('deploy', inputs);
  const config = async (name: string) => (await cos.done(`/?${name}`, {}, host)).text;
  const keys = async () =>
    [...(await cos.done('/', {}, host)).text.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key]) => key);
  assert.deepEqual(await keys(), ['img/一张 图+.png', 'index.html']);
  const acl = await config('acl');
  assert.ok(acl.includes(`<ID>${friend}</ID>`) && acl.includes('<Permission>READ</Permission>'), acl);
  assert.deepEqual(JSON.parse(await config('policy')), inputs.policy);
  assert.match(await config('tagging'), /<Key>team<\/Key><Value>web<\/Value>/);
  const lifecycle = await config('lifecycle');
  for (const piece of ['<Prefix>log/</Prefix>', '<Days>10</Days>', 'STANDARD_IA', 'ARCHIVE', 'NoncurrentDays'])
    assert.ok(lifecycle.includes(piece), `${piece}: ${lifecycle}`);

  // What they mean, without a signature: the policy opens one folder, and pages of one origin may read.
  const get = (path: string, headers: Record<string, string> = {}) =>
    ask(`http://127.0.0.1:${cos.port}${path}`, { headers: { Host: host, ...headers } });
  const picture = await get(`/${encodeURI('img/一张 图+.png')}`, { Origin: 'https://a.example' });
  assert.deepEqual([picture.status, picture.body.toString()], [200, 'png']);
  assert.equal(picture.headers['access-control-allow-origin'], 'https://a.example');
  assert.equal((await get('/index.html')).status, 403);
  const url = String(await part('Cos')('getObjectUrl', { bucket, object: 'index.html' }));
  const signed = new URL(url);
  assert.equal(signed.host, host);
  assert.equal((await get(signed.pathname + signed.search)).body.toString(), '<h1>hello</h1>');

  await rm(join(dir, 'img'), { recursive: true });
  await part('Cos')('deploy', { bucket, src: dir, replace: true, acl: { permissions: 'public-read' } });
  assert.deepEqual(await keys(), ['index.html']);
  assert.equal((await get('/index.html')).status, 200);
  const anyone = { allowedMethods: ['GET'], allowedOrigins: ['*'] };
  const markers = { id: 'markers', status: 'Enabled', expiration: { expiredObjectDeleteMarker: 'true' } };
  await part('Cos')('deploy', { bucket, cors: [anyone], lifecycle: [markers] });
  assert.ok(!(await config('cors')).includes('MaxAgeSeconds'));
  assert.match(await config('lifecycle'), /<ExpiredObjectDeleteMarker>true/);
  for (const verb of ['deleteCors', 'deleteTags', 'deleteLifecycle']) await part('Cos')(verb, { bucket });
  for (const name of ['cors', 'tagging', 'lifecycle'])
    assert.equal((await cos.ask(`/?${name}`, {}, host)).status, 404, name);
  const grant = { permission: 'READ', grantee: { id: friend } };
  await part('Cos')('setAcl', { bucket, acl: { accessControlPolicy: { owner: { id: friend }, grants: grant } } });
  assert.equal((await get('/index.html')).status, 403);
  await part('Cos')('remove', { bucket });
  assert.equal((await cos.ask('/', {}, host)).status, 404);
  await part('Cos')('remove', { bucket });
});

test('a bucket with versions is not removed over them, as documented', { skip: MISSING }, async () => {
  const bucket = `versions-${APP_ID}`;
  await part('Cos')('deploy', { bucket, versioning: 'Enabled', src: await fileOf('one.txt', 'one') });
  assert.match((await cos.done('/?versioning', {}, hostOf(bucket))).text, /<Status>Enabled<\/Status>/);
  await assert.rejects(part('Cos')('remove', { bucket }), { code: 'BucketNotEmpty' });
});

test('a website is uploaded with its settings; its pages are not served, and its name says so', {
  skip: MISSING,
}, async () => {
  const bucket = `pages-${APP_ID}`;
  await fileOf('site/index.html', '<h1>home</h1>');
  await fileOf('site/docs/index.html', '<h1>docs</h1>');
  const inputs = {
    bucket,
    code: { src: join(base, 'site'), index: 'index.html', error: 'error.html' },
    env: { API: 'https://api.example' },
    acl: { permissions: 'public-read' },
    cors: [{ maxAgeSeconds: 0, allowedMethods: ['GET'], allowedOrigins: ['*'] }],
    tags: [{ key: 'kind', value: 'site' }],
  };
  const host = await part('Cos')('website', inputs);
  assert.equal(host, `${bucket}.cos-website.${REGION}.myqcloud.com`);
  assert.match((await cos.done('/?website', {}, hostOf(bucket))).text, /<Suffix>index.html<\/Suffix>/);
  const get = (path: string, Host: string) => ask(`http://127.0.0.1:${cos.port}${path}`, { headers: { Host } });
  const page = await get('/docs/index.html', hostOf(bucket));
  assert.deepEqual([page.status, page.headers['content-type']], [200, 'text/html']);
  assert.equal((await get('/', String(host))).status, 501);
});
