// Functions that print without end or close what they print to, and results at the limit of their size.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { LOG_BYTES, RESPONSE_BYTES } from '../src/core/limits.ts';
import { LANGUAGES, openStage, type RuntimeId, skipOf } from './endings.ts';
import { until } from './fixture.ts';

const stage = await openStage();
after(() => stage.close());

const CUT = `[PLATFORM] The log of this run was cut at ${LOG_BYTES} bytes.`;
/** Far more than the server may hold. */
const FLOOD_MB = 300;
/** What a server may grow by meanwhile; its heap breathes. */
const GROWTH_MB = 150;

const node = (print: string) => `
const fs = require('fs');
const flood = mb => { const text = 'y'.repeat(65535) + '\\n'; for (let at = 0; at < mb * 16; at++) fs.writeSync(1, text); };
exports.main_handler = async event => {
  if (event !== 'print') return event;
  ${print}
  return 'printed';
};`;
const python = (print: string) => `
import os, subprocess, sys, threading, time
def flood(mb):
    for at in range(mb * 16): os.write(1, b'y' * 65535 + b'\\n')
def main_handler(event, context):
    if event != 'print':
        return event
    ${print.trim()}
    return 'printed'
`;

type Cases = Readonly<Record<RuntimeId, Readonly<Record<string, string>>>>;

/** All of these print more than is kept. */
const TOO_MUCH: Cases = {
  'Nodejs18.15': {
    'many lines': node(`for (let at = 0; at < 50000; at++) console.log('line ' + at + ' of many');`),
    'one line without an end': node(`process.stdout.write('ü'.repeat(2e6));`),
    'errors without an end': node(`for (let at = 0; at < 40; at++) process.stderr.write('e'.repeat(65536));`),
    'by a program that it starts': node(
      `require('child_process').spawnSync('sh', ['-c', 'yes | head -c 4000000'], { stdio: ['ignore', 'inherit', 'inherit'] });`,
    ),
  },
  'Python3.9': {
    'many lines': python(`
    for at in range(100000): print('line %d of many' % at)`),
    'one line without an end': python(`sys.stdout.write(u'\\u00fc' * 2000000)`),
    'in several threads': python(`
    some = [threading.Thread(target=flood, args=(1,)) for _ in range(4)]
    for one in some: one.start()
    for one in some: one.join()`),
    'by a program that it starts': python(`subprocess.call(['sh', '-c', 'yes | head -c 4000000'])`),
  },
};

const CLOSED: Cases = {
  'Nodejs18.15': {
    'closes its standard output': node(
      `fs.closeSync(1); console.log('nobody reads this'); process.stdout.write('nor this');`,
    ),
    'closes all three': node(`for (const fd of [0, 1, 2]) fs.closeSync(fd); console.error('unread');`),
    'ends the stream': node(`process.stdout.end('last words\\n'); process.stdout.destroy(); console.log('more');`),
  },
  'Python3.9': {
    'closes its standard output': python(`os.close(1)\n    print('nobody reads this')`),
    'closes all three': python(`os.closerange(0, 3)\n    print('unread')`),
    'closes the stream': python('sys.stdout.close()\n    sys.stderr.close()'),
    'has none': python('sys.stdout = sys.stderr = None'),
  },
};

/** The whole log of the last call. */
async function logOf(FunctionName: string): Promise<string> {
  return until('its log is written', async () => {
    const { Data } = await stage.sdk.GetFunctionLogs({ FunctionName, Order: 'desc', OrderBy: 'start_time', Limit: 1 });
    return Data?.[0]?.Log;
  });
}

