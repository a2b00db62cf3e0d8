// Functions that ask this server by the keys of their role, with the vendor's unchanged SDK for roles: what the role may
// they may, and no more.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CommonClient } from 'tencentcloud-sdk-nodejs-common';
import { BUCKET, cosOf, hostOf } from './cos.ts';
import { deploy, invoke, rawCall, type Scf, sdkOf, settled } from './fixture.ts';
import { startTestServer, type TestServer } from './harness.ts';

let server: TestServer;
let sdk: Scf;
let port: number;
let cam: CommonClient;
before(async () => {
  server = await startTestServer();
  sdk = sdkOf(server);
  const cos = await cosOf(server);
  port = cos.port;
  await cos.done('/', { method: 'PUT' });
  await cos.done('/a.txt', { method: 'PUT', body: 'of the bucket' });
  const endpoint = server.endpoint.replace('http://', '');
  const httpProfile = { endpoint, protocol: 'http://' };
  const settings = { credential: server.credentials, region: 'ap-guangzhou', profile: { httpProfile } };
  cam = new CommonClient(endpoint, '2019-01-16', settings);
});
after(() => server.close());

async function role(RoleName: string, ...policies: readonly string[]): Promise<void> {
  const principal = { service: ['scf.qcloud.com'] };
  const statement = [{ action: 'name/sts:AssumeRole', effect: 'allow', principal }];
  const PolicyDocument = JSON.stringify({ version: '2.0', statement });
  await cam.request('CreateRole', { RoleName, PolicyDocument });
  for (const PolicyName of policies) await cam.request('AttachRolePolicy', { AttachRoleName: RoleName, PolicyName });
}

/** Lists the bucket and reads from it, or writes to it, signed by what the environment has; nothing but Node.js. */
const NODE = `
const { createHmac, createHash } = require('crypto');
const http = require('http');
const sha1 = text => createHash('sha1').update(text).digest('hex');
const hmac = (key, text) => createHmac('sha1', key).update(text).digest('hex');
const host = '${hostOf(BUCKET)}';

function signed(method, path, env) {
  const now = Math.floor(Date.now() / 1000);
  const time = (now - 60) + ';' + (now + 600);
  const canonical = method.toLowerCase() + '\\n' + path + '\\n\\nhost=' + host + '\\n';
  const text = 'sha1\\n' + time + '\\n' + sha1(canonical) + '\\n';
  const signature = hmac(hmac(env.TENCENTCLOUD_SECRETKEY, time), text);
  return 'q-sign-algorithm=sha1&q-ak=' + env.TENCENTCLOUD_SECRETID + '&q-sign-time=' + time + '&q-key-time=' + time +
    '&q-header-list=host&q-url-param-list=&q-signature=' + signature;
}

exports.main_handler = ({ port, method, path }) => new Promise((resolve, reject) => {
  const env = process.env;
  if (!env.TENCENTCLOUD_SECRETID) return resolve('no keys');
  const headers = {
    Host: host,
    Authorization: signed(method, path, env),
    'x-cos-security-token': env.TENCENTCLOUD_SESSIONTOKEN,
    'Content-Length': 0,
  };
  http.request({ host: '127.0.0.1', port, method, path, headers }, response => {
    let text = '';
    response.on('data', chunk => { text += chunk; });
    response.on('end', () => resolve({ status: response.statusCode, text }));
  }).on('error', reject).end();
});
`;

/** The same in Python. */
const PYTHON = `
import hashlib, hmac, http.client, os, time
HOST = '${hostOf(BUCKET)}'

def main_handler(event, context):
    env = os.environ
    if 'TENCENTCLOUD_SECRETID' not in env:
        return 'no keys'
    now = int(time.time())
    span = '%d;%d' % (now - 60, now + 600)
    sign = lambda key, text: hmac.new(key.encode(), text.encode(), hashlib.sha1).hexdigest()
    canonical = '%s\\n%s\\n\\nhost=%s\\n' % (event['method'].lower(), event['path'], HOST)
    text = 'sha1\\n%s\\n%s\\n' % (span, hashlib.sha1(canonical.encode()).hexdigest())
    signature = sign(sign(env['TENCENTCLOUD_SECRETKEY'], span), text)
    authorization = ('q-sign-algorithm=sha1&q-ak=%s&q-sign-time=%s&q-key-time=%s&q-header-list=host&q-url-param-list='
                     '&q-signature=%s') % (env['TENCENTCLOUD_SECRETID'], span, span, signature)
    connection = http.client.HTTPConnection('127.0.0.1', event['port'])
    connection.request(event['method'], event['path'], headers={
        'Host': HOST, 'Authorization': authorization, 'x-cos-security-token': env['TENCENTCLOUD_SESSIONTOKEN']})
    answer = connection.getresponse()
    return {'status': answer.status, 'text': answer.read().decode()}
`;

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function ask(FunctionName: string, method: string, path: string): Promise<Answer> {
  const { RetMsg, Log } = await invoke(sdk, FunctionName, { port, method, path });
  const answer = JSON.parse(RetMsg) as Answer;
  assert.ok(answer.status, `${RetMsg} ${Log}`);
  return answer;
}

async function change(FunctionName: string, Role: string) {
  await sdk.UpdateFunctionConfiguration({ FunctionName, Role });
  return settled(sdk, FunctionName);
}

