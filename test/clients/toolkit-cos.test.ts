// The vendor's deployment toolkit, unmodified, as it deploys for everybody: code goes up as an object of a bucket, and
// functions and layers are made from it.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { balancersOf } from '../balancers.ts';
import { cosOf, hostOf } from '../cos.ts';
import { ask, invoke, sdkOf, until, zipOf } from '../fixture.ts';
import { webZip } from '../web.ts';
import { clientFor, MISSING } from './installed.ts';
import { APP_ID, type Keys, openToolkit, REGION } from './toolkit-parts.ts';

const { server, ports, base, part, fileOf } = await openToolkit();
const scf = sdkOf(server);
const cos = await cosOf(server);

type Shown = Readonly<Record<string, unknown>>;

const triggersOf = async (FunctionName: string) =>
  ((await scf.ListTriggers({ FunctionName })).Triggers ?? []).map(one => ({
    name: one.TriggerName ?? '',
    type: one.Type ?? '',
    desc: JSON.parse(one.TriggerDesc ?? '') as Shown,
    enabled: one.Enable,
    changedAt: one.AddTime,
  }));

/**
 * Uploads code as the vendor's component of functions does: into a bucket whose packages expire, which calls of functions name
 * without the AppId.
 */
async function uploaded(object: string, zip: Buffer, keys?: Keys) {
  const name = `sls-cloudfunction-${REGION}-code`;
  const bucket = `${name}-${APP_ID}`;
  const expiry = { expiration: { days: '10' }, abortIncompleteMultipartUpload: { daysAfterInitiation: '10' } };
  const toolkit = part('Cos', keys);
  await toolkit('deploy', {
    bucket,
    force: true,
    lifecycle: [{ status: 'Enabled', id: 'deleteObject', filter: '', ...expiry }],
  });
  await toolkit('upload', { bucket, file: await fileOf(object, zip), key: object });
  return { bucket: name, object };
}

/** Answers HTTP as both fronts want it, and writes what else it is told into its log. */
const codeOf = (text: string) =>
  zipOf({
    'index.js': `exports.main_handler = async event => {
    const { Records: [record] = [], Type } = event;
    if (record) console.log('told of ' + record.cos.cosObject.key + ' by ' + record.event.eventName);
    if (Type === 'Timer') console.log('ticked');
    return { isBase64Encoded: false, statusCode: 200, headers: {}, body: '${text} ' + process.env.STAGE };
  };`,
  });

