import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, type TestContext, test } from 'node:test';
import { CloudError } from '../../core/errors.ts';
import { NO_LOG } from '../../core/log.ts';
import { alive, endAll, inNamespaces, onLinux, PROGRAM, until, withMounts, withUnshare } from './native/testing.ts';
import { type MountHelper, openMountHelper, sandboxProgram } from './native.ts';

const base = mkdtempSync(join(tmpdir(), 'openscf-client-'));
chmodSync(base, 0o755);
after(endAll);
after(() => rmSync(base, { recursive: true, force: true }));

const NATIVE = join(import.meta.dirname, 'native');
const X64 = { platform: 'linux', arch: 'x64' };
let count = 0;

/** What an installation may have made of the programs. */
function installed(): string {
  const folder = join(base, `installed-${++count}`);
  mkdirSync(folder);
  for (const name of ['linux-x64', 'linux-arm64', 'SHA256SUMS']) copyFileSync(join(NATIVE, name), join(folder, name));
  return folder;
}

const codeOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    if (error instanceof CloudError) return error.code;
    throw error;
  }
  return undefined;
};

describe('the program', () => {
  for (const arch of ['x64', 'arm64'])
    test(`is there for linux ${arch}, with its hash`, () => {
      const found = sandboxProgram({ platform: 'linux', arch });
      assert.equal(found?.path, join(NATIVE, `linux-${arch}`));
      assert.equal(
        found?.sha256,
        createHash('sha256')
          .update(readFileSync(found?.path ?? ''))
          .digest('hex'),
      );
    });

  for (const [platform, arch] of [
    ['darwin', 'arm64'],
    ['win32', 'x64'],
    ['linux', 'riscv64'],
    // Names of sources in the same list.
    ['enter', 'c'],
  ] as const)
    test(`there is none for ${platform} ${arch}`, () => {
      assert.equal(sandboxProgram({ platform, arch }), undefined);
    });

  test('is refused when it is another one, or gone', () => {
    const folder = installed();
    const path = join(folder, 'linux-x64');
    const bytes = readFileSync(path);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(path, bytes);
    assert.equal(
      codeOf(() => sandboxProgram({ ...X64, folder })),
      'FailedOperation.SandboxProgram',
    );
    assert.equal(
      codeOf(() => sandboxProgram({ ...X64, arch: 'arm64', folder })),
      undefined,
    );
    rmSync(path);
    assert.equal(
      codeOf(() => sandboxProgram({ ...X64, folder })),
      'FailedOperation.SandboxProgram',
    );
  });

  test('gets back the mode that an archive has lost', () => {
    const folder = installed();
    chmodSync(join(folder, 'linux-x64'), 0o644);
    assert.equal(sandboxProgram({ ...X64, folder })?.path, join(folder, 'linux-x64'));
    assert.equal(statSync(join(folder, 'linux-x64')).mode & 0o777, 0o755);
  });

  const otherUser =
    process.platform !== 'linux' || process.getuid?.() !== 0 ? 'needs root, to be somebody else' : false;
  test('is copied where its folder is somebody else’s', { skip: otherUser }, () => {
    const folder = installed();
    const copyDir = join(base, 'copies');
    chmodSync(join(folder, 'linux-x64'), 0o644);
    chmodSync(base, 0o777);
    process.seteuid?.(65534);
    try {
      assert.equal(
        codeOf(() => sandboxProgram({ ...X64, folder })),
        'FailedOperation.SandboxProgramMode',
      );
      const copied = sandboxProgram({ ...X64, folder, copyDir });
      assert.equal(copied?.path, join(copyDir, `openscf-sandbox-${copied?.sha256.slice(0, 12)}`));
      const { ino, mode } = statSync(copied?.path ?? '');
      assert.equal(mode & 0o777, 0o755);
      assert.equal(statSync(sandboxProgram({ ...X64, folder, copyDir })?.path ?? '').ino, ino, 'it is copied again');
      writeFileSync(copied?.path ?? '', 'something else');
      sandboxProgram({ ...X64, folder, copyDir });
      assert.deepEqual(readFileSync(copied?.path ?? ''), readFileSync(join(NATIVE, 'linux-x64')));
    } finally {
      process.seteuid?.(0);
      chmodSync(base, 0o755);
    }
  });
});

async function open(t: TestContext, log = NO_LOG): Promise<MountHelper> {
  const helper = await openMountHelper({ program: PROGRAM, userns: false, log });
  t.after(() => helper.close());
  return helper;
}

