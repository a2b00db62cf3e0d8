// WebSocket through API Gateway with real functions: they are made by the Cloud API, clients are raw sockets.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { Client } from '../src/cli/client.ts';
import type { Urls } from '../src/cli/wire.ts';
import { SystemClock } from '../src/core/clock.ts';
import { closeFrame, frame, OP, RawClient } from '../src/services/apigateway/websocket/testing-client.ts';
import { ask, deploy, sdkOf, settled, until } from './fixture.ts';
import { startTestServer } from './harness.ts';

const REGION = 'ap-guangzhou';

/** The manual's three functions in one file each: who connects, what is sent, who has gone. */
const NODE = `
const http = require('node:http');
const push = websocket => new Promise((resolve, reject) => {
  const request = http.request(process.env.PUSH_URL, { method: 'POST' }, answer => {
    let text = '';
    answer.on('data', chunk => text += chunk).on('end', () => resolve([answer.statusCode, text]));
  });
  request.on('error', reject).end(JSON.stringify({ websocket }));
});
exports.register = async event => {
  const { room, extensions: secWebSocketExtensions = '' } = event.queryString;
  if (room === 'broken') throw new Error('no');
  if (room === 'slow') await new Promise(resolve => setTimeout(resolve, 60_000));
  if (room === 'odd') return { hello: 'world' };
  const { secConnectionID, secWebSocketProtocol = '' } = event.websocket;
  return {
    errNo: room === 'full' ? 7 : 0, errMsg: room === 'full' ? 'the room is full' : 'ok',
    websocket: { action: 'connecting', secConnectionID, secWebSocketProtocol, secWebSocketExtensions },
  };
};
exports.transport = async event => {
  const { secConnectionID, dataType, data } = event.websocket;
  if (data === 'fail') throw new Error('asked for');
  if (data === 'quit') return push({ action: 'closing', secConnectionID });
  if (data === 'who') return push({ action: 'data send', secConnectionID, dataType, data: secConnectionID });
  return push({ action: 'data send', secConnectionID, dataType, data });
};
exports.cleanup = async event => { console.log('gone: ' + event.websocket.secConnectionID); };
`;

const PYTHON = `
import json, os, urllib.request

def push(websocket):
    request = urllib.request.Request(os.environ["PUSH_URL"], json.dumps({"websocket": websocket}).encode())
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())

def register(event, context):
    websocket = event["websocket"]
    print("path " + event["path"] + " action " + websocket["action"])
    return {"errNo": 0, "errMsg": "ok", "websocket": {
        "action": "connecting", "secConnectionID": websocket["secConnectionID"],
        "secWebSocketProtocol": websocket.get("secWebSocketProtocol", ""), "secWebSocketExtensions": ""}}

def transport(event, context):
    websocket = event["websocket"]
    assert push({"action": "data send", "secConnectionID": websocket["secConnectionID"],
                 "dataType": websocket["dataType"], "data": websocket["data"]}) == {"errNo": 0, "errMsg": "ok"}
    return event

def cleanup(event, context):
    print("gone: " + event["websocket"]["secConnectionID"])
`;

const server = await startTestServer({ memory: 4096 });
let stopped: Promise<void> | undefined;
const stop = () => {
  stopped ??= server.close();
  return stopped;
};
after(stop);
const sdk = sdkOf(server);
const cloud = new Client({
  endpoint: server.endpoint,
  keys: () => server.credentials,
  token: undefined,
  region: REGION,
  lang: 'en',
  clock: new SystemClock(),
});
const gateway = (action: string, params: Readonly<Record<string, unknown>>) =>
  cloud.cloud('apigateway', action, params);

type Result<T> = { readonly Result: T };

interface Chat {
  readonly port: number;
  readonly path: string;
  readonly pushUrl: string;
  connect(query?: string, headers?: Readonly<Record<string, string>>): RawClient;
}

const PARTS = ['register', 'transport', 'cleanup'] as const;

