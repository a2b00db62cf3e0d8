// What survives a restart, and what a killed server leaves: everything that was answered, and nothing half done.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { ask, deploy, invoke, type Scf, sdkOf, settled, until, zipOf } from './fixture.ts';
import { startTestServer, type TestServer } from './harness.ts';
import { type Program, startProgram } from './program.ts';

const CODE = 'exports.main_handler = async () => process.env.STAGE ?? "none"';

/** All that an owner can read about the functions of a server, without what differs per answer or port. */
async function inventory(sdk: Scf): Promise<unknown> {
  const answers: object[] = [await sdk.ListNamespaces({})];
  const { Functions = [] } = await sdk.ListFunctions({ Limit: 100 });
  for (const { FunctionName = '' } of Functions) {
    answers.push(
      await sdk.GetFunction({ FunctionName, ShowCode: 'TRUE' }),
      await sdk.ListVersionByFunction({ FunctionName }),
      await sdk.ListAliases({ FunctionName }),
      await sdk.ListTriggers({ FunctionName }),
      await sdk.GetFunctionEventInvokeConfig({ FunctionName }),
      await sdk.GetFunctionLogs({ FunctionName, Limit: 100 }),
    );
  }
  const text = JSON.stringify(answers.map(answer => ({ ...answer, RequestId: '' })));
  return JSON.parse(text.replace(/127\.0\.0\.1:\d+/g, '127.0.0.1'));
}

describe('a server that is stopped and started again', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  test('has everything that it had', async () => {
    let sdk = sdkOf(server);
    const FunctionName = 'kept';
    await sdk.CreateNamespace({ Namespace: 'other', Description: 'kept as well' });
    await deploy(sdk, 'elsewhere', CODE, { Namespace: 'default', Description: 'one more' });
    await deploy(sdk, FunctionName, CODE, { Environment: { Variables: [{ Key: 'STAGE', Value: 'one' }] } });
    await sdk.PublishVersion({ FunctionName, Description: 'first' });
    await settled(sdk, FunctionName, '1');
    await sdk.CreateAlias({ FunctionName, Name: 'live', FunctionVersion: '1', Description: 'alias' });
    await sdk.UpdateFunctionConfiguration({
      FunctionName,
      Environment: { Variables: [{ Key: 'STAGE', Value: 'two' }] },
    });
    await settled(sdk, FunctionName);
    const retries = { RetryConfig: [{ RetryNum: 1 }], MsgTTL: 600 };
    await sdk.UpdateFunctionEventInvokeConfig({ FunctionName, AsyncTriggerConfig: retries });
    const trigger = { FunctionName, TriggerName: 'tick', Type: 'timer', TriggerDesc: '0 0 3 * * * *' };
    await sdk.CreateTrigger({ ...trigger, Enable: 'CLOSE', CustomArgument: 'hi' });
    const desc = { api: { requestConfig: { method: 'GET' } }, release: { environmentName: 'test' } };
    await sdk.CreateTrigger({
      FunctionName,
      TriggerName: 'http',
      Type: 'apigw',
      TriggerDesc: JSON.stringify(desc),
      Qualifier: 'live',
    });
    await invoke(sdk, FunctionName);

    const before = await inventory(sdk);
    const { credentials } = server;
    server = await server.restart();
    assert.deepEqual(server.credentials, credentials);
    sdk = sdkOf(server);
    assert.deepEqual(await inventory(sdk), before);
    assert.equal((await invoke(sdk, FunctionName)).RetMsg, '"two"');
    assert.equal((await sdk.InvokeFunction({ FunctionName, Qualifier: 'live' })).Result?.RetMsg, '"one"');
    const { functions } = await server.get<{ functions: { name: string; triggers: { urls: string[] }[] }[] }>('/urls');
    const urls = functions.find(one => one.name === FunctionName)?.triggers.flatMap(one => one.urls) ?? [];
    assert.equal((await ask(urls[0] ?? '')).body.toString(), '"one"', 'the URL leads to the alias as before');
    await sdk.PublishVersion({ FunctionName });
    assert.deepEqual((await sdk.ListVersionByFunction({ FunctionName })).FunctionVersion?.toSorted(), [
      '$LATEST',
      '1',
      '2',
    ]);
  });

  test('goes on with a timer that was on, from now', async () => {
    const sdk = sdkOf(server);
    await deploy(sdk, 'ticks', 'exports.main_handler = async event => console.log(event.Time)');
    const trigger = { FunctionName: 'ticks', TriggerName: 'tick', Type: 'timer' };
    await sdk.CreateTrigger({ ...trigger, TriggerDesc: '0 * * * * * *', Enable: 'OPEN' });
    await deploy(sdk, 'passing', 'exports.main_handler = async () => "passing"');
    await invoke(sdk, 'passing');
    await sdk.DeleteFunction({ FunctionName: 'passing' });
    server = await server.restart();
    const kept = await readdir(join(server.dataDir, 'code'));
    assert.equal(
      kept.length,
      2,
      `${kept.join(' ')}: one package of two functions and one of another: what was deleted is not kept`,
    );
    const { nowMs } = await server.post<{ nowMs: number }>('/clock', { action: 'freeze' });
    await server.post('/clock', { action: 'advance', ms: 180_000 });
    const { Data = [] } = await sdkOf(server).GetFunctionLogs({ FunctionName: 'ticks' });
    // A real minute may have begun meanwhile, before the restart or after it.
    const since = Data.map(row => Date.parse(/\d+-\d\d-\d\dT[\d:]+Z(?=\n)/.exec(row.Log ?? '')?.[0] ?? '')).filter(
      at => !(at <= nowMs),
    );
    const minute = Math.floor(nowMs / 60_000);
    assert.deepEqual(
      since.toSorted((a, b) => a - b),
      [1, 2, 3].map(n => (minute + n) * 60_000),
    );
  });
});

