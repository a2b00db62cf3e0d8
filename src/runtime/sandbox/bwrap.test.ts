import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { SystemClock } from '../../core/clock.ts';
import { SystemIds } from '../../core/ids.ts';
import { NO_LOG } from '../../core/log.ts';
import { asRoot, bench, finish, NODE, nextLine, nothingLeft, run, specOf, weaker, withBwrap } from './bwrap/testing.ts';
import { openBwrapDriver } from './bwrap.ts';

const dir = await mkdtemp(join(tmpdir(), 'openscf-bwrap-'));
after(() => rm(dir, { recursive: true }));
const deps = {
  dataDir: dir,
  mark: `open${process.pid}`,
  clock: new SystemClock(),
  ids: new SystemIds(),
  log: NO_LOG,
  hosts: [],
  caFile: undefined,
  ports: () => [],
};

async function fake(answer: string): Promise<string> {
  await writeFile(
    join(dir, 'bwrap'),
    `#!/bin/sh\n[ "$1" = --version ] && { echo bubblewrap 0.8.0; exit; }\n${answer}\n`,
  );
  await chmod(join(dir, 'bwrap'), 0o755);
  return dir;
}

test('a machine on which it fails says why, and nothing is left', withBwrap, async () => {
  const path = await fake('echo "bwrap: Creating new namespace failed: Operation not permitted" >&2; exit 1');
  const driver = await openBwrapDriver(deps, { path });
  assert.ok('missing' in driver);
  assert.match(driver.missing.en, /Creating new namespace failed/);
  await nothingLeft(dir, deps.mark);
  const silent = await openBwrapDriver(deps, { path: await fake('exit 3') });
  assert.ok('missing' in silent);
  assert.match(silent.missing.en, /the trial ended with exit code 3/);
  await nothingLeft(dir, deps.mark);
});

test('a folder that cannot be written to is told', withBwrap, async () => {
  const file = join(dir, 'file');
  await writeFile(file, '');
  const driver = await openBwrapDriver({ ...deps, dataDir: file });
  assert.ok('missing' in driver);
  assert.match(driver.missing.zh, /ENOTDIR/);
});

test('all sources of /tmp work, and are told', asRoot, async () => {
  for (const tmp of ['loop', 'tmpfs', 'folder'] as const) {
    await using at = await bench({ tmp });
    const { out } = await run(at.driver, 'echo x > /tmp/y && stat -c %u%g%s /tmp/y; ls -A /tmp');
    assert.equal(out, '100010002\ny\n', tmp);
    if (tmp !== 'loop') assert.match(weaker(at.driver), /\/tmp/);
  }
});

test('without control groups memory is polled', withBwrap, async () => {
  await using at = await bench({ cgroups: false });
  assert.match(weaker(at.driver), /switched off/);
  const script = 'held = Buffer.alloc(1e8, 1); console.log("up"); setInterval(() => {}, 1e6)';
  const sandbox = at.driver.start(specOf('', { command: NODE, args: ['-e', script] }));
  await finish(sandbox, async () => {
    assert.equal(await nextLine(sandbox), 'up');
    assert.ok(sandbox.memoryBytes() > 1e8 && sandbox.memoryBytes() < 2e8, `${sandbox.memoryBytes()}`);
    assert.ok(sandbox.peakBytes() > 1e8);
    sandbox.kill();
  });
  assert.deepEqual([sandbox.memoryBytes(), sandbox.oomKilled()], [0, false]);
});
