// The triggers of a function as the vendor's deployment toolkit makes them, unmodified: function URLs, APIs, WebSocket
// APIs, and tags. Its upload of code is left out: functions are there already.

import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { WebSocket } from 'ws';
import { ZipFile } from 'yazl';
import { ask, deploy, sdkOf, settled } from '../fixture.ts';
import { startTestServer } from '../harness.ts';
import { gatewayClient, leadHere, MISSING, requireClient } from './installed.ts';

const server = await startTestServer();
const scf = sdkOf(server);
const { ports } = await server.get<{ ports: { portHttp: number; portTls: number } }>('/status');
// It prints every step.
console.log = () => {};
const redirect = leadHere(ports.portTls);
after(async () => {
  redirect[Symbol.dispose]();
  await server.close();
});

interface Tag {
  readonly TagKey: string;
  readonly TagValue: string;
}

/** Of the toolkit's `Scf`: what is called here. */
interface Toolkit {
  deployTrigger(funcInfo: object, inputs: object): Promise<Record<string, unknown>[]>;
  remove(inputs: object): Promise<boolean>;
  readonly tagClient: {
    deployResourceTags(wanted: object): Promise<Tag[]>;
    getScfResourceTags(key: object): Promise<Tag[]>;
  };
}

function toolkit(): Toolkit {
  const { Scf } = requireClient('tencent-component-toolkit') as {
    Scf: new (credentials: object, region: string) => Toolkit;
  };
  const { secretId, secretKey } = server.credentials;
  return new Scf({ SecretId: secretId, SecretKey: secretKey }, 'ap-guangzhou');
}

function apigwOf() {
  const { Apigw } = requireClient('tencent-component-toolkit') as {
    Apigw: new (
      credentials: object,
      region: string,
    ) => Record<'deploy' | 'remove', (inputs: object) => Promise<Record<string, unknown>>>;
  };
  const { secretId, secretKey } = server.credentials;
  return new Apigw({ SecretId: secretId, SecretKey: secretKey }, 'ap-guangzhou');
}

/** The part of a deployment that comes when the function is there. */
const deployEvents = (functionName: string, events: readonly object[], more: object = {}) =>
  toolkit().deployTrigger(
    { FunctionName: functionName, Namespace: 'default', ...more },
    { name: functionName, namespace: 'default', events: structuredClone(events) },
  );

const listed = async (FunctionName: string) => (await scf.ListTriggers({ FunctionName })).Triggers ?? [];

const PLAIN = 'exports.main_handler = async (event, context) => context.function_name + " " + event.path';

test('a function URL is deployed, deployed again with changes and removed', { skip: MISSING }, async () => {
  await deploy(scf, 'url', PLAIN);
  const events = (cors: object | undefined) => [
    {
      http: {
        parameters: {
          qualifier: '$DEFAULT',
          authType: 'NONE',
          netConfig: { enableIntranet: true, enableExtranet: true },
          ...(cors && { corsConfig: cors }),
        },
      },
    },
  ];
  const [made] = await deployEvents('url', events(undefined));
  assert.equal(made?.NeedCreate, true);
  const [trigger] = await listed('url');
  assert.equal(trigger?.Type, 'http');
  assert.equal(made?.TriggerName, trigger?.TriggerName);
  const { NetConfig } = JSON.parse(trigger?.TriggerDesc ?? '') as { NetConfig: Record<string, string> };
  const url = NetConfig.ExtranetHTTPUrl ?? '';
  assert.equal((await ask(`${url}/a`)).body.toString(), '"url /a"');

  const cors = { enable: true, origins: 'https://a.example,https://b.example', methods: ['GET'], maxAge: 10 };
  const [again] = await deployEvents('url', events(cors));
  assert.equal(again?.NeedCreate, false);
  assert.equal(again?.TriggerName, made?.TriggerName);
  const { headers } = await ask(url, { headers: { Origin: 'https://b.example' } });
  assert.equal(headers['access-control-allow-origin'], 'https://b.example');

  // It is one of the kinds that the toolkit leaves alone when they are no longer asked for.
  assert.deepEqual(await deployEvents('url', []), []);
  assert.equal((await ask(url)).status, 200);
  assert.equal(await toolkit().remove({ functionName: 'url', namespace: 'default' }), true);
  assert.equal((await ask(url)).status, 404);
});

