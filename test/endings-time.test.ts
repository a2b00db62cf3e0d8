// Functions that do not end: while loading, and while running. Whatever they catch or ignore, their time is over.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { LANGUAGES, openStage, type RuntimeId, skipOf } from './endings.ts';

const stage = await openStage();
after(() => stage.close());

/** The handler runs `stick` for the event of that name, and returns any other. */
const node = (stick: string) => `
exports.main_handler = async event => {
  if (event !== 'stick') return event;
  console.log('sticks');
  ${stick}
};`;
const python = (stick: string) => `
import os, signal, threading, time
def main_handler(event, context):
    if event != 'stick':
        return event
    print('sticks')
    ${stick.trim()}
`;

const RUNNING: Readonly<Record<RuntimeId, Readonly<Record<string, string>>>> = {
  'Nodejs18.15': {
    'blocks its thread': node('for (;;);'),
    'awaits for ever': node('await new Promise(done => setTimeout(done, 1e8));'),
    'sleeps in a call of the system': node('Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);'),
    'waits for a program that does not end': node(`require('child_process').spawnSync('sleep', ['1000']);`),
    'ignores every signal and error': node(`
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGALRM', 'SIGXCPU']) process.on(name, () => {});
  process.on('uncaughtException', () => {});
  process.exit = () => {};
  process.kill(process.pid, 'SIGTERM');
  for (;;) try { await new Promise(setImmediate); } catch {}`),
    'replaces what the runtime stands on': node(`
  setInterval(() => {}, 1000);
  global.setTimeout = global.setImmediate = global.clearTimeout = () => {};
  process.nextTick = () => {};
  Promise.prototype.then = () => new Promise(() => {});
  await new Promise(() => {});`),
  },
  'Python3.9': {
    'blocks its thread': python('while True: pass'),
    'sleeps for ever': python('time.sleep(1e6)'),
    'waits for a lock': python('lock = threading.Lock(); lock.acquire(); lock.acquire()'),
    'awaits for ever': python('import asyncio; asyncio.new_event_loop().run_until_complete(asyncio.sleep(1e6))'),
    'waits for a program that does not end': python('import subprocess; subprocess.call(["sleep", "1000"])'),
    'ignores every signal and error': python(`
    for number in range(1, 65):
        try: signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError): pass
    os.kill(os.getpid(), signal.SIGTERM)
    while True:
        try: time.sleep(0.01)
        except BaseException: pass`),
    'holds on to the interpreter': python(`
    class Clinging:
        def __del__(self):
            while True: time.sleep(0.01)
    clinging = Clinging()
    threading.Thread(target=lambda: time.sleep(1e6)).start()
    del clinging`),
  },
};

const LOADING: Readonly<Record<RuntimeId, Readonly<Record<string, string>>>> = {
  'Nodejs18.15': {
    'blocks its thread': `console.log('loads'); for (;;);`,
    'ignores every signal': `console.log('loads'); process.on('SIGTERM', () => {}); process.exit = () => {}; for (;;);`,
  },
  'Python3.9': {
    'sleeps for ever': `print('loads')\nimport time\ntime.sleep(1e6)`,
    'ignores every signal and error': `
print('loads')
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
while True:
    try: time.sleep(0.01)
    except BaseException: pass`,
  },
};

const MODULE = 'await new Promise(() => {});\nexport const main_handler = async () => 1;';

describe('functions that do not end', { concurrency: 6 }, () => {
  for (const runtime of LANGUAGES) {
    for (const [what, code] of Object.entries(RUNNING[runtime])) {
      test(`${runtime}: a handler that ${what}: 433, and the next call works`, { skip: skipOf(runtime) }, async () => {
        const name = await stage.make(runtime, code, { Timeout: 2 });
        await stage.works(name, 'first', 'first');
        const { log, ms } = await stage.ends(name, 'stick', 433, /^Invoking task timed out after 2 seconds$/);
        assert.match(log, /sticks/);
        assert.ok(ms >= 2000, `${ms} ms`);
        await stage.works(name, 'next', 'next');
      });
    }
    for (const [what, code] of Object.entries(LOADING[runtime])) {
      test(`${runtime}: code that ${what} while it is loaded: 450`, { skip: skipOf(runtime) }, async () => {
        const name = await stage.make(runtime, code, { Timeout: 2, InitTimeout: 3 });
        const { log, ms } = await stage.ends(name, {}, 450, /^Initializing the function timed out after 3 seconds$/);
        assert.match(log, /loads/);
        assert.ok(ms >= 3000, `${ms} ms`);
      });
    }
  }

  test('a module that awaits for ever: 450', async () => {
    const name = await stage.make('Nodejs18.15', { 'index.mjs': MODULE }, { InitTimeout: 3 });
    await stage.ends(name, {}, 450, /timed out after 3 seconds/);
  });
});
