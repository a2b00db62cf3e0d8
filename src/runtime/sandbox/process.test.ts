import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, type TestContext, test } from 'node:test';
import { SystemClock } from '../../core/clock.ts';
import { SystemIds } from '../../core/ids.ts';
import { OPEN_FILES } from '../../core/limits.ts';
import { NO_LOG } from '../../core/log.ts';
import type { Sandbox, SandboxDriver, SandboxSpec } from './driver.ts';
import { memoryReader } from './memory.ts';
import type { Choices } from './process/ground.ts';
import { processesOf } from './process/users.ts';
import { openProcessDriver } from './process.ts';

const MB = 1024 * 1024;
const clock = new SystemClock();
const root = realpathSync(mkdtempSync(join(tmpdir(), 'openscf-process-')));
chmodSync(root, 0o755);

interface Place {
  readonly driver: SandboxDriver;
  readonly dataDir: string;
}

const opened: Place[] = [];

async function open(name: string, choices: Choices, mark = `test-${process.pid}-${name}`): Promise<Place> {
  const dataDir = join(root, name);
  mkdirSync(join(dataDir, 'code', 'abc'), { recursive: true });
  chmodSync(dataDir, 0o700);
  writeFileSync(join(dataDir, 'code', 'abc', 'index.js'), 'exports.x = 1;');
  writeFileSync(join(dataDir, 'openscf.db'), 'the rows of this server');
  writeFileSync(join(dataDir, 'credentials.json'), 'the keys', { mode: 0o600 });
  const driver = await openProcessDriver({ dataDir, mark, clock, ids: new SystemIds(), log: NO_LOG }, choices);
  const place = { driver, dataDir };
  opened.push(place);
  return place;
}

/** Everything that this machine has, then with less and less. */
const WAYS: readonly (readonly [name: string, Choices])[] = [
  ['everything', {}],
  ['no control groups', { cgroups: false }],
  ['no users', { ownUid: false }],
  ['neither', { cgroups: false, ownUid: false }],
  ['a shell alone', { program: false }],
];
const places = new Map<string, Place>();
for (const [name, choices] of WAYS) places.set(name, await open(name.replaceAll(' ', '-'), choices));

after(async () => {
  for (const { driver, dataDir } of opened) {
    await driver.close();
    assert.equal(existsSync(join(dataDir, 'process')), false);
  }
  rmSync(root, { recursive: true, force: true });
});

function start(driver: SandboxDriver, script: string, change: Partial<SandboxSpec> = {}): Sandbox {
  return driver.start({
    command: '/bin/sh',
    args: ['-c', script],
    env: { ONE: '1' },
    shows: [],
    memoryMB: 128,
    network: 'shared',
    ...change,
  });
}

async function said(driver: SandboxDriver, script: string, change: Partial<SandboxSpec> = {}): Promise<string> {
  const sandbox = start(driver, script, change);
  const output = await text(sandbox.output);
  await sandbox.exited;
  sandbox.close();
  return output;
}

function firstOf(sandbox: Sandbox): Promise<string> {
  return new Promise(resolve => sandbox.output.once('data', chunk => resolve(String(chunk).trim())));
}

async function ended(sandbox: Sandbox): Promise<void> {
  sandbox.kill();
  await sandbox.exited;
  sandbox.close();
}

/** Not one that is dead and waits to be asked for its end. */
function runs(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; !(await holds()); i++) {
    assert.ok(i < 6000, 'it never came true');
    await clock.sleep(10);
  }
}