/** Three functions of one file behind an API of its own. */
async function chatOf(prefix: string, runtime: string, code: string): Promise<Chat> {
  const file = runtime.startsWith('Python') ? 'index.py' : 'index.js';
  for (const part of PARTS) {
    await deploy(sdk, `${prefix}-${part}`, { [file]: code }, { Runtime: runtime, Handler: `index.${part}` });
  }
  const { ServiceId } = await gateway('CreateService', { ServiceName: prefix, Protocol: 'http&https' });
  const fields = Object.fromEntries(
    PARTS.flatMap(part => {
      const name = `ServiceWebsocket${part[0]?.toUpperCase()}${part.slice(1)}Function`;
      return [
        [`${name}Name`, `${prefix}-${part}`],
        [`${name}Namespace`, 'default'],
        [`${name}Qualifier`, '$LATEST'],
      ];
    }),
  );
  const made = (await gateway('CreateApi', {
    ServiceId,
    ServiceType: 'SCF',
    // On a busy machine those that come last wait for long.
    ServiceTimeout: 60,
    Protocol: 'WEBSOCKET',
    RequestConfig: { Path: '/chat', Method: 'GET' },
    ...fields,
  })) as unknown as Result<{ readonly ApiId: string }>;
  const { ApiId } = made.Result;
  await gateway('ReleaseService', { ServiceId, EnvironmentName: 'release', ReleaseDesc: '' });
  const described = (await gateway('DescribeApi', { ServiceId, ApiId })) as unknown as Result<{
    InternalDomain: string;
  }>;
  const pushUrl = described.Result.InternalDomain;
  const FunctionName = `${prefix}-transport`;
  await sdk.UpdateFunctionConfiguration({
    FunctionName,
    Environment: { Variables: [{ Key: 'PUSH_URL', Value: pushUrl }] },
  });
  await settled(sdk, FunctionName);
  const { functions } = await server.get<Urls>('/urls');
  const urls = functions.find(one => one.name === FunctionName)?.triggers[0]?.urls ?? [];
  assert.equal(urls.at(-1), pushUrl);
  const { protocol, port, pathname: path } = new URL(urls[0] ?? '');
  assert.equal(protocol, 'ws:');
  return {
    port: Number(port),
    path,
    pushUrl,
    connect: (query = '', headers = {}) => RawClient.ask({ port: Number(port), path: `${path}${query}`, headers }),
  };
}

for (const [language, runtime, code] of [
  ['Node.js', 'Nodejs18.15', NODE],
  ['Python', 'Python3.10', PYTHON],
] as const) {
  describe(`functions in ${language}`, () => {
    const prefix = language === 'Python' ? 'py' : 'js';
    let chat: Chat;
    before(async () => {
      chat = await chatOf(prefix, runtime, code);
    });

    test('answer text and bytes, and negotiate a subprotocol', async () => {
      using client = chat.connect('', { 'Sec-WebSocket-Protocol': 'chat' });
      const { status, headers } = await client.answer();
      assert.deepEqual([status, headers.get('sec-websocket-protocol')], [101, 'chat']);
      client.send(frame(OP.text, '你好'));
      assert.equal(await client.text(), '你好');
      const bytes = Buffer.from([0, 1, 254, 255]);
      client.send(frame(OP.binary, bytes));
      const back = await client.frame();
      assert.deepEqual([back?.opcode, back?.data], [OP.binary, bytes]);
      client.send(closeFrame(1000));
      assert.equal(await client.closeCode(), 1000);
      const { Data = [] } = await until('the log of the cleanup', async () => {
        const logs = await sdk.GetFunctionLogs({ FunctionName: `${prefix}-cleanup` });
        return logs.Data?.length ? logs : undefined;
      });
      assert.match(Data[0]?.Log ?? '', /gone: [A-Za-z0-9+/]{22}==/);
    });

    test('serve 200 connections at once, each its own', async () => {
      await Promise.all(
        Array.from({ length: 200 }, async (_, i) => {
          using client = chat.connect();
          const { status, body } = await client.answer();
          assert.equal(status, 101, body);
          for (let n = 0; n < 3; n++) client.send(frame(OP.text, `${i} ${n}`));
          for (let n = 0; n < 3; n++) assert.equal(await client.text(), `${i} ${n}`);
        }),
      );
    });
  });
}

