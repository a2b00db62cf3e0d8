'use strict';
// How what the user's code throws is shown.

const path = require('path');
const util = require('util');

const RUNTIME = __dirname + path.sep;

function isError(value) {
  return value instanceof Error || (util.types && util.types.isNativeError(value));
}

/** A stack without the frames of the runtime and what lies below them. */
function stackOf(error) {
  if (!isError(error)) return typeof error === 'string' ? error : util.inspect(error);
  const stack = error.stack;
  if (typeof stack !== 'string' || stack === '') return String(error.message || error);
  const kept = [];
  for (const line of stack.split('\n')) {
    if (line.includes(RUNTIME)) break;
    kept.push(line);
  }
  // A syntax error's own text may be followed by nothing but loader frames.
  return kept.filter(line => !/^ {4}at .*\((node:internal|internal)\/modules\//.test(line)).join('\n');
}

/** What a callback was given as its error. */
function callbackText(error) {
  if (isError(error)) return error.stack ? stackOf(error) : 'null';
  const text = typeof error === 'object' ? util.inspect(error) : String(error);
  return `${text}(callback err is not instance of Error)`;
}

module.exports = { callbackText, stackOf };
