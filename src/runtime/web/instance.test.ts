import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { test } from 'node:test';
import type { Outcome } from '../../core/invocation.ts';
import { FakeExchange, startedWeb } from './testing-instance.ts';

const hello = (_: unknown, response: { end(text: string): void }) => response.end('hello');
const MB = 1024 * 1024;

/** The outcome, once it is there. */
async function settled(at: Awaited<ReturnType<typeof startedWeb>>, running: Promise<Outcome>): Promise<Outcome> {
  let outcome: Outcome | undefined;
  void running.then(one => {
    outcome = one;
  });
  await at.until(() => outcome !== undefined);
  assert.ok(outcome);
  return outcome;
}

test('it is ready when its port takes connections, and not before', async () => {
  await using at = await startedWeb(hello, { ready: false });
  await at.turn(500);
  assert.equal(at.instance.state, 'starting');
  at.sandbox.say('something else');
  at.sandbox.say(`listen ${at.port} 4 any`);
  await at.until(() => at.instance.state === 'idle');
  assert.deepEqual(at.heard, ['ready']);
  assert.equal(at.instance.initMs, 500);
});

test('a port that does not take connections yet is tried again', async () => {
  await using at = await startedWeb(hello, { ready: false });
  await at.closeServer();
  at.sandbox.say(`listen ${at.port} 4 any`);
  for (let i = 0; i < 10; i++) await at.turn(10);
  assert.equal(at.instance.state, 'starting');
});

test('a port that is not bound in time is 446, with what it printed', async () => {
  await using at = await startedWeb(hello, { ready: false, version: { initTimeoutS: 5 } });
  at.sandbox.output.write('starting…\n');
  await at.turn(4999);
  assert.equal(at.failures.length, 0);
  await at.turn(1);
  await at.until(() => at.failures.length > 0);
  const [outcome] = at.failures;
  assert.equal(outcome?.status, 446);
  assert.match(outcome?.errorMessage ?? '', /^PortBindingFailed: nothing listened on 0\.0\.0\.0:9000 within 5 seconds/);
  assert.equal(outcome?.log, 'starting…\n');
  assert.deepEqual(at.heard, ['unready', 'gone']);
});

test('a server on a loopback address says so, after a while in which it may listen elsewhere', async () => {
  await using at = await startedWeb(hello, { ready: false });
  at.sandbox.say(`listen ${at.port} 4 loopback`);
  await at.turn();
  await at.turn(2999);
  assert.equal(at.instance.state, 'starting');
  await at.turn(1);
  await at.until(() => at.failures.length > 0);
  assert.equal(at.failures[0]?.status, 446);
  assert.match(at.failures[0]?.errorMessage ?? '', /listens on 127\.0\.0\.1:9000.*let it listen on 0\.0\.0\.0:9000/);
});

test('a server that listens on a loopback address first is reached where it listens then', async () => {
  await using at = await startedWeb(hello, { ready: false });
  at.sandbox.say('listen 1 4 loopback');
  await at.turn(1000);
  at.sandbox.say(`listen ${at.port} 4 any`);
  await at.until(() => at.instance.state === 'idle');
  await at.turn(3000);
  assert.equal(at.instance.state, 'idle');
});

test('a machine that cannot do it is not the function’s fault', async () => {
  await using at = await startedWeb(hello, { ready: false });
  at.sandbox.say('nolisten pidfd_getfd: Operation not permitted');
  await at.until(() => at.failures.length > 0);
  assert.equal(at.failures[0]?.status, 500);
  assert.match(at.failures[0]?.errorMessage ?? '', /pidfd_getfd: Operation not permitted.*SYS_PTRACE/s);
});

test('a process that ends while it starts is 405', async () => {
  await using at = await startedWeb(hello, { ready: false });
  at.sandbox.output.write('node: not found\n');
  at.sandbox.die(127);
  await at.until(() => at.failures.length > 0);
  assert.equal(at.failures[0]?.status, 405);
  assert.match(at.failures[0]?.errorMessage ?? '', /while it was starting \(exit code 127\)/);
  assert.equal(at.failures[0]?.log, 'node: not found\n');
});

