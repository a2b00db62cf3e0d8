// Flattened parameters: `Filters.0.Values.1=x`, in a query or a form body, and the tree they stand for.

import querystring from 'node:querystring';
import { refuse } from './errors.ts';

/** Decoded names and values, in the order they came. */
export type Pairs = ReadonlyMap<string, string>;

/** A tree of texts. Maps, so that no name a caller thinks of means anything to the language. */
export type Tree = Map<string, Tree | string>;

const MAX_PAIRS = 20_000;
const MAX_DEPTH = 32;

/** Raw query or form body → pairs. A `%` that begins no code stands for itself. */
export function parsePairs(text: string): Pairs {
  const pairs = new Map<string, string>();
  for (let at = 0; at < text.length; ) {
    const amp = text.indexOf('&', at);
    const end = amp < 0 ? text.length : amp;
    if (end > at) {
      const equals = text.indexOf('=', at);
      const hasValue = equals >= 0 && equals < end;
      const name = decode(text.slice(at, hasValue ? equals : end));
      // Which of two values was meant cannot be told, and a signature over both would not say it either.
      if (pairs.has(name)) refuse('Repeated', { name });
      if (pairs.size === MAX_PAIRS) refuse('TooManyFields', { limit: MAX_PAIRS });
      pairs.set(name, hasValue ? decode(text.slice(equals + 1, end)) : '');
    }
    at = end + 1;
  }
  return pairs;
}

function decode(text: string): string {
  return querystring.unescape(text.includes('+') ? text.replaceAll('+', ' ') : text);
}

/** Pairs → tree, at the dots of their names. */
export function unflatten(pairs: Iterable<readonly [name: string, value: string]>): Tree {
  const root: Tree = new Map();
  for (const [name, value] of pairs) {
    const path = name.split('.', MAX_DEPTH + 1);
    if (path.length > MAX_DEPTH) refuse('TooDeep', { name: path.slice(0, 3).join('.'), limit: MAX_DEPTH });
    const last = path.pop() ?? name;
    let node = root;
    for (const step of path) {
      const next = node.get(step) ?? new Map();
      if (typeof next === 'string') refuse('FieldConflict', { name });
      node.set(step, next);
      node = next;
    }
    if (node.has(last)) refuse('FieldConflict', { name });
    node.set(last, value);
  }
  return root;
}
