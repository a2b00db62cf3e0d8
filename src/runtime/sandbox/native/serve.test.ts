// The mount helper by its protocol: mounts into running sandboxes, images, and what it does with nonsense.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import {
  alive,
  asRoot,
  endAll,
  has,
  inNamespaces,
  onLinux,
  PROGRAM,
  probed,
  toBeEnded,
  until,
  withMounts,
  withUnshare,
} from './testing.ts';
import { type Helper, MODES, startHelper } from './testing-helper.ts';

const base = mkdtempSync(join(tmpdir(), 'openscf-serve-'));
chmodSync(base, 0o755);
after(endAll);
after(() => rmSync(base, { recursive: true, force: true }));

let count = 0;
/** A folder of code, and one for it to come to. */
function folders() {
  const place = join(base, String(++count));
  const code = join(place, 'a folder\twith tab\nand \\ in it');
  const target = join(place, 'target');
  for (const one of [code, target]) mkdirSync(one, { recursive: true });
  chmodSync(code, 0o777);
  writeFileSync(join(code, 'index.js'), 'code');
  return { place, code, target };
}

/** A shell in a mount namespace of its own that runs lines and says when each is done. */
const sandboxOf = (helper: Helper) =>
  inNamespaces(
    ['-m', '--propagation', 'private'],
    ['/bin/sh', '-c', 'while read -r line; do eval "$line"; echo done; done'],
    helper.mode === '--userns' ? helper.pid : undefined,
  );

for (const mode of MODES)
  describe(`serve ${mode}`.trim(), { skip: withUnshare(mode === '--userns' ? withMounts : asRoot) }, () => {
    test('brings folders into a sandbox that runs, read-only, and there alone', async () => {
      const helper = await startHelper(mode);
      const sandbox = await sandboxOf(helper);
      sandbox.tell('true');
      await sandbox.line();
      const { code, target, place } = folders();
      const more = join(place, 'more');
      const opt = join(place, 'opt');
      mkdirSync(more);
      mkdirSync(opt);
      writeFileSync(join(more, 'layer'), 'layer');
      assert.equal(await helper.ask('mount', sandbox.pid, code, target, more, opt), 'ok');
      sandbox.tell(`cat ${target}/index.js ${opt}/layer; echo`);
      assert.deepEqual([await sandbox.line(), await sandbox.line()], ['codelayer', 'done']);
      sandbox.tell(`touch ${target}/new 2>/dev/null || echo refused`);
      assert.deepEqual([await sandbox.line(), await sandbox.line()], ['refused', 'done']);
      sandbox.tell(`grep -F '${target}' /proc/self/mountinfo`);
      const info = await sandbox.line();
      assert.match(info, / ro,nosuid,nodev[, ]/);
      assert.doesNotMatch(info, /shared:|master:/);
      assert.equal(existsSync(join(target, 'index.js')), false, 'it is mounted outside as well');
      await sandbox.end();
      await helper.end();
    });

    test('many at once', async () => {
      const helper = await startHelper(mode);
      const sandboxes = await Promise.all(Array.from({ length: 6 }, () => sandboxOf(helper)));
      const places = sandboxes.map(() => folders());
      for (const sandbox of sandboxes) {
        sandbox.tell('true');
        await sandbox.line();
      }
      // More than it works on at a time, some of them nonsense.
      const answers = await Promise.all(
        Array.from({ length: 120 }, (_, i) => {
          const at = i % sandboxes.length;
          if (i >= 6) return helper.ask('mount', sandboxes[at]?.pid ?? 0, '/not/there', '/x');
          return helper.ask('mount', sandboxes[at]?.pid ?? 0, places[at]?.code ?? '', places[at]?.target ?? '');
        }),
      );
      assert.deepEqual(answers.slice(0, 6), Array(6).fill('ok'));
      assert.deepEqual(new Set(answers.slice(6)), new Set(['error open_tree /not/there: No such file or directory']));
      for (const [i, sandbox] of sandboxes.entries()) {
        sandbox.tell(`cat ${places[i]?.target}/index.js; echo`);
        assert.equal(await sandbox.line(), 'code');
        await sandbox.end();
      }
      await helper.end();
    });

    test('what is wrong is told, and the next command works', async () => {
      const helper = await startHelper(mode);
      const sandbox = await sandboxOf(helper);
      sandbox.tell('true');
      await sandbox.line();
      const { code, target, place } = folders();
      symlinkSync(target, join(place, 'link'));
      writeFileSync(join(place, 'file'), '');
      chmodSync(join(place, 'file'), 0o666);
      const { pid } = sandbox;
      for (const [fields, expected] of [
        [['mount', pid, code, '/not/there'], /^error move_mount \/not\/there: No such file/],
        // A function could put it there, to have its code shown elsewhere.
        [['mount', pid, code, join(place, 'link')], /^error move_mount .*link: /],
        [['mount', pid, code, join(place, 'file')], /^error move_mount .*file: /],
        // Its own: the machine's folders would be covered.
        [['mount', process.pid, code, target], /^error (mount: the process has no mount|enter mount) namespace/],
        [['mount', 2 ** 30, code, target], /^error pidfd_open: No such process/],
        [['mount', 0, code, target], /^error command mount: /],
        [['mount', -1, code, target], /^error command mount: /],
        [['mount', pid, code], /^error mount: pairs/],
        [['mount', pid], /^error mount: pairs/],
        [['mount', pid, ...Array(34).fill('/')], /^error mount: pairs/],
        [['mount', pid, ...Array(200).fill('/')], /^error command: not understood/],
        [['dance', 1], /^error command dance: /],
        [['dance'], /^error command dance: /],
        [['umount', '/not/there'], /^error umount \/not\/there: /],
        [['loop', '/not/there', '/x', 1], /^error open \/not\/there: /],
        [['loop', '/not/there', '/x', 'big'], /^error command loop: /],
        [['loop', join(place, 'file'), '/x', 4096], /^error .*file: not an image of that size/],
        [['forward', pid, 80], /^error forward: triples/],
        [['forward', pid, 80, 'localhost', 80], /^error forward: host localhost: /],
        [['forward', pid, 0, '127.0.0.1', 80], /^error forward: port 0: /],
        [['forward', pid, 80, '127.0.0.1', 65536], /^error forward: port 65536: /],
      ] as const)
        assert.match(await helper.ask(...fields), expected, fields.slice(0, 5).join(' '));
      for (const [line, expected] of [
        ['', '- error command: not understood'],
        ['alone', 'alone error command: not understood'],
        ['\tmount', '- error command dance: Invalid argument'],
        ['id\tmount\t\\x', 'id error command: not understood'],
        ['id\tmount\tend\\', 'id error command: not understood'],
        [`${'i'.repeat(50)}\tmount`, '- error command mount: Invalid argument'],
      ] as const)
        assert.equal(await helper.raw(line), expected.replace('dance', 'mount'), line);
      assert.equal(await helper.ask('mount', pid, code, target), 'ok');
      await sandbox.end();
      await helper.end();
    });

    test('the end of its stdin ends it, with code 0', async () => {
      const helper = await startHelper(mode);
      assert.equal(await helper.end(), 0);
    });

    test('it does not hear the signals of a stopping group', async () => {
      const helper = await startHelper(mode);
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) helper.signal(signal);
      assert.match(await helper.ask('umount', '/not/there'), /^error umount/);
      assert.equal(await helper.end(), 0);
    });
  });

