// What keeps a server from starting, or from keeping what it is given: one line with the next step, and nothing half done.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, type TestContext, test } from 'node:test';
import { connect } from 'node:tls';
import { runIn } from '../src/cli/fixture.ts';
import { deploy, invoke, said, sdkOf, zipOf } from './fixture.ts';
import { startTestServer } from './harness.ts';

async function folder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'openscf-start-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** `start` with these flags, which must fail; gives its one line. */
async function refused(dir: string, flags: readonly string[], lang = 'C'): Promise<string> {
  const ports = ['--port-api', '0', '--port-cos', '0', '--port-http', '0', '--port-tls', '0'];
  const run = await runIn(dir, ['--data', join(dir, 'data'), 'start', ...ports, ...flags], { env: { LANG: lang } });
  assert.equal(run.out, '');
  assert.notEqual(run.status, 0);
  assert.match(run.note, /^[^\n]+\n$/, 'one line');
  return run.note;
}

describe('a server that cannot start says why in one line', () => {
  for (const [flag, setting, env] of [
    ['--port-api', 'portApi', 'OPENSCF_PORT_API'],
    ['--port-cos', 'portCos', 'OPENSCF_PORT_COS'],
    ['--port-http', 'portHttp', 'OPENSCF_PORT_HTTP'],
    ['--port-tls', 'portTls', 'OPENSCF_PORT_TLS'],
  ] as const) {
    test(`the port of ${setting} is in use`, async t => {
      const taken = createServer();
      await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve));
      t.after(() => taken.close());
      const { port } = taken.address() as AddressInfo;
      const dir = await folder(t);
      const line = await refused(dir, [flag, String(port)]);
      for (const word of [String(port), 'in use', setting, flag, env])
        assert.ok(line.includes(word), `${word}: ${line}`);
      // All or nothing: the same folder is free for the next.
      const second = await refused(dir, [flag, String(port)]);
      assert.equal(second, line);
    });
  }

  test('the data folder lies below a file', async t => {
    const dir = await folder(t);
    await writeFile(join(dir, 'data'), 'a file');
    assert.match(await refused(dir, []), /data.*--data/);
    assert.match(await refused(dir, [], 'zh_CN.UTF-8'), /\p{Script=Han}.*--data/u);
    assert.equal(await readFile(join(dir, 'data'), 'utf8'), 'a file');
  });

  test('the blobs lie where a file is', async t => {
    const dir = await folder(t);
    await mkdir(join(dir, 'data'));
    await writeFile(join(dir, 'data', 'blobs'), 'a file');
    assert.match(await refused(dir, []), /blobs.*(choose|check)/);
  });

  test('the files of objects lie where a file is', async t => {
    const dir = await folder(t);
    await mkdir(join(dir, 'data'));
    await writeFile(join(dir, 'data', 'objects'), 'a file');
    assert.match(await refused(dir, []), /objects.*(choose|check)/);
  });

  test('the object index is none', async t => {
    const dir = await folder(t);
    await mkdir(join(dir, 'data'));
    const text = 'not a database at all, but long enough to be read as one'.repeat(20);
    await writeFile(join(dir, 'data', 'objects.db'), text);
    assert.match(await refused(dir, []), /objects\.db.*not an object index.*move it away/);
    assert.equal(await readFile(join(dir, 'data', 'objects.db'), 'utf8'), text);
  });

  test('the keys are damaged', async t => {
    const dir = await folder(t);
    await mkdir(join(dir, 'data'));
    await writeFile(join(dir, 'data', 'credentials.json'), '{"secretId":1}');
    assert.match(await refused(dir, []), /credentials\.json.*mend it, or remove it/);
  });

  test('the store was written by a newer version', async t => {
    const server = await startTestServer();
    const dir = await folder(t);
    await rename(server.dataDir, join(dir, 'kept')).catch(() => undefined);
    await server.close();
    await rename(join(dir, 'kept'), join(dir, 'data'));
    const file = join(dir, 'data', 'openscf.db');
    const database = new DatabaseSync(file);
    database.exec("INSERT INTO kysely_migration (name, timestamp) VALUES ('9999_future', '2999-01-01')");
    database.close();
    const bytes = await readFile(file);
    assert.match(await refused(dir, []), /newer OpenSCF.*9999_future.*upgrade/);
    assert.deepEqual(await readFile(file), bytes, 'nothing was changed');
  });

  test('the store is no store', async t => {
    const dir = await folder(t);
    await mkdir(join(dir, 'data'));
    await writeFile(
      join(dir, 'data', 'openscf.db'),
      'not a database at all, but long enough to be read as one'.repeat(20),
    );
    assert.match(await refused(dir, []), /not an OpenSCF database.*move it away/);
  });

  test('a setting that is none, and one out of range', async t => {
    const dir = await folder(t);
    assert.match(await refused(dir, ['--prot-api', '1']), /prot-api/);
    assert.match(await refused(dir, ['--memory', 'much']), /memory/);
  });

  test('a sandbox that does not work here, and no other one is taken in its place', async t => {
    const dir = await folder(t);
    // Without the program; in its place a folder that holds none.
    const path = await folder(t);
    await symlink('/bin/false', join(path, 'bwrap'));
    const { PATH } = process.env;
    t.after(() => {
      process.env.PATH = PATH;
    });
    process.env.PATH = `${path}:${PATH}`;
    assert.match(await refused(dir, ['--sandbox', 'bwrap']), /sandbox=bwrap cannot be used.*sandbox=auto/);
  });
});

