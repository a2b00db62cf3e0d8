'use strict';
// Runs inside a Node.js instance. It starts before its function is known and waits; INIT names the function,
// and then it runs that function's events, one at a time unless the function takes several.
// Plain CommonJS for Node.js 10 and newer.

const channel = require('./channel.cjs');
const { callbackText, stackOf } = require('./errors.cjs');
const { loadHandler, Unloadable } = require('./load.cjs');
// Loaded while nobody waits: it takes longer than all that INIT asks for.
const cloudNames = require('./names.cjs');
const output = require('./output.cjs');
const { performance } = require('perf_hooks');

const INIT = 1;
const INVOKE = 2;
const READY = 16;
const RESULT = 17;
const ERROR = 18;
const ENDED = 19;
const LOAD_ERROR = 20;
const FAULT = 21;
const HELLO = 22;
const DECLINED = 23;
/** Flags of INVOKE. */
const BY_TIMER = 1;
const AHEAD = 2;
/** Flags of answers. */
const PRINTED = 1;
const EARLY = 2;
const WAITED = 4;
/** How long a callback's answer waits for the loop to drain, so that a run which is over is reported whole. */
const EARLY_MS = 1;
const NOTHING = Buffer.alloc(0);

// The user's code may replace these globals.
const { setTimeout, clearTimeout, setImmediate, process, Buffer: Bytes, JSON } = global;
const stringify = JSON.stringify;
const parse = JSON.parse;

let settings;
let handler;
/** Runs under way; one unless the function takes several at once. */
const active = new Set();
/** Events that came while another one ran. */
const waiting = [];
let socket;
/** The end of this turn of the event loop is awaited. */
let turning = false;
let byTimer = false;
/** Tells runs apart where several go on at once. */
let scope;

// --- the function ----------------------------------------------------------------------------------------------

function applyEnvironment(env) {
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  for (const name of Object.keys(env)) if (process.env[name] !== env[name]) process.env[name] = env[name];
  require('module')._initPaths();
}

function loadFailed(error) {
  const known = error instanceof Unloadable;
  const status = Bytes.alloc(2);
  status.writeUInt16BE(known ? error.status : 443, 0);
  channel.send(LOAD_ERROR, Bytes.concat([status, channel.clip(known ? error.text : stackOf(error))]));
  process.exit(1);
}

function init(payload) {
  settings = parse(payload.toString());
  output.setToken(settings.token);
  try {
    applyEnvironment(settings.env);
    process.chdir(settings.codeDir);
    if (settings.names) cloudNames.install(settings.names);
    if (settings.concurrency > 1) scope = new (require('async_hooks').AsyncLocalStorage)();
  } catch (error) {
    return loadFailed(error);
  }
  loadHandler(
    settings.handler,
    settings.codeDir,
    found => {
      handler = found;
      channel.send(READY, NOTHING);
    },
    loadFailed,
  );
}

// --- the order of events ---------------------------------------------------------------------------------------

function heard(type, payload) {
  if (type === INIT) init(payload);
  else if (type === INVOKE) {
    if (settings.concurrency > 1) begin(payload);
    // One event a turn of the loop, or rejections and timers of one would land in the next.
    else if (turning || active.size > 0) waiting.push(Bytes.from(payload));
    else {
      begin(payload);
      turnSoon();
    }
  }
}

function turnSoon() {
  if (turning) return;
  turning = true;
  setImmediate(turn);
}

function turn() {
  turning = false;
  if (active.size > 0) {
    for (const run of active) run.waited = true;
    // Unreferenced during a run, so that an empty loop means that nothing more can happen in it.
    socket.unref();
    return;
  }
  while (waiting.length > 0) {
    if (begin(waiting.shift())) {
      turnSoon();
      return;
    }
  }
}

process.on('beforeExit', () => {
  if (active.size === 0) socket.ref();
  for (const run of active) finish(run);
});

// --- one event -------------------------------------------------------------------------------------------------

