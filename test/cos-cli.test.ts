// The commands of the object store against a whole server: files of any size, ports, TLS, triggers, and what doctor tells.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { promisify } from 'node:util';
import { runIn } from '../src/cli/fixture.ts';
import type { Doctor, Status } from '../src/cli/wire.ts';
import { makeCertificate } from '../src/http/testing-certificates.ts';
import { deploy, sdkOf, until } from './fixture.ts';
import { startTestServer, type TestServer } from './harness.ts';
import { SOURCE } from './program.ts';

const MB = 1024 * 1024;
const run = promisify(execFile);

let server: TestServer;
let cwd: string;
before(async () => {
  server = await startTestServer();
  cwd = await mkdtemp(join(tmpdir(), 'openscf-cos-cli-'));
  await said('cos', 'mb', 'cos://files');
});
after(async () => {
  await server.close();
  await rm(cwd, { recursive: true, force: true });
});

/** Fails unless it is done; gives what it says. */
async function said(...args: string[]): Promise<string> {
  const { status, out, note } = await runIn(cwd, ['--data', server.dataDir, ...args]);
  assert.equal(status, 0, `openscf ${args.join(' ')}: ${note}`);
  return out;
}

/** What nobody holds any more is not counted: it goes when the collector finds it worth its while, at some 64 MB. */
const HOOK = `
  let most = 0;
  const look = () => {
    // What the first has found is freed while it goes on; the second waits for that.
    global.gc();
    global.gc();
    most = Math.max(most, process.memoryUsage().arrayBuffers);
  };
  setInterval(look, 150).unref();
  process.on('exit', () => require('node:fs').writeFileSync(process.env.PEAK_FILE, String(most)));
`;

/** The program by itself; gives the most that its buffers held, in bytes. */
async function buffersOf(...args: string[]): Promise<number> {
  const PEAK_FILE = join(cwd, 'peak');
  const hook = join(cwd, 'hook.cjs');
  await writeFile(hook, HOOK);
  const [node = '', ...first] = SOURCE;
  await run(node, ['--expose-gc', '--require', hook, ...first, '--data', server.dataDir, ...args], {
    cwd,
    env: { ...process.env, PEAK_FILE },
  });
  return Number(await readFile(PEAK_FILE));
}

describe('a file of 40 MB', () => {
  const bytes = randomBytes(40 * MB + 11);
  before(() => writeFile(join(cwd, 'big'), bytes));

  test('goes up in parts, down, across and through pipes, and stays the same', async () => {
    assert.match(
      await said('cos', 'cp', 'big', 'cos://files/大 +file'),
      / -> cos:\/\/files-\d+\/大 \+file {2}40\.0 MB\n$/,
    );
    await said('cos', 'cp', 'cos://files/大 +file', 'cos://files/copy');
    await said('cos', 'cp', 'cos://files/copy', 'back');
    assert.ok((await readFile(join(cwd, 'back'))).equals(bytes));
    const [node = '', ...first] = SOURCE;
    const program = [node, ...first, '--data', server.dataDir].map(word => `'${word}'`).join(' ');
    await run(
      'sh',
      ['-c', `set -e; ${program} cos cp - cos://files/piped < big; ${program} cos cp cos://files/piped - | cmp - big`],
      { cwd },
    );
    const { entries } = JSON.parse(await said('cos', 'ls', 'cos://files', '--json')) as {
      entries: { bytes: number; etag: string }[];
    };
    assert.deepEqual(
      entries.map(one => [one.bytes, /^[0-9a-f]{32}-3$/.test(one.etag)]),
      [
        [bytes.length, true],
        [bytes.length, true],
        [bytes.length, true],
      ],
    );
  });

  test('takes the memory of some of its parts', async t => {
    const up = await buffersOf('cos', 'cp', 'big', 'cos://files/again', '--part-size', '1');
    const down = await buffersOf('cos', 'cp', 'cos://files/again', 'again');
    assert.ok((await readFile(join(cwd, 'again'))).equals(bytes));
    const peaks = [up, down].map(one => Math.round(one / MB));
    t.diagnostic(`buffers held ${peaks[0]} MB up, ${peaks[1]} MB down`);
    assert.ok(Math.max(...peaks) < 20, `${peaks} MB`);
  });
});

