// Functions that take all they can get of files, processes and room in /tmp: they meet the documented limit,
// others do not notice, and the next call works.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { OPEN_FILES } from '../src/core/limits.ts';
import { LANGUAGES, openStage, type RuntimeId, SHORT, skipOf } from './endings.ts';
import { until } from './fixture.ts';

const stage = await openStage();
after(() => stage.close());

/** Documented: processes and threads of one instance. */
const PIDS = 1024;
const MB = 1024 * 1024;
const TMP_MB = 512;

const node = (use: string) => `
const fs = require('fs');
const { join } = require('path');
const { tmpdir } = require('os');
exports.main_handler = async event => {
  if (event !== 'use') return event;
  ${use}
};`;
const python = (use: string) => `
import errno, os, resource, signal, subprocess, sys, tempfile, threading, time
def main_handler(event, context):
    if event != 'use':
        return event
    ${use.trim()}
`;

type Sources = Readonly<Record<RuntimeId, string>>;

const FILES: Sources = {
  'Nodejs18.15': node(`
  const fds = [];
  try { for (;;) fds.push(fs.openSync('/dev/null')); } catch (error) {
    for (const fd of fds) fs.closeSync(fd);
    return [error.code, fds.length];
  }`),
  'Python3.9': python(`
    fds = []
    try:
        while True: fds.append(os.open('/dev/null', os.O_RDONLY))
    except OSError as error:
        for fd in fds: os.close(fd)
        return [errno.errorcode[error.errno], len(fds)]`),
};

/** It keeps them: nothing can be opened in that instance any more, but it still answers. */
const FILES_KEPT: Sources = {
  'Nodejs18.15': node(`
  try { for (;;) fs.openSync('/dev/null'); } catch (error) { console.log('kept'); return error.code; }`),
  'Python3.9': python(`
    try:
        while True: os.open('/dev/null', os.O_RDONLY)
    except OSError as error:
        print('kept')
        return errno.errorcode[error.errno]`),
};

const MORE_FILES: Sources = {
  'Nodejs18.15': node(`
  return new Promise(done => {
    const limit = require('child_process').spawn('sh', ['-c', 'ulimit -n 4096 2>/dev/null; ulimit -n']);
    limit.stdout.once('data', text => done(Number(text)));
  });`),
  'Python3.9': python(`
    try: resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    except (ValueError, OSError): pass
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]`),
};

const LARGE_FILE: Sources = {
  'Nodejs18.15': node(`
  const path = join(tmpdir(), 'large');
  const fd = fs.openSync(path, 'w');
  fs.writeSync(fd, 'x', ${TMP_MB * MB - 1});
  try { fs.writeSync(fd, 'x', ${TMP_MB * MB}); return 'written'; }
  catch (error) { return error.code; } finally { fs.closeSync(fd); fs.unlinkSync(path); }`),
  'Python3.9': python(`
    with tempfile.TemporaryFile() as large:
        os.pwrite(large.fileno(), b'x', ${TMP_MB * MB - 1})
        try:
            os.pwrite(large.fileno(), b'x', ${TMP_MB * MB})
            return 'written'
        except OSError as error:
            return errno.errorcode[error.errno]`),
};

/** Several files: none of them is larger than a file may be. */
const FULL: Sources = {
  'Nodejs18.15': node(`
  const piece = Buffer.alloc(4 * ${MB}, 1);
  let mb = 0;
  try { for (let at = 0; ; at++) for (let n = 0; n < 16; n++, mb += 4) fs.appendFileSync(join(tmpdir(), 'part' + at), piece); }
  catch (error) {
    for (const name of fs.readdirSync(tmpdir())) fs.unlinkSync(join(tmpdir(), name));
    fs.writeFileSync(join(tmpdir(), 'after'), 'room again');
    return [error.code, mb];
  }`),
  'Python3.9': python(`
    mb = 0
    try:
        while True:
            with tempfile.NamedTemporaryFile(delete=False) as part: os.posix_fallocate(part.fileno(), 0, 4 * ${MB})
            mb += 4
    except OSError as error:
        folder = tempfile.gettempdir()
        for name in os.listdir(folder): os.unlink(os.path.join(folder, name))
        with open(os.path.join(folder, 'after'), 'w') as after: after.write('room again')
        return [errno.errorcode[error.errno], mb]`),
};

const THREADS = python(`
    some = []
    try:
        while True:
            one = threading.Thread(target=time.sleep, args=(1000,), daemon=True)
            one.start()
            some.append(one)
    except RuntimeError:
        return len(some)`);

const CHILDREN = python(`
    some = []
    try:
        while len(some) < 3000:
            pid = os.fork()
            if pid == 0:
                while True: time.sleep(1000)
            some.append(pid)
    except OSError as error:
        code = errno.errorcode[error.errno]
    for pid in some: os.kill(pid, signal.SIGKILL)
    for pid in some: os.waitpid(pid, 0)
    return [code, len(some)]`);

/** What a bomb and all that it makes is called. */
const BOMB = `bomb-${process.pid}`;

/** Each makes more of them, and none ends by itself. */
const BOMBS: Sources = {
  'Nodejs18.15': node(`
  const bomb = 'printf ${BOMB} > /proc/self/comm; bomb() { while :; do bomb & sleep 0.1; done; }; bomb';
  require('child_process').spawn('sh', ['-c', bomb], { stdio: 'ignore' });
  await new Promise(done => setTimeout(done, 1e8));`),
  'Python3.9': python(`
    with open('/proc/self/comm', 'w') as name: name.write('${BOMB}')
    while True:
        try: os.fork()
        except OSError: time.sleep(0.01)`),
};

