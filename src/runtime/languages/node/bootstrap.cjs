'use strict';
// Runs inside a Node.js instance: loads the user's handler and runs one event at a time.
// Plain CommonJS for Node.js 10 and newer. Talks frames on descriptor 3 (src/runtime/frames.ts);
// everything that is printed goes to descriptor 1.

const fs = require('fs');
const net = require('net');
const path = require('path');
const util = require('util');
const { performance } = require('perf_hooks');

const CHANNEL = 3;
const INIT = 1;
const INVOKE = 2;
const READY = 16;
const RESULT = 17;
const ERROR = 18;
const ENDED = 19;
const LOAD_ERROR = 20;
const FAULT = 21;
const PRINTED = 1;
const EARLY = 2;
const HEAD = 5;
/** How long a callback's answer waits for the loop to drain, so that a run which is over is reported whole. */
const EARLY_MS = 1;
const TEXT_BYTES = 256 * 1024;

// The user's code may replace these globals.
const { setTimeout, clearTimeout, process, Buffer, JSON, Date, SharedArrayBuffer, Int32Array, Atomics } = global;
const stringify = JSON.stringify;
const parse = JSON.parse;

let settings;
let mark;
let handler;
let current = null;
let printed = false;
let byTimer = false;

// --- the channel -----------------------------------------------------------------------------------------------

const scratch = Buffer.allocUnsafe(64 * 1024);
/** Writes that the full socket did not take: order is kept by sending all that follows the same way. */
let queued = 0;

function sendBytes(bytes, length) {
  let at = 0;
  if (queued === 0) {
    try {
      while (at < length) at += fs.writeSync(CHANNEL, bytes, at, length - at);
      return;
    } catch (error) {
      if (error.code !== 'EAGAIN') process.exit(1);
    }
  }
  queued++;
  channel.write(Buffer.from(bytes.slice(at, length)), () => queued--);
}

function sendText(type, status, flags, duration, message, stack) {
  const first = clip(message);
  const second = clip(stack);
  const frame = Buffer.allocUnsafe(HEAD + 11 + first.length + second.length);
  frame.writeUInt32BE(11 + first.length + second.length, 0);
  frame[4] = type;
  frame[5] = flags;
  frame.writeUInt32BE(duration, 6);
  frame.writeUInt16BE(status, 10);
  frame.writeUInt32BE(first.length, 12);
  first.copy(frame, 16);
  second.copy(frame, 16 + first.length);
  sendBytes(frame, frame.length);
}

function clip(text) {
  const bytes = Buffer.from(text);
  return bytes.length > TEXT_BYTES ? bytes.slice(0, TEXT_BYTES) : bytes;
}

function sendResult(text, flags, duration) {
  let frame = scratch;
  let length;
  if (text.length * 3 + HEAD + 5 <= scratch.length) {
    length = scratch.write(text, HEAD + 5);
  } else {
    length = Buffer.byteLength(text);
    frame = Buffer.allocUnsafe(HEAD + 5 + length);
    frame.write(text, HEAD + 5);
  }
  frame.writeUInt32BE(length + 5, 0);
  frame[4] = RESULT;
  frame[5] = flags;
  frame.writeUInt32BE(duration, 6);
  sendBytes(frame, HEAD + 5 + length);
}

function sendShort(type, flags, duration) {
  scratch.writeUInt32BE(5, 0);
  scratch[4] = type;
  scratch[5] = flags;
  scratch.writeUInt32BE(duration, 6);
  sendBytes(scratch, HEAD + 5);
}

/** The bytes of an unfinished frame. */
let pieces = [];
let held = 0;

function received(chunk) {
  let bytes = chunk;
  if (held > 0) {
    pieces.push(Buffer.from(chunk));
    held += chunk.length;
    if (pieces[0].length < HEAD) pieces = [Buffer.concat(pieces)];
    if (held < HEAD || held < HEAD + pieces[0].readUInt32BE(0)) return;
    bytes = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
    pieces = [];
    held = 0;
  }
  let at = 0;
  while (bytes.length - at >= HEAD) {
    const end = at + HEAD + bytes.readUInt32BE(at);
    if (end > bytes.length) break;
    const type = bytes[at + 4];
    if (type === INVOKE) invoke(bytes.slice(at + HEAD, end));
    else if (type === INIT) init(bytes.slice(at + HEAD, end));
    at = end;
  }
  if (at < bytes.length) {
    pieces = [Buffer.from(bytes.slice(at))];
    held = bytes.length - at;
  }
}