describe('functions that print', { concurrency: 3 }, () => {
  for (const runtime of LANGUAGES) {
    for (const [what, code] of Object.entries(TOO_MUCH[runtime])) {
      test(`${runtime}: too much, ${what}: it is cut and says so`, { skip: skipOf(runtime) }, async () => {
        const name = await stage.make(runtime, code);
        const { log } = await stage.works(name, 'print', 'printed');
        assert.ok(log.includes(CUT), log.slice(-300));
        const whole = await logOf(name);
        const bytes = Buffer.byteLength(whole);
        assert.ok(bytes > LOG_BYTES - 4 && bytes < LOG_BYTES + 1000, `${bytes} bytes are kept`);
        assert.ok(!whole.includes('\ufffd'), 'no character is cut in two');
        const next = await stage.works(name, 'next', 'next');
        assert.ok(!next.log.includes('[PLATFORM] The log'), 'the next one has a log of its own');
      });
    }

    for (const [what, code] of Object.entries(CLOSED[runtime])) {
      test(`${runtime}: it ${what}: calls go on, and at once`, { skip: skipOf(runtime) }, async () => {
        const name = await stage.make(runtime, code);
        await stage.works(name, 'first', 'first');
        // What waits for a time to pass waits for ever.
        using _ = stage.server.stopForFunctions();
        for (let at = 0; at < 3; at++) await stage.works(name, at === 0 ? 'print' : at, at === 0 ? 'printed' : at);
      });
    }

    test(`${runtime}: without an end of line: it is in the log of its own call`, {
      skip: skipOf(runtime),
    }, async () => {
      const prints = { 'Nodejs18.15': `process.stdout.write('no end')`, 'Python3.9': `sys.stdout.write('no end')` };
      const name = await stage.make(runtime, { 'Nodejs18.15': node, 'Python3.9': python }[runtime](prints[runtime]));
      for (let at = 0; at < 2; at++) {
        const { log } = await stage.works(name, 'print', 'printed');
        assert.equal(log.split('no end').length, 2, log);
      }
      const { log } = await stage.works(name, 'quiet', 'quiet');
      assert.ok(!log.includes('no end'), log);
    });

    test(`${runtime}: while it is loaded, and between calls: kept for the next call, and cut`, {
      skip: skipOf(runtime),
    }, async () => {
      const more = {
        'Nodejs18.15': `${node('const all = flood; setTimeout(() => { all(3); }, 10);')}\nflood(3);`,
        'Python3.9': `${python('threading.Timer(0.01, flood, [3]).start()')}\nflood(3)\n`,
      };
      const name = await stage.make(runtime, more[runtime]);
      assert.ok((await stage.works(name, 'print', 'printed')).log.includes(CUT));
      // It may be printed before its call has been told, and belongs to that then.
      await until('it is printed between two calls', async () => {
        const { log } = await stage.works(name, 'next', 'next');
        if (!log.includes(CUT)) await stage.works(name, 'print', 'printed');
        return log.includes(CUT);
      });
    });
  }
});

/** What no other part of the process is to blame for. */
test('the server holds little of a flood, and others are served meanwhile', async () => {
  const name = await stage.make('Nodejs18.15', node(`flood(${FLOOD_MB});`));
  const other = await stage.make('Nodejs18.15', 'exports.main_handler = async event => event;');
  await stage.works(name, 'first', 'first');
  const before = process.memoryUsage().rss;
  let highest = before;
  const flood = stage.works(name, 'print', 'printed');
  let over = false;
  void flood.finally(() => {
    over = true;
  });
  let served = 0;
  while (!over) {
    await stage.works(other, served, served);
    served++;
    highest = Math.max(highest, process.memoryUsage().rss);
  }
  await flood;
  assert.ok(served > 1, `${served} served`);
  assert.ok((highest - before) / 1048576 < GROWTH_MB, `it grew by ${(highest - before) / 1048576} MB`);
});

describe('results at the limit of their size', () => {
  const SOURCES = {
    'Nodejs18.15': `exports.main_handler = async ({ length, text }) => text.repeat(length);`,
    'Python3.9': 'def main_handler(event, context):\n    return event["text"] * event["length"]\n',
  };
  for (const runtime of LANGUAGES) {
    test(`${runtime}: 6 MB pass, a byte more is 407`, { skip: skipOf(runtime) }, async () => {
      const name = await stage.make(runtime, SOURCES[runtime], { MemorySize: 512 });
      // With its two quotation marks.
      for (const [text, bytes] of [
        ['x', 1],
        ['é', 2],
      ] as const) {
        const length = (RESPONSE_BYTES - 2) / bytes;
        await stage.works(name, { length, text }, text.repeat(length));
        await stage.ends(name, { length: length + 1, text }, 407, /exceeds the upper limit \(6MB\)/);
        await stage.works(name, { length: 1, text }, text);
      }
    });
  }
});
