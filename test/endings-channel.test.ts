// Functions that meddle with what their runtime and the server talk over: descriptor 3, the channel, and 4, the turn file.

import { after, describe, test } from 'node:test';
import { LANGUAGES, openStage, type RuntimeId, skipOf } from './endings.ts';
import { until } from './fixture.ts';

const stage = await openStage();
after(() => stage.close());

/** `frame`, `result` and `error` make the bytes of frames (src/runtime/instance/frames.ts); `turn` is that of this call. */
const node = (meddle: string) => `
const fs = require('fs');
let turn = 0;
const frame = (type, ...parts) => {
  const body = Buffer.concat(parts.map(part => Buffer.from(part)));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 0);
  head[4] = type;
  return Buffer.concat([head, body]);
};
const number = (value, bytes = 4) => { const all = Buffer.alloc(bytes); all.writeUIntBE(value, 0, bytes); return all; };
const result = (of, text = '"forged"', flags = 0) => frame(17, [flags], number(of), number(1000), text);
const failure = (of, status) => frame(18, [0], number(of), number(1000), number(status, 2), number(0));
// As the head of a frame it is too long: another one may be the beginning of a frame that is waited for.
const noise = () => Buffer.concat([Buffer.from([255]), require('crypto').randomBytes(4095)]);
const say = bytes => fs.writeSync(3, bytes);
const hang = () => new Promise(done => setTimeout(done, 1e6));
exports.main_handler = async event => {
  turn++;
  if (event !== 'meddle') return event;
  ${meddle}
  return 'done';
};`;
const python = (meddle: string) => `
import fcntl, os, struct, threading, time
turn = 0
def frame(kind, body): return struct.pack('>IB', len(body), kind) + body
def result(of, text=b'"forged"', flags=0): return frame(17, struct.pack('>BII', flags, of, 1000) + text)
def failure(of, status): return frame(18, struct.pack('>BIIHI', 0, of, 1000, status, 0))
def noise(): return b'\\xff' + os.urandom(4095)
def say(data): os.write(3, data)
def main_handler(event, context):
    global turn
    turn += 1
    if event != 'meddle':
        return event
    ${meddle.trim()}
    return 'done'
`;

type Cases = Readonly<Record<RuntimeId, Readonly<Record<string, string>>>>;

/** Nobody can tell any more what it answers. */
const ENDS: Cases = {
  'Nodejs18.15': {
    'closes the channel': node('fs.closeSync(3);'),
    'closes all its descriptors': node('for (let fd = 0; fd < 64; fd++) try { fs.closeSync(fd); } catch {}'),
    'puts a file in the place of the channel': node(`fs.closeSync(3); fs.openSync('/dev/null', 'w');`),
    'writes noise': node(`say(noise()); await hang();`),
    'writes text': node(`say('{"statusCode":200}'.repeat(100)); await hang();`),
    'begins a frame of 4 GB': node('say(Buffer.alloc(100, 255)); await hang();'),
    'answers another turn': node('say(result(turn + 1)); await hang();'),
    'answers turn 0': node('say(result(0)); await hang();'),
    'answers the last turn there can be': node('say(result(0xffffffff)); await hang();'),
    'answers too short': node('say(frame(17, [0, 0])); await hang();'),
    'ends without an answer': node('say(frame(19, [0], number(turn), number(0))); await hang();'),
    'sends a frame that there is not': node('say(frame(99, "x")); await hang();'),
    'is ready again': node('say(frame(16)); await hang();'),
    'fails to load again': node('say(frame(20, number(443, 2), "late")); await hang();'),
    'declines what it runs': node('say(frame(23, number(turn))); await hang();'),
    'fails as only the server can': node('say(failure(turn, 500)); await hang();'),
    'fails with success': node('say(failure(turn, 200)); await hang();'),
  },
  'Python3.9': {
    'closes the channel': python('os.close(3)\n    time.sleep(1000)'),
    'closes all its descriptors': python('os.closerange(0, 64)'),
    'puts a file in the place of the channel': python('os.close(3)\n    os.open("/dev/zero", os.O_RDWR)'),
    'writes noise': python('say(noise())\n    time.sleep(1000)'),
    'answers another turn': python('say(result(turn + 1))\n    time.sleep(1000)'),
    'fails as only the server can': python('say(failure(turn, 449))\n    time.sleep(1000)'),
    'declines what it runs': python("say(frame(23, turn.to_bytes(4, 'big')))\n    time.sleep(1000)"),
    'sends a stack of 6 MB, and noise': python(
      "say(frame(21, b'x' * 6000000))\n    say(noise())\n    time.sleep(1000)",
    ),
  },
};

