// The back-push address: a function posts JSON, and the client has a frame.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../../../core/log.ts';
import { BodyAborted, BodyTooLarge, readBody } from '../../../http/body.ts';
import { hostName, targetPath } from '../../../http/router.ts';
import type { Edge } from '../routing/address.ts';
import { CLOSE } from './connection.ts';
import type { Connections, SocketSettings } from './connections.ts';

/** `http://<edge>/_apigw-push/api-xxxxxxxx` */
const FALLBACK = '/_apigw-push/';
/** As the cloud names it: set-websocket.cb-common.apigateway.tencentyun.com, set-xxxxxxxx.cb-<region>.apigateway.… */
const HOST = /^set-[a-z0-9-]+\.(?:[a-z0-9-]+\.)*apigateway\./;
const API_ID = /^api-[a-z0-9]{8}$/;

/** The API that a request pushes for; undefined if it is no such request. */
export function pushedApi(host: string, path: string): string | undefined {
  if (path.startsWith(FALLBACK)) return path.slice(FALLBACK.length);
  if (!host.startsWith('set-') || !HOST.test(host)) return undefined;
  return path.slice(1);
}

/** The same of a whole request. */
export function pushedBy({ headers: { host = '' }, url = '/' }: IncomingMessage): string | undefined {
  // A cheap look first: nearly no request is one.
  if (url.startsWith('/') && !url.startsWith(FALLBACK) && host.charAt(3) !== '-') return undefined;
  return pushedApi(hostName(host), targetPath(url));
}

/** Path form: functions reach it without name resolution. */
export const pushUrl = ({ httpOrigin }: Pick<Edge, 'httpOrigin'>, apiId: string): string =>
  `${httpOrigin}${FALLBACK}${apiId}`;

interface Answer {
  readonly status: number;
  readonly text: string;
}

const answer = (status: number, errNo: number, errMsg: string): Answer =>
  Object.freeze({ status, text: JSON.stringify({ errNo, errMsg }) });

/** Status 200 alone is documented; the rest is our own. */
const OK = answer(200, 0, 'ok');
const NOT_FOUND = answer(404, 1001, 'connection not found');
const INVALID = answer(400, 1002, 'invalid request');
const METHOD = answer(405, 1002, 'invalid request: use POST');
const OTHER_API = answer(403, 1003, 'connection belongs to another api');
const SLOW = answer(503, 1004, 'client reads too slowly');
const TOO_LARGE = answer(413, 1005, 'message too large');

/** JSON may write one byte as six (`\u0000`); the rest of the message is small. */
const ESCAPED = 6;
const ENVELOPE_BYTES = 4096;

interface Command {
  readonly connectionId: string;
  /** undefined: close it. */
  readonly frame: { readonly data: Buffer; readonly binary: boolean } | undefined;
}

export interface PushDeps {
  readonly connections: Connections;
  readonly log: Log;
  readonly settings: Pick<SocketSettings, 'messageBytes' | 'cleanupOnServerClose'>;
}

export function createPush({ connections, log, settings }: PushDeps) {
  const { messageBytes, cleanupOnServerClose } = settings;
  const bodyBytes = messageBytes * ESCAPED + ENVELOPE_BYTES;

  function carryOut(apiId: string, { connectionId, frame }: Command): Answer | Promise<Answer> {
    const connection = connections.find(connectionId);
    if (!connection) return NOT_FOUND;
    if (connection.apiId !== apiId) return OTHER_API;
    if (!frame) {
      connection.close(CLOSE.normal, cleanupOnServerClose);
      return OK;
    }
    if (frame.data.length > messageBytes) return TOO_LARGE;
    const pushed = connection.push(frame.data, frame.binary);
    return typeof pushed === 'string' ? ANSWERS[pushed] : pushed.then(result => ANSWERS[result]);
  }

  async function handle(apiId: string, request: IncomingMessage): Promise<Answer> {
    if (request.method !== 'POST') return METHOD;
    if (!API_ID.test(apiId)) return NOT_FOUND;
    const command = parseCommand(await readBody(request, bodyBytes));
    return command ? carryOut(apiId, command) : INVALID;
  }

  return (apiId: string, request: IncomingMessage, response: ServerResponse): void => {
    handle(apiId, request)
      .catch((error: unknown): Answer | undefined => {
        if (error instanceof BodyTooLarge) return TOO_LARGE;
        if (error instanceof BodyAborted) return undefined;
        log.error({ err: error, apiId }, 'a push failed');
        return answer(500, 1000, 'internal error');
      })
      .then(said => {
        if (!said || response.destroyed) return;
        const { status, text } = said;
        response.writeHead(status, ['Content-Type', 'application/json', 'Content-Length', String(text.length)]);
        response.end(text, 'latin1');
      });
  };
}

const ANSWERS = Object.freeze({ sent: OK, gone: NOT_FOUND, slow: SLOW });

/** Padding may be left out; one character that is left over makes no byte. */
const isBase64 = (text: string): boolean =>
  /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.replace(/=+$/, '').length % 4 !== 1;

/** undefined if it is not of the documented form. */
export function parseCommand(body: Buffer): Command | undefined {
  let whole: unknown;
  try {
    whole = JSON.parse(body.toString());
  } catch {
    return undefined;
  }
  const { websocket } = fieldsOf(whole);
  const { action, secConnectionID, dataType = 'text', data } = fieldsOf(websocket);
  if (typeof secConnectionID !== 'string' || secConnectionID === '') return undefined;
  if (action === 'closing') return { connectionId: secConnectionID, frame: undefined };
  if (action !== 'data send' || typeof data !== 'string') return undefined;
  if (dataType === 'text') {
    return { connectionId: secConnectionID, frame: { data: Buffer.from(data), binary: false } };
  }
  if (dataType !== 'binary' || !isBase64(data)) return undefined;
  return { connectionId: secConnectionID, frame: { data: Buffer.from(data, 'base64'), binary: true } };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
