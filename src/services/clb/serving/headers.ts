// The head of a request as the balancer passes it on: the client's, then what the balancer itself says about it.

import type { IncomingMessage } from 'node:http';
import { headerValue, withoutHeaders } from '../../../http/reply.ts';
import { MANAGED, type Settings } from '../settings/settings.ts';
import type { Arrival } from './arrival.ts';

/** Of one connection, not of the request (RFC 9110 §7.6.1). */
const HOP_BY_HOP = ['http2-settings', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding'];
/** Chooses the domain in the path form, and goes no further. */
export const HOST_OVERRIDE = 'x-openscf-clb-host';

/** Names of a client's headers, lower case, that are not passed on as they are. */
export function droppedNames({ setHeaders }: Settings): ReadonlySet<string> {
  return new Set([...MANAGED, ...HOP_BY_HOP, HOST_OVERRIDE, ...setHeaders.map(({ name }) => name.toLowerCase())]);
}

/** Name, value, name, value …: documented names, in the documents' order. */
export function passedHeaders(arrival: Arrival): string[] {
  const { live, peerAddress, clientAddress, scheme } = arrival;
  const { rawHeaders, httpVersion } = arrival.request;
  const headers: string[] = [];
  let forwardedFor = '';
  let host = false;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    const value = rawHeaders[i + 1] ?? '';
    const low = name.toLowerCase();
    if (!live.dropped.has(low)) {
      // HTTP/2 says method, path and host in names of its own.
      if (!low.startsWith(':')) headers.push(name, value);
    } else if (low === 'host' && !host) {
      host = true;
      headers.push(name, arrival.host);
    } else if (low === 'x-forwarded-for') forwardedFor += `${value}, `;
  }
  if (!host && arrival.host !== '') headers.push(httpVersion.startsWith('2') ? 'host' : 'Host', arrival.host);
  headers.push('X-Stgw-Time', seconds(arrival.at), 'X-Client-Proto', scheme, 'X-Forwarded-Proto', scheme);
  headers.push('X-Client-Proto-Ver', `HTTP/${httpVersion}`, 'X-Real-IP', clientAddress);
  headers.push('X-Forwarded-For', forwardedFor + peerAddress);
  if (live.settings.setHeaders.length > 0) pushSet(headers, arrival);
  return headers;
}

function pushSet(headers: string[], arrival: Arrival): void {
  const { live, method, path, query, host, scheme, clientAddress, clientPort, requestId } = arrival;
  const { vip, id } = live.balancer;
  const variables = { vip, vport: live.listener.port, loadBalancerId: id };
  const from = { ...variables, method, path, query, host, scheme, clientAddress, clientPort, requestId };
  for (const { name, value } of live.settings.setHeaders) {
    const text = value(from);
    // As in nginx: what is empty is not passed on.
    if (text !== '') headers.push(name, text);
  }
}

/** `1591692977.774` */
function seconds(ms: number): string {
  const whole = Math.floor(ms / 1000);
  return `${whole}.${String(Math.floor(ms - whole * 1000)).padStart(3, '0')}`;
}

/** Documented for nginx: added to answers with these status codes alone. */
const ADDED_TO: ReadonlySet<number> = new Set([200, 201, 204, 206, 301, 302, 303, 304, 307, 308]);

/** What custom configuration says to clients, and the id by which an answer is found again. */
export function answerHeaders(headers: readonly string[], arrival: Arrival, status: number): string[] {
  const { addedHeaders, replacedHeaders } = arrival.live.settings;
  let told = headers.slice();
  if (replacedHeaders.length > 0) {
    const names = new Set<string>();
    for (let i = 0; i < replacedHeaders.length; i += 2) names.add(replacedHeaders[i]?.toLowerCase() ?? '');
    told = withoutHeaders(headers, name => names.has(name));
    told.push(...replacedHeaders);
  }
  if (addedHeaders.length > 0 && ADDED_TO.has(status)) told.push(...addedHeaders);
  if (headerValue(told, 'x-request-id') === undefined) told.push('X-Request-Id', arrival.requestId);
  return told;
}

/** Client address and port of the connection itself. */
export function peerOf({ socket }: IncomingMessage): { readonly address: string; readonly port: number } {
  const address = socket.remoteAddress ?? '';
  return { address: address.startsWith('::ffff:') ? address.slice(7) : address, port: socket.remotePort ?? 0 };
}