for (const [name] of WAYS) {
  const { driver, dataDir } = places.get(name) ?? assert.fail();

  test(`${name}: output keeps the order of stdout and stderr`, async () => {
    const script = 'for i in 1 2 3; do echo out $i; echo err $i >&2; done';
    assert.equal(await said(driver, script), 'out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n');
  });

  test(`${name}: descriptor 3 goes both ways, 4 is the turn file, and there are no others`, async () => {
    const sandbox = start(
      driver,
      'read line <&3; echo "got $line" >&3; for i in 5 6 7 8 9; do : 2>/dev/null <&$i && echo $i; done',
    );
    sandbox.channel.write('hello\n');
    assert.equal(await text(sandbox.channel), 'got hello\n');
    assert.equal((await text(sandbox.output)).replace(/.*Bad file.*\n|.*bad file.*\n/g, ''), '');
    await sandbox.exited;
    assert.equal(fstatSync(sandbox.turnFd).size, 16);
    sandbox.close();
  });

  test(`${name}: the environment is what was given and a folder for temporary files`, async () => {
    const [one, home, tmp = '', ...limits] = (
      await said(driver, 'echo $ONE; echo "$HOME"; echo $TMPDIR; ulimit -n; ulimit -c; ulimit -f')
    ).split('\n');
    assert.deepEqual([one, home], ['1', '']);
    assert.equal(join(tmp, '..'), join(dataDir, 'process'));
    assert.deepEqual(limits, [String(OPEN_FILES), '0', '1048576', '']);
  });

  test(`${name}: the folder for temporary files is private, is told, and goes with the instance`, async () => {
    const sandbox = start(
      driver,
      'echo secret > $TMPDIR/file; mkdir -p $TMPDIR/a/b; chmod 0 $TMPDIR/a; echo ready; exec sleep 1000',
    );
    const { tmpDir, codeDir, optDir } = await sandbox.assign({
      codeDir: join(dataDir, 'code', 'abc'),
      optDir: undefined,
      memoryMB: 256,
    });
    assert.deepEqual([codeDir, optDir], [join(dataDir, 'code', 'abc'), '/opt']);
    assert.equal(await firstOf(sandbox), 'ready');
    assert.equal(statSync(tmpDir).mode & 0o777, 0o700);
    assert.equal(readFileSync(join(tmpDir, 'file'), 'utf8'), 'secret\n');
    await ended(sandbox);
    await until(() => !existsSync(tmpDir));
  });

  test(`${name}: kill ends the whole group`, async () => {
    const sandbox = start(driver, 'sleep 1000 & echo $!; wait');
    const pid = Number(await firstOf(sandbox));
    assert.ok(pid > 1);
    // The end of all of them is what closes the pipe that the group has shared.
    const closed = new Promise(resolve => sandbox.output.once('close', resolve));
    sandbox.kill();
    assert.deepEqual(await sandbox.exited, { code: null, signal: 'SIGKILL' });
    await closed;
    sandbox.kill();
    sandbox.close();
    assert.equal(sandbox.oomKilled(), false);
    assert.equal(sandbox.memoryBytes(), 0);
    assert.equal(sandbox.peakBytes(), sandbox.peakBytes(), 'its last one is kept');
  });

  test(`${name}: the exit code is told, also the one that our own steps use`, async () => {
    for (const code of [0, 7, 125]) {
      const sandbox = start(driver, `exit ${code}`);
      sandbox.output.resume();
      assert.deepEqual(await sandbox.exited, { code, signal: null });
      sandbox.close();
    }
  });

  test(`${name}: a file larger than 512 MB cannot be written, and the program is told`, async () => {
    // A sparse file: nothing is written.
    const code =
      'const fs = require("fs"); const fd = fs.openSync(process.env.TMPDIR + "/f", "w"); try { fs.writeSync(fd, "x", 512 * 1048576); console.log("written"); } catch (e) { console.log(e.code); }';
    assert.equal(await said(driver, '', { command: process.execPath, args: ['-e', code] }), 'EFBIG\n');
  });

  test(`${name}: Node.js and Python start in the smallest function`, async () => {
    const small = { memoryMB: 64, shows: [realpathSync(process.execPath)] };
    const node = 'new Worker("1", { eval: true }).on("exit", () => console.log("node", process.pid > 1))';
    const args = ['-e', `const { Worker } = require("worker_threads"); ${node}`];
    assert.equal(await said(driver, '', { ...small, command: process.execPath, args }), 'node true\n');
    if (!existsSync('/usr/bin/python3')) return;
    const python =
      'import threading, json, ssl; t = threading.Thread(target=print, args=("python",)); t.start(); t.join()';
    assert.equal(await said(driver, '', { ...small, command: '/usr/bin/python3', args: ['-c', python] }), 'python\n');
  });

  test(
    `${name}: memory is what the process holds, with its children, and the peak comes back down`,
    linux(),
    async () => {
      const inner = 'global.x = Buffer.alloc(1e8, 1); console.log(1); setInterval(() => {}, 1e3)';
      const code = `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(inner)}], { stdio: "inherit" })`;
      const sandbox = start(driver, '', { command: process.execPath, args: ['-e', code], memoryMB: 512 });
      await firstOf(sandbox);
      const bytes = sandbox.memoryBytes();
      assert.ok(bytes > 1e8 && bytes < 2.5e8, String(bytes));
      assert.ok(sandbox.peakBytes() >= bytes * 0.9);
      await ended(sandbox);
    },
  );
}

