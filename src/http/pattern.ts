// Regular expressions that users write and strangers' requests are held against.

import { setFlagsFromString } from 'node:v8';

/**
 * Some expressions try again and again, twice as often for each character more, while nothing else is served: `(a+)+$`. V8
 * then changes to its engine that reads the text once, after fifty thousand tries. It knows neither references back nor
 * looking around; expressions that have these keep the other one.
 */
setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');

/** Throws a SyntaxError. */
export const userPattern = (source: string, flags = ''): RegExp => new RegExp(source, flags);
