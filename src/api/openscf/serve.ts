// Serves /_openscf/v1: signed like any call or, from this machine, with the token of the data folder.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../core/clock.ts';
import { CloudError, fail, type Language } from '../../core/errors.ts';
import type { Ids } from '../../core/ids.ts';
import type { Log } from '../../core/log.ts';
import { BodyAborted, BodyTooLarge, readBody } from '../../http/body.ts';
import { targetPath, targetQuery } from '../../http/router.ts';
import { findLanguage } from '../envelope.ts';
import { refuse } from '../errors.ts';
import { equalTexts, headerText, type Keys } from '../sign.ts';
import { parseTc3, type Tc3Verifier } from '../sign-tc3.ts';
import { findRoute, OPENSCF_ROOT, type OpenscfRoute } from './routes.ts';

export interface OpenscfDeps {
  readonly routes: readonly OpenscfRoute[];
  /** Stands for the keys on loopback. */
  readonly token: string;
  readonly keys: Keys;
  readonly verifier: Tc3Verifier;
  readonly wallClock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly language: Language;
  readonly bodyBytes: number;
}

export async function serveOpenscf(
  request: IncomingMessage,
  response: ServerResponse,
  deps: OpenscfDeps,
): Promise<void> {
  const language = findLanguage(headerText(request.headers, 'x-tc-language'), deps.language);
  let status = 200;
  let answer: unknown;
  try {
    answer = await run(request, language, deps);
  } catch (error) {
    if (error instanceof BodyAborted) return;
    const cloud = asCloudError(error, request, deps);
    status = statusOf(cloud);
    answer = { error: { code: cloud.code, message: cloud.text(language) } };
  }
  const text = JSON.stringify(answer ?? {});
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
  });
  response.end(text);
}

async function run(request: IncomingMessage, language: Language, deps: OpenscfDeps): Promise<unknown> {
  const { method = 'GET', url = '/' } = request;
  const path = targetPath(url);
  const query = targetQuery(url);
  const found = findRoute(deps.routes, method, path.slice(OPENSCF_ROOT.length));
  const route = typeof found === 'object' ? found.route : undefined;
  const asked = new URLSearchParams(query);
  route?.admit?.(request.headers, asked);
  const body = await readBody(request, route?.bodyBytes ?? deps.bodyBytes);
  const signed = { method, path, query, headers: request.headers, body };
  const secretId = route?.admit ? undefined : authorize(request, signed, deps);
  if (found === undefined) return refuse('NoSuchPath', { path });
  if (found === 'method') return refuse('WrongMethod', { path, method });
  return found.route.handle({ params: found.params, query: asked, body: json(body), language, secretId });
}

function authorize(
  request: IncomingMessage,
  signed: Parameters<Tc3Verifier['verify']>[1],
  { token, keys, verifier, wallClock }: OpenscfDeps,
): string | undefined {
  const { authorization } = request.headers;
  if (!authorization) return fail('MissingParameter', { name: 'Authorization' });
  const bearer = bearerOf(authorization);
  if (bearer === undefined) {
    const secretId = verifier.verify(parseTc3(authorization), signed, wallClock.now());
    // Policies have no words for what is here.
    if (keys.secretOf(secretId, headerText(signed.headers, 'x-tc-token'))?.holder) refuse('TemporaryKey');
    return secretId;
  }
  if (!isLoopback(request.socket.remoteAddress)) return refuse('TokenRemote');
  if (!equalTexts(bearer, token)) return refuse('TokenWrong');
  return undefined;
}

const BEARER = 'Bearer ';

/** The token of a header; undefined of one of another kind. */
export function bearerOf(authorization: string): string | undefined {
  return authorization.startsWith(BEARER) ? authorization.slice(BEARER.length).trim() : undefined;
}

export function isLoopback(address: string | undefined): boolean {
  return address !== undefined && (address === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address));
}

function json(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    return refuse('NotJson', { reason: error instanceof Error ? error.message : String(error) });
  }
}

function asCloudError(error: unknown, request: IncomingMessage, { ids, log }: OpenscfDeps): CloudError {
  try {
    if (error instanceof BodyTooLarge) fail('RequestSizeLimitExceeded', { limit: `${error.limitBytes} bytes` });
    if (error instanceof CloudError && error.row.fault === 'caller') return error;
    const requestId = ids.uuid();
    log.error({ err: error, requestId, path: targetPath(request.url ?? '') }, 'a call of our own API failed');
    if (error instanceof CloudError) return error;
    return fail('InternalError', { requestId }, error);
  } catch (told) {
    return told as CloudError;
  }
}

const STATUSES: readonly (readonly [prefix: string, status: number])[] = [
  ['AuthFailure.UnauthorizedOperation', 403],
  ['UnauthorizedOperation', 403],
  ['AuthFailure', 401],
  ['ResourceNotFound', 404],
  ['ResourceInUse', 409],
  ['UnsupportedProtocol', 405],
  ['RequestSizeLimitExceeded', 413],
  ['RequestLimitExceeded', 429],
];

export function statusOf({ code, row }: Pick<CloudError, 'code' | 'row'>): number {
  if (row.fault === 'platform') return 500;
  const found = STATUSES.find(([prefix]) => code === prefix || code.startsWith(`${prefix}.`));
  return found?.[1] ?? 400;
}
