import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { test } from 'node:test';
import { bench, NODE, run, withBwrap } from './testing.ts';

async function listening(answer: string): Promise<{ server: Server; port: number }> {
  const server = createServer(socket => socket.end(answer)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address && typeof address === 'object');
  return { server, port: address.port };
}

const FETCH = `
const { connect } = require('node:net');
for (const at of process.argv.slice(1)) {
  const [host, port] = at.split(' ');
  const socket = connect({ host, port: Number(port), timeout: 60_000 });
  let got = '';
  socket.on('data', chunk => (got += chunk));
  socket.on('timeout', () => socket.destroy(new Error('ETIMEDOUT')));
  socket.on('error', error => console.log(at, error.code || error.message));
  socket.on('end', () => console.log(at, got));
}`;

const asking = (...places: readonly string[]) => `${NODE} -e "$ASK" ${places.map(one => `'${one}'`).join(' ')}`;
const env = { PATH: '/usr/bin:/bin', ASK: FETCH };

test('with a network of its own a function reaches the ports of this server and nothing else', withBwrap, async () => {
  const ours = await listening('ours');
  const other = await listening('other');
  try {
    await using at = await bench({}, { ports: () => [{ port: 9700, targetPort: ours.port }] });
    const places = [
      '127.0.0.1 9700',
      `127.0.0.1 ${ours.port}`,
      `127.0.0.1 ${other.port}`,
      '10.0.0.1 80',
      '192.0.2.1 443',
    ];
    const { out } = await run(at.driver, asking(...places), { network: 'own', env });
    assert.deepEqual(
      out.trim().split('\n').sort(),
      [
        '10.0.0.1 80 ENETUNREACH',
        '127.0.0.1 9700 ours',
        `127.0.0.1 ${other.port} ECONNREFUSED`,
        `127.0.0.1 ${ours.port} ECONNREFUSED`,
        '192.0.2.1 443 ENETUNREACH',
      ].sort(),
    );
    const { out: devices } = await run(at.driver, 'cat /proc/net/dev | tail -n +3 | cut -d: -f1', {
      network: 'own',
      env,
    });
    assert.equal(devices.trim(), 'lo');
  } finally {
    ours.server.close();
    other.server.close();
  }
});

test('abstract sockets of the machine are not there in a network of its own', withBwrap, async () => {
  const name = `\0openscf-test-${process.pid}`;
  const server = createServer(socket => socket.end('hunter2')).listen(name);
  await once(server, 'listening');
  try {
    await using at = await bench();
    const script = `require('node:net').connect('\\0openscf-test-${process.pid}').on('error', error => console.log(error.code)).on('data', data => console.log(String(data)))`;
    const ask = { env: { PATH: '/usr/bin:/bin', ASK: script } };
    assert.equal((await run(at.driver, `${NODE} -e "$ASK"`, { ...ask, network: 'own' })).out, 'ECONNREFUSED\n');
    // What the start line says of the shared network.
    assert.equal((await run(at.driver, `${NODE} -e "$ASK"`, ask)).out, 'hunter2\n');
  } finally {
    server.close();
  }
});

test('the shared network is that of the machine', withBwrap, async () => {
  const { server, port } = await listening('here');
  try {
    await using at = await bench();
    const { out } = await run(at.driver, asking(`127.0.0.1 ${port}`), { env });
    assert.equal(out, `127.0.0.1 ${port} here\n`);
  } finally {
    server.close();
  }
});
