'use strict';
// A function that does what its event says: the attacks stand in the tests.

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;

/** The code of a failure, or what came of it. */
function attempt(work) {
  try {
    return work();
  } catch (error) {
    return error.code || String(error);
  }
}

exports.main_handler = event => new AsyncFunction('event', 'require', 'attempt', event.script)(event, require, attempt);