test('a server that is stopped as soon as it has said where it is ends cleanly', async t => {
  const { dir, start } = await folder(t);
  for (const _ of [1, 2, 3]) {
    const program = await start();
    await program.stop();
    assert.ok(!existsSync(join(dir, 'server.json')), 'it is not announced any more');
  }
});

interface Folder {
  readonly dir: string;
  start(...flags: string[]): Promise<Program>;
}

/** A data folder, dropped after the servers that have run on it: one that fails its test would keep it busy. */
async function folder(t: TestContext): Promise<Folder> {
  const dir = await mkdtemp(join(tmpdir(), 'openscf-killed-'));
  const programs: Program[] = [];
  t.after(async () => {
    for (const program of programs) await program.stop().catch(() => undefined);
    await rm(dir, { recursive: true, force: true });
  });
  return {
    dir,
    async start(...flags) {
      const program = await startProgram({ dataDir: dir, flags });
      programs.push(program);
      return program;
    },
  };
}

/** Processes below this one, each with when it started, as ids are used again; nothing where there is no /proc. */
function below(ancestor: number): string[] {
  const found = [...processes().values()];
  const members = new Set([ancestor]);
  for (let size = 0; size !== members.size; ) {
    size = members.size;
    for (const { pid, parent } of found) if (members.has(parent)) members.add(pid);
  }
  members.delete(ancestor);
  return found.filter(({ pid }) => members.has(pid)).map(one => one.key);
}

function processes(): Map<string, { readonly pid: number; readonly parent: number; readonly key: string }> {
  const found = new Map();
  if (!existsSync('/proc/self/stat')) return found;
  for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    try {
      const [state, parent, ...rest] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
      const key = `${pid} ${rest[17]}`;
      // Dead already, when nobody else has taken notice.
      if (state !== 'Z') found.set(key, { pid: Number(pid), parent: Number(parent), key });
    } catch {
      // It has just ended.
    }
  }
  return found;
}

