// The store on a port: from a request to its answer.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import { CloudError, type Language } from '../../../core/errors.ts';
import { dropBody } from '../../../http/body.ts';
import { clientAddress, NO_PROXIES } from '../../../http/client.ts';
import { hostName, targetPath, targetQuery } from '../../../http/router.ts';
import type { Site } from '../../../http/site.ts';
import type { ReceivedRequest } from '../auth/guard.ts';
import { errorOf, fail, shownError } from '../errors.ts';
import type { Bucket } from '../model.ts';
import { type Address, addressOf, decodePath, hostParts, isCloudHost } from './address.ts';
import { type Answer, type AnswerHeaders, errorAnswer, send } from './answer.ts';
import type { Ask, CosHttp } from './ask.ts';
import { commonHeaders, refusalBelow } from './below.ts';
import { corsHeaders } from './cors.ts';
import { orFromSource } from './origin.ts';
import { type CosQuery, queryOf } from './query.ts';
import { requestIdOf, traceIdOf } from './requestid.ts';
import { demand } from './rights.ts';
import { routeOf } from './routes.ts';

export function cosSite(http: CosHttp): Site {
  const isOwn = (host: string) =>
    http.endpoints.includes(host) || http.endpoints.some(endpoint => host.endsWith(`.${endpoint}`));
  return {
    name: 'cos',
    claims: host => isCloudHost(host) || (isOwn(host) && (http.endpoints.includes(host) || isBucketHost(host))),
    serve: (request, response) => serve(http, request, response),
    refusal: refused => refusalBelow(http, refused),
  };
}

const isBucketHost = (host: string): boolean => hostParts(host).bucket !== undefined;

async function serve(http: CosHttp, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const requestId = requestIdOf(http.clock.now(), http.ids);
  const isHead = request.method === 'HEAD';
  const common = commonHeaders(requestId);
  const isGone = () => request.destroyed && !request.complete;
  try {
    const answer = await answerTo(http, request, requestId);
    letGo(request);
    await send(response, { ...answer, headers: { ...answer.headers, ...common, ...crossing(http, request) } }, isHead);
  } catch (error) {
    if (response.headersSent || isGone() || response.destroyed) {
      // Half of a body can only be told by breaking it off.
      if (!isGone() && !response.destroyed)
        http.log.error({ err: error, requestId }, 'an object could not be sent whole');
      response.destroy();
      return;
    }
    letGo(request);
    const answer = refusal(http, request, requestId, error);
    const headers = { ...answer.headers, ...common, ...crossing(http, request) };
    dropBody(request, () => {
      send(response, { ...answer, headers }, isHead).catch(() => response.destroy());
    });
  }
}

/** Whoever read the body and gave up must not keep what is left of it from being read and dropped. */
function letGo(request: IncomingMessage): void {
  request.removeAllListeners('readable');
}

async function answerTo(http: CosHttp, request: IncomingMessage, requestId: string): Promise<Answer> {
  const { method = 'GET', url = '/', headers } = request;
  const host = hostName(headers.host);
  const path = targetPath(url);
  const address = addressOf(host, path, http.endpoints);
  const query = queryOf(targetQuery(url));
  const level = address.bucket === undefined ? 'service' : address.key === '' ? 'bucket' : 'object';
  const route = routeOf({ level, method, query, copies: headers['x-cos-copy-source'] !== undefined });
  const signed = signedOf(http, request, { path, address, query });
  // A preflight is never signed.
  const caller = method === 'OPTIONS' ? NOBODY : http.guard.authorize(signed);
  const bucketId = address.bucket ?? '';
  const isNew = level === 'bucket' && method === 'PUT' && route.sub === '';
  const bucket = level === 'service' || isNew ? undefined : bucketAt(http, bucketId, address.region);
  const ask: Ask = {
    ...http,
    ...{ request, query, host, bucketId, key: address.key, hostRegion: address.region, signed, caller },
    cause: {
      requestId,
      sourceIp: clientAddress(request, http.proxies ?? NO_PROXIES),
      authorization: caller.authorization,
    },
  };
  const versionId = query.get('versionid') || undefined;
  const answer = () => {
    demand(http, caller, route.right, { bucket, key: address.key, versionId });
    return route.handle(ask);
  };
  const mayHaveSource = bucket?.plain.origin !== undefined && level === 'object' && route.sub === '';
  return mayHaveSource && isRead(method) ? orFromSource(ask, bucket, answer) : answer();
}

