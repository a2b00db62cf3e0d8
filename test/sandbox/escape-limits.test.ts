// What a function tries in order to use up the machine. It is stopped, and the others and the server go on.

import assert from 'node:assert/strict';
import { closeSync, openSync, readdirSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Attack, type Ground, ground, sandboxed, sandboxedPython, until } from './escape.ts';

const MB = 1024 * 1024;

describe('using up the machine', sandboxed, () => {
  let at: Ground;
  let attack: Attack;
  let bystander: Attack;
  let times = 0;

  before(async () => {
    at = await ground();
    attack = await at.attack('attacker', { memoryMB: 128 });
    bystander = await at.attack('bystander');
    times = await bystander.calledTimes();
  });
  after(() => at?.[Symbol.asyncDispose]());

  /** While something goes on: the same instance of another function answers, and in time. */
  async function bystanderGoesOn(): Promise<void> {
    assert.equal(await bystander.calledTimes(), ++times, 'its instance has been ended');
  }

  async function othersGoOn(): Promise<void> {
    for (let i = 0; i < 20; i++) await bystanderGoesOn();
  }

  const polled = () => at.runtime.driver.weaker.some(({ whole }) => whole.en.includes('memory is watched'));
  const UNSEEN: ReadonlySet<string> = new Set(['of files without names', 'shared by key, which nobody has open']);
  const hogs: Readonly<Record<string, string>> = {
    'of one process': 'held = [b"x" * 2**20 for _ in range(4096)]',
    'of many processes': `
for _ in range(16):
    if os.fork() == 0:
        held = [b"x" * 2**20 for _ in range(30)]
        time.sleep(100)
time.sleep(15)`,
    'of files without names': `
fd = os.memfd_create('held')
for _ in range(4096): os.write(fd, b'x' * 2**20)`,
    'shared by key, which nobody has open': `
calls.libc.shmat.restype = calls.ctypes.c_void_p
for key in range(1, 400):
    at = calls.libc.shmat(calls.libc.shmget(key, 2**20, 0o1600), None, 0)
    calls.ctypes.memset(at, 1, 2**20)
    calls.libc.shmdt(calls.ctypes.c_void_p(at))`,
    'locked in place': `
libc = calls.libc
for _ in range(4096):
    page = b'x' * 2**20
    libc.mlock(page, len(page))
    held.append(page)`,
  };
  for (const [what, script] of Object.entries(hogs))
    test(`memory ${what}`, sandboxedPython, async t => {
      // What the start line says of such machines: only what processes hold themselves can be watched there.
      if (polled() && UNSEEN.has(what)) return t.skip('no control groups can be used here');
      const outcome = await at.run(attack.inPython, { script: `import os, time\nheld = []\n${script}` });
      assert.equal(outcome.status, 434, `${outcome.errorMessage} ${outcome.log}`);
      await bystanderGoesOn();
      assert.equal(await attack.python('answer = 1'), 1);
    });

  test('memory of shared files: /dev/shm is small', async () => {
    const roomy = await at.attack('roomy', { memoryMB: 512 });
    const { code, bytes } = await roomy.node<{ code: string; bytes: number }>(`
      const fs = require('fs');
      const fd = fs.openSync('/dev/shm/fill', 'w');
      let bytes = 0;
      const code = attempt(() => { for (;;) bytes += fs.writeSync(fd, Buffer.alloc(1048576, 1)); });
      fs.unlinkSync('/dev/shm/fill');
      return { code, bytes };`);
    assert.equal(code, 'ENOSPC');
    assert.ok(bytes <= 64 * MB && bytes > 32 * MB, `${bytes}`);
  });

  test('processes: a fork bomb', sandboxedPython, async t => {
    // Pages that children share with their parent count for each.
    if (polled()) return t.skip('no control groups can be used here: it is ended for its memory before');
    const script = `
import os, time
started = []
try:
    while len(started) < 5000:
        pid = os.fork()
        if pid == 0:
            time.sleep(100)
            os._exit(0)
        started.append(pid)
    error = None
except OSError as failure:
    error = calls.errno.errorcode[failure.errno]
for pid in started: os.kill(pid, 9)
for pid in started: os.waitpid(pid, 0)
answer = [len(started), error]`;
    const roomy = await at.attack('breeding', { memoryMB: 1024 });
    const [count, error] = await roomy.python<[number, string]>(script);
    assert.equal(error, 'EAGAIN');
    assert.ok(count > 500 && count < 1024, `${count}`);
    await bystanderGoesOn();
  });

  test('processes that breed by themselves', sandboxedPython, async () => {
    const one = await at.attack('exploding');
    const bomb = 'import os\nwhile True:\n  try: os.fork()\n  except OSError: pass';
    const outcome = await one.pythonRunsOut(bomb, othersGoOn);
    assert.ok([433, 434, 439].includes(outcome.status), `${outcome.status} ${outcome.errorMessage}`);
    await bystanderGoesOn();
    assert.equal(await one.python('answer = 1'), 1);
  });

  test('open files', async () => {
    const { code, count } = await attack.node<{ code: string; count: number }>(`
      const fs = require('fs');
      const open = [];
      const code = attempt(() => { for (;;) open.push(fs.openSync('/dev/null')); });
      for (const fd of open) fs.closeSync(fd);
      return { code, count: open.length };`);
    assert.equal(code, 'EMFILE');
    assert.ok(count > 900 && count < 1024, `${count}`);
    closeSync(openSync('/dev/null', 'r'));
    await bystanderGoesOn();
  });

  test('the disk, by one file', async () => {
    const free = () => statfsSync(at.dir).bavail * statfsSync(at.dir).bsize;
    const roomy = await at.attack('filling', { memoryMB: 1024 });
    const before = free();
    const { code, bytes } = await roomy.node<{ code: string; bytes: number }>(`
      const fs = require('fs');
      const fd = fs.openSync('/tmp/fill', 'w');
      let bytes = 0;
      const code = attempt(() => { while (bytes < 2 ** 30) bytes += fs.writeSync(fd, Buffer.alloc(1048576, 1)); });
      return { code, bytes };`);
    assert.match(code, /^(?:ENOSPC|EFBIG)$/);
    assert.ok(bytes <= 540 * MB && bytes > 400 * MB, `${bytes}`);
    // Others of this machine write as well.
    assert.ok(before - free() < 1024 * MB);
    await bystanderGoesOn();
    roomy.end();
    await until(() => readdirSync(join(at.dir, 'sandbox', 'tmp')).length === 0, 'its /tmp is removed');
  });

  test('the disk, by files without bytes', async () => {
    const files = await attack.node<number>(`
      const fs = require('fs');
      let files = 0;
      fs.mkdirSync('/tmp/many');
      attempt(() => { while (files < 200000) fs.closeSync(fs.openSync('/tmp/many/' + files++, 'w')); });
      fs.rmSync('/tmp/many', { recursive: true });
      return files;`);
    assert.ok(files > 1000);
    await bystanderGoesOn();
  });

  test('the disk, by the file of turns', async () => {
    const { code, bytes } = await attack.node<{ code: string; bytes: number }>(`
      const fs = require('fs');
      let bytes = 16;
      const code = attempt(() => { while (bytes < 2 ** 31) bytes += fs.writeSync(4, Buffer.alloc(1048576, 1), 0, 1048576, bytes); });
      return { code, bytes };`);
    assert.equal(code, 'EFBIG');
    assert.ok(bytes <= 512 * MB, `${bytes}`);
    await bystanderGoesOn();
  });

  test('the processor', async () => {
    const one = await at.attack('spinning');
    const spinning = `
      const { Worker } = require('worker_threads');
      for (let i = 0; i < 4; i++) new Worker('for (;;);', { eval: true });
      await new Promise(resolve => setTimeout(resolve, 200));
      for (;;);`;
    assert.equal((await one.nodeRunsOut(spinning, othersGoOn)).status, 433);
  });

  test('the server’s attention, by output', async () => {
    const one = await at.attack('shouting');
    const shouting = `
      const fs = require('fs');
      const line = Buffer.alloc(65536, 'x');
      for (;;) attempt(() => fs.writeSync(1, line));`;
    const outcome = await one.nodeRunsOut(shouting, othersGoOn);
    assert.equal(outcome.status, 433);
    assert.ok(outcome.log.length < 8 * MB, `${outcome.log.length}`);
  });

  test('the server’s memory, by frames that never end', async () => {
    const one = await at.attack('hoarding');
    const before = process.memoryUsage().rss;
    const hoarding = `
      const fs = require('fs');
      const head = Buffer.from([0, 0x5f, 0, 0, 21]);
      const body = Buffer.alloc(0x5f0000);
      const all = bytes => { for (let at = 0; at < bytes.length; ) attempt(() => { at += fs.writeSync(3, bytes, at) }); };
      for (;;) { all(head); all(body); }`;
    assert.ok([433, 439].includes((await one.nodeRunsOut(hoarding, othersGoOn)).status));
    assert.ok(process.memoryUsage().rss - before < 512 * MB);
  });

  test('nothing of it is left', () => {
    assert.ok(statSync(at.dir).isDirectory());
    assert.deepEqual(readdirSync(join(at.dir, 'sandbox', 'turns')), []);
  });
});