// The read buffer is used again for every chunk: a frame is consumed before `callback` returns.
const channel = new net.Socket({
  fd: CHANNEL,
  readable: true,
  writable: true,
  onread: {
    buffer: Buffer.allocUnsafe(64 * 1024),
    callback(length, buffer) {
      received(buffer.slice(0, length));
      return true;
    },
  },
});
channel.on('data', received);
// The server is gone: nobody would hear an answer.
channel.on('end', () => process.exit(0));
channel.on('error', () => process.exit(0));
channel.on('close', () => process.exit(0));

// --- printing --------------------------------------------------------------------------------------------------

const sleeper = new Int32Array(new SharedArrayBuffer(4));

function print(bytes) {
  printed = true;
  for (let at = 0; at < bytes.length; ) {
    try {
      at += fs.writeSync(1, bytes, at, bytes.length - at);
    } catch (error) {
      if (error.code !== 'EAGAIN') return;
      Atomics.wait(sleeper, 0, 0, 1);
    }
  }
}

function standardStream(fd) {
  let stream;
  return {
    configurable: true,
    enumerable: true,
    get() {
      if (!stream) {
        const { Writable } = require('stream');
        stream = new Writable({
          write(chunk, encoding, done) {
            print(chunk);
            done();
          },
        });
        stream.fd = fd;
        stream._type = 'pipe';
      }
      return stream;
    },
  };
}
Object.defineProperty(process, 'stdout', standardStream(1));
Object.defineProperty(process, 'stderr', standardStream(2));

// One line head per console call, as the platform writes it.
const nothing = () => lines;
const lines = {
  write(text) {
    print(Buffer.from(`${new Date().toISOString()}\t${current === null ? '' : current.id}\t${text}`));
    return true;
  },
  on: nothing,
  once: nothing,
  emit: nothing,
  removeListener: nothing,
  listenerCount: () => 0,
};
const ownConsole = new console.Console({ stdout: lines, stderr: lines, ignoreErrors: true });
for (const name of Object.keys(console)) {
  if (name !== 'Console' && typeof ownConsole[name] === 'function' && typeof console[name] === 'function') {
    console[name] = ownConsole[name];
  }
}

// --- loading ---------------------------------------------------------------------------------------------------

function loadFailed(status, text) {
  const bytes = clip(text);
  const frame = Buffer.allocUnsafe(HEAD + 2 + bytes.length);
  frame.writeUInt32BE(2 + bytes.length, 0);
  frame[4] = LOAD_ERROR;
  frame.writeUInt16BE(status, 5);
  bytes.copy(frame, HEAD + 2);
  sendBytes(frame, frame.length);
  process.exit(1);
}

function isFile(name) {
  try {
    return fs.statSync(name).isFile();
  } catch (_) {
    return false;
  }
}

/** Whether the nearest package.json, up to the code's root, says that .js means ES module. */
function isModulePackage(file, root) {
  for (let dir = path.dirname(file); dir.length >= root.length; dir = path.dirname(dir)) {
    const name = path.join(dir, 'package.json');
    if (isFile(name)) {
      try {
        return parse(fs.readFileSync(name, 'utf8')).type === 'module';
      } catch (_) {
        return false;
      }
    }
    if (dir === path.dirname(dir)) break;
  }
  return false;
}

function load(file, root) {
  const url = () => require('url').pathToFileURL(file).href;
  if (file.endsWith('.mjs') || (file.endsWith('.js') && isModulePackage(file, root))) return import(url());
  try {
    return require(file);
  } catch (error) {
    if (error && (error.code === 'ERR_REQUIRE_ESM' || error.code === 'ERR_REQUIRE_ASYNC_MODULE')) return import(url());
    throw error;
  }
}

