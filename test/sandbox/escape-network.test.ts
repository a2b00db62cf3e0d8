// What a function with a network of its own tries in order to reach somebody. With the network of the machine, which is
// what functions have unless they are set otherwise, the same attempts come through: that they fail is the network's doing.

import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { after, before, describe, test } from 'node:test';
import { type Attack, type Ground, ground, SECRET, sandboxed, sandboxedPython } from './escape.ts';

const APART = { echoed: { PublicNetConfig: { PublicNetStatus: 'DISABLE' } } };

/** Connects to each; what came, or the code of the failure. */
const CONNECT = `
  const { connect } = require('net');
  return Promise.all(event.places.map(place => new Promise(resolve => {
    const socket = connect({ ...place, timeout: 2000 });
    socket.on('data', data => resolve(String(data)));
    socket.on('timeout', () => resolve('ETIMEDOUT'));
    socket.on('error', error => resolve(error.code));
  })))`;

type Place = { readonly host: string; readonly port: number } | { readonly path: string };

describe('a network of its own', sandboxed, () => {
  const servers: Server[] = [];
  let datagrams: Socket;
  let at: Ground;
  let attack: Attack;
  let shared: Attack;
  let own = 0;
  let other = 0;
  let six = 0;
  const abstract = `\0openscf-escape-${process.pid}`;

  before(async () => {
    own = await listening('ours', 0, '127.0.0.1');
    other = await listening(SECRET, 0, '0.0.0.0');
    six = await listening(SECRET, 0, '::1').catch(() => 0);
    await listening(SECRET, abstract);
    datagrams = createSocket('udp4').bind(0, '127.0.0.1');
    await once(datagrams, 'listening');
    at = await ground({ ports: () => [{ port: 9700, targetPort: own }] });
    attack = await at.attack('attacker', APART);
    shared = await at.attack('shared');
  });
  after(async () => {
    for (const server of servers) server.close();
    datagrams?.close();
    await at?.[Symbol.asyncDispose]();
  });

  async function listening(answer: string, ...address: [number, string] | [string]): Promise<number> {
    const server = createServer(socket => socket.on('error', () => {}).end(answer));
    if (address.length === 2) server.listen(address[0], address[1]);
    else server.listen(address[0]);
    await once(server, 'listening');
    servers.push(server);
    const bound = server.address();
    return typeof bound === 'object' && bound ? bound.port : 0;
  }

  const connecting = (from: Attack, ...places: readonly Place[]) => from.node<string[]>(CONNECT, { places });

  test('this server’s port leads to it, as it is meant to', async () => {
    assert.deepEqual(await connecting(attack, { host: '127.0.0.1', port: 9700 }), ['ours']);
  });

  test('services on the machine’s loopback', async () => {
    const places = [
      { host: '127.0.0.1', port: other },
      { host: '127.0.0.1', port: own },
      { host: '127.0.0.2', port: other },
    ];
    assert.deepEqual(await connecting(shared, ...places.slice(0, 1)), [SECRET]);
    assert.deepEqual(
      await connecting(attack, ...places),
      places.map(() => 'ECONNREFUSED'),
    );
  });

  test('the same by IPv6', async t => {
    if (six === 0) return t.skip('this machine has no IPv6');
    assert.deepEqual(await connecting(shared, { host: '::1', port: six }), [SECRET]);
    assert.deepEqual(await connecting(attack, { host: '::1', port: six }, { host: '::1', port: other }), [
      'ECONNREFUSED',
      'ECONNREFUSED',
    ]);
  });

  test('the machine by its own addresses, its neighbours, and the Internet', async () => {
    const ours = Object.values(networkInterfaces()).flatMap(list =>
      (list ?? []).filter(one => one.family === 'IPv4' && !one.internal).map(one => one.address),
    );
    for (const host of ours) assert.deepEqual(await connecting(shared, { host, port: other }), [SECRET]);
    const far = ['10.0.0.1', '172.17.0.1', '192.168.0.1', '169.254.169.254', '192.0.2.1', '1.1.1.1'];
    const places = [...ours, ...far].map(host => ({ host, port: other }));
    assert.deepEqual([...new Set(await connecting(attack, ...places))], ['ENETUNREACH']);
    assert.deepEqual(await connecting(attack, { host: '2001:db8::1', port: 443 }), ['ENETUNREACH']);
  });

  test('abstract sockets of the machine', async () => {
    assert.deepEqual(await connecting(shared, { path: abstract }), [SECRET]);
    assert.deepEqual(await connecting(attack, { path: abstract }), ['ECONNREFUSED']);
  });

  test('datagrams', async () => {
    const { port } = datagrams.address();
    const send = `
      const socket = require('dgram').createSocket('udp4');
      return new Promise(resolve => socket.send(event.text, event.port, event.host, error => { socket.close(); resolve(error ? error.code : 'sent'); }))`;
    const heard: string[] = [];
    datagrams.on('message', message => heard.push(String(message)));
    assert.equal(await attack.node(send, { text: 'apart', port, host: '127.0.0.1' }), 'sent');
    assert.equal(await attack.node(send, { text: 'apart', port: 53, host: '192.0.2.1' }), 'ENETUNREACH');
    const arrived = once(datagrams, 'message');
    assert.equal(await shared.node(send, { text: 'shared', port, host: '127.0.0.1' }), 'sent');
    await arrived;
    assert.deepEqual(heard, ['shared']);
  });

  test('names', async () => {
    const found = await attack.node<string>(
      `return require('dns').promises.resolve4('example.com').then(String, error => error.code)`,
    );
    assert.match(found, /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEOUT|ENETUNREACH)$/);
  });

  test('what the machine listens on, and who it talks to', async () => {
    const tables = ['tcp', 'tcp6', 'udp', 'unix', 'route', 'arp', 'fib_trie'];
    const script = `return event.tables.map(name => attempt(() => require('fs').readFileSync('/proc/net/' + name, 'latin1')))`;
    const port = other.toString(16).toUpperCase().padStart(4, '0');
    const [apart, together] = [
      await attack.node<string[]>(script, { tables }),
      await shared.node<string[]>(script, { tables }),
    ];
    assert.match(together[0] ?? '', new RegExp(`:${port} `));
    assert.doesNotMatch(apart[0] ?? '', new RegExp(`:${port} `));
    assert.match(together[3] ?? '', /openscf-escape/);
    assert.doesNotMatch(apart.join(), /openscf-escape|192\.168|10\.0/);
    const devices = await attack.node<string[]>(`return Object.keys(require('os').networkInterfaces())`);
    assert.deepEqual(devices, ['lo']);
  });

  test('a function that listens cannot be reached by another, nor from outside', async () => {
    const listen = `
      globalThis.server = require('net').createServer(socket => socket.end('inner')).listen(event.port, '127.0.0.1');
      await new Promise(resolve => globalThis.server.once('listening', resolve));
      return new Promise(resolve => require('net').connect(event.port).on('data', data => resolve(String(data))))`;
    const port = other === 47_113 ? 47_114 : 47_113;
    assert.equal(await attack.node(listen, { port }), 'inner');
    const another = await at.attack('another', APART);
    const place = { host: '127.0.0.1', port };
    assert.deepEqual(await connecting(another, place), ['ECONNREFUSED']);
    assert.deepEqual(await connecting(shared, place), ['ECONNREFUSED']);
  });

  test('ports of the system', async () => {
    const script = `return Promise.all([22, 80, 443].map(port => new Promise(resolve =>
      require('net').createServer().on('error', error => resolve(error.code)).listen(port, '127.0.0.1', () => resolve('listens')))))`;
    const first = await attack.node<number>(
      `return Number(require('fs').readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'latin1'))`,
    );
    const found = await attack.node<string[]>(script);
    assert.deepEqual(
      found,
      [22, 80, 443].map(port => (port < first ? 'EACCES' : 'listens')),
    );
  });

  const REQUESTS = `
import errno, fcntl, os, socket, struct
def code(work):
    try: return str(work())
    except OSError as error: return errno.errorcode[error.errno]

def netlink(kind, body):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as link:
        link.bind((0, 0))
        link.send(struct.pack('=LHHLL', 16 + len(body), kind, 0x605, 1, 0) + body)
        error = struct.unpack('=i', link.recv(4096)[16:20])[0]
    return errno.errorcode[-error] if error < 0 else 'done'

def ioctl(number, request):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any:
        fcntl.ioctl(any, number, request)
    return 'done'

def option(level, name, value):
    with socket.socket() as any:
        any.setsockopt(level, name, value)
    return 'done'

lo = socket.if_nametoindex('lo')
answer = {
    'an address more': netlink(20, struct.pack('=BBBBI', 2, 8, 0, 0, lo) + struct.pack('=HH4s', 8, 2, bytes([10, 9, 8, 7]))),
    'a route': netlink(24, struct.pack('=BBBBBBBBI', 2, 0, 0, 0, 254, 3, 0, 1, 0) + struct.pack('=HHI', 8, 4, lo)),
    'a device more': netlink(16, struct.pack('=BxHiII', 0, 0, 0, 0, 0) + struct.pack('=HH4s', 8, 3, b'new')),
    'loopback down': code(lambda: ioctl(0x8914, struct.pack('16sH14x', b'lo', 0))),
    'a neighbour more': code(lambda: ioctl(0x8955, bytes(68))),
    'another firewall': code(lambda: option(0, 64, bytes(96))),
    'marked packets': code(lambda: option(socket.SOL_SOCKET, 36, 1)),
    'addresses that are not ours': code(lambda: option(0, 19, 1)),
    'larger buffers than allowed': code(lambda: option(socket.SOL_SOCKET, 33, 2**30)),
    'another congestion control': code(lambda: option(socket.IPPROTO_TCP, 13, b'reno2')),
}`;

  test('changing the network, be it its own', sandboxedPython, async () => {
    for (const one of [attack, shared]) {
      const { 'another congestion control': control, ...rest } = await one.python<Record<string, string>>(REQUESTS);
      assert.deepEqual(
        Object.entries(rest).filter(([, code]) => code !== 'EPERM'),
        [],
      );
      assert.equal(control, 'ENOENT');
    }
  });

  test('the network of the machine, by way of a process that is in it', sandboxedPython, async () => {
    const found = await attack.python<string[]>(`
import os
def space(path):
    try: fd = os.open(path, os.O_RDONLY)
    except OSError as error: return calls.errno.errorcode[error.errno]
    return call('setns', fd, 0)
answer = [space(path) for path in ('/proc/1/ns/net', '/proc/self/ns/net', '/proc/self/ns/user', '/proc/self/ns/mnt')]`);
    assert.deepEqual(found, ['EACCES', 'EPERM', 'EPERM', 'EPERM']);
  });
});