test('too much memory is 434, while it starts and while it runs', async () => {
  await using starting = await startedWeb(hello, { ready: false });
  starting.sandbox.memory = 129 * MB;
  await starting.turn(60);
  await starting.until(() => starting.failures.length > 0);
  assert.equal(starting.failures[0]?.status, 434);
  await using at = await startedWeb(() => {}, { concurrency: 2 });
  const both = Promise.all([at.begin(), at.begin()]);
  at.sandbox.memory = 129 * MB;
  await at.turn(60);
  assert.deepEqual(
    (await both).map(one => one.status),
    [434, 434],
  );
  assert.ok(at.sandbox.closed);
});

test('a request goes through, and whatever it is answered is a success', async () => {
  await using at = await startedWeb((request, response) => {
    response.writeHead(503, 'Try later', ['X-b', '1', 'x-B', '2']);
    response.end(`${request.method} ${request.url} ${request.rawHeaders.join('|')}`);
  });
  const exchange = new FakeExchange({ target: '/a%2fb?c', rawHeaders: ['hoST', 'x', 'x-scf-name', 'forged'] });
  const outcome = await settled(at, at.begin(exchange));
  assert.equal(outcome.status, 200);
  assert.equal(outcome.body.length, 0);
  assert.equal(exchange.head?.status, 503);
  assert.equal(exchange.head?.reason, 'Try later');
  assert.deepEqual(exchange.head?.rawHeaders.slice(0, 4), ['X-b', '1', 'x-B', '2']);
  assert.equal(exchange.text, 'GET /a%2fb?c hoST|x|X-Scf-Request-Id|r1|X-Scf-Name|hello');
  assert.ok(exchange.ended && !exchange.broken);
  assert.equal(at.instance.state, 'idle');
  assert.deepEqual(
    at.heard.map(one => one.split(' ')[0]),
    ['ready', 'ran', 'free'],
  );
});

test('an answer that is there whole has a length, and one that is made piece by piece comes piece by piece', async () => {
  let more = () => {};
  await using at = await startedWeb((request, response) => {
    response.flushHeaders();
    more = () => response.write('piece');
    if (request.url === '/') response.end('whole');
  });
  const whole = new FakeExchange();
  await settled(at, at.begin(whole));
  const pieces = new FakeExchange({ target: '/sse' });
  void at.begin(pieces);
  await at.until(() => pieces.head !== undefined);
  assert.equal(pieces.text, '', 'the head does not wait for the body');
  more();
  await at.until(() => pieces.text === 'piece');
  assert.ok(!pieces.head?.rawHeaders.includes('Content-Length'));
  // A server that has not flushed its head sends all in one piece.
  await using plain = await startedWeb((_, response) => {
    response.writeHead(200, { 'X-A': '1' });
    response.end('hällo');
  });
  const answered = new FakeExchange();
  await settled(plain, plain.begin(answered));
  assert.equal(answered.head?.rawHeaders.at(-1), '6');
  assert.equal(answered.text, 'hällo');
});

test('the first request after a start tells of it, and what it printed meanwhile', async () => {
  await using at = await startedWeb(hello, { ready: false });
  at.sandbox.output.write('up\n');
  await at.turn(70);
  at.sandbox.say(`listen ${at.port} 4 any`);
  await at.until(() => at.heard.includes('ready'));
  const first = await settled(at, at.begin());
  assert.deepEqual([first.initMs, first.log], [70, 'up\n']);
  const second = await settled(at, at.begin());
  assert.deepEqual([second.initMs, second.log], [0, '']);
  assert.equal(at.sockets.size, 1, 'the connection is used again');
});

test('a request that takes too long is 433, and its instance goes with it', async () => {
  await using at = await startedWeb(() => {}, { version: { timeoutS: 3 } });
  const exchange = new FakeExchange();
  const running = at.begin(exchange);
  await at.until(() => at.sockets.size === 1);
  await at.turn(2999);
  assert.equal(at.instance.state, 'busy');
  await at.turn(1);
  const outcome = await settled(at, running);
  assert.equal(outcome.status, 433);
  assert.equal(outcome.errorMessage, 'Invoking task timed out after 3 seconds');
  assert.equal(outcome.durationMs, 3000);
  assert.equal(exchange.head, undefined);
  assert.ok(at.sandbox.killed);
});

