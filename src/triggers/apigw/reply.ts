// What a run becomes for the gateway's client: passed through, or read as status, headers and body.

import type { Outcome } from '../../core/invocation.ts';
import { errorJson } from '../../core/reply.ts';
import type { GatewayReply } from '../../services/apigateway/target.ts';

const JSON_TYPE: readonly string[] = Object.freeze(['Content-Type', 'application/json']);
const TIMED_OUT = 433;

/** The gateway makes its own of these. */
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

/** Documented text. */
const INVALID: GatewayReply = Object.freeze({
  status: 403,
  headers: JSON_TYPE,
  body: '{"errno":403,"error":"Invalid scf response format. please check your scf response format."}',
  upstreamStatus: 200,
});

export function replyOf(outcome: Outcome, requestId: string, integrated: boolean): GatewayReply {
  if (outcome.status !== 200) return failed(outcome, requestId);
  return integrated
    ? integratedReply(outcome.body)
    : { status: 200, headers: JSON_TYPE, body: outcome.body, upstreamStatus: 200 };
}

/** Documented: a function that ran out of time answers 200 with the error as content; other failures are told by the status. */
function failed(outcome: Outcome, requestId: string): GatewayReply {
  const { status } = outcome;
  const reply = { headers: JSON_TYPE, body: Buffer.from(errorJson(requestId, outcome)), upstreamStatus: status };
  if (status === TIMED_OUT) return { ...reply, status: 200 };
  return { ...reply, status, reason: `status code ${status}` };
}

function integratedReply(returned: Buffer): GatewayReply {
  let value: unknown;
  try {
    value = JSON.parse(returned.toString());
  } catch {
    return INVALID;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return INVALID;
  const { statusCode, headers, body, isBase64Encoded } = value as Readonly<Record<string, unknown>>;
  // Below 200 it would not end the exchange, above 999 it does not fit a status line.
  if (!Number.isInteger(statusCode) || Number(statusCode) < 200 || Number(statusCode) > 999) return INVALID;
  if (isBase64Encoded !== undefined && isBase64Encoded !== null && typeof isBase64Encoded !== 'boolean') return INVALID;
  const content = body ?? '';
  const list = headerList(headers ?? {});
  if (typeof content !== 'string' || !list) return INVALID;
  return {
    status: Number(statusCode),
    headers: list,
    body: contentOf(content, isBase64Encoded === true),
    upstreamStatus: 200,
  };
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