function linux(): { skip: string | false } {
  return { skip: existsSync('/proc/self/statm') ? false : 'needs /proc' };
}

const root0 = process.getuid?.() === 0 && process.platform === 'linux';
/** Skips where this machine does not offer it, and says so. */
function needs(t: TestContext, way: string, pattern: RegExp): Place | undefined {
  const place = places.get(way) ?? assert.fail();
  if (pattern.test(place.driver.protects)) return place;
  t.skip(weaker(place.driver));
  return undefined;
}
const weaker = (driver: SandboxDriver) => driver.weaker.map(({ whole }) => whole.en).join('; ');
const OWN = /user of its own/;
const GROUPS = /kernel limits/;

test('as root on Linux instances have users of their own', { skip: root0 ? false : 'needs root' }, () => {
  assert.match(places.get('everything')?.driver.protects ?? '', OWN);
});

test('each instance is somebody else, with no power and nobody of its group beside it', async t => {
  const place = needs(t, 'everything', OWN);
  if (!place) return;
  const script = 'id -u; id -G; grep -E "CapEff|NoNewPrivs" /proc/self/status';
  const [one, two] = await Promise.all([said(place.driver, script), said(place.driver, script)]);
  const [first, groups, ...status] = one.trim().split('\n');
  assert.ok(Number(first) > 1000 && first !== two.split('\n')[0]);
  assert.equal(groups?.split(' ').length, 1);
  assert.deepEqual(status, ['CapEff:\t0000000000000000', 'NoNewPrivs:\t1']);
});

test('it reads its code and neither writes it nor reads what is the server’s', async t => {
  const place = needs(t, 'everything', OWN);
  if (!place) return;
  const { driver, dataDir } = place;
  const sandbox = start(
    driver,
    `read go <&3; cd ${dataDir}/code/abc && cat index.js; for f in openscf.db credentials.json; do cat ${dataDir}/$f; done; ` +
      `ls ${dataDir}; ls ${dataDir}/code; ls ${dataDir}/process; echo x > index.js; echo x > new; cat /proc/${process.pid}/environ; ` +
      `kill -9 ${process.pid}; echo over`,
  );
  await sandbox.assign({ codeDir: join(dataDir, 'code', 'abc'), optDir: undefined, memoryMB: 128 });
  sandbox.channel.write('\n');
  const output = await text(sandbox.output);
  sandbox.close();
  assert.match(output, /^exports\.x = 1;/);
  assert.match(output, /over\n$/);
  assert.equal(output.match(/.*(denied|not permitted).*/g)?.length, 9, output);
  assert.equal(readFileSync(join(dataDir, 'code', 'abc', 'index.js'), 'utf8'), 'exports.x = 1;');
});

test('one instance cannot look into the temporary files of another, nor end it', async t => {
  const place = needs(t, 'everything', OWN);
  if (!place) return;
  const other = start(place.driver, 'echo secret > $TMPDIR/file; echo $$ $TMPDIR; exec sleep 1000');
  const [pid, dir] = (await firstOf(other)).split(' ');
  const output = await said(
    place.driver,
    `cat ${dir}/file; ls ${dir}; echo x > ${dir}/new; kill -9 ${pid}; cat /proc/${pid}/environ`,
  );
  assert.equal(output.match(/.*(denied|not permitted).*/g)?.length, 5, output);
  assert.ok(runs(Number(pid)));
  await ended(other);
});