describe('a running server', async () => {
  const server = await startTestServer();
  after(() => server.close());
  const sdk = sdkOf(server);
  await deploy(sdk, 'bystander', 'exports.main_handler = async event => event');

  test('keeps its folder to itself', async t => {
    const dir = await folder(t);
    const before = await readFile(join(server.dataDir, 'server.json'), 'utf8');
    const run = await runIn(dir, [
      '--data',
      server.dataDir,
      'start',
      '--port-api',
      '0',
      '--port-cos',
      '0',
      '--port-http',
      '0',
      '--port-tls',
      '0',
    ]);
    assert.notEqual(run.status, 0);
    assert.match(
      run.note,
      /^[^\n]*in use by another OpenSCF process; stop that process, or choose another data folder[^\n]*\n$/,
    );
    assert.equal(await readFile(join(server.dataDir, 'server.json'), 'utf8'), before);
    assert.equal((await invoke(sdk, 'bystander', 1)).RetMsg, '1');
  });

  test('answers a client of TLS that names no host', async () => {
    const { ports } = await server.get<{ ports: { portTls: number } }>('/status');
    const ca = await readFile((await server.get<{ caPath: string }>('/status')).caPath, 'utf8');
    const names = await new Promise<string | undefined>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: ports.portTls, ca }, () => {
        resolve(socket.getPeerCertificate().subjectaltname);
        socket.end();
      });
      socket.on('error', reject);
    });
    assert.match(names ?? '', /DNS:localhost.*IP Address:127\.0\.0\.1/);
  });

  test('survives what is no TLS, and no HTTP', async () => {
    const { ports } = await server.get<{ ports: { portTls: number; portHttp: number } }>('/status');
    for (const port of [ports.portTls, ports.portHttp]) {
      const answer = await said(port, 'HELO mail.example.com\r\n\r\n');
      assert.ok(port === ports.portTls ? !answer.includes('HTTP') : answer.startsWith('HTTP/1.1 400 '), answer);
    }
    assert.equal((await invoke(sdk, 'bystander', 2)).RetMsg, '2');
  });

  test('keeps nothing of a package that the disk cannot take, and works on', async () => {
    const blobs = join(server.dataDir, 'blobs');
    const ZipFile = (await zipOf({ 'index.js': '// large' })).toString('base64');
    // Root may write where modes forbid it: a file stands where the folder of unfinished packages was.
    await rename(join(blobs, 'unfinished'), join(blobs, 'aside'));
    await writeFile(join(blobs, 'unfinished'), '');
    await assert.rejects(sdk.CreateFunction({ FunctionName: 'full', Code: { ZipFile } }), (error: { code: string }) =>
      error.code.startsWith('InternalError'),
    );
    await rm(join(blobs, 'unfinished'));
    await rename(join(blobs, 'aside'), join(blobs, 'unfinished'));
    await assert.rejects(sdk.GetFunction({ FunctionName: 'full' }), { code: 'ResourceNotFound.Function' });
    assert.deepEqual(await readdir(join(blobs, 'unfinished')), []);
    assert.equal((await invoke(sdk, 'bystander', 3)).RetMsg, '3');
    await deploy(sdk, 'full', 'exports.main_handler = async () => 1');
    assert.equal((await invoke(sdk, 'full')).RetMsg, '1');
  });
});