describe('what a register function says', () => {
  const cases: readonly (readonly [room: string, status: number, body: string])[] = [
    ['full', 403, '{"errNo":7,"errMsg":"the room is full"}'],
    ['broken', 502, '{"message":"Bad Gateway"}'],
    ['odd', 502, '{"message":"Bad Gateway"}'],
  ];
  let chat: Chat;
  before(async () => {
    chat = await chatOf('said', 'Nodejs18.15', NODE);
  });
  for (const [room, status, body] of cases) {
    test(`of room ${room} is ${status}`, async () => {
      using client = chat.connect(`?room=${room}`);
      const answer = await client.answer();
      assert.deepEqual([answer.status, answer.body], [status, body]);
      await client.ended();
    });
  }

  test('too late is 504', async () => {
    const limit = async (Timeout: number) => {
      await sdk.UpdateFunctionConfiguration({ FunctionName: 'said-register', Timeout });
      await settled(sdk, 'said-register');
    };
    await limit(1);
    using client = chat.connect('?room=slow');
    const answer = await client.answer();
    assert.deepEqual([answer.status, answer.body], [504, '{"message":"Gateway Time-out"}']);
    await limit(60);
  });

  test('of a function that is missing is a bad gateway, and that of a disabled API nothing', async () => {
    const { Triggers = [] } = await sdk.ListTriggers({ FunctionName: 'said-transport' });
    const [trigger] = Triggers;
    const ref = { FunctionName: 'said-transport', TriggerName: trigger?.TriggerName ?? '', Type: 'apigw' };
    await sdk.UpdateTriggerStatus({ ...ref, Enable: 'CLOSE', Qualifier: '$LATEST' });
    using disabled = chat.connect();
    assert.equal((await disabled.answer()).status, 404);
    await sdk.UpdateTriggerStatus({ ...ref, Enable: 'OPEN', Qualifier: '$LATEST' });
    using enabled = chat.connect();
    assert.equal((await enabled.answer()).status, 101);
  });
});

describe('connections end', () => {
  let chat: Chat;
  before(async () => {
    chat = await chatOf('ends', 'Nodejs18.15', NODE);
  });
  const open = async () => {
    const client = chat.connect();
    assert.equal((await client.answer()).status, 101);
    return client;
  };

  test('when the function closes them', async () => {
    using client = await open();
    client.send(frame(OP.text, 'quit'));
    assert.equal(await client.closeCode(), 1000);
    client.send(closeFrame(1000));
    await client.ended();
  });

  test('by TLS as well, with compression that the function has agreed to', async () => {
    const { ports, caPath } = await server.get<{ ports: { portTls: number }; caPath: string }>('/status');
    const socket = new WebSocket(`wss://127.0.0.1:${ports.portTls}${chat.path}?extensions=permessage-deflate`, {
      ca: await readFile(caPath),
    });
    await once(socket, 'open');
    assert.match(socket.extensions, /^permessage-deflate/);
    const long = '你好'.repeat(20_000);
    for (let n = 0; n < 3; n++) {
      socket.send(long);
      assert.equal(String((await once(socket, 'message'))[0]), long);
    }
    socket.send('quit');
    assert.equal((await once(socket, 'close'))[0], 1000);
  });

  test('when the function fails', async () => {
    using client = await open();
    client.send(frame(OP.text, 'fail'));
    assert.equal(await client.closeCode(), 1011);
  });

  test('and cannot be pushed to afterwards', async () => {
    using client = await open();
    client.send(frame(OP.text, 'who'));
    const secConnectionID = await client.text();
    const push = (data: string) =>
      ask(
        chat.pushUrl,
        { method: 'POST' },
        JSON.stringify({ websocket: { action: 'data send', secConnectionID, data } }),
      );
    assert.equal((await push('a')).status, 200);
    assert.equal(await client.text(), 'a');
    client.send(closeFrame(1000));
    await client.ended();
    await until('it is forgotten', async () => (await push('b')).status === 404);
  });

  test('with 1001 when the server stops', async () => {
    using client = await open();
    const stopping = stop();
    assert.equal(await client.closeCode(), 1001);
    client.send(closeFrame(1001));
    await client.ended();
    await stopping;
  });
});
