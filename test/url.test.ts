// Functions behind URLs of their own and behind bound hosts: made, called, changed and deleted over the real server.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Agent } from 'node:https';
import { after, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { signTc3 } from '../src/http/tc3.ts';
import { makeCertificate } from '../src/http/testing-certificates.ts';
import { ask, deploy, type HttpAnswer, rawCall, sdkOf, settled } from './fixture.ts';
import { startTestServer } from './harness.ts';
import { type BoundUrl, bindUrl, deployWeb, OPEN } from './web.ts';

const server = await startTestServer();
after(() => server.close());
const sdk = sdkOf(server);
const { ports, caPath } = await server.get<{ ports: { portHttp: number; portTls: number }; caPath: string }>('/status');
const json = (answer: HttpAnswer) => JSON.parse(answer.body.toString());

interface Described {
  readonly AuthType: string;
  readonly NetConfig: BoundUrl['net'];
  readonly CorsConfig?: object;
}

const bind = (name: string, desc?: object, qualifier?: string) => bindUrl(sdk, name, desc, qualifier);

const hostOf = (id: string) => `1250000000-${id}.ap-guangzhou.scf.localhost:${ports.portHttp}`;

/** A program that listens on the port of web functions. */
const PROGRAM = `
const { createServer } = require('node:http');
const { createHash } = require('node:crypto');
const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', chunk => chunks.push(chunk)).on('end', () => {
    const body = Buffer.concat(chunks).toString();
    response.writeHead(request.url === '/teapot' ? 418 : 200, { 'X-Web': 'yes', 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ method: request.method, url: request.url, body, headers: request.headers }));
  });
});
server.on('upgrade', (request, socket) => {
  const key = request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
  const accept = createHash('sha1').update(key).digest('base64');
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: ' + accept + '\\r\\n\\r\\n');
  socket.write(Buffer.from([0x81, 2, 0x68, 0x69]));
  socket.on('data', () => socket.end(Buffer.from([0x88, 2, 3, 0xe8])));
});
server.listen(9000, '0.0.0.0');
`;

await deploy(sdk, 'echo', 'exports.main_handler = async event => event');
await deploy(sdk, 'says', 'exports.main_handler = async event => JSON.parse(event.body)');
await deploy(sdk, 'slow', 'exports.main_handler = async () => new Promise(() => setInterval(() => {}, 1e6))', {
  Timeout: 1,
});

describe('an event function', () => {
  test('gets the documented event, by every address of its URL', async () => {
    const { url, id, net } = await bind('echo');
    assert.equal(url, `http://127.0.0.1:${ports.portHttp}/_url/${id}`);
    const seen = json(await ask(`${url}/a%20b?x=1&x=2`, { method: 'POST', headers: { 'X-Mine': 'm' } }, 'text'));
    assert.deepEqual(Object.keys(seen), ['body', 'headers', 'httpMethod', 'path', 'queryString']);
    assert.deepEqual([seen.body, seen.httpMethod, seen.path], ['text', 'POST', '/a%20b']);
    assert.deepEqual(seen.queryString, { x: ['1', '2'] });
    assert.deepEqual([seen.headers['x-mine'], seen.headers['x-scf-remote-addr']], ['m', '127.0.0.1']);
    const edge = `http://127.0.0.1:${ports.portHttp}`;
    for (const host of [
      hostOf(id),
      `1250000000-${id}.ap-guangzhou.tencentscf.com`,
      `1250000000-${id}-ap-guangzhou.scf.tencentcs.com`,
    ])
      assert.equal(json(await ask(`${edge}/p`, { headers: { host } })).path, '/p', host);
    const ca = await readFile(caPath, 'utf8');
    assert.equal(json(await ask(`${net.ExtranetUrl}/s`, { ca })).path, '/s');
    assert.equal(
      json(
        await ask(`https://127.0.0.1:${ports.portTls}/n`, {
          ca,
          servername: `1250000000-${id}.ap-guangzhou.tencentscf.com`,
          headers: { host: `1250000000-${id}.ap-guangzhou.tencentscf.com` },
        }),
      ).path,
      '/n',
    );
  });

  test('answers with status, headers and body, with a value, or with how it failed', async () => {
    const { url } = await bind('says');
    const say = (value: unknown) => ask(url, { method: 'POST' }, JSON.stringify(value));
    const whole = await say({ statusCode: 201, headers: { 'X-A': 'a' }, body: 'AP8=', isBase64Encoded: true });
    assert.deepEqual([whole.status, whole.headers['x-a'], [...whole.body]], [201, 'a', [0, 255]]);
    const value = await say({ hello: 'world' });
    assert.deepEqual(
      [value.status, value.headers['content-type'], json(value)],
      [200, 'application/json', { hello: 'world' }],
    );
    assert.deepEqual(json(await say('hi')), 'hi');
    assert.equal(value.headers['x-scf-status'], '200');
    assert.equal((await say({ statusCode: 'no' })).status, 403);
    const failed = await ask(url, { method: 'POST' }, '{');
    assert.deepEqual([failed.status, failed.headers['x-scf-status']], [430, '430']);
    const { errorCode, requestId, statusCode } = json(failed);
    assert.deepEqual([errorCode, statusCode, requestId], [-1, 430, failed.headers['x-scf-request-id']]);
    const { url: slow } = await bind('slow');
    assert.equal((await ask(slow)).status, 433);
  });
});

describe('the life of a URL', () => {
  test('is that of the calls that deployment makes', async () => {
    await deploy(sdk, 'life', 'exports.main_handler = async () => "one"');
    const list = () =>
      sdk.ListTriggers({
        FunctionName: 'life',
        Filters: [
          { Name: 'Type', Values: ['http'] },
          { Name: 'Qualifier', Values: [''] },
        ],
      });
    assert.equal((await list()).TotalCount, 0);
    const { url, id } = await bind('life');
    assert.match(id, /^[a-z0-9]{10}$/);
    const { Triggers: [listed] = [] } = await list();
    assert.equal(listed?.TriggerName, id);
    assert.deepEqual(
      [
        listed?.Type,
        listed?.Qualifier,
        listed?.Enable,
        listed?.BindStatus,
        listed?.TriggerAttribute,
        listed?.AvailableStatus,
      ],
      ['http', '$DEFAULT', 1, 'on', 'single', 'Available'],
    );
    assert.equal(listed?.ResourceId, `qcs::scf:gz:uin/100000000001:function/life/${id}`);
    const desc = JSON.parse(listed?.TriggerDesc ?? '') as Described;
    assert.deepEqual(
      [desc.AuthType, desc.NetConfig.EnableExtranet, desc.NetConfig.ExtranetHTTPUrl, desc.NetConfig.WsExtranetUrl],
      ['NONE', true, url, ''],
    );
    assert.equal(json(await ask(url)), 'one');

    const named = { FunctionName: 'life', Type: 'http', Qualifier: '$DEFAULT' };
    await assert.rejects(bind('life'), { code: 'ResourceInUse.Trigger' });
    const CorsConfig = { Enable: true, Origins: ['https://a.example'], Methods: ['GET'] };
    await sdk.UpdateTrigger({
      ...named,
      TriggerName: 'url-trigger',
      TriggerDesc: JSON.stringify({ ...OPEN, CorsConfig }),
    });
    const asked = await ask(url, { headers: { origin: 'https://a.example' } });
    assert.equal(asked.headers['access-control-allow-origin'], 'https://a.example');
    for (const TriggerName of ['url-trigger', id]) {
      await sdk.UpdateTriggerStatus({ ...named, TriggerName, Enable: 'CLOSE' });
      assert.equal((await ask(url)).status, 404);
      await sdk.UpdateTriggerStatus({ ...named, TriggerName, Enable: 'OPEN' });
      assert.equal((await ask(url)).status, 200);
      const Filters = [{ Name: 'TriggerName', Values: [TriggerName] }];
      assert.equal((await sdk.ListTriggers({ FunctionName: 'life', Filters })).TotalCount, 1);
    }
    await sdk.DeleteTrigger({ ...named, TriggerName: 'url-trigger' });
    assert.equal((await ask(url)).status, 404);
    assert.equal((await bind('life')).url, url, 'its id is permanent');
    await sdk.DeleteTrigger({ ...named, TriggerName: id });
    assert.equal((await list()).TotalCount, 0);
  });

  test('is one per version or alias, and ends with them', async () => {
    await deploy(sdk, 'many', 'exports.main_handler = async (event, context) => context.function_version');
    await sdk.PublishVersion({ FunctionName: 'many' });
    await settled(sdk, 'many', '1');
    await sdk.CreateAlias({ FunctionName: 'many', Name: 'live', FunctionVersion: '1' });
    const latest = await bind('many', OPEN, '$LATEST');
    const live = await bind('many', OPEN, 'live');
    assert.notEqual(latest.id, live.id);
    assert.deepEqual([json(await ask(latest.url)), json(await ask(live.url))], ['$LATEST', '1']);
    await sdk.DeleteAlias({ FunctionName: 'many', Name: 'live' });
    assert.deepEqual([(await ask(latest.url)).status, (await ask(live.url)).status], [200, 404]);
    await sdk.DeleteFunction({ FunctionName: 'many' });
    assert.equal((await ask(latest.url)).status, 404);
  });

  test('outlives a start of the server', async () => {
    const other = await startTestServer();
    try {
      const own = sdkOf(other);
      await deploy(own, 'kept', 'exports.main_handler = async () => "kept"');
      const make = { FunctionName: 'kept', TriggerName: 'u', Type: 'http', TriggerDesc: '{}', Enable: 'OPEN' };
      const { TriggerInfo } = await own.CreateTrigger(make);
      const again = await other.restart();
      const { ports } = await again.get<{ ports: { portHttp: number } }>('/status');
      const url = `http://127.0.0.1:${ports.portHttp}/_url/${TriggerInfo?.TriggerName}`;
      assert.equal(json(await ask(url)), 'kept');
      await again.close();
    } catch (error) {
      await other.close();
      throw error;
    }
  });
});

describe('a web function', () => {
  test('gets requests as they are, and the connection where it speaks WebSocket', async () => {
    await deployWeb(sdk, 'site', PROGRAM, { ProtocolType: 'WS', ProtocolParams: { WSParams: { IdleTimeOut: 60 } } });
    const { url, net } = await bind('site');
    const answer = await ask(`${url}/teapot`, { method: 'PUT', headers: { 'X-Own': '1' } }, 'sent');
    assert.deepEqual([answer.status, answer.headers['x-web']], [418, 'yes']);
    const seen = json(answer);
    assert.deepEqual([seen.method, seen.url, seen.body, seen.headers['x-own']], ['PUT', '/teapot', 'sent', '1']);
    assert.equal(seen.headers['x-scf-request-id'], answer.headers['x-scf-request-id']);
    const direct = `http://127.0.0.1:${ports.portHttp}/_web/default/site/$LATEST/direct?q`;
    assert.equal(json(await ask(direct)).url, '/direct?q');

    const socket = new WebSocket(`${net.WsExtranetUrl}/chat`);
    const heard = await new Promise((resolve, reject) =>
      socket.once('message', data => resolve(String(data))).once('error', reject),
    );
    assert.equal(heard, 'hi');
    const closed = new Promise(resolve => socket.once('close', code => resolve(code)));
    socket.send('bye');
    assert.equal(await closed, 1000);

    const answer2 = await rawCall(server, { action: 'Invoke', body: '{"FunctionName":"site"}' });
    assert.equal(answer2.Error?.Code, 'UnsupportedOperation');
    await assert.rejects(
      sdk.CreateTrigger({
        FunctionName: 'site',
        TriggerName: 't',
        Type: 'timer',
        TriggerDesc: '0 0 0 1 1 * 2099',
        Enable: 'OPEN',
      }),
      { code: 'UnsupportedOperation.Trigger' },
    );
  });

  test('that does not start is told by its status', async () => {
    await deployWeb(sdk, 'dead', { scf_bootstrap: '#!/bin/bash\nexit 3\n' });
    const { url } = await bind('dead');
    const answer = await ask(url);
    assert.deepEqual([answer.status, answer.headers['x-scf-status'], json(answer).statusCode], [405, '405', 405]);
  });
});

describe('a custom domain', () => {
  const endpoint = (PathMatch: string, FunctionName: string, more: object = {}) => ({
    Namespace: 'default',
    FunctionName,
    Qualifier: '$LATEST',
    PathMatch,
    ...more,
  });
  const edge = `http://127.0.0.1:${ports.portHttp}`;

  test('leads to functions by path, under its own certificate', async () => {
    const Domain = 'shop.example.org';
    const { CertificateId, certificatePem } = await uploaded(Domain);
    await sdk.CreateCustomDomain({
      Domain,
      Protocol: 'HTTP&HTTPS',
      CertConfig: { CertificateId },
      EndpointsConfig: [
        endpoint('/api/*', 'echo', { PathRewrite: [{ Path: '/api/*', Type: 'WildcardRules', Rewrite: '/v1/$1' }] }),
        endpoint('/', 'says'),
      ],
    });
    const at = (path: string) => ask(edge + path, { headers: { host: Domain } });
    assert.equal(json(await at('/api/x?q=1')).path, '/v1/x');
    assert.equal((await at('/elsewhere')).status, 404);
    const secure = await ask(`https://127.0.0.1:${ports.portTls}/api/s`, {
      ca: certificatePem,
      servername: Domain,
      headers: { host: Domain },
    });
    assert.equal(json(secure).path, '/v1/s');
    const { Domains = [], Total } = await sdk.ListCustomDomains({});
    assert.deepEqual([Total, Domains[0]?.Domain, Domains[0]?.EndpointsConfig?.length], [1, Domain, 2]);
    await sdk.UpdateCustomDomain({ Domain, Protocol: 'HTTPS' });
    assert.equal((await at('/api/x')).status, 426);
    await sdk.DeleteCustomDomain({ Domain });
    assert.equal((await at('/api/x')).status, 404);
    await assert.rejects(sdk.GetCustomDomain({ Domain }), { code: 'ResourceNotFound' });
  });

  test('takes the exact path first, then the longest wildcard, and rewrites it for a web function', async () => {
    const Domain = 'web.example.org';
    const { CertificateId, certificatePem: ca } = await uploaded(Domain);
    await deployWeb(sdk, 'behind', PROGRAM, { ProtocolType: 'WS', ProtocolParams: { WSParams: { IdleTimeOut: 60 } } });
    const rewrites = (PathMatch: string, Type: string, Rewrite: string) =>
      endpoint(PathMatch, 'behind', { PathRewrite: [{ Path: PathMatch, Type, Rewrite }] });
    await sdk.CreateCustomDomain({
      Domain,
      Protocol: 'HTTP&HTTPS',
      CertConfig: { CertificateId },
      EndpointsConfig: [
        rewrites('/*', 'WildcardRules', '/all/$1'),
        rewrites('/a/*', 'WildcardRules', '/under-a/$1'),
        rewrites('/a/b/*', 'WildcardRules', '/under-b/$1'),
        rewrites('/a/b', 'ExactRules', '/exact'),
        endpoint('/', 'behind'),
        endpoint('/chat', 'behind'),
        endpoint('/event', 'echo'),
      ],
    });
    const headers = { host: Domain };
    const secure = { ca, servername: Domain, headers };
    for (const [path, seen] of [
      ['/', '/'],
      ['/a/b?x=%2F&y', '/exact?x=%2F&y'],
      ['/a/b/c%20d/', '/under-b/c%20d/'],
      ['/a/bc', '/under-a/bc'],
      ['/a', '/all/a'],
      ['/other//one', '/all/other//one'],
      ['/chat', '/chat'],
    ] as const) {
      assert.equal(json(await ask(edge + path, { headers })).url, seen, path);
      assert.equal(json(await ask(`https://127.0.0.1:${ports.portTls}${path}`, secure)).url, seen, `${path} by TLS`);
    }
    assert.equal(json(await ask(`${edge}/event`, { headers })).path, '/event');
    const posted = json(await ask(`${edge}/chat`, { method: 'POST', headers }, 'sent'));
    assert.deepEqual([posted.method, posted.body, posted.headers.host], ['POST', 'sent', Domain]);

    const socket = new WebSocket(`wss://127.0.0.1:${ports.portTls}/chat`, {
      headers,
      agent: new Agent({ ca, servername: Domain }),
    });
    assert.equal(String((await once(socket, 'message'))[0]), 'hi');
    socket.terminate();
    const refused = new WebSocket(`ws://127.0.0.1:${ports.portHttp}/event`, { headers }).on('error', () => {});
    const [, response] = (await once(refused, 'unexpected-response')) as [unknown, IncomingMessage];
    assert.equal(response.statusCode, 426);
    response.destroy();
    await sdk.DeleteCustomDomain({ Domain });
  });
});

/** A certificate of this name, by the API. */
async function uploaded(name: string): Promise<{ CertificateId: string; certificatePem: string }> {
  const { certificatePem, privateKeyPem } = await makeCertificate({ names: [name] });
  const params = { CertificatePublicKey: certificatePem, CertificatePrivateKey: privateKeyPem };
  const answer = await fetch(server.endpoint, sslCall('UploadCertificate', params));
  const { Response } = (await answer.json()) as { Response: { CertificateId: string } };
  return { CertificateId: Response.CertificateId, certificatePem };
}

/** A call of another product than the client's. */
function sslCall(action: string, params: object): RequestInit {
  const body = JSON.stringify(params);
  const timestampS = Math.floor(Date.now() / 1000);
  const { host } = new URL(server.endpoint);
  return {
    method: 'POST',
    body,
    headers: {
      Authorization: signTc3({
        method: 'POST',
        path: '/',
        host,
        body,
        timestampS,
        service: 'ssl',
        ...server.credentials,
      }),
      'Content-Type': 'application/json',
      'X-TC-Action': action,
      'X-TC-Version': '2019-12-05',
      'X-TC-Timestamp': String(timestampS),
    },
  };
}
