// The port of web functions: what a program asks for, what it gets, and what the server is told of it.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { endAll, onLinux } from './testing.ts';
import {
  closeAll,
  freePort,
  heardAt,
  inside,
  parsed,
  start,
  take,
  takenPort,
  WAYS,
  withPython,
} from './testing-web.ts';

after(() => {
  endAll();
  closeAll();
});

/** The port that the programs ask for; nobody of them could have it. */
const PORT = onLinux ? 0 : await takenPort();

/** [asked for, whether IPv6 alone, where it is told to be, at a loopback only] */
const HOSTS = [
  ['0.0.0.0', '4', 'any'],
  ['127.0.0.1', '4', 'loopback'],
  ['127.0.0.77', '4', 'loopback'],
  ['::', '4', 'any'],
  ['::ffff:0.0.0.0', '4', 'any'],
  ['::ffff:127.0.0.1', '4', 'loopback'],
  ['::1', '6', 'loopback'],
] as const;
const LOOPBACK = { 4: '127.0.0.1', 6: '::1' } as const;

for (const [name, options] of WAYS)
  describe(`${name}:`, { skip: onLinux }, () => {
    for (const [host, family, asked] of HOSTS)
      test(`Node.js on ${host}`, async () => {
        const script = `require('node:net').createServer(one => one.end('inside')).listen(${PORT}, '${host}')`;
        const program = start(PORT, options, [process.execPath, '-e', script]);
        const told = parsed(await program.line());
        assert.deepEqual([told.family, told.asked], [family, asked]);
        assert.equal(await heardAt(LOOPBACK[family], told.port), 'inside');
        program.signal('SIGTERM');
        assert.equal((await program.ended).signal, 'SIGTERM');
        assert.equal(program.lines.length, 1);
      });

    for (const [host, family, asked] of HOSTS)
      test(`Python on ${host}`, { skip: withPython }, async () => {
        const program = inside(PORT, options);
        assert.deepEqual(
          await program.ask(
            `server = listening('${host}', only_six=${host === '::' ? '0' : 'None'}); tell(server.getsockname()[:2])`,
          ),
          [host, PORT],
        );
        const told = parsed(await program.line());
        assert.deepEqual([told.family, told.asked], [family, asked]);
        const heard = heardAt(LOOPBACK[family], told.port);
        const taken = await program.ask(
          `one, _ = server.accept(); one.sendall(b'inside'); tell(one.getsockname()[1]); one.close()`,
        );
        assert.deepEqual([await heard, taken], ['inside', PORT]);
        assert.deepEqual(await program.end(), { code: 0, signal: null, stderr: '' });
      });
  });

