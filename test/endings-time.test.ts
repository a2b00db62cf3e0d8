// Functions that do not end: while loading, and while running. Whatever they catch or ignore, their time is over.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { freshMark, LANGUAGES, NAMES, openStage, type RuntimeId, SHORT, skipOf } from './endings.ts';

const stage = await openStage();
after(() => stage.close());

/** The handler takes a name and runs `stick` for an event with one, and returns any other. */
const node = (stick: string) => `
exports.main_handler = async event => {
  if (!event.name) return event;
  console.log('sticks');
  ${NAMES['Nodejs18.15']('event.name')}
  ${stick}
};`;
const python = (stick: string) => `
import os, signal, threading, time
def main_handler(event, context):
    if not event.get('name'):
        return event
    print('sticks')
    ${NAMES['Python3.9']("event['name']")}
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

/** Loaded by a process that has a name already. */
const LOADING: Readonly<Record<RuntimeId, Readonly<Record<string, string>>>> = {
  'Nodejs18.15': {
    'blocks its thread': 'for (;;);',
    'ignores every signal': `process.on('SIGTERM', () => {}); process.exit = () => {}; for (;;);`,
  },
  'Python3.9': {
    'sleeps for ever': 'import time\ntime.sleep(1e6)',
    'ignores every signal and error': `
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
while True:
    try: time.sleep(0.01)
    except BaseException: pass`,
  },
};

const loading: Readonly<Record<RuntimeId, (mark: string) => string>> = {
  'Nodejs18.15': mark => `console.log('loads'); ${NAMES['Nodejs18.15'](`'${mark}'`)}\n`,
  'Python3.9': mark => `print('loads')\n${NAMES['Python3.9'](`'${mark}'`)}\n`,
};

// One after the other: they turn the clock of all.
for (const runtime of LANGUAGES) {
  describe(`${runtime}: functions that do not end`, { skip: skipOf(runtime) }, () => {
    for (const [what, code] of Object.entries(RUNNING[runtime])) {
      test(`a handler that ${what}: 433, and the next call works`, async () => {
        const name = await stage.make(runtime, code, SHORT);
        await stage.works(name, { first: 1 }, { first: 1 });
        const mark = freshMark();
        const { log } = await stage.runsOut(
          name,
          { name: mark },
          mark,
          433,
          /^Invoking task timed out after 60 seconds$/,
        );
        assert.match(log, /sticks/);
        await stage.works(name, { next: 1 }, { next: 1 });
      });
    }
    for (const [what, code] of Object.entries(LOADING[runtime])) {
      test(`code that ${what} while it is loaded: 450`, async () => {
        const mark = freshMark();
        const name = await stage.make(runtime, loading[runtime](mark) + code, SHORT);
        const { log } = await stage.runsOut(
          name,
          {},
          mark,
          450,
          /^Initializing the function timed out after 60 seconds$/,
        );
        assert.match(log, /loads/);
      });
    }
  });
}

test('a module that awaits for ever: 450', async () => {
  const mark = freshMark();
  const code = `
import { writeFileSync } from 'node:fs';
writeFileSync('/proc/self/comm', '${mark}');
await new Promise(() => {});
export const main_handler = async () => 1;`;
  const name = await stage.make('Nodejs18.15', { 'index.mjs': code }, SHORT);
  await stage.runsOut(name, {}, mark, 450, /timed out after 60 seconds/);
});