test('the API of a function is deployed, kept, replaced and removed', { skip: MISSING }, async () => {
  await deploy(scf, 'behind', PLAIN);
  const events = (path: string, serviceId?: unknown) => [
    {
      apigw: {
        parameters: {
          protocols: ['http', 'https'],
          serviceName: 'of_behind',
          environment: 'test',
          ...(serviceId !== undefined && { serviceId }),
          endpoints: [{ path, method: 'GET' }],
        },
      },
    },
  ];
  const [made] = await deployEvents('behind', events('/a'));
  const serviceId = String(made?.serviceId);
  assert.match(serviceId, /^service-[a-z0-9]{8}$/);
  const call = (path: string) =>
    ask(`http://127.0.0.1:${ports.portHttp}/test${path}`, { headers: { Host: String(made?.subDomain) } });
  assert.equal((await call('/a/x')).body.toString(), '"behind /a/x"');
  const [before] = await listed('behind');

  // The key of the trigger is the same: its API is found by its path, and stays.
  const [kept] = await deployEvents('behind', events('/a', serviceId));
  assert.equal(kept?.serviceId, serviceId);
  const [after, ...more] = await listed('behind');
  assert.deepEqual([after?.TriggerName, after?.ResourceId, more], [before?.TriggerName, before?.ResourceId, []]);

  // Another path is another trigger: the former one goes by scf:DeleteTrigger with the TriggerDesc that was listed.
  const [moved] = await deployEvents('behind', events('/b', serviceId));
  assert.equal(moved?.serviceId, serviceId);
  assert.equal((await listed('behind')).length, 1);
  assert.deepEqual([(await call('/a')).status, (await call('/b')).status], [404, 200]);

  assert.equal(await toolkit().remove({ functionName: 'behind', namespace: 'default', Triggers: [moved] }), true);
  assert.equal((await call('/b')).status, 404);
});

test('a WebSocket API is deployed, deployed again and removed', { skip: MISSING }, async () => {
  const echo = `
    const http = require('node:http');
    exports.main_handler = async ({ websocket }) => {
      const { action, secConnectionID } = websocket;
      if (action === 'connecting') return { errNo: 0, errMsg: 'ok', websocket: { action, secConnectionID } };
      if (action !== 'data send') return;
      await new Promise((resolve, reject) => {
        http.request(process.env.PUSH_URL, { method: 'POST' }, answer => answer.resume().on('end', resolve))
          .on('error', reject).end(JSON.stringify({ websocket: { ...websocket, data: 'echo ' + websocket.data } }));
      });
    };`;
  for (const name of ['join', 'talk', 'leave']) await deploy(scf, name, echo);
  const apigw = apigwOf();
  const inputs = {
    protocols: ['http', 'https'],
    serviceName: 'sockets',
    environment: 'release',
    endpoints: [
      {
        path: '/chat',
        method: 'GET',
        apiName: 'chat',
        protocol: 'WEBSOCKET',
        protocolType: 'WEBSOCKET',
        function: {
          registerFunctionName: 'join',
          transportFunctionName: 'talk',
          cleanupFunctionName: 'leave',
          functionQualifier: '$DEFAULT',
        },
      },
    ],
    tags: [{ key: 'team', value: 'chat' }],
  };
  const first = await apigw.deploy(structuredClone(inputs));
  const { serviceId } = first;
  const [api] = first.apiList as { apiId: string }[];
  for (const name of ['join', 'talk', 'leave']) {
    const [trigger, ...rest] = await listed(name);
    assert.deepEqual([trigger?.Type, trigger?.Qualifier, rest.length], ['apigw', '$DEFAULT', 0], name);
    assert.ok(trigger?.ResourceId?.endsWith(`service/${serviceId}/API/${api?.apiId}`), trigger?.ResourceId);
  }
  const detail = await gatewayClient(server)('DescribeApi', { ServiceId: serviceId, ApiId: api?.apiId });
  const PUSH_URL = (detail as { InternalDomain: string }).InternalDomain;
  await scf.UpdateFunctionConfiguration({
    FunctionName: 'talk',
    Environment: { Variables: [{ Key: 'PUSH_URL', Value: PUSH_URL }] },
  });
  const said = (text: string) =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(`ws://127.0.0.1:${ports.portHttp}/_apigw/${serviceId}/release/chat`);
      socket.on('open', () => socket.send(text)).on('error', reject);
      socket.on('message', data => resolve(String(data))).on('message', () => socket.close());
    });
  assert.equal(await said('one'), 'echo one');

  const second = await apigw.deploy({
    ...structuredClone(inputs),
    serviceId,
    tags: [{ key: 'team', value: 'talk' }],
    oldState: structuredClone(first),
  });
  assert.deepEqual(
    (second.apiList as { apiId: string }[]).map(one => one.apiId),
    [api?.apiId],
  );
  assert.deepEqual(second.tags, [{ key: 'team', value: 'talk' }]);
  assert.equal(await said('two'), 'echo two');
  await apigw.remove({ ...structuredClone(second), created: true });
  for (const name of ['join', 'talk', 'leave']) assert.deepEqual(await listed(name), [], name);
  await assert.rejects(said('three'));
});