test('a function is deployed from a bucket with all its triggers, deployed again with changes, and removed', {
  skip: MISSING,
}, async () => {
  const { balancer } = balancersOf(server);
  const { LoadBalancerId, Port, visit } = await balancer();
  const pictures = `pictures-${APP_ID}`;
  await part('Cos')('deploy', { bucket: pictures });

  const bucketEvent = (events: string, prefix: string) => ({
    cos: { parameters: { bucket: hostOf(pictures), events, filter: { prefix, suffix: '.png' }, enable: true } },
  });
  const timer = (name: string, cronExpression: string) => ({
    timer: { parameters: { name, cronExpression, enable: true, argument: 'x' } },
  });
  const api = (path: string, serviceId?: unknown) => ({
    apigw: {
      parameters: {
        serviceName: 'all',
        protocols: ['http', 'https'],
        environment: 'release',
        ...(serviceId !== undefined && { serviceId }),
        endpoints: [{ path, method: 'GET', function: { isIntegratedResponse: true } }],
      },
    },
  });
  const balanced = (url: string) => ({
    clb: {
      parameters: {
        loadBalanceId: LoadBalancerId,
        protocol: 'HTTP',
        port: Port,
        domain: 'all.example',
        url,
        weight: 10,
      },
    },
  });
  const inputs = { name: 'all', handler: 'index.main_handler', runtime: 'Nodejs18.15', timeout: 60, memorySize: 256 };
  const first = (await part('Scf')('deploy', {
    ...inputs,
    code: await uploaded('all-1.zip', await codeOf('first')),
    environment: { variables: { STAGE: 'test' } },
    tags: { team: 'pictures' },
    events: [
      api('/a'),
      balanced('/a'),
      bucketEvent('cos:ObjectCreated:*', 'in/'),
      timer('nightly', '0 0 3 * * * *'),
      timer('hourly', '0 0 * * * * *'),
    ],
  })) as { Status: string; Triggers: Shown[]; Tags: Shown[] };
  assert.equal(first.Status, 'Active');
  assert.deepEqual(first.Tags, [{ Key: 'team', Value: 'pictures' }]);
  const [gateway] = first.Triggers;
  const call = (path: string) =>
    ask(`http://127.0.0.1:${ports.portHttp}/release${path}`, { headers: { Host: String(gateway?.subDomain) } });
  assert.equal((await call('/a')).body.toString(), 'first test');
  assert.equal((await visit('all.example', '/a')).body.toString(), 'first test');
  assert.equal((await invoke(scf, 'all')).RetMsg.includes('first test'), true);

  const logged = (text: string) =>
    until(`the log has “${text}”`, async () => {
      const { Data = [] } = await scf.GetFunctionLogs({ FunctionName: 'all', Limit: 100 });
      return Data.some(({ Log = '' }) => Log.includes(text));
    });
  const put = (key: string) => part('Cos')('upload', { bucket: pictures, file: join(base, 'all-1.zip'), key });
  await put('in/1.png');
  await logged(`told of /${APP_ID}/pictures/in/1.png by cos:ObjectCreated:Put`);
  const before = await triggersOf('all');
  assert.deepEqual(before.map(({ type }) => type).sort(), ['apigw', 'clb', 'cos', 'timer', 'timer']);
  const bucketTrigger = before.find(({ type }) => type === 'cos');
  assert.deepEqual(bucketTrigger?.desc, {
    bucketUrl: hostOf(pictures),
    event: 'cos:ObjectCreated:*',
    filter: { Prefix: 'in/', Suffix: '.png' },
  });

  const second = (await part('Scf')('deploy', {
    ...inputs,
    memorySize: 512,
    code: await uploaded('all-2.zip', await codeOf('second')),
    environment: { variables: { STAGE: 'live' } },
    events: [
      api('/b', gateway?.serviceId),
      balanced('/b'),
      bucketEvent('cos:ObjectCreated:*', 'in/'),
      bucketEvent('cos:ObjectRemove:*', 'in/'),
      timer('nightly', '0 0 3 * * * *'),
      timer('weekly', '0 0 3 * * MON *'),
    ],
  })) as { Triggers: Shown[]; MemorySize: number };
  assert.equal(second.MemorySize, 512);
  assert.deepEqual(
    second.Triggers.map(({ NeedCreate }) => NeedCreate),
    [true, true, false, true, false, true],
  );
  assert.equal((await call('/b')).body.toString(), 'second live');
  assert.equal((await call('/a')).status, 404);
  assert.equal((await visit('all.example', '/b')).body.toString(), 'second live');
  assert.equal((await visit('all.example', '/a')).status, 502);
  const now = await triggersOf('all');
  assert.deepEqual(
    now.find(({ desc }) => desc.event === 'cos:ObjectCreated:*'),
    bucketTrigger,
  );
  assert.deepEqual(
    now
      .filter(({ type }) => type === 'timer')
      .map(({ name }) => name)
      .sort(),
    ['nightly', 'weekly'],
  );
  await cos.done('/in/1.png', { method: 'DELETE' }, hostOf(pictures));
  await logged(`told of /${APP_ID}/pictures/in/1.png by cos:ObjectRemove:Delete`);

  assert.equal(await part('Scf')('remove', { functionName: 'all', Triggers: [second.Triggers[0]] }), true);
  await assert.rejects(scf.GetFunction({ FunctionName: 'all' }), { code: 'ResourceNotFound.Function' });
  assert.equal((await call('/b')).status, 404);
  assert.equal((await visit('all.example', '/b')).status, 502);
  // Nobody is bound to the bucket any more.
  const heir = { ...inputs, name: 'heir', code: await uploaded('all-1.zip', await codeOf('first')) };
  await part('Scf')('deploy', { ...heir, events: [bucketEvent('cos:ObjectCreated:*', '')] });
  const [open] = await triggersOf('heir');
  assert.equal(open?.enabled, 1);
  const closed = bucketEvent('cos:ObjectCreated:*', '');
  closed.cos.parameters.enable = false;
  await part('Scf')('deploy', { ...heir, events: [closed] });
  const [shut, ...more] = await triggersOf('heir');
  assert.deepEqual([shut?.enabled, more], [0, []]);
  await part('Scf')('deploy', { ...heir, code: { ...heir.code, object: 'none.zip' }, events: [] }).then(
    () => assert.fail('there is no such object'),
    (error: Error) => assert.match(error.message, /none\.zip/),
  );
});