test('an upload that the user breaks off leaves nothing', async () => {
  await said('cos', 'mb', 'cos://short');
  const [node = '', ...first] = SOURCE;
  const args = [...first, '--data', server.dataDir, 'cos', 'cp', '-', 'cos://short/half', '--part-size', '1'];
  const child = spawn(node, args, { cwd, stdio: ['pipe', 'ignore', 'ignore'] });
  const ended = new Promise(resolve => child.once('exit', (code, signal) => resolve(code ?? signal)));
  // Its input goes on, and it may be gone before all of it is taken.
  child.stdin.on('error', () => undefined);
  const objects = join(server.dataDir, 'objects');
  const before = (await readdir(objects, { recursive: true })).length;
  child.stdin.write(Buffer.alloc(2 * MB + 1));
  const rb = () => runIn(cwd, ['--data', server.dataDir, 'cos', 'rb', 'cos://short']);
  await until('some of it is there', async () => (await readdir(objects, { recursive: true })).length >= before + 2);
  assert.match((await rb()).note, /BucketNotEmpty/);
  child.kill('SIGINT');
  assert.equal(await ended, 130);
  assert.equal((await rb()).note, '');
});

test('an output that takes no more ends a list, and breaks off a copy', async t => {
  await said('cos', 'mb', 'cos://deaf');
  await mkdir(join(cwd, 'tree'));
  for (let i = 0; i < 20; i++) await writeFile(join(cwd, `tree/${i}`), 'x');
  const [node = '', ...first] = SOURCE;
  const ends = async (args: readonly string[], stdout: 'pipe' | number) => {
    const child = spawn(node, [...first, '--data', server.dataDir, ...args], {
      cwd,
      stdio: ['ignore', stdout, 'pipe'],
    });
    child.stdout?.destroy();
    const [[code], note] = await Promise.all([once(child, 'exit'), text(child.stderr ?? assert.fail())]);
    return { code, note };
  };
  assert.deepEqual(await ends(['cos', 'ls'], 'pipe'), { code: 0, note: '' });
  assert.deepEqual(await ends(['cos', 'cp', '-r', 'tree', 'cos://deaf'], 'pipe'), { code: 141, note: '' });
  if (!existsSync('/dev/full')) return t.skip('no device that is full');
  await using full = await open('/dev/full', 'w');
  for (const args of [
    ['cos', 'ls'],
    ['cos', 'cp', 'cos://deaf/0', '-'],
    ['event', 'cos'],
  ]) {
    const { code, note } = await ends(args, full.fd);
    assert.equal(code, 1);
    assert.match(note, /^error: The output cannot be written: ENOSPC.*\n$/);
  }
});

test('presigned URLs work with curl, at the port of the store', async t => {
  const { ports } = await server.get<Status>('/status');
  const key = '/lead/中 文+ %41.txt';
  const put = (await said('cos', 'presign', `cos://files/${key}`, '--method', 'PUT')).trim();
  assert.ok(put.startsWith(`http://127.0.0.1:${ports.portCos}/files-`), put);
  const curl = (...args: string[]) => run('curl', ['-sS', '--fail-with-body', ...args]);
  if (
    await curl('--version').then(
      () => false,
      () => true,
    )
  )
    return t.skip('curl is not installed');
  await curl('-X', 'PUT', '--data-binary', 'by curl', put);
  const get = (await said('cos', 'presign', `cos://files/${key}`)).trim();
  assert.equal((await curl(get)).stdout, 'by curl');
  await assert.rejects(curl(get.replace('q-signature=', 'q-signature=0')));
  assert.equal(await said('cos', 'cp', `cos://files/${key}`, '-'), 'by curl');
});

test('what leads to the server leads to the store: a tunnel, and TLS before it', async t => {
  const { ports } = await server.get<Status>('/status');
  const { certificatePem, privateKeyPem } = await makeCertificate({ names: ['localhost'] });
  const ca = join(cwd, 'ca.pem');
  await writeFile(ca, certificatePem);
  const lead = (socket: Socket) => {
    const inner = connect(ports.portApi ?? 0, '127.0.0.1');
    socket.pipe(inner).pipe(socket);
    for (const one of [socket, inner]) one.on('error', () => one.destroy());
  };
  const tunnels = {
    http: createServer(lead),
    https: createTlsServer({ key: privateKeyPem, cert: certificatePem }, lead),
  };
  const [node = '', ...first] = SOURCE;
  for (const [scheme, tunnel] of Object.entries(tunnels)) {
    await new Promise<void>(resolve => tunnel.listen(0, '127.0.0.1', resolve));
    t.after(() => tunnel.close());
    const endpoint = `${scheme}://localhost:${(tunnel.address() as AddressInfo).port}`;
    const args = [...first, '--data', server.dataDir, '--endpoint', endpoint, 'cos', 'ls'];
    const { stdout } = await run(node, args, { cwd, env: { ...process.env, NODE_EXTRA_CA_CERTS: ca } });
    assert.match(stdout, / cos:\/\/files-\d+\n/, endpoint);
  }
});

