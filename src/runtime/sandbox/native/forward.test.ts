// Ports of a sandbox with its own network that lead to this server.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { after, describe, test } from 'node:test';
import { alive, asRoot, endAll, inNamespaces, until, withMounts, withUnshare } from './testing.ts';
import { type Helper, MODES, startHelper } from './testing-helper.ts';

const servers: Server[] = [];
after(() => {
  endAll();
  for (const server of servers) server.close();
});

async function serverOf(serve: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, socket => serve(socket.on('error', () => {})));
  servers.push(server);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Answers with the hash of what it got, once the other side has ended. */
const hashing = await serverOf(socket => {
  const hash = createHash('sha256');
  socket.on('data', data => hash.update(data)).on('end', () => socket.end(hash.digest('hex')));
});

// Runs one line of JavaScript after the other inside; `tell` prints an answer.
const INSIDE = `
const net = require('node:net');
const tell = value => process.stdout.write(JSON.stringify(value) + '\\n');
const collect = socket => new Promise(resolve => {
  const parts = [];
  socket.on('data', part => parts.push(part)).on('end', () => resolve(Buffer.concat(parts).toString()))
    .on('error', error => resolve(error.code));
});
const ask = (port, host, body) => {
  const socket = net.connect({ port, host, allowHalfOpen: true });
  socket.end(body);
  return collect(socket);
};
require('node:readline').createInterface({ input: process.stdin }).on('line', line => eval('(async () => {' + line + '})()'));
tell('ready');
`;

async function sandboxOf(helper: Helper) {
  const inside = helper.mode === '--userns' ? helper.pid : undefined;
  const sandbox = await inNamespaces(['-n'], [process.execPath, '-e', INSIDE], inside);
  assert.equal(await sandbox.line(), '"ready"');
  return {
    ...sandbox,
    async ask(script: string): Promise<unknown> {
      sandbox.tell(script);
      return JSON.parse(await sandbox.line());
    },
  };
}

const childrenOf = (pid: number) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').filter(Boolean).map(Number);