const sdkFor = (program: Program) => sdkOf({ endpoint: program.endpoint, credentials: program });

async function killed(program: Program): Promise<void> {
  process.kill(program.pid, 'SIGKILL');
  await until('the server is dead', async () => {
    const alive = await fetch(`${program.endpoint}/healthz`).catch(() => undefined);
    return alive === undefined;
  });
}

const many = Array.from({ length: 24 }, (_, at) => `f${String(at).padStart(2, '0')}`);

describe('a server that is killed', () => {
  for (const answers of [1, 8, 20]) {
    test(`while it makes functions, after ${answers} answers: each is whole or not there`, async t => {
      const { dir, start } = await folder(t);
      const first = await start('--quota-functions', '100');
      const sdk = sdkFor(first);
      const answered: string[] = [];
      const enough = Promise.withResolvers<void>();
      const calls = many.map(async FunctionName => {
        const ZipFile = (await zipOf({ 'index.js': CODE, name: FunctionName.repeat(20_000) })).toString('base64');
        await sdk.CreateFunction({ FunctionName, Runtime: 'Nodejs18.15', Code: { ZipFile } });
        if (answered.push(FunctionName) === answers) enough.resolve();
      });
      const over = Promise.allSettled(calls);
      await enough.promise;
      await killed(first);
      await over;

      const second = await start('--quota-functions', '100');
      const again = sdkFor(second);
      const { Functions = [] } = await again.ListFunctions({ Limit: 100 });
      const there = Functions.map(one => one.FunctionName ?? '');
      for (const name of answered) assert.ok(there.includes(name), `${name} was answered and is lost`);
      for (const FunctionName of there) {
        const { Status, StatusReasons } = await settled(again, FunctionName);
        assert.equal(Status, 'Active', JSON.stringify(StatusReasons));
      }
      const last = there.at(-1) ?? '';
      assert.equal((await invoke(again, last)).RetMsg, '"none"');
      assert.deepEqual(await readdir(join(dir, 'blobs', 'unfinished')), []);
      assert.deepEqual(
        (await readdir(join(dir, 'code'))).filter(name => name.startsWith('.')),
        [],
      );
      for (const name of many.filter(one => !there.includes(one))) await deploy(again, name, CODE);
    });
  }

  test('takes its instances along, idle, running and never yielding', async t => {
    const { dir, start } = await folder(t);
    const first = await start('--warm', '0');
    const sdk = sdkFor(first);
    const before = below(first.pid).length;
    await deploy(sdk, 'idle', CODE);
    await invoke(sdk, 'idle');
    for (const [name, body] of [
      ['waits', 'await new Promise(done => setTimeout(done, 60_000))'],
      ['spins', 'for (;;);'],
    ] as const) {
      await deploy(sdk, name, `exports.main_handler = async () => { ${body} }`, { Timeout: 60 });
      void sdk.Invoke({ FunctionName: name }).catch(() => undefined);
    }
    const metrics = async () => (await fetch(`${first.endpoint}/metrics`)).text();
    await until('three instances run', async () => /^openscf_instances 3$/m.test(await metrics()));
    const started = below(first.pid);
    assert.ok(started.length >= before + 3 || process.platform !== 'linux', started.join());
    await killed(first);
    await until('no process is left', async () => {
      const alive = processes();
      return started.every(key => !alive.has(key));
    });
    assert.ok(await stat(join(dir, 'openscf.db')));
    const second = await start('--warm', '0');
    assert.deepEqual([second.secretId, second.secretKey], [first.secretId, first.secretKey]);
    assert.equal((await invoke(sdkFor(second), 'idle')).RetMsg, '"none"');
    const last = below(second.pid);
    assert.ok(last.length > 0 || process.platform !== 'linux');
    await second.stop();
    const alive = processes();
    assert.deepEqual(
      last.filter(key => alive.has(key)),
      [],
    );
    assert.ok(!existsSync(join(dir, 'server.json')), 'a server that was stopped is not announced');
  });
});
