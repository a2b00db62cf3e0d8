// Functions whose process ends, and what they have started: it ends with them.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { freshMark, gone, LANGUAGES, NAMES, openStage, type RuntimeId, SHORT, skipOf } from './endings.ts';
import { until } from './fixture.ts';

const stage = await openStage();
after(() => stage.close());

const node = (end: string) => `
const { spawn } = require('child_process');
exports.main_handler = async (event, context) => {
  if (!event.end) return event;
  console.log('ends');
  ${end}
};`;
const python = (end: string) => `
import os, signal, subprocess, sys, threading, time
def main_handler(event, context):
    if not event.get('end'):
        return event
    print('ends')
    ${end.trim()}
`;

const ENDS: Readonly<Record<RuntimeId, Readonly<Record<string, readonly [code: string, stack: RegExp]>>>> = {
  'Nodejs18.15': {
    'exits with 0': [node('process.exit(0)'), /^$/],
    'exits with 134, as if its heap were full': [node('process.exit(134)'), /^$/],
    'exits with 125, as a step before it would': [node('process.exit(125)'), /^$/],
    'exits beside a handler that waits': [
      node('setTimeout(() => process.exit(1), 5); await new Promise(() => {});'),
      /^$/,
    ],
    'throws in a timer': [
      node('setTimeout(() => { throw new RangeError("in a timer"); }, 5); await new Promise(() => {});'),
      /RangeError: in a timer\n.*\/var\/user\/index\.js/,
    ],
    'rejects and nobody hears it': [
      node('Promise.reject(new Error("unheard")); await new Promise(done => setTimeout(done, 1e6));'),
      /Error: unheard\n.*\/var\/user\/index\.js/,
    ],
    'kills itself': [node('process.kill(process.pid, "SIGKILL"); for (;;);'), /^$/],
    aborts: [node('process.abort()'), /^$/],
    faults: [node('process.kill(process.pid, "SIGSEGV"); for (;;);'), /^$/],
    'kills its group': [node('process.kill(0, "SIGKILL"); for (;;);'), /^$/],
  },
  'Python3.9': {
    'exits with 0': [python('os._exit(0)'), /^$/],
    'exits with 125, as a step before it would': [python('os._exit(125)'), /^$/],
    'exits in a thread': [python('threading.Thread(target=os._exit, args=(4,)).start(); time.sleep(1000)'), /^$/],
    aborts: [python('os.abort()'), /^$/],
    faults: [python('import ctypes; ctypes.string_at(0)'), /^$/],
    'kills its group': [python('os.kill(0, signal.SIGKILL); time.sleep(1000)'), /^$/],
    'becomes another program': [python('os.execv("/bin/sleep", ["sleep", "1000"])'), /^$/],
  },
};

const LOADING: Readonly<Record<RuntimeId, Readonly<Record<string, readonly [code: string, says: RegExp]>>>> = {
  'Nodejs18.15': {
    'exits with 0': ['process.exit(0)', /exit code 0/],
    'kills itself': ['process.kill(process.pid, "SIGKILL"); for (;;);', /SIGKILL/],
    aborts: ['process.abort()', /SIGABRT/],
  },
  'Python3.9': {
    'leaves by sys.exit': ['import sys\nsys.exit(5)', /exit code/],
    'kills itself': ['import os, signal, time\nos.kill(os.getpid(), signal.SIGKILL)\ntime.sleep(1000)', /SIGKILL/],
    'becomes another program': ['import os\nos.execv("/bin/sleep", ["sleep", "1000"])', /the channel/],
  },
};

describe('functions whose process ends', { concurrency: 4 }, () => {
  for (const runtime of LANGUAGES) {
    for (const [what, [code, stack]] of Object.entries(ENDS[runtime])) {
      test(`${runtime}: it ${what}: 439, and the next call works`, { skip: skipOf(runtime) }, async () => {
        const name = await stage.make(runtime, code);
        await stage.works(name, { first: 1 }, { first: 1 });
        const ended = await stage.ends(name, { end: true }, 439, /^User process exit when running$/);
        assert.match(ended.log, /ends/);
        assert.match(ended.stack, stack);
        await stage.works(name, { next: 1 }, { next: 1 });
      });
    }
    for (const [what, [code, says]] of Object.entries(LOADING[runtime])) {
      test(`${runtime}: it ${what} while it is loaded: 405`, { skip: skipOf(runtime) }, async () => {
        const name = await stage.make(runtime, code);
        const ended = await stage.ends(name, {}, 405, /^The process of the function ended while it was starting/);
        assert.match(ended.message, says);
      });
    }
  }
});