for (const mode of MODES)
  describe(`forward ${mode}`.trim(), { skip: withUnshare(mode === '--userns' ? withMounts : asRoot) }, () => {
    test('bytes go both ways, each end for itself, on both loopbacks', async () => {
      const helper = await startHelper(mode);
      const sandbox = await sandboxOf(helper);
      assert.match(String(await sandbox.ask(`tell(await ask(443, '127.0.0.1', ''))`)), /ECONNREFUSED|ENETUNREACH/);
      const own = await serverOf(socket => socket.end(`${socket.remoteAddress}`));
      assert.equal(await helper.ask('forward', sandbox.pid, 443, '127.0.0.1', hashing, 80, '127.0.0.1', own), 'ok');
      const hash = (text: string) => createHash('sha256').update(text).digest('hex');
      assert.equal(await sandbox.ask(`tell(await ask(443, '127.0.0.1', 'hello'))`), hash('hello'));
      assert.equal(await sandbox.ask(`tell(await ask(443, '::1', 'six'))`), hash('six'));
      assert.equal(await sandbox.ask(`tell(await ask(80, '127.0.0.1', ''))`), '127.0.0.1');
      // Nothing else of this machine.
      assert.equal(await sandbox.ask(`tell(await ask(${hashing}, '127.0.0.1', ''))`), 'ECONNREFUSED');
      await sandbox.end();
      await helper.end();
    });

    test('much, in both directions at once, to a reader that is slow', async () => {
      const helper = await startHelper(mode);
      const sandbox = await sandboxOf(helper);
      const bytes = 4 * 1024 * 1024;
      const echo = await serverOf(socket => {
        socket.pause();
        setImmediate(() => setImmediate(() => socket.pipe(socket)));
      });
      await helper.ask('forward', sandbox.pid, 8080, '127.0.0.1', echo);
      const answer = await sandbox.ask(
        `
        const body = require('node:crypto').randomBytes(${bytes} / 2).toString('hex');
        tell((await ask(8080, '127.0.0.1', body)) === body)`.replaceAll('\n', ' '),
      );
      assert.equal(answer, true);
      await sandbox.end();
      await helper.end();
    });

    test('more connections than it serves at a time wait for their turn', async () => {
      const helper = await startHelper(mode);
      const sandbox = await sandboxOf(helper);
      await helper.ask('forward', sandbox.pid, 8080, '127.0.0.1', hashing);
      const hashes = await sandbox.ask(
        `const all = await Promise.all(Array.from({ length: 340 }, (_, i) => ask(8080, '127.0.0.1', 'body ' + i))); tell(all)`,
      );
      const expected = Array.from({ length: 340 }, (_, i) => createHash('sha256').update(`body ${i}`).digest('hex'));
      assert.deepEqual(hashes, expected);
      await sandbox.end();
      await helper.end();
    });

    test('a refused or broken connection is a broken one inside', async () => {
      const helper = await startHelper(mode);
      const sandbox = await sandboxOf(helper);
      const closed = createServer();
      await new Promise<void>(resolve => closed.listen(0, '127.0.0.1', resolve));
      const { port } = closed.address() as AddressInfo;
      closed.close();
      await once(closed, 'close');
      const breaking = await serverOf(socket => socket.once('data', () => socket.resetAndDestroy()));
      await helper.ask('forward', sandbox.pid, 1, '127.0.0.1', port, 2, '127.0.0.1', breaking, 3, '127.0.0.1', hashing);
      assert.equal(await sandbox.ask(`tell(await ask(1, '127.0.0.1', ''))`), 'ECONNRESET');
      assert.equal(await sandbox.ask(`tell(await ask(2, '127.0.0.1', 'x'))`), 'ECONNRESET');
      const hash = createHash('sha256').update('next').digest('hex');
      assert.equal(await sandbox.ask(`tell(await ask(3, '127.0.0.1', 'next'))`), hash);
      await sandbox.end();
      await helper.end();
    });

    test('a connection that is cut inside is cut here', async () => {
      const helper = await startHelper(mode);
      const sandbox = await sandboxOf(helper);
      const cut = Promise.withResolvers<string>();
      const port = await serverOf(socket =>
        socket.on('error', error => cut.resolve((error as NodeJS.ErrnoException).code ?? '')).resume(),
      );
      await helper.ask('forward', sandbox.pid, 8080, '127.0.0.1', port);
      sandbox.tell(`const s = net.connect(8080, '127.0.0.1', () => s.write('x', () => s.resetAndDestroy()))`);
      assert.equal(await cut.promise, 'ECONNRESET');
      await sandbox.end();
      await helper.end();
    });

    test('a port that is taken is told', async () => {
      const helper = await startHelper(mode);
      const sandbox = await sandboxOf(helper);
      assert.equal(await helper.ask('forward', sandbox.pid, 8080, '127.0.0.1', 9), 'ok');
      const again = await helper.ask('forward', sandbox.pid, 8080, '127.0.0.1', 9);
      assert.equal(again, 'error listen inside the sandbox: Address in use');
      await sandbox.end();
      await helper.end();
    });

    test('it ends with the sandbox, and with the helper', async () => {
      const helper = await startHelper(mode);
      const [first, second] = [await sandboxOf(helper), await sandboxOf(helper)];
      await helper.ask('forward', first.pid, 8080, '127.0.0.1', hashing);
      const [firstProxy = 0] = childrenOf(helper.pid);
      await helper.ask('forward', second.pid, 8080, '127.0.0.1', hashing);
      const secondProxy = childrenOf(helper.pid).find(pid => pid !== firstProxy) ?? 0;
      assert.ok(alive(firstProxy) && alive(secondProxy));
      await first.end();
      await until('the end of the first', () => !alive(firstProxy));
      assert.ok(alive(secondProxy));
      helper.signal('SIGKILL');
      await until('the end of the second', () => !alive(secondProxy));
      await second.end();
    });

    test('it idles: waiting costs no time of the processor', async () => {
      const helper = await startHelper(mode);
      const sandbox = await sandboxOf(helper);
      const held = Promise.withResolvers<Socket>();
      // Ended by the function, not by the server: half-closed for as long as it takes.
      const port = await serverOf(socket => socket.on('end', () => held.resolve(socket)).resume());
      await helper.ask('forward', sandbox.pid, 8080, '127.0.0.1', port);
      sandbox.tell(`tell(await ask(8080, '127.0.0.1', 'x'))`);
      const socket = await held.promise;
      const [proxy = 0] = childrenOf(helper.pid);
      await until('it waits', () => /^State:\s+S/m.test(statusOf(proxy)));
      const before = wakes(proxy);
      // Real traffic elsewhere in the meantime, so that time passes.
      for (let i = 0; i < 20; i++) await helper.ask('umount', '/not/there');
      assert.ok(wakes(proxy) - before <= 2, 'it wakes up again and again');
      socket.end('late');
      assert.equal(JSON.parse(await sandbox.line()), 'late');
      await sandbox.end();
      await helper.end();
    });
  });

const statusOf = (pid: number) => readFileSync(`/proc/${pid}/status`, 'latin1');

/** How often a process has gone to sleep, or has been made to. */
function wakes(pid: number): number {
  const counts = statusOf(pid).matchAll(/^(?:non)?voluntary_ctxt_switches:\s+(\d+)/gm);
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}
