// Web functions in the sandboxes of both drivers: the port, its word on the channel, signals, memory and the end.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { after, describe, test } from 'node:test';
import { SystemClock } from '../../core/clock.ts';
import { SystemIds } from '../../core/ids.ts';
import { NO_LOG } from '../../core/log.ts';
import { asRoot, weaker, withBwrap } from './bwrap/testing.ts';
import { openBwrapDriver } from './bwrap.ts';
import type { Sandbox, SandboxDriver, SandboxSpec } from './driver.ts';
import { openProcessDriver } from './process.ts';
import { WEB_PORT, type WebWord, webObstacle, webTrial, webWord } from './web.ts';

const onLinux = process.platform === 'linux' ? false : 'needs Linux';
const clock = new SystemClock();
const root = mkdtempSync(join(tmpdir(), 'openscf-web-'));
const drivers: SandboxDriver[] = [];
after(async () => {
  for (const driver of drivers) await driver.close();
  rmSync(root, { recursive: true, force: true });
});

function depsOf(name: string) {
  const dataDir = join(root, name);
  mkdirSync(dataDir, { recursive: true });
  return { dataDir, mark: `web${process.pid}${name}`, clock, ids: new SystemIds(), log: NO_LOG };
}

function kept(driver: SandboxDriver): SandboxDriver {
  drivers.push(driver);
  return driver;
}

async function bwrap(name: string, choices: Parameters<typeof openBwrapDriver>[1] = {}): Promise<SandboxDriver> {
  const driver = await openBwrapDriver({ ...depsOf(name), hosts: [], caFile: undefined, ports: () => [] }, choices);
  return 'missing' in driver ? assert.fail(driver.missing.en) : kept(driver);
}

const WAYS: readonly (readonly [name: string, skip: string | boolean, open: () => Promise<SandboxDriver>])[] = [
  ['bubblewrap', withBwrap.skip, () => bwrap('bwrap')],
  ['bubblewrap without control groups', withBwrap.skip, () => bwrap('ungrouped', { cgroups: false })],
  ['the plain driver', onLinux, async () => kept(await openProcessDriver(depsOf('plain')))],
  [
    'the plain driver with less',
    onLinux,
    async () => kept(await openProcessDriver(depsOf('less'), { cgroups: false, ownUid: false })),
  ],
];

const NODE = process.execPath;
const specOf = (script: string): SandboxSpec => ({
  command: NODE,
  args: ['-e', script],
  env: { NAME: 'web' },
  shows: [NODE],
  memoryMB: 256,
  network: 'shared',
  web: WEB_PORT,
});
/** Answers with what `answer` gives, as JSON. */
const serving = (answer: string, more = '') => `
const http = require('node:http');
${more}
http.createServer(async (request, response) => response.end(JSON.stringify(await (${answer})(request)))).listen(9000, '0.0.0.0');`;

/** Its words, as they come. */
function words(sandbox: Sandbox): () => Promise<WebWord | undefined> {
  const lines = createInterface({ input: sandbox.channel.on('error', () => {}) })[Symbol.asyncIterator]();
  return async () => {
    const { value, done } = await lines.next();
    return done ? undefined : webWord(value);
  };
}

async function addressOf(sandbox: Sandbox): Promise<{ host: string; port: number }> {
  const word = await words(sandbox)();
  return word?.kind === 'listen' ? word : assert.fail(`${JSON.stringify(word)} ${await text(sandbox.output)}`);
}

async function ask({ host, port }: { host: string; port: number }): Promise<unknown> {
  const body = await new Promise<string>((resolve, reject) =>
    request({ host, port, agent: false }, response => text(response).then(resolve, reject))
      .on('error', reject)
      .end(),
  );
  return JSON.parse(body);
}

async function ended(sandbox: Sandbox, output: Promise<string> | undefined = undefined) {
  sandbox.kill();
  const exit = await sandbox.exited;
  sandbox.close();
  return { exit, out: await output };
}

