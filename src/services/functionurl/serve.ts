// One request through a function URL or a custom domain: function, CORS, signature, run, answer.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Duplex, Readable } from 'node:stream';
import type { Clock } from '../../core/clock.ts';
import type { Ids } from '../../core/ids.ts';
import type { Outcome } from '../../core/invocation.ts';
import type { Log } from '../../core/log.ts';
import { errorJson } from '../../core/reply.ts';
import { BodyTooLarge, dropBody, hasBody, readBody } from '../../http/body.ts';
import { clientAddress, type TrustedProxies } from '../../http/client.ts';
import { exchangeOf, type LiveExchange, responseOn, upgradeExchangeOf } from '../../http/exchange.ts';
import { type Reply, withoutHeaders, writeWhole } from '../../http/reply.ts';
import { targetPath, targetQuery } from '../../http/router.ts';
import { isBareRoot } from './address.ts';
import type { CamVerifier } from './cam.ts';
import { corsHeaders, isCorsName, isPreflight, preflightHeaders } from './cors.ts';
import { JSON_TYPE, type Refusal, refusalReply } from './errors.ts';
import type { Finder, Found } from './find.ts';
import { REQUEST_BYTES } from './model.ts';

export interface ServeDeps {
  readonly finder: Finder;
  readonly cam: CamVerifier;
  readonly proxies: TrustedProxies;
  /** Real time, which signatures count in. */
  readonly wallClock: Clock;
  readonly ids: Ids;
  readonly log: Log;
}