/** It has been answered; what comes after that answer ends the process. */
const ENDS_LATER: Cases = {
  'Nodejs18.15': {
    'forges its answer': node('say(result(turn));'),
    'answers early twice': node(`for (const text of ['"forged"', '1']) say(result(turn, text, 2)); await hang();`),
    'repeats its answer': node('setTimeout(() => say(result(turn)), 20); return "forged";'),
    'answers the next call before it is there': node('setTimeout(() => say(result(turn + 1)), 20); return "forged";'),
    'repeats the answer to the call before': node('setTimeout(() => say(result(turn - 1)), 20); return "forged";'),
    'closes the channel afterwards': node('setTimeout(() => fs.closeSync(3), 20); return "forged";'),
    'says afterwards that it starts': node('setTimeout(() => say(frame(16)), 20); return "forged";'),
  },
  'Python3.9': {
    'forges its answer': python('say(result(turn))'),
    'repeats its answer': python('threading.Timer(0.05, say, [result(turn)]).start()\n    return "forged"'),
    'answers the next call before it is there': python(
      'threading.Timer(0.05, say, [result(turn + 1)]).start()\n    return "forged"',
    ),
    'ends the connection': python(`
    import socket
    ends = socket.socket(fileno=os.dup(3))
    threading.Timer(0.05, ends.shutdown, [socket.SHUT_WR]).start()
    return 'forged'`),
  },
};

/** Its own business. */
const HARMLESS: Cases = {
  'Nodejs18.15': {
    'closes the turn file': node('fs.closeSync(4);'),
    'cuts off the turn file': node('fs.ftruncateSync(4, 0);'),
    'fills the turn file': node('fs.writeSync(4, Buffer.alloc(1 << 20, 255), 0, 1 << 20, 0);'),
    'empties the turn file': node('fs.writeSync(4, Buffer.alloc(4096), 0, 4096, 0);'),
    'declines what it was never sent': node('say(frame(23, number(turn + 7)));'),
    'says hello while it runs, as a stack': node('say(frame(21, "at nowhere"));'),
  },
  'Python3.9': {
    'closes the turn file': python('os.close(4)'),
    'cuts off the turn file': python('os.ftruncate(4, 0)'),
    'fills the turn file': python("os.pwrite(4, b'\\xff' * 1048576, 0)"),
    'opens the turn file without buffers': python(`
    try: fcntl.fcntl(4, fcntl.F_SETFL, os.O_DIRECT | os.O_APPEND)
    except OSError: pass`),
    'locks the turn file': python('fcntl.flock(4, fcntl.LOCK_EX)\n    fcntl.lockf(4, fcntl.LOCK_EX)'),
    'makes the channel wait for nobody': python(
      'fcntl.fcntl(3, fcntl.F_SETFL, fcntl.fcntl(3, fcntl.F_GETFL) | os.O_ASYNC)',
    ),
  },
};

const LOADING: Cases = {
  'Nodejs18.15': {
    'closes the channel': `require('fs').closeSync(3); for (;;);`,
    answers: `require('fs').writeSync(3, Buffer.from([0, 0, 0, 9, 17, 0, 0, 0, 0, 1, 0, 0, 0, 0])); for (;;);`,
    'writes noise': `require('fs').writeSync(3, Buffer.alloc(100, 255)); for (;;);`,
  },
  'Python3.9': {
    'closes the channel': 'import os, time\nos.close(3)\ntime.sleep(1000)',
    'fails as only the server can': `import os, time\nos.write(3, b'\\0\\0\\0\\3\\x14\\x01\\xf4x')\ntime.sleep(1000)`,
  },
};

describe('functions that meddle with their channel', { concurrency: 4 }, () => {
  for (const runtime of LANGUAGES) {
    const skip = skipOf(runtime);
    for (const [what, code] of Object.entries(ENDS[runtime])) {
      test(`${runtime}: it ${what}: 439, and the next call works`, { skip }, async () => {
        const name = await stage.make(runtime, code);
        await stage.works(name, 'first', 'first');
        await stage.ends(name, 'meddle', 439, /^User process exit when running$/);
        await stage.works(name, 'next', 'next');
      });
    }
    for (const [what, code] of Object.entries(HARMLESS[runtime])) {
      test(`${runtime}: it ${what}: calls go on`, { skip }, async () => {
        const name = await stage.make(runtime, code);
        await stage.works(name, 'first', 'first');
        await stage.works(name, 'meddle', 'done');
        await stage.works(name, 'next', 'next');
      });
    }
    for (const [what, code] of Object.entries(LOADING[runtime])) {
      test(`${runtime}: it ${what} while it is loaded: 405`, { skip }, async () => {
        const name = await stage.make(runtime, code);
        await stage.ends(
          name,
          {},
          405,
          /^The process of the function ended while it was starting \(it (closed|wrote to) the/,
        );
      });
    }
  }
});

describe('functions that meddle with their channel once they have answered', () => {
  for (const runtime of LANGUAGES) {
    for (const [what, code] of Object.entries(ENDS_LATER[runtime])) {
      test(`${runtime}: it ${what}: it is ended, and the next call works`, { skip: skipOf(runtime) }, async () => {
        const name = await stage.make(runtime, code);
        const before = await stage.instances();
        await stage.works(name, 'first', 'first');
        await stage.works(name, 'meddle', 'forged');
        await until('its process has ended', async () => (await stage.instances()) === before);
        await stage.works(name, 'next', 'next');
      });
    }
  }
});