function init(payload) {
  settings = parse(payload.toString());
  mark = Buffer.from(`\x1e${settings.token}\n`, 'latin1');
  const dot = settings.handler.lastIndexOf('.');
  const name = settings.handler.slice(0, dot);
  const method = settings.handler.slice(dot + 1);
  if (dot < 1 || method === '') {
    return loadFailed(437, `The handler "${settings.handler}" must have the form file.method, such as index.main_handler.`);
  }
  const root = settings.codeDir;
  const base = path.join(root, name);
  if (!base.startsWith(root + path.sep)) {
    return loadFailed(437, `The handler "${settings.handler}" leads out of the code package.`);
  }
  const file = ['.js', '.cjs', '.mjs'].map(end => base + end).find(isFile);
  if (!file) {
    return loadFailed(437, `Cannot find ${name}.js (or .cjs, .mjs) in the code package; the handler is "${settings.handler}".`);
  }
  const loaded = exported => {
    const found = own(exported, method) || own(own(exported, 'default'), method);
    if (typeof found !== 'function') {
      return loadFailed(437, `${path.relative(root, file)} does not export a function "${method}"; the handler is "${settings.handler}".`);
    }
    handler = found;
    sendBytes(Buffer.from([0, 0, 0, 0, READY]), HEAD);
  };
  const broken = error => loadFailed(443, stackOf(error));
  let exported;
  try {
    exported = load(file, root);
  } catch (error) {
    return broken(error);
  }
  if (util.types.isPromise(exported)) exported.then(loaded).catch(broken);
  else loaded(exported);
}

function own(value, name) {
  return value === null || value === undefined ? undefined : value[name];
}

// --- errors ----------------------------------------------------------------------------------------------------

