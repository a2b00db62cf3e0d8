// Function URLs that take signed requests alone, over the real server: what passes, and each way in which a call is refused.

import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { ask, deploy, type HttpAnswer, sdkOf } from './fixture.ts';
import { startTestServer } from './harness.ts';
import { bindUrl, deployWeb, OPEN, wsFiles } from './web.ts';

const server = await startTestServer();
after(() => server.close());
const sdk = sdkOf(server);
const { secretId, secretKey } = server.credentials;
const CAM = { ...OPEN, AuthType: 'CAM' };
const UIN = '100000000001';
const json = (answer: Pick<HttpAnswer, 'body'>) => JSON.parse(String(answer.body));

interface Call {
  readonly method?: string;
  readonly body?: string;
  /** Against the true time. */
  readonly skewS?: number;
  readonly key?: string;
  readonly id?: string;
  readonly service?: string;
  readonly date?: string;
  /** What is signed; in this order. */
  readonly signs?: readonly string[];
  /** Put on top of the signed headers; undefined takes one away. */
  readonly sends?: Readonly<Record<string, string | undefined>>;
}

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
const sha = (text: string) => createHash('sha256').update(text).digest('hex');
const ALL = ['content-type', 'host', 'x-scf-cam-timestamp', 'x-scf-cam-uin'];

/** Written from the documented steps alone. */
function signed(url: string, call: Call = {}): { method: string; headers: Record<string, string> } {
  const {
    method = 'POST',
    body = '{}',
    skewS = 0,
    key = secretKey,
    id = secretId,
    service = 'scf',
    signs = ALL,
  } = call;
  const { pathname, search, host } = new URL(url);
  const now = Math.floor(Date.now() / 1000) + skewS;
  const date = call.date ?? new Date(now * 1000).toISOString().slice(0, 10);
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    host,
    'x-scf-cam-timestamp': String(now),
    'x-scf-cam-uin': UIN,
  };
  const lines = signs.map(name => `${name}:${headers[name]}\n`).join('');
  const canonical = [method, pathname, search.slice(1), lines, signs.join(';'), sha(body)].join('\n');
  const text = ['TC3-HMAC-SHA256', now, `${date}/${service}/tc3_request`, sha(canonical)].join('\n');
  const day = hmac(hmac(hmac(`TC3${key}`, date), service), 'tc3_request');
  const scope = `Credential=${id}/${date}/${service}/tc3_request`;
  headers.authorization = `TC3-HMAC-SHA256 ${scope}, SignedHeaders=${signs.join(';')}, Signature=${hmac(day, text).toString('hex')}`;
  const sent = Object.entries({ ...headers, ...call.sends }).filter(
    (one): one is [string, string] => one[1] !== undefined,
  );
  return { method, headers: Object.fromEntries(sent) };
}