describe('functions whose process ends between two calls', () => {
  async function ended(before: number): Promise<void> {
    await until('it has ended', async () => (await stage.instances()) === before);
  }

  test('it is replaced', async () => {
    const code =
      'exports.main_handler = async () => { setTimeout(() => { throw new Error("too late"); }, 50); return 1; };';
    const name = await stage.make('Nodejs18.15', code);
    const before = await stage.instances();
    for (const attempt of ['first', 'next', 'last']) {
      await stage.works(name, attempt, 1);
      await ended(before);
    }
  });

  test('a copy of it that answers as well is ended with it', { skip: skipOf('Python3.9') }, async () => {
    const code = 'import os\ndef main_handler(event, context):\n    os.fork()\n    return 1\n';
    const name = await stage.make('Python3.9', code);
    const before = await stage.instances();
    for (const attempt of ['first', 'next']) {
      await stage.works(name, attempt, 1);
      await ended(before);
    }
  });
});

const STARTS: Readonly<Record<RuntimeId, (seconds: string) => string>> = {
  'Nodejs18.15': seconds =>
    node(`
  if (event.end === 'starts') {
    const plain = spawn('sleep', ['${seconds}1'], { stdio: 'inherit' });
    const session = spawn('sleep', ['${seconds}2'], { stdio: 'inherit', detached: true });
    const orphan = spawn('sh', ['-c', '(setsid sleep ${seconds}3 &) &'], { stdio: 'inherit' });
    for (const child of [plain, session]) child.unref();
    await new Promise(done => orphan.once('exit', done));
    return 'started';
  }
  if (event.end === 'exits') process.exit(1);
  ${NAMES['Nodejs18.15']('event.name')}
  for (;;);`),
  'Python3.9': seconds =>
    python(`
    if event['end'] == 'starts':
        subprocess.Popen(['sleep', '${seconds}1'])
        subprocess.Popen(['sleep', '${seconds}2'], start_new_session=True)
        pid = os.fork()
        if pid == 0:
            os.setsid()
            if os.fork() == 0:
                os.execv('/bin/sleep', ['sleep', '${seconds}3'])
            os._exit(0)
        os.waitpid(pid, 0)
        return 'started'
    if event['end'] == 'exits':
        os._exit(1)
    ${NAMES['Python3.9']("event['name']")}
    while True: pass`),
};

// One after the other: they turn the clock of all.
describe('what a function has started', () => {
  for (const [at, runtime] of LANGUAGES.entries()) {
    for (const [how, status] of [
      ['exits', 439],
      ['sticks', 433],
      ['is deleted', 0],
    ] as const) {
      test(`${runtime}: it outlives the handler, and ends when the function ${how}`, {
        skip: skipOf(runtime),
      }, async t => {
        const seconds = `98765${at}${status}`;
        const sleeping = () => [...stage.processes()].filter(([, command]) => command.includes(`sleep ${seconds}`));
        const name = await stage.make(runtime, STARTS[runtime](seconds), SHORT);
        await stage.works(name, { end: 'starts' }, 'started');
        await stage.works(name, { next: 1 }, { next: 1 });
        // A process that has been made is not yet the program that it becomes.
        await until('all three sleep', async () => sleeping().length === 3);
        if (status === 0) await stage.sdk.DeleteFunction({ FunctionName: name });
        else {
          const mark = freshMark();
          if (status === 433) await stage.runsOut(name, { end: how, name: mark }, mark, status, /timed out/);
          else await stage.ends(name, { end: how }, status, /./);
          await stage.works(name, { next: 2 }, { next: 2 });
        }
        if (stage.endsSessions) await gone(sleeping);
        else {
          // As it says at start: such programs outlive their instance.
          t.diagnostic('this driver does not end what starts a session of its own');
          await gone(() => sleeping().filter(([, command]) => command.endsWith('1 ')));
          for (const [pid] of sleeping()) process.kill(pid, 'SIGKILL');
        }
      });
    }
  }

  test('it ends with the server', async () => {
    const name = await stage.make('Nodejs18.15', STARTS['Nodejs18.15']('987659'));
    await stage.works(name, { end: 'starts' }, 'started');
    // The end of all tests of this file looks for it.
    if (!stage.endsSessions) {
      const sleeping = [...stage.processes()].filter(([, command]) => /sleep 987659[23]/.test(command));
      for (const [pid] of sleeping) process.kill(pid, 'SIGKILL');
    }
  });
});