/** A stack without this file and what lies below it. */
function stackOf(error) {
  if (!isError(error)) return typeof error === 'string' ? error : util.inspect(error);
  const stack = error.stack;
  if (typeof stack !== 'string' || stack === '') return String(error.message || error);
  const kept = [];
  for (const line of stack.split('\n')) {
    if (line.includes(__filename)) break;
    kept.push(line);
  }
  // A syntax error's own text may be followed by nothing but loader frames.
  return kept.filter(line => !/^ {4}at .*\((node:internal|internal)\/modules\//.test(line)).join('\n');
}

function isError(value) {
  return value instanceof Error || (util.types && util.types.isNativeError(value));
}

// Only watches: the process ends as Node.js would end it, and the stack is kept for the caller.
process.on('uncaughtExceptionMonitor', error => {
  const bytes = clip(stackOf(error));
  const head = Buffer.allocUnsafe(HEAD);
  head.writeUInt32BE(bytes.length, 0);
  head[4] = FAULT;
  sendBytes(Buffer.concat([head, bytes]), HEAD + bytes.length);
});

// --- running ---------------------------------------------------------------------------------------------------

class Run {
  constructor(id, limitMs) {
    this.id = id;
    this.limitMs = limitMs;
    this.begun = performance.now();
    /** The handler itself is on the stack. */
    this.inHandler = true;
    this.answered = false;
    this.early = false;
    /** The run is over with the answer; nothing is waited for. */
    this.final = false;
    this.text = 'null';
    this.failure = null;
    this.timer = null;
    this.context = null;
  }
}

function contextOf(run) {
  const context = Object.assign({}, settings.context);
  context.request_id = run.id;
  context.callbackWaitsForEmptyEventLoop = true;
  context.getRemainingTimeInMillis = () => Math.max(0, Math.round(run.limitMs - (performance.now() - run.begun)));
  context.done = (error, value) => answer(run, error, value, true);
  context.succeed = value => answer(run, null, value, true);
  context.fail = error => answer(run, error === undefined ? null : error, undefined, true, true);
  context.getContext = () => context;
  run.context = context;
  return context;
}

function invoke(payload) {
  const idLength = payload[1];
  const run = new Run(payload.toString('latin1', 6, 6 + idLength), payload.readUInt32BE(2));
  current = run;
  channel.unref();
  if ((payload[0] === 1) !== byTimer) {
    byTimer = !byTimer;
    if (byTimer) process.env.TRIGGER_SRC = 'timer';
    else delete process.env.TRIGGER_SRC;
  }
  let event;
  try {
    event = parse(payload.toString('utf8', 6 + idLength));
  } catch (error) {
    run.failure = { status: 400, message: `The event is not JSON: ${error.message}`, stack: '' };
    return finish(run);
  }
  let returned;
  try {
    returned = handler(event, contextOf(run), (error, value) => answer(run, error, value, false));
    // A thenable decides; a callback beside it does not count.
    if (returned !== null && returned !== undefined && typeof returned.then === 'function') {
      run.inHandler = false;
      run.answered = true;
      returned.then(
        value => settle(run, value),
        error => reject(run, error),
      );
      return;
    }
  } catch (error) {
    run.answered = true;
    return reject(run, error);
  }
  run.inHandler = false;
  if (run.answered) answeredInTime(run);
}

function settle(run, value) {
  if (run !== current) return;
  encode(run, value);
  finish(run);
}

function reject(run, error) {
  if (run !== current) return;
  run.failure = userFailure(stackOf(error));
  finish(run);
}

function userFailure(stack) {
  return { status: 430, message: '', stack };
}

/** The value as it is now: a later change of it is not answered. */
function encode(run, value) {
  run.failure = null;
  try {
    const text = stringify(value);
    run.text = text === undefined ? 'null' : text;
  } catch (error) {
    run.failure = userFailure(`The return value cannot be written as JSON: ${stackOf(error)}`);
    return;
  }
  // Characters are at most three bytes of UTF-8 each.
  if (run.text.length * 3 > settings.responseBytes && Buffer.byteLength(run.text) > settings.responseBytes) {
    run.failure = { status: 407, message: '', stack: '' };
  }
}

/** The callback, or done, succeed and fail of the context, was called. The first call counts. */
function answer(run, error, value, final, failed) {
  if (run !== current || run.answered) return;
  run.answered = true;
  run.final = final;
  if (failed || (error !== null && error !== undefined)) {
    const text = isError(error) ? (error.stack ? stackOf(error) : 'null') : `${typeof error === 'object' ? util.inspect(error) : String(error)}(callback err is not instance of Error)`;
    run.failure = userFailure(text);
  } else encode(run, value);
  if (!run.inHandler) process.nextTick(answeredInTime, run);
}

/** The synchronous part that called the callback is over. */
function answeredInTime(run) {
  if (run !== current) return;
  if (run.final || run.context.callbackWaitsForEmptyEventLoop === false) return finish(run);
  wait(run, stillAlive);
}

/** Unreferenced: a drained loop does not wait for it, but ends the run whole. */
function wait(run, next) {
  run.timer = setTimeout(next, EARLY_MS, run);
  run.timer.unref();
}

/** A timer that is due already fires in the very turn in which the loop drains; a second one only in a later turn. */
function stillAlive(run) {
  if (run === current) wait(run, answerEarly);
}

function answerEarly(run) {
  if (run !== current) return;
  run.timer = null;
  run.early = true;
  sendOutcome(run, EARLY);
}

function sendOutcome(run, flags) {
  const duration = micros(run);
  if (run.failure) sendText(ERROR, run.failure.status, flags, duration, run.failure.message, run.failure.stack);
  else sendResult(run.text, flags, duration);
}

function micros(run) {
  return Math.min(0xffffffff, Math.round((performance.now() - run.begun) * 1000));
}

function finish(run) {
  current = null;
  if (run.timer !== null) clearTimeout(run.timer);
  let flags = 0;
  if (printed) {
    print(mark);
    printed = false;
    flags = PRINTED;
  }
  if (run.early) sendShort(ENDED, flags, micros(run));
  else sendOutcome(run, flags);
  channel.ref();
}

// The channel is unreferenced during a run, so an empty loop means that nothing more can happen in it.
process.on('beforeExit', () => {
  if (current !== null) finish(current);
  else channel.ref();
});