/** Whether the kernel bounds the processes of an instance; asked in one. */
async function boundsProcesses(): Promise<boolean> {
  if (stage.cgroups) return true;
  const name = await stage.make('Nodejs18.15', node(`return fs.readFileSync('/proc/self/limits', 'utf8');`));
  const { value } = await stage.call(name, 'use');
  const [, soft] = /^Max processes\s+(\S+)/m.exec(String(value)) ?? [];
  return Number(soft) <= PIDS;
}
const bounded = await boundsProcesses();
const bounds = bounded ? false : 'nothing limits the number of processes here';
const ownTmp = stage.driver === 'bwrap' ? false : 'the files of all instances lie on one disk';

describe('functions that take all there is', { concurrency: 3 }, () => {
  for (const runtime of LANGUAGES) {
    const skip = skipOf(runtime);
    const more = { MemorySize: 256 };

    test(`${runtime}: open files: EMFILE at ${OPEN_FILES}, and the next call works`, { skip }, async () => {
      const name = await stage.make(runtime, FILES[runtime], more);
      for (let at = 0; at < 2; at++) {
        const { value } = await stage.call(name, 'use');
        const [code, count] = value as [string, number];
        assert.equal(code, 'EMFILE');
        assert.ok(count > OPEN_FILES - 64 && count < OPEN_FILES, `${count} more could be opened`);
        await stage.works(name, 'next', 'next');
      }
    });

    test(`${runtime}: open files that it keeps: it still answers and prints`, { skip }, async () => {
      const name = await stage.make(runtime, FILES_KEPT[runtime], more);
      for (let at = 0; at < 2; at++) {
        const { log } = await stage.works(name, 'use', 'EMFILE');
        assert.match(log, /kept/);
      }
      await stage.works(name, 'next', 'next');
    });

    test(`${runtime}: the limit of open files cannot be raised`, { skip }, async () => {
      const name = await stage.make(runtime, MORE_FILES[runtime], more);
      await stage.works(name, 'use', OPEN_FILES);
    });

    test(`${runtime}: a file larger than ${TMP_MB} MB: EFBIG, and the next call works`, { skip }, async () => {
      const name = await stage.make(runtime, LARGE_FILE[runtime], more);
      const { value } = await stage.call(name, 'use');
      // A file system of that size may be full before.
      assert.ok(value === 'EFBIG' || (value === 'ENOSPC' && stage.driver === 'bwrap'), String(value));
      await stage.works(name, 'next', 'next');
    });

    test(`${runtime}: /tmp: ENOSPC at ${TMP_MB} MB, and room again once files are removed`, {
      skip: skip || ownTmp,
    }, async t => {
      // Where /tmp lies in memory it counts as memory of the function.
      const name = await stage.make(runtime, FULL[runtime], { MemorySize: 1024 });
      const { value, message, status } = await stage.call(name, 'use');
      assert.equal(status, 200, message);
      const [code, mb] = value as [string, number];
      assert.equal(code, 'ENOSPC');
      t.diagnostic(`${mb} MB`);
      assert.ok(mb > TMP_MB * 0.85 && mb < TMP_MB * 1.06, `${mb} MB`);
      await stage.works(name, 'next', 'next');
    });
  }

  test('threads: bounded, and the next call works', { skip: skipOf('Python3.9') || bounds }, async () => {
    const name = await stage.make('Python3.9', THREADS, { MemorySize: 1024 });
    const { value } = await stage.call(name, 'use');
    assert.ok(Number(value) > 100 && Number(value) <= PIDS, `${value} threads`);
    await stage.works(name, 'next', 'next');
  });
});

// Without control groups the memory of each copy counts in full, shared or not: that is used up first.
const copies = stage.cgroups ? bounds : 'the memory of processes is not counted together here';
test('processes: EAGAIN at the limit, and the next call works', { skip: skipOf('Python3.9') || copies }, async () => {
  const name = await stage.make('Python3.9', CHILDREN, { MemorySize: 1536 });
  const { value, message } = await stage.call(name, 'use');
  assert.ok(Array.isArray(value), message);
  assert.equal(value[0], 'EAGAIN');
  assert.ok(value[1] > 100 && value[1] <= PIDS, `${value[1]} processes`);
  await stage.works(name, 'next', 'next');
});

for (const runtime of LANGUAGES) {
  test(`${runtime}: a fork bomb ends with its call, and others are served meanwhile`, {
    skip: skipOf(runtime) || bounds,
  }, async () => {
    const other = await stage.make('Nodejs18.15', 'exports.main_handler = async event => event;');
    await stage.works(other, 'warm', 'warm');
    const name = await stage.make(runtime, BOMBS[runtime], { ...SHORT, MemorySize: 256 });
    await stage.works(name, 'first', 'first');
    let over = false;
    const bomb = stage.call(name, 'use').finally(() => {
      over = true;
    });
    let served = 0;
    let most = 0;
    for (let turned = false; !over; ) {
      await stage.works(other, served, served);
      served++;
      most = Math.max(most, stage.named(BOMB).length);
      if (turned || served < 20 || most < 2) continue;
      turned = true;
      await stage.server.passForFunctions(SHORT.Timeout * 1000);
    }
    const { status, message } = await bomb;
    assert.ok([433, 434, 439].includes(status), `${status} ${message}`);
    assert.ok(served > 1, `${served} calls were served meanwhile`);
    // How many are seen at once is a matter of chance; memory may end them before their number does.
    assert.ok(most > 1 && most <= PIDS, `${most} processes`);
    await stage.works(name, 'next', 'next');
    await until('its processes have ended', async () => stage.named(BOMB).length === 0);
  });
}
