import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SystemClock } from '../../../core/clock.ts';
import { SystemIds } from '../../../core/ids.ts';
import { NO_LOG } from '../../../core/log.ts';
import { openBwrapDriver } from '../bwrap.ts';
import {
  asRoot,
  bench,
  finish,
  leftovers,
  nextLine,
  nothingLeft,
  openFiles,
  processesWith,
  run,
  specOf,
  until,
  withBwrap,
} from './testing.ts';

test('output keeps its order, and how it ended is told', withBwrap, async () => {
  await using at = await bench();
  const { out, exit } = await run(at.driver, 'for i in 1 2 3; do echo out $i; echo err $i >&2; done; exit 7');
  assert.equal(out, 'out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n');
  assert.deepEqual(exit, { code: 7, signal: null });
  assert.deepEqual((await run(at.driver, 'kill -SEGV $$')).exit, { code: null, signal: 'SIGSEGV' });
});

test('descriptors 3 and 4 go both ways, and there are no others', withBwrap, async () => {
  await using at = await bench();
  const sandbox = at.driver.start(
    specOf('read line <&3; echo "got $line" >&3; printf turn >&4; ls /proc/self/fd | tr "\\n" " "'),
  );
  let got = '';
  sandbox.channel.on('data', chunk => {
    got += chunk;
  });
  const { out } = await finish(sandbox, async () => {
    sandbox.channel.write('hello\n');
    await sandbox.exited;
    const turn = Buffer.alloc(4);
    assert.equal(readSync(sandbox.turnFd, turn, 0, 4, 0), 4);
    assert.equal(turn.toString(), 'turn');
  });
  assert.equal(got, 'got hello\n');
  // The fifth is the folder that is being read.
  assert.equal(out, '0 1 2 3 4 5 ');
});

test('killing takes everything, also what has left its session', withBwrap, async () => {
  await using at = await bench();
  const word = `31${process.pid}`;
  const sandbox = at.driver.start(
    specOf(`setsid sh -c 'trap "" TERM HUP; sleep ${word}' & sleep ${word} & echo up; sleep ${word}`),
  );
  assert.equal(await nextLine(sandbox), 'up');
  await until(() => processesWith(word).length > 3, 'the beginning of all');
  const { exit } = await finish(sandbox, async () => sandbox.kill());
  assert.deepEqual(exit, { code: null, signal: 'SIGKILL' });
  await until(() => processesWith(word).length === 0, 'the end of all');
});

test('what a function has started ends with it', withBwrap, async () => {
  await using at = await bench();
  const word = `32${process.pid}`;
  const { exit } = await run(at.driver, `setsid sleep ${word} >/dev/null 2>&1 & exit 0`);
  assert.deepEqual(exit, { code: 0, signal: null });
  await until(() => processesWith(word).length === 0, 'the end of all');
});

test('it can be killed at any moment of its start', withBwrap, async () => {
  await using at = await bench();
  const word = `33${process.pid}`;
  for (let turns = 0; turns < 60; turns++) {
    const sandbox = at.driver.start(specOf(`sleep ${word}`));
    for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
    const { exit } = await finish(sandbox, async () => sandbox.kill());
    assert.ok(exit.signal === 'SIGKILL' || exit.error, JSON.stringify(exit));
  }
  await until(() => processesWith(word).length === 0, 'the end of all');
});

test('thirty starts and ends leave nothing', withBwrap, async () => {
  await using at = await bench();
  const codeDir = await at.folder({ one: '1' });
  const assignment = { codeDir, optDir: codeDir, memoryMB: 128 };
  await run(at.driver, 'cat /opt/one', {}, assignment);
  const before = openFiles();
  for (let round = 0; round < 30; round++) {
    const { out } = await run(at.driver, 'echo x > /tmp/file; cat /opt/one /var/user/one', {}, assignment);
    assert.equal(out, '11');
  }
  await until(() => leftovers(at.dir, at.mark).length <= 2 && openFiles() <= before, 'everything is given back');
  assert.deepEqual(
    leftovers(at.dir, at.mark).filter(one => !one.includes(at.mark)),
    [],
  );
});