test('a trigger is added by bucket and event, fires, and goes by what tells it from others', async () => {
  const sdk = sdkOf(server);
  await deploy(sdk, 'watcher', 'exports.main_handler = async event => event.Records[0].cos.cosObject.key');
  await said('cos', 'mb', 'cos://watched');
  const add = ['trigger', 'add', 'watcher', 'cos', '--bucket', 'watched', '--event', 'cos:ObjectCreated:*'];
  await said(...add, '--prefix', 'in/', '--suffix', '.jpg');
  await said(...add, '--prefix', 'in/', '--suffix', '.png');
  const many = await runIn(cwd, ['--data', server.dataDir, 'trigger', 'rm', 'watcher', 'cos']);
  assert.match(
    many.note,
    /several cos triggers; name one of them:\n {2}--bucket watched-\d+ --event 'cos:ObjectCreated:\*' --prefix in\/ --suffix \.(jpg|png)\n/,
  );
  await said('trigger', 'disable', 'watcher', 'cos', '--suffix', '.png');
  await said('trigger', 'rm', 'watcher', 'cos', '--suffix', '.jpg');
  await said(...add, '--prefix', 'in/', '--suffix', '.txt');
  const { Triggers } = await sdk.ListTriggers({ FunctionName: 'watcher' });
  assert.deepEqual(
    Triggers?.map(one => [
      (JSON.parse(one.TriggerDesc ?? '') as { filter: { Suffix: string } }).filter.Suffix,
      one.Enable,
    ]).sort(),
    [
      ['.png', 0],
      ['.txt', 1],
    ],
  );
  await writeFile(join(cwd, 'a.txt'), 'x');
  await said('cos', 'cp', 'a.txt', 'cos://watched/in/');
  const logs = await until('the function is called', async () => {
    const { Data = [] } = await sdk.GetFunctionLogs({ FunctionName: 'watcher' });
    return Data[0]?.InvokeFinished === 1 && Data;
  });
  assert.match(logs[0]?.RetMsg ?? '', /\/watched\/in\/a\.txt/);
});

test('doctor shows the ports of the server, and names an object that the disk has damaged', async () => {
  const { ports } = await server.get<Status>('/status');
  const page = await said('doctor');
  for (const [setting, port] of Object.entries(ports))
    assert.match(page, new RegExp(`^${setting} +${port} +this server$`, 'm'));
  await said('cos', 'mb', 'cos://kept');
  await writeFile(join(cwd, 'object'), randomBytes(3 * MB));
  const objects = join(server.dataDir, 'objects');
  const before = new Set(await readdir(objects, { recursive: true }));
  await said('cos', 'cp', 'object', 'cos://kept/a b');
  const made = (await readdir(objects, { recursive: true })).filter(name => !before.has(name));
  for (const name of made) {
    const path = join(objects, name);
    if (!(await stat(path)).isFile()) continue;
    await using file = await open(path, 'r+');
    await file.write('damaged', MB);
  }
  await server.post('/clock', { action: 'advance', ms: 25 * 3_600_000 });
  await until('it is found', async () => (await server.get<Doctor>('/doctor')).objects?.damaged === 1);
  assert.match(await said('doctor'), /^ {2}damaged, and answering 500: .*\n {4}cos:\/\/kept-\d+\/a b\n/m);
  const read = await runIn(cwd, ['--data', server.dataDir, 'cos', 'cp', 'cos://kept/a b', 'out', '--lang', 'zh']);
  assert.match(read.note, /^错误：InternalError: 对象的内容已损坏，请重新写入。/);
  await said('cos', 'cp', 'object', 'cos://kept/a b');
  assert.equal((await server.get<Doctor>('/doctor')).objects?.found.length, 0);
});
