// An arrival as what stands behind an API sees it.

import type { GatewayRequest, HeaderCase, Route } from '../target.ts';
import type { Arrival } from './arrival.ts';
import { wantsBase64 } from './body.ts';

export function gatewayRequest(arrival: Arrival, route: Route, headerCase: HeaderCase): GatewayRequest {
  const { request, body, handover } = arrival;
  const { backend } = route.api;
  return {
    requestId: arrival.requestId,
    traceId: arrival.traceId,
    route,
    method: arrival.method,
    path: arrival.path,
    query: arrival.query,
    pathParameters: arrival.pathParameters,
    headers: request.headers,
    rawHeaders: request.rawHeaders,
    headerCase,
    scheme: arrival.scheme,
    httpVersion: request.httpVersion,
    sourceIp: arrival.sourceIp,
    identity: arrival.identity,
    body,
    base64: body !== undefined && backend.type === 'SCF' && wantsBase64(backend.base64, request.headers),
    ...(handover && { upgrade: handover }),
  };
}
