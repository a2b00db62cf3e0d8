// What a function behind a load balancer receives: written piece by piece into one text.

import { headerText } from '../../http/headertext.ts';
import { parseQuery, queryJson } from '../../http/query.ts';
import type { ClbRequest } from '../../services/clb/target.ts';

export interface ClbSettings {
  /** Documented as a text; a switch gives what the answer has. */
  readonly base64Flag: 'string' | 'boolean';
  /** Beside the documented members those that the documents' text promises: method, path, query, body. */
  readonly extendedEvent: boolean;
}

export const CLB_DEFAULTS: ClbSettings = Object.freeze({ base64Flag: 'string', extendedEvent: true });

export function buildClbEvent(request: ClbRequest, settings: ClbSettings): Buffer {
  const { payload, base64, text: body } = payloadOf(request);
  const flag = settings.base64Flag === 'string' ? `"${base64}"` : String(base64);
  const text = `{"headers":{${headersOf(request.headers)}},"payload":${payload},"isBase64Encoded":${flag}`;
  return Buffer.from(
    settings.extendedEvent
      ? `${text},${extension(request, body === undefined ? payload : JSON.stringify(body))}}`
      : `${text}}`,
  );
}

/** Names as they were sent; one that comes again has its values joined under its first spelling. */
function headersOf(headers: readonly string[]): string {
  const members = new Map<string, { readonly name: string; value: string }>();
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] ?? '';
    const value = headers[i + 1] ?? '';
    const lower = name.toLowerCase();
    const before = members.get(lower);
    if (before) before.value += `${lower === 'cookie' ? '; ' : ', '}${value}`;
    else members.set(lower, { name, value });
  }
  let text = '';
  for (const { name, value } of members.values()) text += `${text && ','}"${name}":${headerText(value)}`;
  return text;
}

/** Documented: JSON as a value, these as text, anything else as Base64. */
const TEXT = /^(?:text\/.*|application\/(?:javascript|xml))$/;
const JSON_TYPE = 'application/json';

interface Payload {
  /** JSON text. */
  readonly payload: string;
  readonly base64: boolean;
  /** The body, where the payload is not it as a string. */
  readonly text?: string;
}

const NO_PAYLOAD: Payload = Object.freeze({ payload: '""', base64: false });

function payloadOf({ body, contentType }: ClbRequest): Payload {
  if (!body || body.length === 0) return NO_PAYLOAD;
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type === JSON_TYPE) {
    const text = body.toString();
    return isJson(text)
      ? { payload: text.trim(), base64: false, text }
      : { payload: JSON.stringify(text), base64: false };
  }
  if (TEXT.test(type)) return { payload: JSON.stringify(body.toString()), base64: false };
  return { payload: `"${body.toString('base64')}"`, base64: true };
}

/** It goes into the event as it came: read here only to know that it may. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function extension({ method, path, query }: ClbRequest, body: string): string {
  const known = `"httpMethod":"${method}","path":${JSON.stringify(path)}`;
  return `${known},"queryString":${query === '' ? '{}' : queryJson(parseQuery(query))},"body":${body}`;
}

/** As the manual shows it, with the commas that are missing or too many there. */
export function clbSample(): unknown {
  return {
    headers: {
      'Content-type': 'application/json',
      Host: 'test.clb-scf.com',
      'User-Agent': 'Chrome',
      'X-Stgw-Time': '1591692977.774',
      'X-Client-Proto': 'http',
      'X-Forwarded-Proto': 'http',
      'X-Client-Proto-Ver': 'HTTP/1.1',
      'X-Real-IP': '9.43.175.219',
      'X-Forwarded-For': '9.43.175.xx',
      'X-Vip': '121.23.21.xx',
      'X-Vport': 'xx',
      'X-Uri': '/scf_location',
      'X-Method': 'POST',
      'X-Real-Port': '44347',
    },
    payload: { key1: '123', key2: 'abc' },
    isBase64Encoded: 'false',
  };
}