test('a program that others cannot read runs as the server does, and the log says why', async t => {
  if (!needs(t, 'everything', OWN)) return;
  const closed = join(root, 'closed');
  mkdirSync(closed, { mode: 0o700 });
  writeFileSync(join(closed, 'boot'), '');
  const lines: object[] = [];
  const log = { ...NO_LOG, warn: (fields: object) => void lines.push(fields) };
  const dataDir = join(root, 'everything');
  const mark = `test-${process.pid}-closed`;
  const driver = await openProcessDriver({
    dataDir: join(dataDir, '..', 'second'),
    mark,
    clock,
    ids: new SystemIds(),
    log,
  });
  try {
    assert.equal(await said(driver, 'id -u', { shows: [join(closed, 'boot')] }), '0\n');
    assert.deepEqual(lines, [{ path: join(closed, 'boot'), blocker: closed }]);
  } finally {
    await driver.close();
  }
});

test('a data folder that others cannot reach: the server’s user, and the way out is told', {
  skip: root0 ? false : 'needs root',
}, async () => {
  const home = join(root, 'home');
  mkdirSync(home, { mode: 0o700 });
  const { driver } = await open('home/data', {}, `test-${process.pid}-home`);
  assert.match(weaker(driver), new RegExp(`other users cannot enter ${home}.*--data`));
  assert.equal(await said(driver, 'id -u'), '0\n');
});

for (const [name, pattern] of [
  ['no users', GROUPS],
  ['no control groups', OWN],
] as const) {
  test(`${name}: what starts a session of its own dies with the instance all the same`, async t => {
    const place = needs(t, name, pattern);
    if (!place) return;
    const sandbox = start(place.driver, 'setsid sh -c "echo \\$\\$; exec sleep 1000" & wait');
    const pid = Number(await firstOf(sandbox));
    assert.ok(runs(pid));
    await ended(sandbox);
    await until(() => !runs(pid));
  });
}

test('an instance takes all that is left of its user along', async t => {
  const place = needs(t, 'no control groups', OWN);
  if (!place) return;
  const sandbox = start(place.driver, 'id -u; for i in 1 2 3; do setsid sleep 1000 & done; wait');
  const uid = Number(await firstOf(sandbox));
  assert.ok((await processesOf(uid)).length > 0);
  await ended(sandbox);
  await until(async () => (await processesOf(uid)).length === 0);
});

test('more memory than the function has ends the instance, and tells so', async t => {
  const place = needs(t, 'everything', GROUPS);
  if (!place) return;
  const code = 'console.log("in"); Buffer.alloc(2e8, 1); console.log("got it"); setInterval(() => {}, 1e3)';
  const sandbox = start(place.driver, '', { command: process.execPath, args: ['-e', code], memoryMB: 64 });
  const output = text(sandbox.output);
  assert.deepEqual(await sandbox.exited, { code: null, signal: 'SIGKILL' });
  assert.equal(await output, 'in\n');
  assert.equal(sandbox.oomKilled(), true);
  await clock.sleep(0);
  assert.equal(sandbox.oomKilled(), true, 'it is still known when the group is gone');
  assert.ok(sandbox.peakBytes() > 60 * 2 ** 20, `${sandbox.peakBytes()}: as far as it has come`);
  sandbox.close();
});

test('the limit is that of the function that comes in', async t => {
  const place = needs(t, 'everything', GROUPS);
  if (!place) return;
  const code =
    'process.stdin; require("fs").readSync(3, Buffer.alloc(1)); Buffer.alloc(15e7, 1); console.log("got it")';
  const sandbox = start(place.driver, '', { command: process.execPath, args: ['-e', code], memoryMB: 64 });
  await sandbox.assign({ codeDir: join(place.dataDir, 'code', 'abc'), optDir: undefined, memoryMB: 512 });
  sandbox.channel.write('x');
  assert.equal(await text(sandbox.output), 'got it\n');
  sandbox.close();
});

test('forking without end harms nobody', async t => {
  for (const [name, pattern] of [
    ['no users', GROUPS],
    ['no control groups', OWN],
  ] as const) {
    const place = needs(t, name, pattern);
    if (!place) return;
    // Stops by itself should nothing else stop it.
    const sandbox = start(
      place.driver,
      'i=0; while [ $i -lt 1200 ]; do sleep 1000 & i=$((i+1)); done; echo all; wait',
      { memoryMB: 1024 },
    );
    let printed = '';
    sandbox.output.on('data', chunk => {
      printed += chunk;
    });
    for (let i = 0; i < 6000 && !/fork|all/i.test(printed); i++) await clock.sleep(10);
    await ended(sandbox);
    assert.match(printed, /fork/i);
    assert.doesNotMatch(printed, /^all$/m);
  }
});