export interface Serve {
  serve(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** A request that has found its function. */
interface Arrival {
  readonly request: IncomingMessage;
  readonly found: Found;
  readonly requestId: string;
  readonly client: string;
  readonly query: string;
}

const NOTHING = Buffer.alloc(0);
const REQUEST_ID = 'X-Scf-Request-Id';
const STATUS = 'X-Scf-Status';
/** Documented status of functions. */
const REQUEST_TOO_LARGE = 406;

export function createServe({ finder, cam, proxies, wallClock, ids, log }: ServeDeps): Serve {
  function arrive(request: IncomingMessage): Arrival | { readonly refused: Reply; readonly requestId: string } {
    const requestId = ids.risingUuid();
    const client = clientAddress(request, proxies);
    const found = finder.find(request, client);
    if ('code' in found) return { refused: refusalReply(found, requestId), requestId };
    return { request, found, requestId, client, query: targetQuery(request.url ?? '/') };
  }

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const arrival = arrive(request);
    if ('refused' in arrival) {
      send(response, arrival.refused, [REQUEST_ID, arrival.requestId]);
      return;
    }
    if (arrival.found.path === '/' && isPageWithoutSlash(request)) {
      const { query } = arrival;
      const location = `${targetPath(request.url ?? '/')}/${query && `?${query}`}`;
      const headers = ['Location', location];
      send(response, { status: 308, headers, body: '' }, [REQUEST_ID, arrival.requestId]);
      return;
    }
    const { settings, type } = arrival.found;
    if (settings?.cors && isPreflight(request.method ?? '', request.headers)) {
      const headers = preflightHeaders(settings.cors, request.headers);
      send(response, { status: 204, headers, body: '' }, [REQUEST_ID, arrival.requestId]);
      return;
    }
    const isSigned = settings?.auth === 'CAM';
    if (type === 'HTTP' && !isSigned) {
      // What comes in chunks is counted where it is passed on.
      if (Number(request.headers['content-length'] ?? 0) > REQUEST_BYTES) tooLarge(response, arrival);
      else pass(response, arrival, exchangeOf(request, response, exchangeOptions(arrival)));
    } else if (!hasBody(request)) proceed(response, arrival, undefined);
    else {
      readBody(request, REQUEST_BYTES).then(
        body => proceed(response, arrival, body.length === 0 ? undefined : body),
        // The other reason is a client that has gone.
        error => error instanceof BodyTooLarge && tooLarge(response, arrival),
      );
    }
  }

  function tooLarge(response: ServerResponse, arrival: Arrival): void {
    dropBody(arrival.request, () => refuse(response, arrival, TOO_LARGE));
  }

  /** With the whole body. */
  function proceed(response: ServerResponse, arrival: Arrival, body: Buffer | undefined): void {
    const refused = signatureRefusal(arrival, body ?? NOTHING);
    if (refused) refuse(response, arrival, refused);
    else if (arrival.found.type === 'Event') call(response, arrival, body);
    else {
      const read = body && { body: Readable.from([body], { objectMode: false }) };
      pass(response, arrival, exchangeOf(arrival.request, response, { ...exchangeOptions(arrival), ...read }));
    }
  }

  function signatureRefusal({ request, found, client, query }: Arrival, body: Buffer): Refusal | undefined {
    if (found.settings?.auth !== 'CAM') return undefined;
    const { method = 'GET', headers, url = '/' } = request;
    const { place, path } = found;
    const paths = [targetPath(url), path];
    return cam.refusalOf({ method, paths, query, headers, body, place, client }, wallClock.now());
  }

  function call(response: ServerResponse, arrival: Arrival, body: Buffer | undefined): void {
    const { request, found, requestId, client, query } = arrival;
    const asked = {
      requestId,
      method: request.method ?? 'GET',
      path: found.path,
      query,
      rawHeaders: request.rawHeaders,
      sourceIp: client,
      body,
    };
    found.target
      .invoke(asked)
      .then(reply => {
        answer(response, arrival, reply, [REQUEST_ID, requestId, STATUS, String(reply.functionStatus)]);
      })
      .catch(error => broken(response, arrival, error));
  }

  function pass(response: ServerResponse, arrival: Arrival, exchange: LiveExchange): void {
    const { found, requestId } = arrival;
    found.target
      .pass(exchange, requestId)
      .then(outcome => {
        if (exchange.answered) return;
        // A body without a length was found to be too large while it came, and still comes.
        if (outcome.status === REQUEST_TOO_LARGE) dropBody(arrival.request, () => fail(response, arrival, outcome));
        else fail(response, arrival, outcome);
      })
      .catch(error => broken(response, arrival, error));
  }

  /** A web function has not answered. */
  function fail(response: ServerResponse, arrival: Arrival, outcome: Outcome): void {
    const { requestId } = arrival;
    // Without an answer a run has not gone well, whatever it says.
    const status = outcome.status === 200 ? 500 : outcome.status;
    const body = Buffer.from(errorJson(requestId, { ...outcome, status }));
    const reply = { status, headers: JSON_TYPE, body, reason: `status code ${status}` };
    answer(response, arrival, reply, [REQUEST_ID, requestId, STATUS, String(status)]);
  }

  function refuse(response: ServerResponse, arrival: Arrival, refusal: Refusal): void {
    const { requestId } = arrival;
    answer(response, arrival, refusalReply(refusal, requestId), [REQUEST_ID, requestId]);
  }

  function broken(response: ServerResponse, arrival: Arrival, error: unknown): void {
    const { requestId, found } = arrival;
    log.error({ err: error, requestId, function: found.place.name }, 'a call by URL failed');
    if (response.headersSent) response.destroy();
    else refuse(response, arrival, { code: 'Broken', params: { requestId } });
  }

  function answer(response: ServerResponse, { request, found }: Arrival, reply: Reply, own: string[]): void {
    const cors = found.settings?.cors;
    if (cors) own.push(...corsHeaders(cors, request.headers.origin));
    send(response, cors ? { ...reply, headers: withoutHeaders(reply.headers, isCorsName) } : reply, own);
  }

  function exchangeOptions({ request, found, requestId, client, query }: Arrival) {
    const { path, settings } = found;
    const own = [REQUEST_ID, requestId];
    if (settings?.cors) own.push(...corsHeaders(settings.cors, request.headers.origin));
    return {
      target: query === '' && !request.url?.endsWith('?') ? path : `${path}?${query}`,
      remoteAddress: client,
      own,
      drops: settings?.cors ? isOwnOrCors : isOwn,
    };
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const arrival = arrive(request);
    if ('refused' in arrival) {
      send(responseOn(request, socket), arrival.refused, [REQUEST_ID, arrival.requestId]);
      return;
    }
    const { name } = arrival.found.place;
    const refused: Refusal | undefined =
      arrival.found.protocol === 'WS' ? signatureRefusal(arrival, NOTHING) : { code: 'NoWebSocket', params: { name } };
    if (refused) {
      refuse(responseOn(request, socket), arrival, refused);
      return;
    }
    const exchange = upgradeExchangeOf(request, socket, head, exchangeOptions(arrival));
    arrival.found.target
      .pass(exchange, arrival.requestId)
      .then(outcome => {
        if (!exchange.answered && !socket.destroyed) fail(responseOn(request, socket), arrival, outcome);
      })
      .catch(error => {
        if (exchange.answered || socket.destroyed) socket.destroy();
        else broken(responseOn(request, socket), arrival, error);
      });
  }

  return { serve, upgrade };
}

const TOO_LARGE: Refusal = { code: 'TooLarge', params: { limit: REQUEST_BYTES } };
const isOwn = (name: string): boolean => name === 'x-scf-request-id';
const isOwnOrCors = (name: string): boolean => isOwn(name) || isCorsName(name);

/** A browser opens the path form of a URL as it is printed: relative addresses in the page would miss the function. */
function isPageWithoutSlash({ method, url = '/', headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.accept?.includes('text/html') === true && isBareRoot(targetPath(url));
}

/** `own` is taken over. */
function send(response: ServerResponse, reply: Reply, own: string[]): void {
  if (response.destroyed) return;
  const headers = reply.headers.slice();
  for (const text of own) headers.push(text);
  writeWhole(response, reply, headers, reply.body);
}