for (const [Runtime, source] of [
  ['Nodejs18.15', NODE],
  ['Python3.10', PYTHON],
] as const) {
  test(`${Runtime}: a function reads a bucket by its role, and writes none`, async () => {
    const FunctionName = `reader-${Runtime.slice(0, 6)}`;
    const Role = `of-${FunctionName}`;
    await role(Role, 'QcloudCOSReadOnlyAccess');
    await deploy(sdk, FunctionName, source, { Runtime, Role });
    assert.equal((await sdk.GetFunction({ FunctionName })).Role, Role);
    const listed = await ask(FunctionName, 'GET', '/');
    assert.equal(listed.status, 200, listed.text);
    assert.match(listed.text, /<Key>a\.txt<\/Key>/);
    assert.deepEqual(await ask(FunctionName, 'GET', '/a.txt'), { status: 200, text: 'of the bucket' });
    const written = await ask(FunctionName, 'PUT', '/b.txt');
    assert.equal(written.status, 403);
    assert.match(written.text, /<Code>AccessDenied<\/Code>/);

    // What the role may is looked up when it is asked for.
    await cam.request('DetachRolePolicy', { DetachRoleName: Role, PolicyName: 'QcloudCOSReadOnlyAccess' });
    assert.equal((await ask(FunctionName, 'GET', '/')).status, 403);

    const { Role: none } = await change(FunctionName, '');
    assert.equal(none, '');
    assert.equal((await invoke(sdk, FunctionName, { port, method: 'GET', path: '/' })).RetMsg, '"no keys"');
  });
}

test('a function without rights by its role is refused', async () => {
  await role('powerless');
  await deploy(sdk, 'powerless', NODE, { Role: 'powerless' });
  const answer = await ask('powerless', 'GET', '/');
  assert.equal(answer.status, 403);
  assert.match(answer.text, /<Code>AccessDenied<\/Code>/);
});

test('a role that is made anew gives the function keys that work, at once', async () => {
  await role('anew', 'QcloudCOSReadOnlyAccess');
  await deploy(sdk, 'anew', NODE, { Role: 'anew' });
  assert.equal((await ask('anew', 'GET', '/')).status, 200);
  await cam.request('DeleteRole', { RoleName: 'anew' });
  const { RetMsg, Log } = await invoke(sdk, 'anew', { port, method: 'GET', path: '/' });
  assert.equal(RetMsg, '"no keys"');
  assert.match(Log, /\[PLATFORM\] No keys of the role: There is no role anew/);
  await role('anew', 'QcloudCOSReadOnlyAccess');
  assert.equal((await ask('anew', 'GET', '/')).status, 200);
});

test('the role that the console makes is there without being made', async () => {
  await deploy(sdk, 'ready', NODE, { Role: 'SCF_QcsRole' });
  assert.equal((await ask('ready', 'GET', '/a.txt')).text, 'of the bucket');
  assert.equal((await ask('ready', 'PUT', '/c.txt')).status, 200);
  const { List } = await cam.request('DescribeRoleList', { Page: 1, Rp: 20 });
  assert.ok((List as readonly { RoleName: string }[]).some(({ RoleName }) => RoleName === 'SCF_QcsRole'));
});

test('the keys call the Cloud API as well', async () => {
  await role('caller', 'QcloudSCFReadOnlyAccess');
  const source = `exports.main_handler = async () => ${JSON.stringify(['SECRETID', 'SECRETKEY', 'SESSIONTOKEN'])}
    .map(name => process.env['TENCENTCLOUD_' + name]);`;
  await deploy(sdk, 'caller', source, { Role: 'caller' });
  const [secretId = '', secretKey = '', token = ''] = JSON.parse((await invoke(sdk, 'caller')).RetMsg) as string[];
  const { endpoint } = server;
  const own = new CommonClient(endpoint.replace('http://', ''), '2018-04-16', {
    credential: { secretId, secretKey, token },
    region: 'ap-guangzhou',
    profile: { httpProfile: { endpoint: endpoint.replace('http://', ''), protocol: 'http://' } },
  });
  assert.equal((await own.request('GetFunction', { FunctionName: 'caller' })).Role, 'caller');
  await assert.rejects(own.request('DeleteFunction', { FunctionName: 'caller' }), {
    code: 'AuthFailure.UnauthorizedOperation',
  });
});

test('a role that is not there is refused with the documented code, in both languages', async () => {
  const body = JSON.stringify({ FunctionName: 'ready', Role: 'nobody' });
  for (const [language, words] of [
    ['en-US', /no role nobody/],
    ['zh-CN', /未找到指定的Role/],
  ] as const) {
    const { Error: error } = await rawCall(server, { action: 'UpdateFunctionConfiguration', body, language });
    assert.equal(error?.Code, 'ResourceNotFound.Role');
    assert.match(error?.Message ?? '', words);
  }
  assert.equal((await sdk.GetFunction({ FunctionName: 'ready' })).Role, 'SCF_QcsRole');
});

test('after a restart they are kept, and work', async () => {
  server = await server.restart();
  sdk = sdkOf(server);
  port = (await cosOf(server)).port;
  assert.equal((await sdk.GetFunction({ FunctionName: 'ready' })).Role, 'SCF_QcsRole');
  assert.equal((await ask('ready', 'GET', '/a.txt')).status, 200);
});