test('a layer is made from a bucket, and a web function with it, a version and an alias', {
  skip: MISSING,
}, async () => {
  const layer = { name: 'words', runtimes: ['Nodejs18.15'], description: 'of a test' };
  const words = (text: string) => zipOf({ 'node_modules/words/index.js': `module.exports = '${text}';` });
  const one = (await part('Layer')('deploy', {
    ...layer,
    ...(await uploaded('words-1.zip', await words('old'))),
  })) as Shown;
  const two = (await part('Layer')('deploy', {
    ...layer,
    ...(await uploaded('words-2.zip', await words('new'))),
  })) as Shown;
  assert.deepEqual([one.version, two.version], [1, 2]);

  const app = `require('node:http').createServer((request, response) => {
    let words = 'none';
    try { words = require('words'); } catch {}
    response.end(words + ' ' + request.url);
  }).listen(9000, '0.0.0.0');`;
  const code = await uploaded('site.zip', Buffer.from(await webZip(app), 'base64'));
  const deploySite = async (inputs: object) =>
    (await part('Scf')('deploy', {
      ...{
        name: 'site',
        type: 'web',
        runtime: 'Nodejs18.15',
        timeout: 60,
        code,
        publish: true,
        publishDescription: 'of a test',
      },
      ...inputs,
      events: [{ http: { parameters: { authType: 'NONE', netConfig: { enableExtranet: true } } } }],
    })) as { LastVersion: string; Triggers: Shown[] };
  const alias = { aliasName: 'live', additionalVersionWeights: [] };
  const first = await deploySite({ ...alias, layers: [{ name: 'words', version: 2 }] });
  assert.equal(first.LastVersion, '1');
  assert.equal(await liveVersion(), '1');
  const [trigger] = await triggersOf('site');
  const net = trigger?.desc.NetConfig as Record<string, string> | undefined;
  const url = net?.ExtranetHTTPUrl;
  assert.equal((await ask(`${url}/x`)).body.toString(), 'new /x');

  const second = await deploySite({ ...alias, layers: [] });
  assert.equal(second.LastVersion, '2');
  assert.equal((await ask(`${url}/x`)).body.toString(), 'none /x');
  assert.equal(await liveVersion(), '2');
  assert.equal(await part('Scf')('remove', { functionName: 'site' }), true);
  for (const version of [1, 2]) assert.equal(await part('Layer')('remove', { name: 'words', version }), true);
  assert.equal((await scf.ListLayers({})).TotalCount, 0);

  async function liveVersion() {
    const { Aliases = [] } = await scf.ListAliases({ FunctionName: 'site' });
    return Aliases.find(({ Name }) => Name === 'live')?.FunctionVersion;
  }
});

test('temporary keys deploy what their policy allows, and no more', { skip: MISSING }, async () => {
  const account = await part('Cam')<{ AppId: number; OwnerUin: string }>('GetUserAppId', {});
  assert.equal(String(account.AppId), APP_ID);
  const statement = [
    { effect: 'allow', action: ['scf:*', 'tag:*'], resource: '*' },
    { effect: 'allow', action: 'cos:*', resource: `qcs::cos:${REGION}:uid/${APP_ID}:sls-cloudfunction-*` },
  ];
  const { Credentials } = (await clientFor(
    server,
    'sts',
    'v20180813',
  )('GetFederationToken', {
    Name: 'deployer',
    Policy: encodeURIComponent(JSON.stringify({ version: '2.0', statement })),
  })) as { Credentials: { TmpSecretId: string; TmpSecretKey: string; Token: string } };
  const { TmpSecretId: SecretId, TmpSecretKey: SecretKey, Token } = Credentials;
  const keys = { SecretId, SecretKey, Token };

  const code = await uploaded('deployed.zip', await codeOf('deployed'), keys);
  const inputs = {
    name: 'deployed',
    handler: 'index.main_handler',
    runtime: 'Nodejs18.15',
    timeout: 60,
    code,
    events: [],
  };
  const { Status } = await part('Scf', keys)<{ Status: string }>('deploy', inputs);
  assert.equal(Status, 'Active');
  assert.ok((await invoke(scf, 'deployed')).RetMsg.includes('deployed'));
  await assert.rejects(part('Cos', keys)('deploy', { bucket: `another-${APP_ID}` }), { code: 'AccessDenied' });
  assert.equal((await cos.ask('/', {}, hostOf(`another-${APP_ID}`))).status, 404);
});