describe('what is asked for', { skip: withPython }, () => {
  test('IPv6 alone, beside IPv4: a port of each, a line of each', async () => {
    const program = inside(PORT);
    await program.ask(`six = listening('::', only_six=1); four = listening(); tell('')`);
    const [six, four] = [parsed(await program.line()), parsed(await program.line())];
    assert.deepEqual([six.family, six.asked, four.family, four.asked], ['6', 'any', '4', 'any']);
    assert.notEqual(six.port, four.port);
    assert.deepEqual(await program.ask(`tell([one.getsockname()[:2] for one in (six, four)])`), [
      ['::', PORT],
      ['0.0.0.0', PORT],
    ]);
    await program.end();
  });

  test('one address of this machine counts as reached from outside, one of another machine is refused', async () => {
    const own = Object.values(networkInterfaces())
      .flat()
      .find(one => one?.family === 'IPv4' && !one.internal)?.address;
    const program = inside(PORT);
    assert.equal(await program.ask(`tell(attempt(listening, '192.0.2.1'))`), 'EADDRNOTAVAIL');
    assert.equal(await program.ask(`tell(attempt(listening, '2001:db8::1'))`), 'EADDRNOTAVAIL');
    if (own !== undefined) {
      await program.ask(`server = listening('${own}'); tell('')`);
      assert.deepEqual(parsed(await program.line()).asked, 'any');
    }
    assert.equal(program.lines.length, own === undefined ? 0 : 1);
    await program.end();
  });

  test('another port, datagrams and paths are left alone', async () => {
    const program = inside(PORT);
    const other = await freePort();
    const script = `
one = made(); one.bind(('0.0.0.0', ${other})); one.listen()
path = made(kind=socket.SOCK_DGRAM); path.bind(('127.0.0.33', PORT))
local = socket.socket(socket.AF_UNIX); local.bind(b'\\0openscf-web-%d' % os.getpid()); local.listen()
tell([one.getsockname(), path.getsockname()])`;
    assert.deepEqual(await program.ask(script), [
      ['0.0.0.0', other],
      ['127.0.0.33', PORT],
    ]);
    await program.ask(`server = listening(); tell('')`);
    await program.line();
    assert.equal(program.lines.length, 1, 'and only the port is told');
    assert.equal(await program.ask(`tell(attempt(made().bind, ('0.0.0.0', ${other})))`), 'EADDRINUSE');
    await program.end();
  });

  test('its own address is cut to the room there is, like any other', async () => {
    const program = inside(PORT);
    const script = `
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
server = listening()
def name(room, address=None, fd=server.fileno()):
    bytes, length = ctypes.create_string_buffer(b'x' * 20, 20), ctypes.c_int(room)
    failed = libc.getsockname(fd, bytes if address is None else ctypes.c_void_p(address), ctypes.byref(length))
    return [errno.errorcode[ctypes.get_errno()] if failed else 'ok', bytes.raw[:17].hex(), length.value]
other = made(); other.bind(('127.0.0.1', 0))
tell([name(16), name(4), name(0), name(-1)[0], name(16, 1)[0], name(16, fd=4000)[0], other.getsockname()[1] != PORT])`;
    const port = PORT.toString(16).padStart(4, '0');
    assert.deepEqual(await program.ask(script), [
      ['ok', `0200${port}${'00'.repeat(12)}78`, 16],
      ['ok', `0200${port}${'78'.repeat(13)}`, 16],
      ['ok', '78'.repeat(17), 16],
      ...['EINVAL', 'EFAULT', 'EBADF', true],
    ]);
    await program.end();
  });

  test('mistakes are the kernel’s to tell', async () => {
    const program = inside(PORT);
    const script = `
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def call(fd, address, length): return errno.errorcode[ctypes.get_errno()] if libc.bind(fd, address, length) else 'ok'
four = made().fileno(); keep = made(); six = socket.socket(socket.AF_INET6)
address = (2).to_bytes(2, 'little') + PORT.to_bytes(2, 'big') + bytes(24)
bound = listening()
tell([call(four, address, 8), call(4000, address, 16), call(keep.fileno(), 1, 16), call(six.fileno(), address, 16),
  call(four, address, -1), call(bound.fileno(), address, 16), call(os.pipe()[0], address, 16)])`;
    assert.deepEqual(await program.ask(script), [
      ...['EINVAL', 'EBADF', 'EFAULT', 'EINVAL', 'EINVAL', 'EINVAL', 'ENOTSOCK'],
    ]);
    await program.end();
  });

  test('from a thread, and from a child', async () => {
    const program = inside(PORT);
    const script = `
found = []
one = threading.Thread(target=lambda: found.append(listening())); one.start(); one.join()
tell(found[0].getsockname()[1])`;
    assert.equal(await program.ask(script), PORT);
    const { port } = parsed(await program.line());
    const child = `import socket, sys; one = socket.socket(); one.bind(('', int(sys.argv[1]))); one.listen(); print(one.getsockname()[1])`;
    await program.ask(`found[0].close(); tell('')`);
    const seen = await program.ask(
      `tell(int(subprocess.check_output([sys.executable, '-c', ${JSON.stringify(child)}, str(PORT)])))`,
    );
    assert.deepEqual([seen, parsed(await program.line()).port], [PORT, port]);
    await program.end();
  });
});

