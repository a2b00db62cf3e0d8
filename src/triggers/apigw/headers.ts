// The event's headers: the client's, each name once, and those that the gateway adds.

import type { GatewayRequest, HeaderCase } from '../../services/apigateway/target.ts';

/** Added by the gateway; a client cannot set them. */
const INJECTED: ReadonlySet<string> = new Set([
  'x-api-requestid',
  'x-b3-traceid',
  'x-api-scheme',
  'requestsource',
  'x-qualifier',
  'endpoint-timeout',
  'x-anonymous-consumer',
]);

/** The part that is the same for every request of a route; begins with a comma. */
export function injectedHeaders(timeoutS: number, qualifier: string, headerCase: HeaderCase): string {
  const pairs = [
    ['requestsource', 'APIGW'],
    ['x-qualifier', qualifier],
    ['endpoint-timeout', String(timeoutS)],
    ['x-anonymous-consumer', 'true'],
  ] as const;
  return pairs.map(([name, value]) => `,"${cased(name, headerCase)}":${JSON.stringify(value)}`).join('');
}

/** The client's headers and the gateway's changing ones, without the braces. */
export function requestHeaders(request: GatewayRequest): string {
  const { rawHeaders, headerCase, traceId, scheme } = request;
  let text = '';
  const seen = new Set<string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase();
    if (INJECTED.has(name)) continue;
    if (seen.has(name)) return joinedHeaders(request);
    seen.add(name);
    text += `"${cased(name, headerCase)}":${quoted(rawHeaders[i + 1] ?? '')},`;
  }
  return text + changing(traceId, scheme, headerCase);
}

/** The rare case: a name that was sent more than once has its values joined. */
function joinedHeaders({ rawHeaders, headerCase, traceId, scheme }: GatewayRequest): string {
  const values = new Map<string, string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase();
    if (INJECTED.has(name)) continue;
    const before = values.get(name);
    const value = rawHeaders[i + 1] ?? '';
    values.set(name, before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`);
  }
  let text = '';
  for (const [name, value] of values) text += `"${cased(name, headerCase)}":${quoted(value)},`;
  return text + changing(traceId, scheme, headerCase);
}

function changing(traceId: string, scheme: string, headerCase: HeaderCase): string {
  if (headerCase === 'lower') {
    return `"x-api-requestid":"${traceId}","x-b3-traceid":"${traceId}","x-api-scheme":"${scheme}"`;
  }
  return `"X-Api-Requestid":"${traceId}","X-B3-Traceid":"${traceId}","X-Api-Scheme":"${scheme}"`;
}

/** Header names are tokens: nothing in them needs escaping. */
function cased(lowerName: string, headerCase: HeaderCase): string {
  return headerCase === 'lower' ? lowerName : lowerName.replace(/(^|-)[a-z]/g, start => start.toUpperCase());
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: a tab may stand in a header value and must be escaped
const NEEDS_CARE = /["\\\u0000-\u001f\u007f-\uffff]/;

/** Bytes above ASCII come from node as Latin-1; what clients mean is UTF-8. */
function quoted(value: string): string {
  return NEEDS_CARE.test(value) ? JSON.stringify(Buffer.from(value, 'latin1').toString()) : `"${value}"`;
}