test('time in which this server stood still counts against no request and no start', async () => {
  await using at = await startedWeb(() => {}, { version: { timeoutS: 3 } });
  const running = at.begin();
  await at.until(() => at.sockets.size === 1);
  at.instance.stoodStill(60_000);
  await at.turn(62_999);
  assert.equal(at.instance.state, 'busy');
  await at.turn(1);
  assert.equal((await settled(at, running)).status, 433);

  await using other = await startedWeb(hello, { ready: false, version: { initTimeoutS: 5 } });
  other.instance.stoodStill(60_000);
  await other.turn(64_999);
  assert.equal(other.failures.length, 0);
  await other.turn(1);
  await other.until(() => other.failures.length > 0);
});

test('of several requests a time-out fails its own, and the others go on', async () => {
  const open: (() => void)[] = [];
  await using at = await startedWeb((_, response) => void open.push(() => response.end('late')), {
    concurrency: 10,
    version: { timeoutS: 3 },
  });
  const first = at.begin();
  await at.turn(1000);
  const exchange = new FakeExchange();
  const second = at.begin(exchange);
  await at.until(() => open.length === 2);
  assert.equal(at.instance.load, 2);
  await at.turn(2000);
  assert.equal((await settled(at, first)).status, 433);
  assert.equal(at.instance.state, 'draining');
  assert.equal(at.sandbox.killed, false);
  open[1]?.();
  assert.equal((await settled(at, second)).status, 200);
  assert.equal(exchange.text, 'late');
  assert.ok(at.sandbox.killed, 'it ends with the last of them');
});

test('half an answer of a request that is broken off does not look whole', async () => {
  await using at = await startedWeb(
    (_, response) => {
      response.write('half');
    },
    { version: { timeoutS: 3 } },
  );
  const exchange = new FakeExchange();
  const running = at.begin(exchange);
  await at.until(() => exchange.text === 'half');
  await at.turn(3000);
  assert.equal((await settled(at, running)).status, 433);
  assert.ok(exchange.broken && !exchange.ended);
});

test('a client that goes away is 499, its request ends in the function, and the instance stays', async () => {
  let closed = false;
  await using at = await startedWeb((request, response) => {
    if (request.url === '/') response.end('hello');
    else request.once('close', () => (closed = true));
  });
  const exchange = new FakeExchange({ target: '/slow' });
  const running = at.begin(exchange);
  await at.until(() => at.sockets.size === 1);
  exchange.control.abort();
  const outcome = await settled(at, running);
  assert.deepEqual([outcome.status, outcome.errorMessage], [499, 'RequestCanceled']);
  await at.until(() => closed);
  assert.equal((await settled(at, at.begin())).status, 200);
  // Gone before it was its turn.
  const late = new FakeExchange();
  late.control.abort();
  assert.equal((await settled(at, at.begin(late, 'late', 500))).status, 499);
  assert.equal(late.head, undefined);
});

test('a client that goes away within its body is 499', async () => {
  await using at = await startedWeb(() => {});
  const body = new PassThrough();
  const running = at.begin(new FakeExchange({ method: 'POST', body }));
  body.write('a');
  await at.until(() => at.sockets.size === 1);
  body.destroy();
  assert.equal((await settled(at, running)).status, 499);
});

test('a process that ends while requests run is 439 for all of them', async () => {
  await using at = await startedWeb(() => {}, { concurrency: 3 });
  const all = [at.begin(), at.begin(), at.begin()];
  await at.until(() => at.sockets.size === 3);
  at.sandbox.output.write('oh no\n');
  for (const socket of at.sockets) socket.destroy();
  await at.turn();
  at.sandbox.die(1);
  const outcomes = await settled(at, Promise.all(all) as unknown as Promise<Outcome>);
  for (const outcome of outcomes as unknown as Outcome[]) {
    assert.equal(outcome.status, 439);
    assert.equal(outcome.errorMessage, 'User process exit when running');
  }
  assert.equal((outcomes as unknown as Outcome[])[0]?.log, 'oh no\n');
  assert.equal(at.heard.at(-1), 'gone');
});