describe('the mount helper', { skip: onLinux }, () => {
  test('tells each caller its own failure', async t => {
    const helper = await open(t);
    const failures = await Promise.allSettled([
      ...Array.from({ length: 50 }, (_, i) => helper.umount(`/not/there ${i}`)),
      helper.mount(process.pid, []),
      helper.forward(process.pid, [{ port: 80, host: 'example', targetPort: 80 }]),
      helper.loop('/not/there', '/tmp', 0),
    ]);
    const texts = failures.map(one => (one.status === 'rejected' ? String(one.reason.message) : 'done'));
    for (const [i, text] of texts.slice(0, 50).entries())
      assert.equal(text, `mount helper: umount /not/there ${i}: No such file or directory`);
    assert.match(texts[50] ?? '', /^mount helper: mount: pairs of source and target/);
    assert.match(texts[51] ?? '', /^mount helper: forward: host example/);
    assert.match(texts[52] ?? '', /^mount helper: open \/not\/there/);
  });

  test('takes paths with any character', async t => {
    const helper = await open(t);
    for (const odd of ['tab\there', 'line\nhere', 'back\\slash', '\\t', 'ümläut', 'blank and " and \'']) {
      const text = odd.replaceAll(/[\t\n]/g, '?');
      await assert.rejects(helper.umount(`/${odd}`), {
        message: `mount helper: umount /${text}: No such file or directory`,
      });
    }
  });

  test('brings a folder into a sandbox', { skip: withUnshare(withMounts) }, async () => {
    const helper = await openMountHelper({ program: PROGRAM, userns: process.getuid?.() !== 0, log: NO_LOG });
    const inside = process.getuid?.() === 0 ? undefined : helper.pid;
    const target = join(base, 'target');
    mkdirSync(target);
    writeFileSync(join(base, 'file'), 'content');
    const sandbox = await inNamespaces(['-m'], ['/bin/sh', '-c', `echo; read _; cat ${target}/file; echo`], inside);
    await sandbox.line();
    await helper.mount(sandbox.pid, [[base, target]]);
    sandbox.tell('');
    assert.equal(await sandbox.line(), 'content');
    assert.equal(existsSync(join(target, 'file')), false);
    await sandbox.end();
    await helper.close();
  });

  test('one that dies fails what waits, and is there again for what comes next', async t => {
    const warned: object[] = [];
    const helper = await open(t, { ...NO_LOG, warn: fields => void warned.push(fields) });
    const first = helper.pid ?? 0;
    await assert.rejects(helper.umount('/not/there'));
    process.kill(first, 'SIGSTOP');
    const waiting = [helper.umount('/a'), helper.umount('/b')];
    process.kill(first, 'SIGKILL');
    for (const one of waiting) await assert.rejects(one, { message: 'the mount helper has ended: SIGKILL' });
    assert.deepEqual(warned, [{ pid: first }]);
    const again = await Promise.allSettled([helper.umount('/c'), helper.umount('/d')]);
    for (const one of again)
      assert.match(String(one.status === 'rejected' && one.reason), /umount \/[cd]: No such file/);
    assert.ok(helper.pid !== undefined && helper.pid !== first);
    // One, not one for each that asked.
    const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'latin1').trim().split(' ').map(Number);
    assert.deepEqual(
      children.filter(pid => /openscf-sandbox/.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1'))),
      [helper.pid],
    );
  });

  test('one that has worked is started again at once: its namespaces are needed', {
    skip: withUnshare(withMounts),
  }, async t => {
    const helper = await openMountHelper({ program: PROGRAM, userns: process.getuid?.() !== 0, log: NO_LOG });
    t.after(() => helper.close());
    const inside = process.getuid?.() === 0 ? undefined : helper.pid;
    const target = join(base, 'again');
    mkdirSync(target);
    const sandbox = await inNamespaces(['-m'], ['/bin/sh', '-c', 'echo; read _'], inside);
    await sandbox.line();
    await helper.mount(sandbox.pid, [[base, target]]);
    await sandbox.end();
    const first = helper.pid ?? 0;
    process.kill(first, 'SIGKILL');
    await until('the next one', () => helper.pid !== undefined && helper.pid !== first);
  });

  test('close ends it; afterwards nothing is done', async () => {
    const helper = await openMountHelper({ program: PROGRAM, userns: false, log: NO_LOG });
    const { pid = 0 } = helper;
    await helper.close();
    assert.ok(!alive(pid));
    await assert.rejects(helper.umount('/x'), { message: 'the mount helper is closed' });
    await helper.close();
    assert.equal(helper.pid, undefined);
  });

  test('one that cannot start says why', async () => {
    await assert.rejects(openMountHelper({ program: '/not/there', userns: false, log: NO_LOG }), /ENOENT/);
    const failing = join(base, 'failing');
    writeFileSync(
      failing,
      '#!/bin/sh\necho "openscf-sandbox: new user namespace: Operation not permitted" >&2\nexit 125\n',
    );
    chmodSync(failing, 0o755);
    await assert.rejects(openMountHelper({ program: failing, userns: true, log: NO_LOG }), {
      message: 'the mount helper has ended: openscf-sandbox: new user namespace: Operation not permitted',
    });
  });
});
