// Requests that went wrong on their way: bytes changed, lost, doubled or moved. The same seed makes the same ones.

/** Numbers from 0 to below `below`, always the same for a seed (mulberry32). */
export type Draw = (below: number) => number;

export function drawFrom(seed: number): Draw {
  let state = seed >>> 0;
  return below => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** What parsers stumble over, put where nobody expects it. */
const SNAGS = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  '\r\n\r\n',
  ' ',
  '\t',
  ':',
  '%',
  '%00',
  '%2e%2e/',
  '/../',
  '?',
  '#',
  '//',
  'é',
  '\xff\xfe',
  'Content-Length: 5\r\n',
  'Content-Length: 99999999999999999999\r\n',
  'Content-Length: -1\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: identity\r\n',
  'Expect: 100-continue\r\n',
  'Connection: close\r\n',
  'Connection: upgrade\r\nUpgrade: websocket\r\n',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n',
  'Host: localhost\r\n',
  'Authorization: hmac id="x", algorithm="hmac-sha1", headers="x-date", signature="x"\r\n',
  'X-Forwarded-For: 1.2.3.4, evil\r\n',
  'X-Scf-Request-Id: forged\r\n',
  'X-TC-Action: Invoke\r\n',
  'HTTP/1.0',
  'HTTP/9.9',
  '0\r\n\r\n',
  'ffffffff\r\n',
  '5;a=b\r\n',
  'x'.repeat(5000),
];

type Change = (text: string, draw: Draw) => string;

const at = (text: string, draw: Draw) => draw(text.length + 1);
const slice = (text: string, draw: Draw): readonly [from: number, to: number] => {
  const from = at(text, draw);
  return [from, Math.min(text.length, from + 1 + draw(40))];
};

const CHANGES: readonly Change[] = [
  (text, draw) => {
    const i = at(text, draw);
    return text.slice(0, i) + String.fromCharCode(draw(256)) + text.slice(i + 1);
  },
  (text, draw) => {
    const i = at(text, draw);
    return text.slice(0, i) + (SNAGS[draw(SNAGS.length)] ?? '') + text.slice(i);
  },
  // Between two headers, where it is most likely to be taken for one.
  (text, draw) => {
    const lines = text.split('\r\n');
    lines.splice(1 + draw(lines.length), 0, (SNAGS[draw(SNAGS.length)] ?? '').trimEnd());
    return lines.join('\r\n');
  },
  (text, draw) => {
    const [from, to] = slice(text, draw);
    return text.slice(0, from) + text.slice(to);
  },
  (text, draw) => {
    const [from, to] = slice(text, draw);
    return text.slice(0, to) + text.slice(from, to) + text.slice(to);
  },
  (text, draw) => {
    const [from, to] = slice(text, draw);
    const i = at(text, draw);
    return text.slice(0, i) + text.slice(from, to) + text.slice(i);
  },
  (text, draw) => text.slice(0, at(text, draw)),
  text => text.replace(/Content-Length: (\d+)/, (_, n) => `Content-Length: ${Number(n) + 1}`),
  text => text.replace(/^\w+/, method => method.toLowerCase()),
];

/** One to four changes. */
export function mutated(text: string, draw: Draw): string {
  let changed = text;
  for (let i = 1 + draw(4); i > 0; i--) changed = (CHANGES[draw(CHANGES.length)] ?? (same => same))(changed, draw);
  return changed;
}
