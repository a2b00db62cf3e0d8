// A function's return value as status, headers and body: the "integrated response" that several fronts read.

import type { Reply } from '../http/reply.ts';

/** The front makes its own of these. */
const OWN_NAMES: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a header value may not hold
const UNFIT = /[\u0000-\u0008\u000a-\u001f\u007f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: anything above ASCII
const BEYOND_ASCII = /[^\u0000-\u007f]/;

/** Documented status and text for one that cannot be read. */
export const UNREADABLE: Reply = Object.freeze({
  status: 403,
  headers: Object.freeze(['Content-Type', 'application/json']),
  body: '{"errno":403,"error":"Invalid scf response format. please check your scf response format."}',
});

/** undefined if it is none. */
export function integratedReply(value: unknown): Reply | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { statusCode, headers, body, isBase64Encoded } = value as Readonly<Record<string, unknown>>;
  // Below 200 it would not end the exchange, above 999 it does not fit a status line.
  if (!Number.isInteger(statusCode) || Number(statusCode) < 200 || Number(statusCode) > 999) return undefined;
  if (isBase64Encoded !== undefined && isBase64Encoded !== null && typeof isBase64Encoded !== 'boolean')
    return undefined;
  const content = body ?? '';
  const list = headerList(headers ?? {});
  if (typeof content !== 'string' || !list) return undefined;
  return { status: Number(statusCode), headers: list, body: contentOf(content, isBase64Encoded === true) };
}

function contentOf(body: string, base64: boolean): Buffer | string {
  if (base64) return Buffer.from(body, 'base64');
  // Latin-1 and UTF-8 are the same for ASCII.
  return BEYOND_ASCII.test(body) ? Buffer.from(body) : body;
}

/** undefined if the headers are not of the documented form. */
function headerList(headers: unknown): string[] | undefined {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) return undefined;
  const list: string[] = [];
  let typed = false;
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (!TOKEN.test(name)) return undefined;
    if (lower === 'content-type') {
      if (typeof value !== 'string') return undefined;
      typed = true;
    }
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    for (const each of values) {
      if (typeof each !== 'string' || UNFIT.test(each)) return undefined;
      if (!OWN_NAMES.has(lower)) list.push(name, onWire(each));
    }
  }
  if (!typed) list.push('Content-Type', 'application/json');
  return list;
}

/** Header lines go out as Latin-1; text beyond it as the bytes of its UTF-8. */
function onWire(value: string): string {
  return BEYOND_ASCII.test(value) ? Buffer.from(value).toString('latin1') : value;
}
