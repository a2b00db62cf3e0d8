// The event's headers: the client's, each name once, and those that the gateway adds.

import { headerMembers, type NameAs } from '../../http/headertext.ts';
import type { Api } from '../../services/apigateway/model.ts';
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
export function injectedHeaders({ timeoutS, auth }: Api, qualifier: string, headerCase: HeaderCase): string {
  const pairs = [
    ['requestsource', 'APIGW'],
    ['x-qualifier', qualifier],
    ['endpoint-timeout', String(timeoutS)],
  ] as [name: string, value: string][];
  if (auth.type === 'NONE') pairs.push(['x-anonymous-consumer', 'true']);
  return pairs.map(([name, value]) => `,"${cased(name, headerCase)}":${JSON.stringify(value)}`).join('');
}

/** The client's headers and the gateway's changing ones, without the braces. */
export function requestHeaders({ rawHeaders, headerCase, traceId, scheme }: GatewayRequest): string {
  const members = headerMembers(rawHeaders, headerCase === 'lower' ? inLowerCase : inCanonicalCase);
  return members + changing(traceId, scheme, headerCase);
}

const inLowerCase: NameAs = name => (INJECTED.has(name) ? undefined : name);
const inCanonicalCase: NameAs = name => (INJECTED.has(name) ? undefined : cased(name, 'canonical'));

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