for (const [name, skip, open] of WAYS)
  describe(`${name}:`, { skip }, async () => {
    const driver = skip ? undefined : await open();
    const start = (script: string, more: Partial<SandboxSpec> = {}) =>
      driver?.start({ ...specOf(script), ...more }) ?? assert.fail();

    test('many at once on one port, each answers for itself and finds itself', async () => {
      const script = (at: number) =>
        serving(
          `async ({ url }) => url === '/self' ? ${at} : [await (await fetch('http://127.0.0.1:9000/self')).json(), process.env.NAME]`,
        );
      const all = [0, 1, 2].map(at => start(script(at)));
      const addresses = await Promise.all(all.map(addressOf));
      assert.equal(new Set(addresses.map(one => one.port)).size, 3);
      for (const [at, address] of addresses.entries()) assert.deepEqual(await ask(address), [at, 'web']);
      for (const one of all) assert.equal((await ended(one)).exit.signal, 'SIGKILL');
    });

    test('a function is brought in while it runs, and its memory is that of the program', async () => {
      const sandbox = start(serving('() => kept.length', 'const kept = Buffer.alloc(96 << 20, 1);'));
      const output = text(sandbox.output);
      await sandbox.assign({ codeDir: '/usr', optDir: undefined, memoryMB: 256 });
      assert.equal(await ask(await addressOf(sandbox)), 96 << 20);
      const usedMB = sandbox.memoryBytes() / 2 ** 20;
      assert.ok(usedMB > 96 && usedMB < 256, `${usedMB} MB`);
      assert.ok(sandbox.peakBytes() > 96 << 20);
      assert.equal((await ended(sandbox, output)).out, '');
    });

    test('SIGTERM reaches the program, which may end in its own way', async () => {
      const sandbox = start(
        serving('() => 1', `process.on('SIGTERM', () => { console.log('heard'); process.exit(9); });`),
      );
      const output = text(sandbox.output);
      await sandbox.assign({ codeDir: '/usr', optDir: undefined, memoryMB: 256 });
      await addressOf(sandbox);
      assert.equal(sandbox.signal('SIGTERM'), true);
      assert.deepEqual(await sandbox.exited, { code: 9, signal: null });
      assert.equal(await output, 'heard\n');
      assert.equal(sandbox.signal('SIGTERM'), false);
      sandbox.close();
    });

    test('it ends as the program does', async () => {
      for (const [script, exit] of [
        ['process.exit(7)', { code: 7, signal: null }],
        ['process.exit(125)', { code: 125, signal: null }],
        [`process.kill(process.pid, 'SIGKILL')`, { code: null, signal: 'SIGKILL' }],
        [`process.kill(process.pid, 'SIGTERM')`, { code: null, signal: 'SIGTERM' }],
      ] as const) {
        const sandbox = start(script);
        const next = words(sandbox);
        sandbox.output.resume();
        assert.deepEqual(await sandbox.exited, exit, script);
        assert.equal(await next(), undefined, 'nothing was said');
        sandbox.close();
      }
    });

    test('a command that is not there is told', async () => {
      const sandbox = start('', { command: '/not/there' });
      sandbox.output.resume();
      sandbox.channel.on('error', () => {}).resume();
      assert.match((await sandbox.exited).error?.message ?? '', /exec \/not\/there: No such file/);
      sandbox.close();
    });

    test('killed, it takes along what it has started', async () => {
      const sandbox = start(
        serving(
          '() => child.pid',
          `const child = require('node:child_process').spawn('sleep', ['77'], { stdio: 'inherit' });`,
        ),
      );
      const output = text(sandbox.output);
      assert.equal(typeof (await ask(await addressOf(sandbox))), 'number');
      // Its output ends only when the last who could write to it is gone.
      assert.equal((await ended(sandbox, output)).out, '');
    });

    test('a trial finds that it can be done', async () => {
      assert.equal(await webTrial(driver ?? assert.fail()), undefined);
    });
  });