describe('more than once', { skip: withPython }, () => {
  test('a second one is refused while the first lives, and has the same port afterwards', async () => {
    const program = inside(PORT);
    await program.ask(`first = made(); first.bind(('', PORT)); tell('')`);
    assert.equal(await program.ask(`tell(attempt(made().bind, ('', PORT)))`), 'EADDRINUSE', 'it does not listen yet');
    await program.ask(`first.listen(); tell('')`);
    const { port } = parsed(await program.line());
    for (const host of ['', '127.0.0.1'])
      assert.equal(await program.ask(`tell(attempt(made().bind, ('${host}', PORT)))`), 'EADDRINUSE');
    assert.equal(await program.ask(`tell(attempt(made('::').bind, ('::', PORT)))`), 'EADDRINUSE');
    await program.ask(`first.listen(5); first.close(); second = listening(); tell('')`);
    assert.equal(parsed(await program.line()).port, port);
    assert.equal(program.lines.length, 2, 'a longer queue is no news');
    await program.end();
  });

  test('a port that somebody else has got meanwhile is given up', async () => {
    const program = inside(PORT);
    await program.ask(`listening().close(); tell('')`);
    const { port } = parsed(await program.line());
    await take(port);
    await program.ask(`second = listening(); tell('')`);
    const other = parsed(await program.line()).port;
    assert.notEqual(other, port);
    assert.equal(await program.ask(`tell(attempt(made().bind, ('', PORT)))`), 'EADDRINUSE');
    await program.end();
  });

  test('workers with SO_REUSEPORT share it, in one process and in many', async () => {
    const program = inside(PORT);
    const worker = `import socket, sys
one = socket.socket(); one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
one.bind(('', int(sys.argv[1]))); one.listen(); print(one.getsockname()[1])`;
    const script = `
all = [listening(reuseport=True), listening(reuseport=True)]
tell([one.getsockname()[1] for one in all] + [int(subprocess.check_output([sys.executable, '-c', ${JSON.stringify(worker)}, str(PORT)]))])`;
    const ports = await program.ask(script);
    const { port } = parsed(await program.line());
    assert.deepEqual(ports, [PORT, PORT, PORT]);
    assert.deepEqual([parsed(await program.line()).port, parsed(await program.line()).port], [port, port]);
    assert.equal(await program.ask(`tell(attempt(made().bind, ('', PORT)))`), 'EADDRINUSE');
    await program.end();
  });

  test('workers of Node.js’s cluster, that share one socket or have one each', async t => {
    const folder = mkdtempSync(join(tmpdir(), 'openscf-cluster-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'cluster.cjs');
    writeFileSync(
      file,
      `const cluster = require('node:cluster');
      const alone = process.argv[2] === 'alone';
      if (cluster.isPrimary) { cluster.fork(); cluster.fork(); process.on('SIGTERM', () => process.exit(0)); }
      else require('node:net').createServer(one => one.end('worker'))
        .listen({ port: ${PORT}, host: '0.0.0.0', exclusive: alone, reusePort: alone });`,
    );
    for (const [way, lines] of [
      ['together', 1],
      ['alone', 2],
    ] as const) {
      const program = start(PORT, ['--no-userns'], [process.execPath, file, way]);
      const { port } = parsed(await program.line());
      if (lines === 2) assert.equal(parsed(await program.line()).port, port);
      assert.equal(await heardAt('127.0.0.1', port), 'worker');
      program.signal('SIGTERM');
      assert.equal((await program.ended).code, 0);
      assert.equal(program.lines.length, lines);
    }
  });

  test('two programs at once', async () => {
    const both = [inside(PORT), inside(PORT)];
    for (const [at, one] of both.entries())
      await one.ask(`
server = listening()
def serve():
    while True:
        peer, _ = server.accept(); peer.sendall(b'${at}'); peer.close()
threading.Thread(target=serve, daemon=True).start(); tell('')`);
    const ports = await Promise.all(both.map(async one => parsed(await one.line()).port));
    assert.notEqual(ports[0], ports[1]);
    for (const [at, one] of both.entries()) {
      assert.equal(await heardAt('127.0.0.1', ports[at] ?? 0), String(at));
      assert.equal(
        await one.ask(`tell(socket.create_connection(('127.0.0.1', PORT)).recv(9).decode())`),
        String(at),
        'it finds itself, not the other',
      );
    }
    for (const one of both) await one.end();
  });
});

test('a resolved name of its own, as frameworks ask for it', { skip: onLinux }, async () => {
  const script = `
const server = require('node:http').createServer((_, response) => response.end('me')).listen(${PORT}, async () => {
  console.log(await (await fetch('http://localhost:${PORT}/')).text(), await (await fetch('http://[::1]:${PORT}/')).text());
  server.close(); server.closeAllConnections();
});`;
  const program = start(PORT, ['--no-userns'], [process.execPath, '-e', script]);
  const out = program.stdout.toArray();
  assert.equal((await program.ended).code, 0);
  assert.equal(Buffer.concat(await out).toString(), 'me me\n');
});