const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD';

const NOBODY = Object.freeze({ anonymous: true, authorization: '', mayCopy: false });

/** A bucket of another region is not at this host. */
function bucketAt({ cos }: CosHttp, id: string, region: string | undefined): Bucket {
  const bucket = cos.buckets.need(id);
  return region === undefined || region === bucket.region ? bucket : fail('NoSuchBucket', { name: id });
}

interface Parsed {
  readonly path: string;
  readonly address: Address;
  readonly query: CosQuery;
}

function signedOf(http: CosHttp, request: IncomingMessage, { path, address, query }: Parsed): ReceivedRequest {
  const { rawHeaders } = request;
  const headers: [string, string][] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) headers.push([rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '']);
  const { bucket, region, pathStyle } = address;
  const known = bucket === undefined ? undefined : http.cos.buckets.find(bucket);
  return {
    method: request.method ?? 'GET',
    path: decodePath(path),
    query: query.pairs,
    headers,
    bucket,
    inPath: pathStyle,
    region: region ?? known?.region ?? http.region,
    sourceIp: clientAddress(request, http.proxies ?? NO_PROXIES),
    tls: request.socket instanceof TLSSocket ? (request.socket.getProtocol() ?? '') : '',
  };
}

function refusal(http: CosHttp, request: IncomingMessage, requestId: string, error: unknown): Answer {
  const shown = shownError(error, languageOf(request));
  if (!shown || shown.status === 500) http.log.error({ err: error, requestId }, 'a request to the object store failed');
  const path = targetPath(request.url ?? '/');
  const resource = `${request.headers.host || 'localhost'}${path}`;
  const place = { resource, requestId, traceId: traceIdOf(requestId, http.ids) };
  return errorAnswer(shown ?? errorOf('InternalError', { requestId }), place, extraOf(error, request));
}

/** Clients of the cloud read English, and some by its words; the command line asks for its user's as it does of other services. */
const languageOf = ({ headers }: IncomingMessage): Language =>
  String(headers['x-tc-language'] ?? '').startsWith('zh') ? 'zh' : 'en';

/** What some errors tell in headers. */
function extraOf(error: unknown, { method }: IncomingMessage): AnswerHeaders {
  if (!(error instanceof CloudError)) return {};
  const { marker, versionId, bytes } = error.params;
  if (error.code === 'InvalidRange') return { 'Content-Range': bytes === undefined ? undefined : `bytes */${bytes}` };
  // Others, such as a copy, met it elsewhere than at their own key.
  const isMarker = marker === 'true' && (method === 'GET' || method === 'HEAD');
  return isMarker ? { 'x-cos-delete-marker': 'true', 'x-cos-version-id': String(versionId) } : {};
}

/** Also on errors: a page could not read them otherwise. */
function crossing({ cos, endpoints }: CosHttp, request: IncomingMessage): AnswerHeaders {
  const { method = '', headers, url = '/' } = request;
  if (method === 'OPTIONS') return {};
  const bucket = bucketNamed(hostName(headers.host), targetPath(url), endpoints);
  return corsHeaders(bucket === undefined ? undefined : cos.buckets.find(bucket)?.cors, headers.origin, method);
}

function bucketNamed(host: string, path: string, endpoints: readonly string[]): string | undefined {
  try {
    return addressOf(host, path, endpoints).bucket;
  } catch {
    return undefined;
  }
}