describe('a URL with CAM', () => {
  let url: string;
  before(async () => {
    await deploy(
      sdk,
      'closed',
      'exports.main_handler = async event => ({ body: event.body, query: event.queryString })',
    );
    ({ url } = await bindUrl(sdk, 'closed', CAM));
  });

  test('passes what is signed with a key of the account, however much of it is signed', async () => {
    for (const [path, call] of [
      ['/a%20b?x=1&y=%2F', {}],
      ['/', { signs: ['content-type', 'host'] }],
      ['/', { signs: ['host'] }],
      ['/', { skewS: 250 }],
      ['/', { skewS: -250 }],
      ['/', { method: 'GET', body: '' }],
    ] as const) {
      const body = 'body' in call ? call.body : '{"a":1}';
      const answer = await ask(url + path, signed(url + path, { body, ...call }), body);
      assert.deepEqual([answer.status, json(answer).body], [200, body], JSON.stringify(call));
    }
  });

  const refusals: readonly [what: string, call: Call, message: RegExp][] = [
    ['no signature', { sends: { authorization: undefined } }, /no Authorization header/],
    ['no time', { sends: { 'x-scf-cam-timestamp': undefined } }, /no X-Scf-Cam-Timestamp header/],
    ['no account', { sends: { 'x-scf-cam-uin': undefined } }, /no X-Scf-Cam-Uin header/],
    ['another scheme', { sends: { authorization: 'Bearer token' } }, /has the form TC3-HMAC-SHA256/],
    ['the signature of another product', { service: 'cos' }, /service in Credential has to be scf/],
    ['an unsigned host', { signs: ['content-type'] }, /host has to be among SignedHeaders/],
    ['a time that is none', { sends: { 'x-scf-cam-timestamp': 'now' } }, /has to be a number of seconds/],
    ['a date of another day', { date: '2020-01-01' }, /date in Credential is not that of the timestamp/],
    ['a time long past', { skewS: -400 }, /signature has expired/],
    ['a time to come', { skewS: 400 }, /signature has expired/],
    ['a key that is none', { id: 'AKIDnobody' }, /AKIDnobody does not exist/],
    ['another account', { sends: { 'x-scf-cam-uin': '1' } }, /not of the account 1/],
    [
      'a token that its key does not have',
      { sends: { 'x-scf-cam-token': 'token' } },
      /does not exist|not of the account/,
    ],
    ['another secret', { key: 'another' }, /signature/i],
    ['another type than was signed', { sends: { 'content-type': 'text/plain' } }, /signature/i],
    [
      'another time than was signed',
      { sends: { 'x-scf-cam-timestamp': String(Math.floor(Date.now() / 1000) - 5) } },
      /signature/i,
    ],
  ];
  for (const [what, call, message] of refusals) {
    test(`refuses ${what}`, async () => {
      const answer = await ask(url, signed(url, call), '{}');
      assert.equal(answer.status, 401);
      const told = json(answer);
      assert.deepEqual([told.statusCode, told.requestId], [401, answer.headers['x-scf-request-id']]);
      assert.match(told.errorMessage, message);
      assert.equal(answer.headers['x-scf-status'], undefined, 'nothing has run');
    });
  }

  test('refuses another body, path, query or method than was signed', async () => {
    for (const [target, options, body] of [
      [url, signed(url), '{"a":2}'],
      [`${url}/b`, signed(`${url}/a`), '{}'],
      [`${url}/?x=2`, signed(`${url}/?x=1`), '{}'],
      [url, { ...signed(url), method: 'PUT' }, '{}'],
    ] as const)
      assert.equal((await ask(target, options, body)).status, 401, `${options.method} ${target} ${body}`);
  });

  test('takes no credentials of the Cloud API for its own, and its own for no other function', async () => {
    const headers = signed(url).headers;
    headers['x-tc-timestamp'] = headers['x-scf-cam-timestamp'] ?? '';
    delete headers['x-scf-cam-timestamp'];
    assert.equal((await ask(url, { method: 'POST', headers }, '{}')).status, 401);
    await deploy(sdk, 'other', 'exports.main_handler = async () => 1');
    const { url: other } = await bindUrl(sdk, 'other', CAM);
    assert.equal((await ask(other, signed(url), '{}')).status, 401);
  });
});

describe('a web function behind a URL with CAM', () => {
  const ECHO = {
    ...wsFiles(),
    'app.js': `
      const { WebSocketServer } = require('ws');
      const server = require('node:http').createServer((q, r) => q.pipe(r));
      new WebSocketServer({ server }).on('connection', peer => peer.send('hello'));
      server.listen(9000, '0.0.0.0');`,
  };
  let url: string;
  before(async () => {
    await deployWeb(sdk, 'closed-web', ECHO, { ProtocolType: 'WS', ProtocolParams: { WSParams: { IdleTimeOut: 60 } } });
    ({ url } = await bindUrl(sdk, 'closed-web', CAM));
  });

  test('gets signed requests, and nobody else’s', async () => {
    const body = 'x'.repeat(100_000);
    assert.equal(String((await ask(url, signed(url, { body }), body)).body), body);
    assert.equal((await ask(url, signed(url), 'other')).status, 401);
    assert.equal((await ask(url)).status, 401);
    assert.equal((await ask(url, signed(url), Buffer.alloc(6 * 1024 * 1024 + 1))).status, 413);
  });

  test('gets signed WebSocket connections, and nobody else’s', async () => {
    const { headers } = signed(url, { method: 'GET', body: '' });
    const peer = new WebSocket(url.replace('http:', 'ws:'), { headers });
    assert.equal(String((await once(peer, 'message'))[0]), 'hello');
    peer.close();
    const stranger = new WebSocket(url.replace('http:', 'ws:')).on('error', () => {});
    const [, response] = (await once(stranger, 'unexpected-response')) as [unknown, IncomingMessage];
    assert.equal(response.statusCode, 401);
    assert.equal(json({ body: await buffer(response) }).statusCode, 401);
  });
});
