// Any bytes on the channel of a real bootstrap: it goes on or ends, and it ends with its server.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { closeSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { SeededIds } from '../../core/ids.ts';
import { encodeFrame, encodeInvoke, FROM_INSTANCE, FrameReader, TO_INSTANCE } from '../instance/frames.ts';
import { openTurns } from '../sandbox/turns.ts';

const python = ['python3', 'python'].find(name => spawnSync(name, ['--version']).status === 0);
const LANGUAGES = [
  {
    name: 'Node.js',
    command: process.execPath,
    args: [join(import.meta.dirname, 'node', 'bootstrap.cjs')],
    skip: false,
  },
  {
    name: 'Python',
    command: python ?? '',
    args: ['-B', join(import.meta.dirname, 'python', 'bootstrap.py')],
    skip: python === undefined && 'no Python here',
  },
];
/** A deadline on a real process, far over what it needs. */
const ENDS_MS = 60_000;

let codeDir = '';
before(async () => {
  codeDir = await mkdtemp(join(tmpdir(), 'fuzz-'));
  await writeFile(join(codeDir, 'index.js'), 'exports.main_handler = async event => event;\n');
  await writeFile(join(codeDir, 'index.py'), 'def main_handler(event, context):\n    return event\n');
});
after(() => rm(codeDir, { recursive: true, force: true }));

interface Child {
  readonly channel: Duplex;
  /** Types of the frames that came. */
  readonly heard: number[];
  readonly exited: Promise<number | null>;
  /** Resolves when a frame of that type has come, or the process has ended. */
  until(type: number): Promise<void>;
}

function start({ command, args }: (typeof LANGUAGES)[number]): Child {
  const turns = openTurns();
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', turns], timeout: ENDS_MS });
  closeSync(turns);
  const channel = child.stdio[3] as Duplex;
  const heard: number[] = [];
  const wakes = new Set<() => void>();
  const wake = () => {
    for (const one of wakes) one();
  };
  // Whatever it makes of the bytes, it answers in frames.
  const reader = new FrameReader(1 << 20, type => {
    heard.push(type);
    wake();
  });
  channel.on('data', chunk => reader.push(chunk));
  channel.on('error', () => {});
  let over = false;
  const exited = new Promise<number | null>(resolve => {
    child.once('exit', (code, signal) => {
      over = true;
      wake();
      // The deadline above ends it by a signal.
      assert.notEqual(signal, 'SIGTERM', 'it hangs');
      resolve(code);
    });
  });
  return {
    channel,
    heard,
    exited,
    until: type =>
      new Promise(resolve => {
        const look = () => {
          if (!heard.includes(type) && !over) return;
          wakes.delete(look);
          resolve();
        };
        wakes.add(look);
        look();
      }),
  };
}

function init(): Buffer {
  const settings = {
    token: 'cafe',
    responseBytes: 1000,
    handler: 'index.main_handler',
    codeDir,
    env: { PATH: process.env.PATH },
    path: [],
    context: {},
    concurrency: 1,
  };
  return encodeFrame(TO_INSTANCE.init, Buffer.from(JSON.stringify(settings)));
}

const invoke = (flags: number, event: string) =>
  encodeInvoke({ turn: 1, requestId: 'id', limitMs: 3000, flags }, Buffer.from(event), true);

/** Random bytes; half of them begin with a head that fits what follows. */
function noise(seed: string): Buffer {
  const ids = new SeededIds(seed);
  const parts = Array.from({ length: 1 + Math.floor(ids.fraction() * 5) }, () => {
    const bytes = ids.bytes(Math.floor(ids.fraction() * 400));
    return ids.fraction() < 0.5 ? bytes : encodeFrame(Math.floor(ids.fraction() * 4), bytes);
  });
  return Buffer.concat(parts);
}

const BEFORE: readonly (readonly [string, () => Buffer])[] = [
  ['nothing', () => Buffer.alloc(0)],
  ['half a head', () => Buffer.from([0, 0, 0])],
  ['a frame of four gigabytes', () => Buffer.concat([Buffer.from([0xff, 0xff, 0xff, 0xff, 1]), Buffer.alloc(1000)])],
  ['settings that are no JSON', () => encodeFrame(TO_INSTANCE.init, Buffer.from('{'))],
  ['settings that are no object', () => encodeFrame(TO_INSTANCE.init, Buffer.from('7'))],
  ['half of the settings', () => init().subarray(0, 40)],
  ['an event before the settings', () => invoke(0, '{}')],
  ...['a', 'b', 'c'].map(seed => [`random bytes ${seed}`, () => noise(seed)] as const),
];

const AFTER: readonly (readonly [string, () => Buffer])[] = [
  ['a short event', () => encodeFrame(TO_INSTANCE.invoke, Buffer.from([0, 255, 0]))],
  ['an empty event', () => encodeFrame(TO_INSTANCE.invoke, Buffer.alloc(0))],
  ['settings again, that are none', () => encodeFrame(TO_INSTANCE.init, Buffer.from('null'))],
  ['an event in pieces of a frame of four gigabytes', () => Buffer.from([0xff, 0xff, 0xff, 0xff, 2, 0, 0])],
  ...['d', 'e', 'f'].map(seed => [`random bytes ${seed}`, () => noise(seed)] as const),
];

for (const language of LANGUAGES)
  describe(language.name, { skip: language.skip, concurrency: 2 }, () => {
    for (const [what, bytes] of BEFORE)
      test(`${what}: it ends at the latest with its server`, async () => {
        const child = start(language);
        await child.until(FROM_INSTANCE.hello);
        child.channel.write(bytes());
        child.channel.end();
        await child.exited;
        assert.ok(!child.heard.includes(FROM_INSTANCE.ready));
      });

    for (const [what, bytes] of AFTER)
      test(`${what}, where an event is expected: the same`, async () => {
        const child = start(language);
        child.channel.write(init());
        await child.until(FROM_INSTANCE.ready);
        assert.ok(child.heard.includes(FROM_INSTANCE.ready), 'it runs until then');
        child.channel.write(bytes());
        child.channel.end();
        await child.exited;
      });

    test('an event that is no JSON is answered, and so is the one after it', async () => {
      const child = start(language);
      child.channel.write(init());
      await child.until(FROM_INSTANCE.ready);
      child.channel.write(invoke(0, '\xff{'));
      await child.until(FROM_INSTANCE.error);
      child.channel.write(invoke(0, '{}'));
      await child.until(FROM_INSTANCE.result);
      assert.deepEqual(
        child.heard.filter(type => type !== FROM_INSTANCE.hello),
        [FROM_INSTANCE.ready, FROM_INSTANCE.error, FROM_INSTANCE.result],
      );
      child.channel.end();
      assert.equal(await child.exited, 0);
    });
  });
