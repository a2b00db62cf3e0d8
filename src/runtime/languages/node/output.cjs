'use strict';
// What the user's code prints: all of it on descriptor 1, in order, each run's end marked (src/runtime/instance/logs.ts).

const fs = require('fs');

const { process, Buffer, Date, SharedArrayBuffer, Int32Array, Atomics } = global;
const sleeper = new Int32Array(new SharedArrayBuffer(4));
let token = '';
/** Something was printed since the last mark. */
let printed = false;

/** Whether it is out: the user's code may have closed the descriptor. */
function write(bytes) {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += fs.writeSync(1, bytes, at, bytes.length - at);
    } catch (error) {
      if (error.code !== 'EAGAIN') return false;
      Atomics.wait(sleeper, 0, 0, 1);
    }
  }
  return true;
}

function print(bytes) {
  if (write(bytes)) printed = true;
}

/** Ends a run's output; whether there was any that can be waited for. */
function mark(turn) {
  if (!printed) return false;
  printed = false;
  return write(Buffer.from(`\x1e${token}${turn.toString(16).padStart(8, '0')}\n`, 'latin1'));
}

/** Programs that the function starts print on the same descriptor: a run with one has an end mark as well. */
function noteChildren() {
  const children = require('child_process');
  const noting = start =>
    function (...args) {
      printed = true;
      return start.apply(this, args);
    };
  const { prototype } = children.ChildProcess;
  prototype.spawn = noting(prototype.spawn);
  for (const name of ['spawnSync', 'execSync', 'execFileSync']) children[name] = noting(children[name]);
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

/** Puts the streams and the console in place; `requestId` names the run that prints. */
function install(requestId) {
  noteChildren();
  Object.defineProperty(process, 'stdout', standardStream(1));
  Object.defineProperty(process, 'stderr', standardStream(2));
  // One line head per console call, as the platform writes it.
  const nothing = () => lines;
  const lines = {
    write(text) {
      print(Buffer.from(`${new Date().toISOString()}\t${requestId()}\t${text}`));
      return true;
    },
    on: nothing,
    once: nothing,
    emit: nothing,
    removeListener: nothing,
    listenerCount: () => 0,
  };
  const own = new console.Console({ stdout: lines, stderr: lines, ignoreErrors: true });
  for (const name of Object.keys(console)) {
    if (name !== 'Console' && typeof own[name] === 'function' && typeof console[name] === 'function') {
      console[name] = own[name];
    }
  }
}

module.exports = {
  install,
  mark,
  setToken(text) {
    token = text;
  },
};
