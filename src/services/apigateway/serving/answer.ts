// What a client is told, with the gateway's own headers, and the line that is kept of it.

import type { Clock } from '../../../core/clock.ts';
import type { ResponseHead } from '../../../core/exchange.ts';
import { headerValue, withoutHeaders, writeReply } from '../../../http/reply.ts';
import type { GatewayReply } from '../target.ts';
import type { AccessLog } from './accesslog.ts';
import type { Arrival } from './arrival.ts';
import { addCors, addRuledCors } from './cors.ts';
import { COMPRESSED, pushLabels } from './wire.ts';

export interface AnswerDeps {
  readonly clock: Clock;
  readonly appId: string;
  readonly log: AccessLog;
  /** Documented for integrated answers, where frameworks need it nevertheless. */
  readonly dropLocation: boolean;
}

export interface Answers {
  /** Writes it whole. `backend`: it is not the gateway's own. */
  write(arrival: Arrival, reply: GatewayReply, backend: boolean): void;
  /** What is put behind the head of an answer that a backend writes itself. */
  ownHeaders(arrival: Arrival, head: ResponseHead): string[];
  /** Such an answer is over. */
  passed(arrival: Arrival, head: ResponseHead): void;
}

const CLIENT_GONE = 499;
/** As documented, letter by letter. */
const GONE = 'Client closed connetion';
const SWITCHED = 101;

export function createAnswers({ clock, appId, log, dropLocation }: AnswerDeps): Answers {
  function write(arrival: Arrival, reply: GatewayReply, backend: boolean): void {
    const { response } = arrival;
    // Whoever took the connection has answered.
    if (reply.status === SWITCHED) keep(arrival, reply.status, reply.upstreamStatus, undefined, '');
    else if (response.destroyed) keep(arrival, CLIENT_GONE, reply.upstreamStatus, 0, GONE);
    else {
      tell(arrival, reply, backend);
      keep(arrival, reply.status, reply.upstreamStatus, reply.body.length, reply.message ?? '');
    }
  }

  function tell(arrival: Arrival, reply: GatewayReply, backend: boolean): void {
    const { response, request } = arrival;
    const headers =
      dropLocation && backend ? withoutHeaders(reply.headers, name => name === 'location') : reply.headers.slice();
    pushCors(headers, arrival);
    pushLabels(headers, arrival, appId, reply.status, reply.upstreamStatus);
    writeReply(request, response, reply, headers, COMPRESSED);
  }

  function ownHeaders(arrival: Arrival, { status, rawHeaders }: ResponseHead): string[] {
    const headers = rawHeaders.slice();
    pushCors(headers, arrival);
    pushLabels(headers, arrival, appId, status, status);
    return headers.slice(rawHeaders.length);
  }

  function passed(arrival: Arrival, { status, rawHeaders }: ResponseHead): void {
    const { response } = arrival;
    const length = headerValue(rawHeaders, 'content-length');
    if (status !== SWITCHED && response.destroyed && !response.writableFinished) {
      keep(arrival, CLIENT_GONE, status, undefined, GONE);
    } else keep(arrival, status, status, length === undefined ? undefined : Number(length), '');
  }

  function keep(
    arrival: Arrival,
    status: number,
    upstreamStatus: number,
    responseBytes: number | undefined,
    message: string,
  ): void {
    const { route, request, body } = arrival;
    const told = request.headers['content-length'];
    log.add({
      startedAt: arrival.startedAt,
      endedAt: clock.now(),
      askedAt: arrival.askedAt,
      region: route?.region ?? '',
      environment: route?.environment ?? '',
      serviceId: arrival.serviceId,
      apiId: route?.api.id ?? '',
      host: arrival.host,
      method: arrival.method,
      uri: arrival.uri,
      scheme: arrival.scheme,
      status,
      upstreamStatus,
      clientAddress: arrival.sourceIp,
      responseBytes,
      requestBytes: told === undefined ? body?.length : Number(told),
      message,
      requestId: arrival.traceId,
    });
  }

  return { write, ownHeaders, passed };
}

function pushCors(headers: string[], { route, policy, request }: Arrival): void {
  const cors = policy?.cors;
  if (cors === 'broken') return;
  if (cors) addRuledCors(headers, cors, request.headers.origin);
  else if (route?.api.cors) addCors(headers);
}
