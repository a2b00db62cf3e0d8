// The cloud's names inside Python, on every interpreter of this machine that the bootstrap serves.

import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { printed, type Standing, startStanding } from '../testing-names.ts';
import { pythonLanguage } from './language.ts';

const COS = 'b-1250000000.cos.ap-guangzhou.myqcloud.com';
const API = 'scf.tencentcloudapi.com';
const pythons = new Map((await pythonLanguage().found()).map(one => [one.version, one.path]));
/** Modules to import from, for trying libraries that are no part of an interpreter. */
const { PYTHONPATH = '' } = process.env;

const COMMON = `# -*- coding: utf-8 -*-
from __future__ import print_function
import sys, json
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import names
del sys.path[0], sys.modules['names']  # a function may have one of that name
PY2 = sys.version_info[0] == 2
def show(value):
    print(json.dumps(value))
`;

for (const [version, python] of pythons) {
  const [major = 0, minor = 0] = version.split('.').map(Number);

  describe(`Python ${version}`, { skip: pythons.size === 0 ? 'no Python' : false }, () => {
    let standing: Standing;
    let other: Server;
    before(async () => {
      standing = await startStanding();
      other = createServer((_request, response) => void response.end('other')).listen(0, '127.0.0.1');
    });
    after(async () => {
      other.close();
      await standing.close();
    });

    const run = (body: string, settings: unknown = standing.settings, early = '') =>
      printed(
        python,
        [
          '-c',
          `${COMMON}${early}\nnames.install(json.loads(sys.argv[2]))\n${body}`,
          import.meta.dirname,
          JSON.stringify(settings),
        ],
        PYTHONPATH === '' ? {} : { PYTHONPATH },
      );

    test('nothing is imported before the function asks for it', async () => {
      assert.deepEqual(await run("show([name for name in ('socket', 'ssl') if name in sys.modules])"), []);
    });

    const imports =
      major === 2
        ? 'from urllib2 import urlopen; import httplib as client'
        : 'from urllib.request import urlopen; from http import client';

    test('urllib over https and http', async () => {
      assert.deepEqual(
        await run(`${imports}
arrived = [json.loads(urlopen(url).read().decode()) for url in ('https://${COS}/a?b', 'http://${API}/', 'https://${API}:443/')]
show([[one['scheme'], one['host'], one['servername'], one['url']] for one in arrived])`),
        [
          ['https', COS, COS, '/a?b'],
          ['http', API, '', '/'],
          ['https', `${API}:443`, API, '/'],
        ],
      );
    });

    test('http.client, with a context of its own, on a connection that is kept', async () => {
      assert.deepEqual(
        await run(`${imports}
import ssl
connection = client.HTTPSConnection('${COS}', context=ssl.create_default_context(), timeout=60)
urls = []
for url in ('/1', '/2'):
    connection.request('GET', url)
    urls.append(json.loads(connection.getresponse().read().decode())['url'])
show(urls)`),
        ['/1', '/2'],
      );
    });

    test('modules that were imported before are changed as well', async () => {
      assert.equal(
        await run(
          `${imports}\nshow(json.loads(urlopen('https://${COS}/').read().decode())['host'])`,
          standing.settings,
          'import socket, ssl',
        ),
        COS,
      );
    });

    test('sockets that connect to a name, to what was looked up, and to another port', async () => {
      const { port } = other.address() as AddressInfo;
      assert.deepEqual(
        await run(`
import socket
def port(address, how='connect'):
    one = socket.socket()
    try:
        getattr(one, how)(address)
        return one.getpeername()[1]
    finally:
        one.close()
show([
    port(('${COS}', 443)), port(('${COS}.', 80), 'connect_ex'), port((u'${COS}'.upper(), 443)),
    port((socket.gethostbyname('${COS}'), 443)),
    port(socket.getaddrinfo('${COS}', 'https', 0, socket.SOCK_STREAM)[0][4]),
    port(('${COS}', ${port})),
    socket.create_connection(('${COS}', 80), 5).getpeername()[1],
])`),
        [
          standing.settings.ports['443'],
          standing.settings.ports['80'],
          standing.settings.ports['443'],
          standing.settings.ports['443'],
          standing.settings.ports['443'],
          port,
          standing.settings.ports['80'],
        ],
      );
    });

    test('a wrapped socket that is connected afterwards', async () => {
      assert.deepEqual(
        await run(`
import socket, ssl
context = ssl.create_default_context()
one = context.wrap_socket(socket.socket(), False, True, True, '${API}')
one.connect(('${API}', 443))
two = context.wrap_socket(socket.create_connection(('${API}', 443)), server_hostname='${API}')
show([[name for _, name in s.getpeercert()['subjectAltName']] for s in (one, two)])`),
        [[API], [API]],
      );
    });

    test('look-ups', async () => {
      assert.deepEqual(
        await run(`
import socket
def missing():
    try:
        return socket.getaddrinfo('${API}', 443, socket.AF_INET6)
    except socket.gaierror:
        return 'no such address'
show([
    socket.gethostbyname('${API}'), socket.gethostbyname_ex('${API}')[2],
    socket.getaddrinfo('${API}', 443, 0, 0, socket.IPPROTO_TCP)[0][4],
    socket.getaddrinfo(host='${API}', port=None, family=socket.AF_INET)[0][4][0],
    socket.getaddrinfo(b'${API}', 443, ${major === 2 ? 'socktype' : 'type'}=socket.SOCK_STREAM)[0][4][0],
    missing(),
])`),
        ['127.97.0.1', ['127.97.0.1'], ['127.97.0.1', 443], '127.97.0.1', '127.97.0.1', 'no such address'],
      );
    });

    test('other names and addresses are not touched', async () => {
      const { port } = other.address() as AddressInfo;
      assert.deepEqual(
        await run(`${imports}
import socket
table = names.Names(json.loads(sys.argv[2]))
strangers = [
    'tencentcloudapi.com', '.tencentcloudapi.com', 'eviltencentcloudapi.com', 'a.tencentcloudapi.com.example.org',
    'console.qcloud.com', 'localhost', '', '.', None, 443, b'example.org', u'\\u4f8b.\\u4e2d',
]
addresses = [('127.0.0.1', 443), ('::1', 443, 0, 0), ('example.org', 443), ('a', ), '/tmp/socket', None]
show([
    urlopen('http://127.0.0.1:${port}/').read().decode(), socket.gethostbyname('127.0.0.2'),
    [name for name in strangers if table.matches(name)],
    [address for address in addresses if table.led(address) != address],
])`),
        ['other', '127.0.0.2', [], []],
      );
    });

    test('the CA is trusted for the names, and their certificates are checked', async () => {
      assert.deepEqual(
        await run(`
import socket, ssl
def handshake(host, port, name):
    context = ssl.create_default_context()
    try:
        context.wrap_socket(socket.create_connection((host, port)), server_hostname=name).close()
        return 'trusted'
    except (ssl.SSLError, ssl.CertificateError) as error:
        return 'refused'
show([
    handshake('127.0.0.1', ${standing.settings.ports['443']}, 'localhost'),
    handshake('${COS}', 443, '${COS}'),
    handshake('${COS}', 443, 'www.example.org'),
    handshake('${COS}', 443, 'localhost'),
])`),
        ['refused', 'trusted', 'refused', 'refused'],
      );
    });

    test('asyncio', { skip: major === 2 || minor < 7 ? 'asyncio.run is newer' : false }, async () => {
      assert.match(
        String(
          await run(`
import asyncio
async def ask():
    reader, writer = await asyncio.open_connection('${COS}', 443, ssl=True)
    writer.write(b'GET /async HTTP/1.1\\r\\nHost: ${COS}\\r\\nConnection: close\\r\\n\\r\\n')
    return (await reader.read()).decode()
show(asyncio.run(ask()))`),
        ),
        /"url":"\/async"/,
      );
    });

    test('requests, where it is installed', async t => {
      const answers = await run(`
try:
    import requests
except ImportError:
    show(None)
else:
    session = requests.Session()
    show([session.get(url).json()['host'] for url in ('https://${COS}/', 'https://${API}/', 'http://${API}/')])`);
      if (answers === null) return t.skip('it is not installed');
      assert.deepEqual(answers, [COS, API, API]);
    });

    test('a server with an IPv6 address is reached as well', async t => {
      let six: Standing;
      try {
        six = await startStanding('::1');
      } catch {
        return t.skip('this machine has no IPv6');
      }
      try {
        const body = `${imports}\nshow(json.loads(urlopen('https://${COS}/').read().decode())['host'])`;
        assert.equal(await run(body, six.settings), COS);
      } finally {
        await six.close();
      }
    });
  });
}

test('there is a Python to try it on', { skip: pythons.size === 0 ? 'no Python' : false }, () =>
  assert.ok(pythons.size > 0),
);
