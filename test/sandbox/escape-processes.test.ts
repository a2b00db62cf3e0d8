// What a function tries in order to see, signal or outlive processes.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import {
  type Attack,
  descendants,
  type Ground,
  ground,
  isStopped,
  processesWith,
  sandboxed,
  sandboxedPython,
  until,
} from './escape.ts';

/** Signals each of these; the code of the failure, or the pid that got it. */
const SIGNAL = `return event.pids.map(pid => attempt(() => (process.kill(pid, event.signal), pid)))`;

describe('processes that are not the function’s', sandboxed, () => {
  let at: Ground;
  let attack: Attack;
  let bystander: Attack;
  let times = 0;

  before(async () => {
    at = await ground();
    [attack, bystander] = await Promise.all([at.attack('attacker'), at.attack('bystander')]);
    times = await bystander.calledTimes();
  });
  after(() => at?.[Symbol.asyncDispose]());

  async function bystanderGoesOn(): Promise<void> {
    assert.equal(await bystander.calledTimes(), ++times, 'its instance has been ended');
  }

  const othersPids = () => [process.pid, process.ppid, ...descendants()];

  test('it sees its own alone', async () => {
    const commands = await attack.node<string[]>(`
      const fs = require('fs');
      return fs.readdirSync('/proc').filter(name => /^\\d+$/.test(name)).map(pid => fs.readFileSync('/proc/' + pid + '/cmdline', 'utf8'))`);
    assert.ok(commands.length <= 3, `${commands}`);
    for (const command of commands) assert.match(command, /bootstrap\.cjs/);
    // The machine has more.
    assert.ok(processesWith('').length > 10);
  });

  test('the pids of the server, its parent, the mount helper and other sandboxes', async () => {
    const pids = othersPids();
    assert.ok(pids.length >= 6, `${pids}`);
    for (const signal of [0, 'SIGKILL', 'SIGSTOP'])
      assert.deepEqual([...new Set(await attack.node<unknown[]>(SIGNAL, { pids, signal }))], ['ESRCH']);
    await bystanderGoesOn();
  });

  test('every pid from 2 to 100,000', async () => {
    const reached = await attack.node<number[]>(`
      const found = [];
      for (let pid = 2; pid <= 100000; pid++) try { process.kill(pid, 0); found.push(pid); } catch {}
      return found.filter(pid => pid !== process.pid)`);
    // Threads of this process answer as well.
    const threads = await attack.node<string[]>(`return require('fs').readdirSync('/proc/self/task')`);
    assert.deepEqual(
      reached.filter(pid => !threads.includes(String(pid))),
      [],
    );
  });

  test('process groups of the server', async () => {
    const pids = othersPids().map(pid => -pid);
    assert.deepEqual([...new Set(await attack.node<unknown[]>(SIGNAL, { pids, signal: 'SIGKILL' }))], ['ESRCH']);
    await bystanderGoesOn();
  });

  test('everybody at once: kill -1', async () => {
    const answer = await attack.node(`
      const child = require('child_process').spawn('sleep', ['100']);
      const ended = new Promise(resolve => child.once('exit', (code, signal) => resolve(signal)));
      await new Promise(resolve => child.once('spawn', resolve));
      process.kill(-1, 'SIGKILL');
      return ended;`);
    // Its own child it reaches.
    assert.equal(answer, 'SIGKILL');
    await bystanderGoesOn();
    assert.equal(await attack.node('return 1'), 1);
  });

  test('the first process of its sandbox', async () => {
    const signals = ['SIGKILL', 'SIGTERM', 'SIGSTOP', 'SIGHUP', 'SIGINT'];
    for (const signal of signals) await attack.node(SIGNAL, { pids: [1], signal });
    assert.equal(await attack.node(`return require('fs').readFileSync('/proc/1/stat', 'utf8').split(' ')[2]`), 'S');
  });

  test('its own group: it ends alone', async () => {
    const outcome = await attack.outcome(
      `process.kill(0, 'SIGKILL'); await new Promise(() => setInterval(() => {}, 1e6))`,
    );
    assert.equal(outcome.status, 439);
    await bystanderGoesOn();
    assert.equal(await attack.node('return 1'), 1);
  });

  test('its first process stopped by itself: the time limit ends it', async () => {
    const one = await at.attack('stopped');
    const stopped = () => until(() => descendants().some(isStopped), 'it has stopped');
    const outcome = await one.nodeRunsOut(`process.kill(process.pid, 'SIGSTOP')`, stopped);
    assert.equal(outcome.status, 433);
    assert.equal(await one.node('return 1'), 1);
    await bystanderGoesOn();
  });

  test('descriptors of other processes, by their pid', sandboxedPython, async () => {
    const pids = othersPids();
    const found = await attack.calls(pids.map(pid => ['pidfd_open', pid, 0] as const));
    assert.deepEqual([...new Set(found)], ['ESRCH']);
  });

  test('groups of the machine’s processes', async () => {
    const found = await attack.node<string[]>(`
      const fs = require('fs');
      return [attempt(() => fs.readdirSync('/sys/fs/cgroup')), fs.readFileSync('/proc/self/cgroup', 'latin1')]`);
    assert.equal(found[0], 'ENOENT');
    if (existsSync('/proc/self/ns/cgroup'))
      for (const line of found[1]?.trim().split('\n') ?? []) assert.match(line, /:\/$/);
    assert.doesNotMatch(readFileSync('/proc/self/cgroup', 'latin1'), /:\/openscf-/);
  });

  const OUTLIVING = `
import os, signal, sys, time
def daemon(word):
    if os.fork(): return
    os.setsid()
    if os.fork(): os._exit(0)
    for one in range(1, 32):
        try: signal.signal(one, signal.SIG_IGN)
        except (OSError, ValueError): pass
    calls.libc.prctl(1, 0, 0, 0, 0)
    os.closerange(0, 1024)
    os.chdir('/')
    os.execv('/bin/sh', ['sh', '-c', 'trap "" HUP INT TERM QUIT; nohup sh -c "while :; do sleep ' + word + '; done" >/dev/null 2>&1 & while :; do sleep ' + word + '; done'])
daemon(event['word'])
time.sleep(0.2)
`;
  const ENDS: Readonly<Record<string, { readonly script: string; readonly statuses: readonly number[] }>> = {
    'the instance is not needed any more': { script: 'answer = 1', statuses: [200] },
    'the function exits': { script: 'os._exit(0)', statuses: [439] },
    'the function is killed': { script: 'os.kill(os.getpid(), 9)', statuses: [439] },
    'the function runs too long': { script: 'time.sleep(1e6)', statuses: [433] },
    'the function takes too much memory': { script: 'held = [b"x" * 2**20 for _ in range(4096)]', statuses: [434] },
  };
  let word = 700_000 + (process.pid % 1000) * 100;
  for (const [how, { script, statuses }] of Object.entries(ENDS))
    test(`a daemon in a session of its own that ignores signals, when ${how}`, sandboxedPython, async () => {
      const one = await at.attack(`daemon${++word}`);
      const event = { word: String(word) };
      const lives = () => processesWith(`sleep\0${word}`).length >= 2;
      const outcome = statuses.includes(433)
        ? await one.pythonRunsOut(OUTLIVING + script, () => until(lives, 'it has come to be'), event)
        : await at.run(one.inPython, { script: OUTLIVING + script, ...event });
      assert.ok(statuses.includes(outcome.status), `${outcome.status} ${outcome.errorMessage} ${outcome.log}`);
      if (outcome.status === 200) await until(lives, 'it has come to be');
      one.end();
      await until(() => processesWith(String(word)).length === 0, `the end of all that has ${word} in its command`);
      await bystanderGoesOn();
    });

  test('one that forks on and on while it is being ended', sandboxedPython, async () => {
    const one = await at.attack('hydra');
    const script = `
import os, sys, time
os.execv(sys.executable, [sys.executable, '-c', 'import os, signal\\nwhile True:\\n  if os.fork(): os._exit(0)\\n  os.setsid()', event['word']]) if os.fork() == 0 else None
time.sleep(0.1)
answer = 1
`;
    const mark = `hydra${word}`;
    assert.equal((await at.run(one.inPython, { script, word: mark })).status, 200);
    await until(() => processesWith(mark).length > 0, 'it has come to be');
    one.end();
    // One that moves on while the list is read may be missed, but not again and again.
    const missed = () => Array.from({ length: 20 }, () => processesWith(mark)).flat().length === 0;
    await until(missed, 'the end of all');
    await bystanderGoesOn();
  });
});
