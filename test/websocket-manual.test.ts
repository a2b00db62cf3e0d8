// WebSocket functions in the form of the manual's samples for Python 2.7 and 3.6: the push address is a constant in the
// code, the connection's id a global, and `requests` comes from nowhere.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { runIn } from '../src/cli/fixture.ts';
import type { Urls } from '../src/cli/wire.ts';
import { until } from './fixture.ts';
import { startTestServer, type TestServer } from './harness.ts';

/** As on a machine that has no packages at all. */
const BARE = "import sys\nsys.path[:] = [one for one in sys.path if '-packages' not in one]\n";

const REGISTER = `# -*- coding: utf8 -*-
${BARE}import json
import requests

def main_handler(event, context):
    print('register function')
    print("event is %s" % event)
    retmsg = {}
    global g_connection
    if 'requestContext' not in event.keys():
        return {"errNo": 101, "errMsg": "not found request context"}
    if 'websocket' not in event.keys():
        return {"errNo": 102, "errMsg": "not found web socket"}
    g_connection = event['websocket']['secConnectionID']
    retmsg['errNo'] = 0
    retmsg['errMsg'] = "ok"
    retmsg['websocket'] = {"action": "connecting", "secConnectionID": g_connection}
    if "secWebSocketProtocol" in event['websocket'].keys():
        retmsg['websocket']['secWebSocketProtocol'] = event['websocket']['secWebSocketProtocol']
    if "secWebSocketExtensions" in event['websocket'].keys():
        ext = event['websocket']['secWebSocketExtensions']
        exts = [one for one in ext.split(";") if one == "permessage-deflate"]
        retmsg['websocket']['secWebSocketExtensions'] = ";".join(exts)
    print("connecting \\n connection id:%s" % g_connection)
    return retmsg
`;

const TRANSPORT = (address: string) => `# -*- coding: utf8 -*-
${BARE}import json
import requests

sendbackHost = "${address}"

def send(connectionID, data):
    retmsg = {}
    retmsg['websocket'] = {}
    retmsg['websocket']['action'] = "data send"
    retmsg['websocket']['secConnectionID'] = connectionID
    retmsg['websocket']['dataType'] = 'text'
    retmsg['websocket']['data'] = data
    r = requests.post(sendbackHost, json=retmsg)
    print("send back: %s %s" % (r.status_code, r.text))

def close(connectionID):
    msg = {"websocket": {"action": "closing", "secConnectionID": connectionID}}
    r = requests.post(sendbackHost, data=json.dumps(msg))
    print("close: %s" % r.json()['errMsg'])

def main_handler(event, context):
    print('transport function')
    if 'websocket' not in event.keys():
        return {"errNo": 102, "errMsg": "not found web socket"}
    for k in event['websocket'].keys():
        print(k + ":" + event['websocket'][k])
    data = event['websocket']['data']
    connection = event['websocket']['secConnectionID']
    if data == 'bye':
        close(connection)
    else:
        send(connection, data)
    return event
`;

const CLEANUP = `# -*- coding: utf8 -*-
${BARE}import json
import requests

def main_handler(event, context):
    print('cleanup function')
    if 'websocket' not in event.keys():
        return {"errNo": 102, "errMsg": "not found web socket"}
    for k in event['websocket'].keys():
        print(k + ":" + event['websocket'][k])
    return event
`;

const GATEWAY = `
  events:
    - apigw:
        parameters:
          serviceName: manual
          protocols: [http, https]
          environment: release
          endpoints:
            - path: /chat
              method: GET
              protocol: WEBSOCKET
              function:
                transportFunctionName: transport
                registerFunctionName: register
                cleanupFunctionName: cleanup
`;

let server: TestServer;
let folder = '';
let socketUrl = '';
before(async () => {
  server = await startTestServer();
  folder = await mkdtemp(join(tmpdir(), 'openscf-manual-'));
});
after(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const cli = async (...args: string[]) => {
  const run = await runIn(process.cwd(), ['--data', server.dataDir, '--endpoint', server.endpoint, ...args]);
  assert.equal(run.status, 0, `openscf ${args.join(' ')}: ${run.note}`);
  return run.out;
};

async function write(name: string, code: string, more = ''): Promise<void> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'index.py'), code);
  const inputs = `  name: ${name}\n  src: .\n  type: event\n  runtime: Python3.6\n  handler: index.main_handler\n  timeout: 60\n`;
  await writeFile(join(path, 'serverless.yml'), `component: scf\nname: ${name}\ninputs:\n${inputs}${more}`);
}

test('they are deployed, told the push address, and serve a client', async () => {
  await write('register', REGISTER);
  await write('transport', TRANSPORT(''), GATEWAY);
  await write('cleanup', CLEANUP);
  await cli('deploy', folder);
  const { functions } = await server.get<Urls>('/urls');
  const urls = functions.find(one => one.name === 'transport')?.triggers[0]?.urls ?? [];
  socketUrl = urls.find(url => url.startsWith('ws:')) ?? '';
  await write('transport', TRANSPORT(urls.find(url => url.startsWith('http:')) ?? ''), GATEWAY);
  await cli('deploy', folder);

  const socket = new WebSocket(socketUrl, 'chat');
  await once(socket, 'open');
  assert.deepEqual([socket.protocol, socket.extensions], ['chat', 'permessage-deflate']);
  socket.send('你好');
  const [heard] = await once(socket, 'message');
  assert.equal(String(heard), '你好');
  socket.send('bye');
  const [code] = await once(socket, 'close');
  assert.equal(code, 1000);
  await until('the log', async () => /close: ok/.test(await cli('logs', 'transport')));
  assert.match(await cli('logs', 'transport'), /send back: 200 \{"errNo": ?0/);
});

test('cleanup hears of a client that goes', async () => {
  const socket = new WebSocket(socketUrl);
  await once(socket, 'open');
  socket.close();
  await once(socket, 'close');
  await until('the log', async () => /cleanup function\n(.*\n)*.*action:closing/.test(await cli('logs', 'cleanup')));
});