describe('more memory than it has', { skip: asRoot.skip }, () => {
  test('ends the program, and is told from another end', async t => {
    const driver = await bwrap('oom');
    if (weaker(driver).includes('memory is watched')) return t.skip('control groups cannot be used here');
    const sandbox = driver.start({
      ...specOf('const all = []; for (;;) all.push(Buffer.alloc(8 << 20, 1));'),
      memoryMB: 128,
    });
    sandbox.output.resume();
    sandbox.channel.on('error', () => {}).resume();
    assert.equal((await sandbox.exited).signal, 'SIGKILL');
    assert.equal(sandbox.oomKilled(), true);
    sandbox.close();
  });
});

describe('words', () => {
  test('of listening', () => {
    const word = { kind: 'listen', host: '127.0.0.1', port: 40000, loopbackOnly: false };
    assert.deepEqual(webWord('listen 40000 4 any'), word);
    assert.deepEqual(webWord('listen 1 6 loopback'), { kind: 'listen', host: '::1', port: 1, loopbackOnly: true });
    for (const none of [
      '',
      'listen',
      'listen x 4 any',
      'listen 1 5 any',
      'listen 1 4 some',
      ' listen 1 4 any',
      'listen 1 4 any more',
    ])
      assert.equal(webWord(none), undefined, none);
  });

  test('of what cannot be', () => {
    const word = webWord('nolisten pidfd_getfd: Operation not permitted');
    assert.deepEqual(word, { kind: 'nolisten', reason: 'pidfd_getfd: Operation not permitted' });
    const { zh, en } = webObstacle('pidfd_getfd: Operation not permitted');
    for (const sentence of [zh, en]) assert.match(sentence, /pidfd_getfd: Operation not permitted.*SYS_PTRACE/);
  });
});

describe('where it cannot be done', () => {
  test('a driver without our program refuses, and the trial says what helps', async () => {
    const driver = kept(await openProcessDriver(depsOf('shell'), { program: false }));
    assert.throws(() => driver.start(specOf('')), { code: 'UnsupportedOperation', message: /run on Linux/ });
    const found = await webTrial(driver);
    assert.match(found?.zh ?? '', /Linux/);
    assert.match(found?.en ?? '', /start this server on Linux/);
  });

  /** A driver whose sandboxes run this instead, where our program has nothing to answer. */
  const instead = (driver: SandboxDriver, script: string): SandboxDriver => ({
    ...driver,
    start: ({ web: _, ...spec }) => driver.start({ ...spec, command: '/bin/sh', args: ['-c', script] }),
  });

  test('what the channel or the end has to say is passed on', { skip: onLinux }, async () => {
    const driver = kept(await openProcessDriver(depsOf('instead')));
    const of = async (script: string) => (await webTrial(instead(driver, script)))?.en ?? '';
    assert.match(
      await of('echo nolisten pidfd_open: Function not implemented >&3; exit 126'),
      /\(pidfd_open: Function not/,
    );
    assert.match(await of('echo what it prints; exit 3'), /\(a trial ended with exit code 3: what it prints\)/);
    assert.match(await of('kill -SEGV $$'), /\(a trial ended with SIGSEGV\)/);
    assert.equal(await of('echo listen 4711 4 any >&3; sleep 60'), '');
  });

  test('one that cannot start, and one that says nothing', { skip: onLinux }, async () => {
    const driver = kept(await openProcessDriver(depsOf('silent')));
    const broken: SandboxDriver = { ...driver, start: () => assert.fail('no descriptors') };
    assert.match((await webTrial(broken))?.en ?? '', /\(no descriptors\)/);
    // Its time is up at once.
    const hasty = Object.assign(new SystemClock(), {
      at: (_: number, task: () => void) => clock.at(clock.now() + 50, task),
    });
    assert.match((await webTrial(instead(driver, 'sleep 60'), hasty))?.en ?? '', /did not listen in time/);
  });
});