test('a process that the kernel has ended for its memory is 434', async () => {
  await using at = await startedWeb(() => {});
  const running = at.begin();
  await at.until(() => at.sockets.size === 1);
  at.sandbox.oom = true;
  for (const socket of at.sockets) socket.destroy();
  at.sandbox.die(null, 'SIGKILL');
  assert.equal((await settled(at, running)).status, 434);
});

test('a worker that the kernel has ended for its memory fails what comes of it', async () => {
  await using at = await startedWeb((_, response) => setImmediate(() => response.end('hello')));
  at.sandbox.oom = true;
  const running = at.begin();
  await at.clock.advance(10);
  assert.equal((await settled(at, running)).status, 434);
  assert.ok(at.sandbox.killed);
});

test('a server that closes the connection and lives is 430, after its end has been waited for', async () => {
  let asked = false;
  const script = (socket: Socket) => {
    asked = true;
    socket.destroy();
  };
  await using at = await startedWeb({ raw: (socket: Socket) => void socket.once('data', () => script(socket)) });
  const running = at.begin();
  let over = false;
  void running.then(() => (over = true));
  await at.until(() => asked);
  await at.turn();
  await at.turn(990);
  assert.equal(over, false);
  await at.turn(20);
  const outcome = await settled(at, running);
  assert.equal(outcome.status, 430);
  assert.match(outcome.errorMessage, /closed the connection without an answer/);
  assert.equal(at.instance.state, 'idle');
});

test('what is no HTTP is 430, and cut answers are', async () => {
  let text = 'nonsense\r\n\r\n';
  await using at = await startedWeb({
    raw: (socket: Socket) => socket.once('data', () => socket.end(text)),
  });
  const malformed = await settled(at, at.begin());
  assert.equal(malformed.status, 430);
  assert.match(malformed.errorMessage, /what is not HTTP/);
  text = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf';
  const exchange = new FakeExchange();
  const running = at.begin(exchange);
  await at.until(() => exchange.text === 'half');
  for (let i = 0; i < 11; i++) await at.turn(100);
  const cut = await settled(at, running);
  assert.equal(cut.status, 430);
  assert.match(cut.errorMessage, /before its answer was whole/);
  assert.ok(exchange.broken);
});

test('a server that does not listen any more is 446, and is replaced', async () => {
  await using at = await startedWeb(hello);
  await at.closeServer();
  const running = at.begin();
  await at.until(() => at.instance.state === 'draining');
  for (let i = 0; i < 11; i++) await at.turn(100);
  const outcome = await settled(at, running);
  assert.equal(outcome.status, 446);
  assert.match(outcome.errorMessage, /does not listen on 0\.0\.0\.0:9000 any more/);
  assert.ok(at.sandbox.killed);
});