/** Says hello on a connection, and closes it when anything comes. */
const SPEAKER = `
const { createHash } = require('node:crypto');
const server = require('node:http').createServer((request, response) => response.end('plain ' + request.url));
server.on('upgrade', (request, socket) => {
  const key = request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n' +
    'Sec-WebSocket-Accept: ' + createHash('sha1').update(key).digest('base64') + '\\r\\n\\r\\n');
  socket.write(Buffer.from([0x81, request.url.length, ...Buffer.from(request.url)]));
  socket.on('data', () => socket.end(Buffer.from([0x88, 2, 3, 0xe8])));
});
server.listen(9000, '0.0.0.0');
`;

test('a web function is deployed behind APIs of both protocols', { skip: MISSING }, async () => {
  const zip = new ZipFile();
  zip.addBuffer(Buffer.from(SPEAKER), 'app.js');
  zip.addBuffer(Buffer.from('#!/bin/bash\nexec node app.js\n'), 'scf_bootstrap', { mode: 0o100755 });
  zip.end();
  const code = (await buffer(zip.outputStream)).toString('base64');
  const web = { Type: 'HTTP', ProtocolType: 'WS', Runtime: 'Nodejs18.15', Timeout: 30 };
  await scf.CreateFunction({ FunctionName: 'speaker', Code: { ZipFile: code }, ...web });
  assert.equal((await settled(scf, 'speaker')).Status, 'Active');
  const [made] = await deployEvents('speaker', [
    {
      apigw: {
        parameters: {
          protocols: ['http'],
          serviceName: 'speaker',
          environment: 'release',
          endpoints: [
            { path: '/ws', method: 'GET', protocolType: 'WEBSOCKET', function: { type: 'web' } },
            { path: '/plain', method: 'ANY', function: { type: 'web' } },
          ],
        },
      },
    },
  ]);
  const origin = `127.0.0.1:${ports.portHttp}/_apigw/${made?.serviceId}/release`;
  const heard = await new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${origin}/ws/room`);
    socket.on('message', data => resolve(String(data))).on('message', () => socket.send('bye'));
    socket.on('error', reject);
  });
  assert.equal(heard, '/ws/room');
  assert.equal((await ask(`http://${origin}/plain/x`)).body.toString(), 'plain /plain/x');
  const names = (await listed('speaker')).map(one => JSON.parse(one.TriggerDesc ?? '').api.requestConfig.path);
  assert.deepEqual(names.sort(), ['/plain', '/ws']);
  assert.equal(await toolkit().remove({ functionName: 'speaker', namespace: 'default', Triggers: [made] }), true);
  assert.equal((await ask(`http://${origin}/plain/x`)).status, 404);
});

test('tags of a function are deployed, changed and taken away', { skip: MISSING }, async () => {
  await deploy(scf, 'tagged', PLAIN);
  const { tagClient } = toolkit();
  const wanted = (...pairs: [string, string][]) => ({
    tags: pairs.map(([TagKey, TagValue]) => ({ TagKey, TagValue })),
    resourceId: 'default/function/tagged',
    serviceType: 'scf',
    resourcePrefix: 'namespace',
  });
  const shown = async () => {
    const { Tags = [] } = await scf.GetFunction({ FunctionName: 'tagged' });
    return Tags.map(({ Key, Value }) => `${Key}=${Value}`).sort();
  };
  await tagClient.deployResourceTags(wanted(['team', 'a'], ['stage', 'test']));
  assert.deepEqual(await shown(), ['stage=test', 'team=a']);
  await tagClient.deployResourceTags(wanted(['team', 'b'], ['owner', 'x']));
  assert.deepEqual(await shown(), ['owner=x', 'team=b']);
  const seen = await tagClient.getScfResourceTags({ functionName: 'tagged' });
  assert.deepEqual(seen.map(({ TagKey, TagValue }) => `${TagKey}=${TagValue}`).sort(), ['owner=x', 'team=b']);
  await tagClient.deployResourceTags(wanted());
  assert.deepEqual(await shown(), []);
});
