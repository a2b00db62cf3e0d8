// Functions that use more memory than they have, wherever it lies: 434, and only they end.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { LANGUAGES, openStage, type RuntimeId, skipOf } from './endings.ts';

const stage = await openStage();
after(() => stage.close());

const node = (eat: string) => `
exports.main_handler = async event => {
  if (event !== 'eat') return event;
  console.log('eats');
  ${eat}
};`;
const python = (eat: string) => `
import os, subprocess, sys
def main_handler(event, context):
    if event != 'eat':
        return event
    print('eats')
    ${eat.trim()}
`;

/** A program that takes 8 MB at a time, touches all of it, and says nothing. */
const EATER = 'all = []\\nwhile True: all.append(bytearray(8000000))';

const RUNNING: Readonly<Record<RuntimeId, Readonly<Record<string, string>>>> = {
  'Nodejs18.15': {
    'in the heap': node('const all = []; for (;;) all.push(new Array(1000).fill(all.length));'),
    'in strings': node(`let all = []; for (;;) all.push(String(all.length).padEnd(10000, 'x') + Math.random());`),
    'in Buffers': node('const all = []; for (;;) all.push(Buffer.alloc(4e6, 1));'),
    'in Buffers, slowly': node(`const all = [];
  for (;;) { all.push(Buffer.alloc(2e6, 1)); await new Promise(done => setTimeout(done, 5)); }`),
    'in a worker thread': node(`const { Worker } = require('worker_threads');
  new Worker('const all = []; for (;;) all.push(Buffer.alloc(4e6, 1))', { eval: true });
  await new Promise(done => setTimeout(done, 1e8));`),
    'in a child process': node(`require('child_process').spawn('python3', ['-c', '${EATER}']);
  await new Promise(done => setTimeout(done, 1e8));`),
  },
  'Python3.9': {
    'in bytes': python('all = []\n    while True: all.append(bytearray(4000000))'),
    'in objects': python('all = []\n    while True: all.append(str(len(all)) * 10)'),
    'in one piece': python('return len(bytes(bytearray(500000000)))'),
    'in a child process': python(`subprocess.call([sys.executable, '-c', '${EATER}'])`),
    'in several child processes': python(`
    some = [subprocess.Popen([sys.executable, '-c', 'import time; a = bytearray(60000000); time.sleep(1000)']) for _ in range(4)]
    some[0].wait()`),
  },
};

const LOADING: Readonly<Record<RuntimeId, Readonly<Record<string, string>>>> = {
  'Nodejs18.15': {
    'in the heap': `console.log('loads'); const all = []; for (;;) all.push(new Array(1000).fill(all.length));`,
    'in Buffers': `console.log('loads'); const all = []; for (;;) all.push(Buffer.alloc(4e6, 1));`,
    'in Buffers, and then sleeps': `console.log('loads'); const all = [];
for (let at = 0; at < 50; at++) all.push(Buffer.alloc(4e6, 1));
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`,
  },
  'Python3.9': {
    'in bytes': `print('loads')\nall = []\nwhile True: all.append(bytearray(4000000))`,
    'in bytes, and then sleeps': `print('loads')\nimport time\nall = bytearray(200000000)\ntime.sleep(1e6)`,
  },
};

const SAYS = /^Memory limit reached: the function used more than its 128 MB$/;

describe('functions that use more memory than they have', { concurrency: 3 }, () => {
  for (const runtime of LANGUAGES) {
    for (const [where, code] of Object.entries(RUNNING[runtime])) {
      test(`${runtime}: ${where}: 434, and the next call works`, { skip: skipOf(runtime) }, async () => {
        const name = await stage.make(runtime, code);
        await stage.works(name, 'first', 'first');
        const { log } = await stage.ends(name, 'eat', 434, SAYS);
        assert.match(log, /eats/);
        await stage.works(name, 'next', 'next');
      });
    }
    for (const [where, code] of Object.entries(LOADING[runtime])) {
      test(`${runtime}: ${where} while it is loaded: 434`, { skip: skipOf(runtime) }, async () => {
        const name = await stage.make(runtime, code);
        const { log } = await stage.ends(name, {}, 434, SAYS);
        assert.match(log, /loads/);
      });
    }
  }

  test('what fits is not ended', async () => {
    const name = await stage.make(
      'Nodejs18.15',
      'exports.main_handler = async mb => Buffer.alloc(mb * 1048576, 1).length',
    );
    await stage.works(name, 70, 70 * 1048576);
  });
});