test('closing ends what still runs', withBwrap, async () => {
  const word = `34${process.pid}`;
  let sandbox: ReturnType<Awaited<ReturnType<typeof bench>>['driver']['start']>;
  {
    await using at = await bench();
    sandbox = at.driver.start(specOf(`echo up; sleep ${word}`));
    sandbox.channel.resume();
    assert.equal(await nextLine(sandbox), 'up');
  }
  assert.deepEqual(await sandbox.exited, { code: null, signal: 'SIGKILL' });
  sandbox.close();
  await until(() => processesWith(word).length === 0, 'the end of all');
});

test('a helper that dies is there again for the next', withBwrap, async () => {
  await using at = await bench();
  const codeDir = await at.folder({ one: '1' });
  const assignment = { codeDir, optDir: undefined, memoryMB: 128 };
  const held = at.driver.start(specOf('echo up; read go <&3; cat /var/user/one'));
  assert.equal(await nextLine(held), 'up');
  const [helper = ''] = processesWith('\0serve').filter(pid => parentOf(pid) === process.pid);
  process.kill(Number(helper), 'SIGKILL');
  // What is asked of it while it dies fails.
  const tries: string[] = [];
  for (const clock = new SystemClock(); tries.at(-1) !== '1' && tries.length < 500; await clock.sleep(2))
    tries.push((await run(at.driver, 'cat /var/user/one', {}, assignment).catch(() => undefined))?.out ?? '');
  assert.equal(tries.at(-1), '1');
  const { out } = await finish(held, async () => {
    if (asRoot.skip) {
      // Made in the namespace of the one that died, it lets no other in.
      await assert.rejects(held.assign(assignment), /Operation not permitted/);
      held.kill();
      return;
    }
    await held.assign(assignment);
    held.channel.write('\n');
  });
  assert.equal(out, asRoot.skip ? '' : '1');
});

function parentOf(pid: string): number | undefined {
  try {
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
    return state === 'Z' ? undefined : Number(parent);
  } catch {
    return undefined;
  }
}

const SERVER = `
const { openBwrapDriver } = await import(process.argv[1]);
const { SystemClock } = await import(process.argv[2] + '/clock.ts');
const { SystemIds } = await import(process.argv[2] + '/ids.ts');
const { NO_LOG } = await import(process.argv[2] + '/log.ts');
const [, , , dataDir, mark, word] = process.argv;
const driver = await openBwrapDriver({ dataDir, mark, clock: new SystemClock(), ids: new SystemIds(), log: NO_LOG, hosts: [], caFile: undefined, ports: () => [] });
for (let i = 0; i < 3; i++) {
  const args = ['-c', 'trap "" TERM; echo up; while :; do sleep ' + word + '; done'];
  const sandbox = driver.start({ command: '/bin/sh', args, env: { PATH: '/usr/bin:/bin' }, shows: [], memoryMB: 64, network: 'shared' });
  sandbox.output.once('data', () => console.log('up'));
}
`;

test('a server that is killed leaves nothing that the next one does not take away', withBwrap, async () => {
  const dir = await mkdtemp(join(tmpdir(), 'openscf-bwrap-'));
  const mark = `killed${process.pid}`;
  const word = `35${process.pid}`;
  try {
    const entry = fileURLToPath(new URL('../bwrap.ts', import.meta.url));
    const core = fileURLToPath(new URL('../../../core', import.meta.url));
    const server = spawn(process.execPath, ['--input-type=module', '-e', SERVER, entry, core, dir, mark, word], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: process.env.PATH },
    });
    let up = '';
    for await (const chunk of server.stdout) {
      up += chunk;
      if (up.split('\n').length > 3) break;
    }
    const before = processesWith(word).length;
    server.kill('SIGKILL');
    await once(server, 'exit');
    assert.ok(before > 3);
    const next = await openBwrapDriver({
      dataDir: dir,
      mark,
      clock: new SystemClock(),
      ids: new SystemIds(),
      log: NO_LOG,
      hosts: [],
      caFile: undefined,
      ports: () => [],
    });
    assert.ok(!('missing' in next));
    // Most have died with their server. One whose first process had not asked for that yet is ended by the next.
    await until(() => processesWith(word).length === 0, 'the end of all sandboxes');
    await next.close();
    await nothingLeft(dir, mark);
  } finally {
    await rm(dir, { recursive: true });
  }
});
