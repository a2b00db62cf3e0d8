// Heads of requests and responses as a proxy passes them on: everything end-to-end stays as it is, letter by letter;
// what belongs to one connection is left out (RFC 9110 §7.6.1).

/** `Expect` is answered by the front, which has asked for the body already. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** `Connection` may not take these away: a request would change its meaning. */
const KEPT: ReadonlySet<string> = new Set(['host', 'content-length', 'authorization', 'cookie']);

/** No field of a trailer may change how a message is read or routed. */
const NO_TRAILER: ReadonlySet<string> = new Set(['content-length', 'content-encoding', 'content-type', 'host']);

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** What no value may hold: it would end the header, or be refused by Node.js when it is passed on. */
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
const NOT_IN_TARGET = /[^\x21-\x7e\x80-\xff]/;

export const isName = (text: string): boolean => NAME.test(text);
export const isValue = (text: string): boolean => !NOT_IN_VALUE.test(text);

/** How a request's body is sent: not at all, with the length that its header says, with this length, or in chunks. */
export type Framing = 'none' | 'as told' | 'chunked' | number;

/** Names in a `Connection` header, lower case. */
function namedBy(value: string, into: Set<string> | undefined): Set<string> {
  const names = into ?? new Set<string>();
  for (const part of value.split(',')) {
    const name = part.trim().toLowerCase();
    if (!KEPT.has(name)) names.add(name);
  }
  return names;
}

/** Name, value, name, value … without what belongs to the connection; the strings themselves are the same. */
export function endToEnd(rawHeaders: readonly string[]): string[] {
  const kept: string[] = [];
  let named: Set<string> | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    const value = rawHeaders[i + 1] ?? '';
    const low = name.toLowerCase();
    if (low === 'connection') named = namedBy(value, named);
    if (!HOP_BY_HOP.has(low)) kept.push(name, value);
  }
  return named && adds(named) ? without(kept, named) : kept;
}

/** Most say no more than `keep-alive` or `close`. */
function adds(named: ReadonlySet<string>): boolean {
  for (const name of named) if (name !== 'close' && !HOP_BY_HOP.has(name)) return true;
  return false;
}

function without(rawHeaders: readonly string[], names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (!names.has(name.toLowerCase())) kept.push(name, rawHeaders[i + 1] ?? '');
  }
  return kept;
}

export interface HeadOfRequest {
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  /** From `headerLines`: put behind the headers as they are. */
  readonly lines?: string;
}

/** Headers that are the same for many requests, checked once. */
export function headerLines(rawHeaders: readonly string[]): string {
  let lines = '';
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = [rawHeaders[i], rawHeaders[i + 1]];
    if (!isName(name) || !isValue(value)) throw new TypeError(`the header ${JSON.stringify(name)} cannot be sent`);
    lines += `${name}: ${value}\r\n`;
  }
  return lines;
}

/** The head in Latin-1, or why it cannot be sent. `fallbackHost` is for requests without a `Host`. */
export function requestHead(
  request: HeadOfRequest,
  framing: Framing,
  fallbackHost: string,
  upgrade?: string,
): string | { readonly invalid: string } {
  const { method, target, rawHeaders, lines = '' } = request;
  if (!NAME.test(method)) return { invalid: `the method ${JSON.stringify(method)}` };
  if (target === '' || NOT_IN_TARGET.test(target)) return { invalid: `the target ${JSON.stringify(target)}` };
  let text = `${method} ${target} HTTP/1.1\r\n`;
  let host = false;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    const value = rawHeaders[i + 1] ?? '';
    const low = name.toLowerCase();
    if (HOP_BY_HOP.has(low)) {
      // Rare: what is named has to go as well.
      if (low === 'connection' && adds(namedBy(value, undefined)))
        return requestHead({ ...request, rawHeaders: endToEnd(rawHeaders) }, framing, fallbackHost, upgrade);
      continue;
    }
    if (!NAME.test(name) || NOT_IN_VALUE.test(value)) return { invalid: `the header ${JSON.stringify(name)}` };
    if (low === 'host') host = true;
    // A length of its own takes the place of the one that was told.
    else if (low === 'content-length' && framing !== 'as told' && !(framing === 'none' && value === '0')) continue;
    text += `${name}: ${value}\r\n`;
  }
  text += lines;
  if (!host) text += `Host: ${fallbackHost}\r\n`;
  if (typeof framing === 'number') text += `Content-Length: ${framing}\r\n`;
  else if (framing === 'chunked') text += 'Transfer-Encoding: chunked\r\n';
  if (upgrade !== undefined) text += `Connection: Upgrade\r\nUpgrade: ${upgrade}\r\n`;
  return `${text}\r\n`;
}

/** Those of a trailer that may be passed on. */
export function passedTrailers(rawTrailers: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < rawTrailers.length; i += 2) {
    const [name = '', value = ''] = [rawTrailers[i], rawTrailers[i + 1]];
    const low = name.toLowerCase();
    if (HOP_BY_HOP.has(low) || NO_TRAILER.has(low) || !isName(name) || !isValue(value)) continue;
    kept.push(name, value);
  }
  return kept;
}

/** The value of the first header with that name (lower case). */
export function headerOf(rawHeaders: readonly string[], name: string): string | undefined {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const one = rawHeaders[i] ?? '';
    if (one.length === name.length && one.toLowerCase() === name) return rawHeaders[i + 1];
  }
  return undefined;
}
