// A web function's program that calls itself, and its calls to everybody else.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { endAll, onLinux } from './testing.ts';
import { closeAll, heardAt, inside, parsed, takenPort, withPython } from './testing-web.ts';

after(() => {
  endAll();
  closeAll();
});

/** Somebody outside listens on it, and says so. */
const PORT = onLinux ? 0 : await takenPort();
const OTHER = onLinux ? 0 : await takenPort();

describe('a program that calls itself', { skip: withPython }, () => {
  test('finds itself wherever it would in a network of its own', async () => {
    for (const [asked, found, refused] of [
      ['0.0.0.0', ['127.0.0.1', '127.0.0.9', '0.0.0.0', '::ffff:127.0.0.1'], ['::1']],
      ['::', ['127.0.0.1', '0.0.0.0', '::1', '::', '::ffff:127.0.0.1'], []],
      ['::1', ['::1', '::'], ['127.0.0.1']],
    ] as const) {
      const program = inside(PORT);
      await program.ask(`server = serve(listening('${asked}')); tell('')`);
      for (const host of found)
        assert.equal(await program.ask(`tell(attempt(ask, '${host}'))`), 'inside', `${asked} ${host}`);
      for (const host of refused)
        assert.equal(await program.ask(`tell(attempt(ask, '${host}'))`), 'ECONNREFUSED', host);
      await program.end();
    }
  });

  test('also one that insists on IPv6', async () => {
    const program = inside(PORT);
    await program.ask(`server = serve(listening('::', only_six=0)); tell('')`);
    assert.equal(await program.ask(`tell(attempt(ask, '::1', PORT, None, 1))`), 'inside');
    await program.end();
  });

  test('is refused before it listens and afterwards, whoever has the port outside', async () => {
    const program = inside(PORT);
    for (const host of ['127.0.0.1', '::1']) {
      assert.equal(await heardAt(host, PORT), 'outside');
      assert.equal(await program.ask(`tell(attempt(ask, '${host}'))`), 'ECONNREFUSED');
    }
    await program.ask(`listening().close(); tell('')`);
    assert.equal(await program.ask(`tell(attempt(ask, '127.0.0.1'))`), 'ECONNREFUSED');
    assert.equal(
      await program.ask(`tell(attempt(ask, '127.0.0.1', PORT, lambda one: one.settimeout(60)))`),
      'ECONNREFUSED',
    );
    await program.end();
  });

  test('by sockets that wait, that do not, and that wait a while', async () => {
    const program = inside(PORT);
    await program.ask(`server = serve(listening()); tell('')`);
    const script = `
one = made(); one.setblocking(False)
first = one.connect_ex(('127.0.0.1', PORT))
select.select([], [one], [])
found = [first == errno.EINPROGRESS, one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), one.getblocking()]
one.setblocking(True); found.append(one.recv(9).decode())
two = made(); two.connect(('127.0.0.1', PORT)); found += [two.getblocking(), two.recv(9).decode()]
found.append(attempt(two.connect, ('127.0.0.1', PORT)))
found.append(ask('127.0.0.1', PORT, lambda one: one.settimeout(60)))
tell(found)`;
    assert.deepEqual(await program.ask(script), [true, 0, false, 'inside', true, 'inside', 'EISCONN', 'inside']);
    await program.end();
  });

  test('while one waits for a place in the queue, everything else goes on', async () => {
    const program = inside(PORT);
    const script = `
server = made(); server.bind(('', PORT)); server.listen(0)
first = made(); first.connect(('127.0.0.1', PORT))
found = []
second = threading.Thread(target=lambda: found.append(ask('127.0.0.1')), daemon=True); second.start()
time.sleep(0.2)
tell([found, ask('127.0.0.1', ${OTHER}), attempt(made().bind, ('', PORT))])`;
    assert.deepEqual(await program.ask(script), [[], 'outside', 'EADDRINUSE']);
    // The kernel's next try comes after a second.
    assert.deepEqual(await program.ask(`serve(server); second.join(); tell(found)`), ['inside']);
    await program.end();
  });

  test('interrupted by signals all the time', async () => {
    const program = inside(PORT);
    const script = `server = serve(listening())
count = [0]
def heard(*_): count[0] += 1
signal.signal(signal.SIGALRM, heard)
signal.siginterrupt(signal.SIGALRM, False)
signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
found = [ask('127.0.0.1') for _ in range(300)]
again = []
for _ in range(100):
    one = made('::', only_six=1); one.bind(('::', PORT)); one.listen(); again.append(one.getsockname()[1]); one.close()
signal.setitimer(signal.ITIMER_REAL, 0)
tell([set(found) == {'inside'}, len(set(again)), count[0] > 10])`;
    assert.deepEqual(await program.ask(script), [true, 1, true]);
    await program.end();
  });
});

describe('calls to others', { skip: withPython }, () => {
  test('are left alone, at every address and by every kind of socket', async () => {
    const program = inside(PORT);
    const script = `found = [ask(host, ${OTHER}) for host in ['127.0.0.1', '::1', '::ffff:127.0.0.1']]
datagram = made(kind=socket.SOCK_DGRAM); datagram.connect(('127.0.0.1', PORT)); found.append(datagram.getpeername()[1] == PORT)
path = b'\\0openscf-connect-%d' % os.getpid()
local = socket.socket(socket.AF_UNIX); local.bind(path); local.listen()
other = socket.socket(socket.AF_UNIX); other.connect(path); found.append(other.getpeername() == path)
far = made(); far.setblocking(False)
found.append(attempt(far.connect, ('192.0.2.1', PORT)) in ('EINPROGRESS', 'ENETUNREACH'))
tell(found)`;
    assert.deepEqual(await program.ask(script), ['outside', 'outside', 'outside', true, true, true]);
    await program.end();
  });

  test('one program reaches another at the port that the server was told', async () => {
    const [one, two] = [inside(PORT), inside(PORT)];
    await one.ask(`server = serve(listening()); tell('')`);
    const { port } = parsed(await one.line());
    assert.equal(await two.ask(`tell(ask('127.0.0.1', ${port}))`), 'inside');
    for (const program of [one, two]) await program.end();
  });
});