class Run {
  constructor(id, turn, limitMs) {
    this.id = id;
    this.turn = turn;
    this.limitMs = limitMs;
    this.begun = performance.now();
    /** The handler itself is on the stack. */
    this.inHandler = true;
    this.waited = false;
    this.answered = false;
    this.early = false;
    /** The run is over with the answer; nothing is waited for. */
    this.final = false;
    this.done = false;
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

/** Runs an event, unless the server has taken it back. */
function begin(payload) {
  const flags = payload[0];
  const eventAt = 10 + payload[1];
  const number = payload.readUInt32BE(6);
  if ((flags & AHEAD) !== 0 && !channel.takeTurn(number)) {
    channel.send(DECLINED, Bytes.from(payload.slice(6, 10)));
    return false;
  }
  const run = new Run(payload.toString('latin1', 10, eventAt), number, payload.readUInt32BE(2));
  active.add(run);
  if (((flags & BY_TIMER) !== 0) !== byTimer) {
    byTimer = !byTimer;
    if (byTimer) process.env.TRIGGER_SRC = 'timer';
    else delete process.env.TRIGGER_SRC;
  }
  let event;
  try {
    event = parse(payload.toString('utf8', eventAt));
  } catch (error) {
    run.failure = { status: 400, message: `The event is not JSON: ${error.message}`, stack: '' };
    finish(run);
    return true;
  }
  if (scope) scope.run(run, call, run, event);
  else call(run, event);
  return true;
}

function call(run, event) {
  try {
    const returned = handler(event, contextOf(run), (error, value) => answer(run, error, value, false));
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
    reject(run, error);
    return;
  }
  run.inHandler = false;
  if (run.answered) answeredInTime(run);
}

function settle(run, value) {
  if (run.done) return;
  encode(run, value);
  finish(run);
}

function reject(run, error) {
  if (run.done) return;
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
  if (run.text.length * 3 > settings.responseBytes && Bytes.byteLength(run.text) > settings.responseBytes) {
    run.failure = { status: 407, message: '', stack: '' };
  }
}

/** The callback, or done, succeed and fail of the context, was called. The first call counts. */
function answer(run, error, value, final, failed) {
  if (run.done || run.answered) return;
  run.answered = true;
  run.final = final;
  if (failed || (error !== null && error !== undefined)) run.failure = userFailure(callbackText(error));
  else encode(run, value);
  if (!run.inHandler) process.nextTick(answeredInTime, run);
}

/** The synchronous part that called the callback is over. */
function answeredInTime(run) {
  if (run.done) return;
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
  if (!run.done) wait(run, answerEarly);
}

function answerEarly(run) {
  if (run.done) return;
  run.timer = null;
  run.early = true;
  sendOutcome(run, EARLY);
}

function sendOutcome(run, flags) {
  if (run.failure) channel.sendFailure(ERROR, flags, run.turn, micros(run), run.failure);
  else channel.sendResult(RESULT, flags, run.turn, micros(run), run.text);
}

function micros(run) {
  return Math.min(0xffffffff, Math.round((performance.now() - run.begun) * 1000));
}

function finish(run) {
  run.done = true;
  active.delete(run);
  if (run.timer !== null) clearTimeout(run.timer);
  const flags = (!scope && output.mark(run.turn) ? PRINTED : 0) | (run.waited ? WAITED : 0);
  if (run.early) channel.sendResult(ENDED, flags, run.turn, micros(run), '');
  else sendOutcome(run, flags);
  if (run.waited && active.size === 0) {
    socket.ref();
    if (waiting.length > 0) turnSoon();
  }
}

// --- start -----------------------------------------------------------------------------------------------------

// Only watches: the process ends as Node.js would end it, and the stack is kept for the caller.
process.on('uncaughtExceptionMonitor', error => channel.send(FAULT, channel.clip(stackOf(error))));

output.install(() => {
  const run = scope ? scope.getStore() : active.values().next().value;
  return run ? run.id : '';
});
socket = channel.open(heard);
channel.send(HELLO, NOTHING);