test('lines that come in pieces and in heaps', { skip: onLinux }, async () => {
  const helper = await startHelper('');
  const first = [helper.next(), helper.next()];
  for (const piece of ['a\tum', 'ount', '\t/not', '/there\nb\tdance\nc\t']) await helper.write(piece);
  // In the order in which their work ends.
  assert.deepEqual((await Promise.all(first)).sort(), [
    'a error umount /not/there: No such file or directory',
    'b error command dance: Invalid argument',
  ]);
  const last = helper.next();
  await helper.write('dance\n');
  assert.equal(await last, 'c error command dance: Invalid argument');
  await helper.end();
});

test('a line without end is refused', { skip: onLinux }, async () => {
  const helper = await startHelper('');
  const answer = helper.next();
  await helper.write('x'.repeat(70_000));
  assert.equal(await answer, '- error command: the line is too long');
  assert.equal(await helper.exited, 125);
});

test('it dies with the process that started it', { skip: onLinux }, async () => {
  const script = `
const { spawn } = require('node:child_process');
const child = spawn(process.argv[1], ['serve'], { stdio: ['pipe', 'pipe', 'inherit'] });
child.stdout.once('data', data => console.log(String(data).trim()));
setInterval(() => {}, 1000);
`;
  const parent = toBeEnded(spawn(process.execPath, ['-e', script, PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'] }));
  const pid = await new Promise<number>(resolve =>
    parent.stdout.once('data', data => resolve(Number(String(data).split(' ')[1]))),
  );
  assert.ok(alive(pid));
  parent.kill('SIGKILL');
  await until('the end of the helper', () => !alive(pid));
});

const withLoop = asRoot || (probed?.loop ? false : 'there are no loop devices');

describe('an image', { skip: withLoop || (has('mkfs.ext4') ? false : 'needs mkfs.ext4') }, () => {
  const image = join(base, 'image');
  const mountpoint = join(base, 'mountpoint');
  const BYTES = 16 * 1024 * 1024;
  const mounts = () =>
    readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter(line => line.includes(mountpoint));
  const attached = () => spawnSync('losetup', ['-j', image], { encoding: 'utf8' }).stdout;

  test('is mounted with its size, and let go', async () => {
    writeFileSync(image, '');
    spawnSync('truncate', ['-s', String(BYTES), image]);
    assert.equal(spawnSync('mkfs.ext4', ['-q', '-O', '^has_journal', image]).status, 0);
    mkdirSync(mountpoint);
    const helper = await startHelper('');
    assert.equal(await helper.ask('loop', image, mountpoint, BYTES), 'ok');
    try {
      assert.match(mounts()[0] ?? '', /rw,nosuid,nodev,noatime .* ext4 /);
      writeFileSync(join(mountpoint, 'file'), Buffer.alloc(1024 * 1024));
      assert.throws(() => writeFileSync(join(mountpoint, 'large'), Buffer.alloc(BYTES)), { code: 'ENOSPC' });
    } finally {
      assert.equal(await helper.ask('umount', mountpoint), 'ok');
    }
    assert.deepEqual(mounts(), []);
    await until('the device is free', () => attached() === '');
    await helper.end();
  });

  test('that is none is refused, and its device is free again', async () => {
    writeFileSync(image, Buffer.alloc(BYTES));
    const helper = await startHelper('');
    assert.match(await helper.ask('loop', image, mountpoint, BYTES), /^error mount .*: /);
    await until('the device is free', () => attached() === '');
    await helper.end();
  });
});