test('headers of more than 4 KB are 407, whether they could be read or not', async () => {
  let bytes = 4096 - 'X-Big'.length;
  await using at = await startedWeb({
    raw: (socket: Socket) =>
      socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\nX-Big: ${'a'.repeat(bytes)}\r\n\r\n`)),
  });
  assert.equal((await settled(at, at.begin())).status, 200);
  bytes++;
  const exchange = new FakeExchange();
  const over = await settled(at, at.begin(exchange));
  assert.equal(over.status, 407);
  assert.match(over.errorMessage, /^ResponseTooLarge: the headers of the response have 4097 bytes, at most 4096/);
  assert.equal(exchange.head, undefined);
  bytes = 100_000;
  assert.equal((await settled(at, at.begin())).status, 407);
  assert.equal(at.instance.state, 'idle');
});

test('an answer that tells of more than 6 MB is 407, and one in chunks may have it', async () => {
  const size = 6 * MB + 1;
  await using at = await startedWeb((request, response) => {
    if (request.url === '/told') response.writeHead(200, { 'Content-Length': size });
    response.end(Buffer.alloc(size));
  });
  const told = await settled(at, at.begin(new FakeExchange({ target: '/told' })));
  assert.equal(told.status, 407);
  assert.match(told.errorMessage, /exceeds the upper limit \(6MB\): Content-Length is 6291457/);
  const head = await settled(at, at.begin(new FakeExchange({ target: '/told', method: 'HEAD' })));
  assert.equal(head.status, 200);
});

test('a request of more than 6 MB is 406, told beforehand or found out', async () => {
  let got = 0;
  await using at = await startedWeb(
    (request: IncomingMessage) => void request.on('data', chunk => (got += chunk.length)),
  );
  const length = String(6 * MB + 1);
  const told = new FakeExchange({ method: 'POST', rawHeaders: ['Content-Length', length], body: new PassThrough() });
  const refused = await settled(at, at.begin(told));
  assert.equal(refused.status, 406);
  assert.match(refused.errorMessage, /^RequestTooLarge/);
  assert.equal(at.sockets.size, 0, 'the function has not seen it');
  const body = Readable.from([Buffer.alloc(6 * MB), Buffer.alloc(1)]);
  const found = await settled(at, at.begin(new FakeExchange({ method: 'POST', body })));
  assert.equal(found.status, 406);
  assert.ok(got <= 6 * MB);
});

test('a run that is terminated is 499, gently or not', async () => {
  await using at = await startedWeb(() => {});
  const running = at.begin(undefined, 'one');
  await at.until(() => at.sockets.size === 1);
  assert.equal(at.instance.terminate('another', false), false);
  assert.equal(at.instance.terminate('one', false), true);
  assert.equal((await settled(at, running)).status, 499);
  assert.ok(at.sandbox.killed);
  await using gentle = await startedWeb(() => {});
  const told = gentle.begin(undefined, 'one');
  assert.equal(gentle.instance.terminate('one', true), true);
  assert.deepEqual(gentle.sandbox.signals, ['SIGTERM']);
  assert.equal(gentle.instance.state, 'draining');
  gentle.sandbox.die(0);
  assert.equal((await settled(gentle, told)).status, 439);
});

test('what a run prints is its own, and can be read while it goes on', async () => {
  const open: (() => void)[] = [];
  await using at = await startedWeb((_, response) => void open.push(() => response.end('x')));
  const running = at.begin(undefined, 'one');
  await at.until(() => open.length === 1);
  at.sandbox.output.write('so far\n');
  await at.turn();
  assert.equal(at.instance.printed('one'), 'so far\n');
  assert.equal(at.instance.printed('two'), undefined);
  // In the same instant as the answer, in either order.
  open[0]?.();
  at.sandbox.output.write('last\n');
  assert.equal((await settled(at, running)).log, 'so far\nlast\n');
});

test('a server that listens anew is reached at its new port', async () => {
  await using at = await startedWeb(hello);
  await using other = await startedWeb((_, response) => response.end('moved'));
  await settled(at, at.begin());
  at.sandbox.say(`listen ${other.port} 4 any`);
  await at.turn();
  const exchange = new FakeExchange();
  await settled(at, at.begin(exchange));
  assert.equal(exchange.text, 'moved');
});

test('its end by the server is told to who runs, and to nobody when it idles', async () => {
  await using at = await startedWeb(() => {});
  const running = at.begin();
  await at.until(() => at.sockets.size === 1);
  const ended = at.instance.end({ status: 500, body: Buffer.alloc(0), message: 'stopped', stack: '' });
  assert.equal((await settled(at, running)).errorMessage, 'stopped');
  await ended;
  await using idle = await startedWeb(hello);
  idle.sandbox.die(0);
  await idle.until(() => idle.instance.state === 'gone');
  assert.deepEqual(idle.heard, ['ready', 'gone']);
});

test('when its time has come it answers what it has, takes no more, and ends', async () => {
  const answers: (() => void)[] = [];
  await using at = await startedWeb((_, response) => answers.push(() => response.end('late')), { lifeMs: 1000 });
  const running = at.begin();
  await at.until(() => answers.length === 1);
  await at.turn(900);
  assert.equal(at.instance.state, 'busy');
  await at.turn(200);
  assert.equal(at.instance.state, 'draining');
  answers[0]?.();
  assert.equal((await settled(at, running)).status, 200);
  await at.until(() => at.instance.state === 'gone');
  assert.ok(!at.heard.includes('free'));
});