test('a start that cannot be is an error with its reason', async t => {
  const place = needs(t, 'everything', GROUPS);
  if (!place) return;
  const { code, error } = await start(place.driver, '', { command: '/not/there' }).exited;
  assert.equal(code, null);
  assert.match(error?.message ?? '', /\/not\/there/);
});

test('what a killed server has left is removed at the next start', async () => {
  const dataDir = join(root, 'again');
  mkdirSync(join(dataDir, 'process', 'old', 'deep'), { recursive: true });
  writeFileSync(join(dataDir, 'process', 'old', 'deep', 'file'), '');
  chmodSync(join(dataDir, 'process', 'old', 'deep'), 0);
  await open('again', {});
  assert.deepEqual(readdirSync(join(dataDir, 'process')), []);
});

test('instances die with a server that is killed', linux(), async () => {
  const script = `
    import { openProcessDriver } from ${JSON.stringify(new URL('./process.ts', import.meta.url).href)};
    import { SystemClock } from ${JSON.stringify(new URL('../../core/clock.ts', import.meta.url).href)};
    import { SystemIds } from ${JSON.stringify(new URL('../../core/ids.ts', import.meta.url).href)};
    import { NO_LOG } from ${JSON.stringify(new URL('../../core/log.ts', import.meta.url).href)};
    const deps = { dataDir: process.argv[1], mark: process.argv[2], clock: new SystemClock(), ids: new SystemIds(), log: NO_LOG };
    const driver = await openProcessDriver(deps);
    const spec = { command: '/bin/sh', args: ['-c', 'echo $$; exec sleep 1000'], env: {}, shows: [], memoryMB: 64, network: 'shared' };
    driver.start(spec).output.once('data', pid => console.log(String(pid)));`;
  const dataDir = join(root, 'killed');
  const mark = `test-${process.pid}-killed`;
  const server = spawn(process.execPath, ['--input-type=module-typescript', '-e', script, dataDir, mark], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(server.stdout, 'data');
  const pid = Number(String(line));
  assert.ok(runs(pid));
  server.kill('SIGKILL');
  await until(() => !runs(pid));
  assert.equal(readdirSync(join(dataDir, 'process')).length, 1);
  const { driver } = await open('killed', {}, mark);
  assert.deepEqual(readdirSync(join(dataDir, 'process')), []);
  assert.notEqual(await said(driver, 'echo ok'), '');
});

test('a hundred starts leave nothing behind', async t => {
  const place = needs(t, 'everything', GROUPS);
  if (!place) return;
  const group = /memory:(.*)\/[^/]*$/m.exec(await said(place.driver, 'cat /proc/self/cgroup'))?.[1];
  for (let i = 0; i < 10; i++) {
    const ten = Array.from({ length: 10 }, () => start(place.driver, 'exec sleep 1000'));
    for (const one of ten) one.kill();
    await Promise.all(ten.map(one => one.exited));
    for (const one of ten) one.close();
  }
  await until(() => readdirSync(join(place.dataDir, 'process')).length === 0);
  const path = `/sys/fs/cgroup/memory${group}`;
  if (group !== undefined && existsSync(path))
    assert.deepEqual(
      readdirSync(path, { withFileTypes: true }).filter(entry => entry.isDirectory()),
      [],
    );
});

test('memory of one process and of one that is gone', linux(), () => {
  // Children are counted once: those of tests before this one may be about to end.
  const reader = memoryReader(process.pid, 1000);
  const first = reader.read();
  assert.ok(first > MB);
  // Room for so much makes the collector give back what others have left.
  const held = Buffer.alloc(256 * MB, 1);
  assert.ok(reader.read() - first > 150 * MB);
  assert.equal(held.length, 256 * MB);
  reader.close();
  assert.equal(reader.read(), 0);
  assert.equal(memoryReader(2 ** 22 + 1).read(), 0);
});
