'use strict';
// The frames between an instance and its server (src/runtime/instance/frames.ts), on descriptor 3,
// and the words that say whose turn it is (src/runtime/instance/turn.ts), on descriptor 4.

const fs = require('fs');
const net = require('net');

const { process, Buffer } = global;
const CHANNEL = 3;
const TURNS = 4;
const HEAD = 5;
const ENDED = 9;
const TEXT_BYTES = 256 * 1024;

const scratch = Buffer.allocUnsafe(64 * 1024);
/** Writes that the full socket did not take: order is kept by sending all that follows the same way. */
let queued = 0;
let socket;

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
  socket.write(Buffer.from(bytes.slice(at, length)), () => queued--);
}

function clip(text) {
  const bytes = Buffer.from(text);
  return bytes.length > TEXT_BYTES ? bytes.slice(0, TEXT_BYTES) : bytes;
}

function head(frame, length, type, flags, turn, micros) {
  frame.writeUInt32BE(length, 0);
  frame[4] = type;
  frame[5] = flags;
  frame.writeUInt32BE(turn, 6);
  frame.writeUInt32BE(micros, 10);
}

/** RESULT: the return value as JSON text. */
function sendResult(type, flags, turn, micros, text) {
  const at = HEAD + ENDED;
  let frame = scratch;
  let length;
  if (text.length * 3 + at <= scratch.length) {
    length = scratch.write(text, at);
  } else {
    length = Buffer.byteLength(text);
    frame = Buffer.allocUnsafe(at + length);
    frame.write(text, at);
  }
  head(frame, length + ENDED, type, flags, turn, micros);
  sendBytes(frame, at + length);
}

/** ERROR: a status and texts. */
function sendFailure(type, flags, turn, micros, { status, message, stack }) {
  const first = clip(message);
  const second = clip(stack);
  const at = HEAD + ENDED;
  const length = ENDED + 6 + first.length + second.length;
  const frame = Buffer.allocUnsafe(HEAD + length);
  head(frame, length, type, flags, turn, micros);
  frame.writeUInt16BE(status, at);
  frame.writeUInt32BE(first.length, at + 2);
  first.copy(frame, at + 6);
  second.copy(frame, at + 6 + first.length);
  sendBytes(frame, frame.length);
}

/** Any other frame. */
function send(type, payload) {
  const frame = Buffer.allocUnsafe(HEAD + payload.length);
  frame.writeUInt32BE(payload.length, 0);
  frame[4] = type;
  payload.copy(frame, HEAD);
  sendBytes(frame, frame.length);
}

const words = Buffer.alloc(8);

/** Takes the turn, unless the server has taken it back. */
function takeTurn(turn) {
  words.writeUInt32LE(turn, 0);
  fs.writeSync(TURNS, words, 0, 4, 0);
  fs.readSync(TURNS, words, 4, 4, 8);
  return turn > words.readUInt32LE(4);
}

/** The bytes of an unfinished frame. */
let pieces = [];
let held = 0;

/** Hands on each frame; its payload is used again for the next chunk. */
function receive(chunk, heard) {
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
    heard(bytes[at + 4], bytes.slice(at + HEAD, end));
    at = end;
  }
  if (at < bytes.length) {
    pieces = [Buffer.from(bytes.slice(at))];
    held = bytes.length - at;
  }
}

function open(heard) {
  socket = new net.Socket({
    fd: CHANNEL,
    readable: true,
    writable: true,
    onread: {
      buffer: Buffer.allocUnsafe(64 * 1024),
      callback(length, buffer) {
        receive(buffer.slice(0, length), heard);
        return true;
      },
    },
  });
  // Without `onread` (Node.js 10) the bytes come as events.
  socket.on('data', chunk => receive(chunk, heard));
  // The server is gone: nobody would hear an answer.
  for (const event of ['end', 'error', 'close']) socket.on(event, () => process.exit(0));
  return socket;
}

module.exports = { clip, open, send, sendFailure, sendResult, takeTurn };
