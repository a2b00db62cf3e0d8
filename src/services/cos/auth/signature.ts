// A signature as it came: in a header, as seven pairs of the query, or as one of them.

import type { SignedPairs } from '../../../http/qsign.ts';
import { fail } from '../errors.ts';

export interface Signature {
  readonly secretId: string;
  /** As sent: their text is part of what was signed. */
  readonly signTime: string;
  readonly keyTime: string;
  /** Lower case, as often as they were listed. */
  readonly headers: readonly string[];
  readonly params: readonly string[];
  /** Hex. */
  readonly signature: string;
  /** The pairs as one text, as a header has them. */
  readonly text: string;
}

/** The signature that a request carries, if any; a header comes before the query. */
export function findSignature(query: SignedPairs, authorization: string | undefined): Signature | undefined {
  if (authorization) return parseSignature(authorization);
  const sign = query.find(([name]) => name === 'sign')?.[1];
  if (sign) return parseSignature(sign);
  const pairs = query.filter(([name]) => name.startsWith('q-'));
  return pairs.some(([name]) => name === 'q-signature' || name === 'q-sign-algorithm') ? readPairs(pairs) : undefined;
}

export function parseSignature(text: string): Signature {
  // Names in the lists are encoded by themselves, so that one of them may hold what parts them.
  const read = /q-sign-time=\d+%3b/i.test(text) ? decode : (value: string) => value;
  const pairs = text
    .trim()
    .split('&')
    .map(pair => {
      const equals = pair.indexOf('=');
      return equals < 0 ? ([pair, ''] as const) : ([pair.slice(0, equals), read(pair.slice(equals + 1))] as const);
    });
  return readPairs(pairs);
}

/** Triggers are told all of it, and their events have a limit. */
const MAX_CHARS = 8192;

const TIMES = /^\d{1,12};\d{1,12}$/;

function readPairs(pairs: SignedPairs): Signature {
  const found = new Map(pairs);
  const get = (name: string) => found.get(name) ?? malformed(name);
  const shaped = (name: string, shape: RegExp) => {
    const value = get(name);
    return shape.test(value) ? value : malformed(name);
  };
  shaped('q-sign-algorithm', /^sha1$/);
  const text = pairs.map(([name, value]) => `${name}=${value}`).join('&');
  if (text.length > MAX_CHARS) malformed(`it has more than ${MAX_CHARS} characters`);
  return {
    secretId: shaped('q-ak', /./),
    signTime: shaped('q-sign-time', TIMES),
    keyTime: shaped('q-key-time', TIMES),
    headers: namesOf(found.get('q-header-list') ?? ''),
    params: namesOf(found.get('q-url-param-list') ?? ''),
    signature: shaped('q-signature', /^[0-9a-f]{40}$/i).toLowerCase(),
    text,
  };
}

const malformed = (name: string): never => fail('InvalidArgument', { name: 'Authorization', reason: name });

/** Each is looked for in several readings of the request: nobody signs as many. */
const MAX_NAMES = 200;

/** Clients encode names, or do not. */
function namesOf(list: string): readonly string[] {
  const names = list.split(';').filter(name => name !== '');
  if (names.length > MAX_NAMES) malformed('q-header-list');
  return names.map(name => decode(name).toLowerCase());
}

/** What is not well-formed stays as it was sent. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Seconds between now and a start within which clients' clocks may be ahead: those of the vendor set theirs right from here on. */
const AHEAD_S = 30;
/** Documented: RequestTimeTooSkewed. */
const SKEWED_S = 15 * 60;

/** Both spans have to hold now. */
export function checkTimes(times: readonly string[], nowMs: number): void {
  const nowS = nowMs / 1000;
  for (const span of times) {
    const [start = 0, end = 0] = span.split(';').map(Number);
    if (start - nowS > SKEWED_S) fail('RequestTimeTooSkewed');
    if (start - nowS > AHEAD_S || end < nowS) fail('RequestHasExpired');
  }
}
