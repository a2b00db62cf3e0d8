// Programs that are stopped at once or killed, and what they leave: everything that was answered, and nothing half done.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { deploy, invoke, sdkOf, settled, until, zipOf } from './fixture.ts';
import { type Program, startProgram } from './program.ts';

const CODE = 'exports.main_handler = async () => process.env.STAGE ?? "none"';

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
        await sdk.CreateFunction({ FunctionName, Runtime: 'Nodejs18.15', Code: { ZipFile }, Timeout: 60 });
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
      await deploy(sdk, name, `exports.main_handler = async () => { ${body} }`);
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
