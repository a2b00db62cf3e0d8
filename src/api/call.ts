// One call of the Cloud API, from its bytes to its answer. The order of the checks is the caller's to see: method,
// action and version, the signature's form, time, key, signature, token; then the parameters.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../core/clock.ts';
import { CloudError, fail, type Language } from '../core/errors.ts';
import type { Ids } from '../core/ids.ts';
import type { Log } from '../core/log.ts';
import { BodyAborted, BodyTooLarge, readBody } from '../http/body.ts';
import { targetPath, targetQuery } from '../http/router.ts';
import { TC3 } from '../http/tc3.ts';
import { type Parameters, parametersOfTc3, parametersOfV1 } from './encoding.ts';
import { findLanguage, findRegion, findService } from './envelope.ts';
import { refuse } from './errors.ts';
import { type Pairs, parsePairs } from './form.ts';
import { mustBeWithin } from './permit.ts';
import type { Services } from './service.ts';
import { headerText, type Keys, type SignedRequest } from './sign.ts';
import { parseTc3, type Tc3Authorization, type Tc3Verifier } from './sign-tc3.ts';
import { verifyV1 } from './sign-v1.ts';

export interface CallDeps {
  readonly services: Services;
  readonly keys: Keys;
  readonly verifier: Tc3Verifier;
  readonly wallClock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly region: string;
  readonly language: Language;
  readonly bodyBytes: number;
  readonly missed: (service: string, action: string) => void;
  readonly answered?: ((call: Answered) => void) | undefined;
}

export interface Answered {
  /** '' where none was found. */
  readonly service: string;
  /** A built or documented action, else ''. */
  readonly action: string;
  readonly code: string;
  readonly durationMs: number;
}

/** What is known of a call so far, for its answer. */
interface Course {
  readonly requestId: string;
  language: Language;
  service: string;
  action: string;
}

export async function answerCall(request: IncomingMessage, response: ServerResponse, deps: CallDeps): Promise<void> {
  const { wallClock, answered } = deps;
  const startedAt = wallClock.now();
  const course: Course = { requestId: deps.ids.uuid(), language: deps.language, service: '', action: '' };
  let text: string;
  let code = 'OK';
  try {
    const fields = await run(request, course, deps);
    text = JSON.stringify({ Response: { ...fields, RequestId: course.requestId } });
  } catch (error) {
    // There is nobody left to answer.
    if (error instanceof BodyAborted) return;
    const cloud = asCloudError(error, course, deps);
    code = cloud.code;
    const told = { Code: code, Message: cloud.text(course.language) };
    text = JSON.stringify({ Response: { Error: told, RequestId: course.requestId } });
  }
  // Always 200, and the type without a charset: clients look for errors under nothing else.
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Content-Length', Buffer.byteLength(text));
  const traceId = request.headers['x-tc-traceid'];
  if (typeof traceId === 'string' && /^[!-~]{1,128}$/.test(traceId)) response.setHeader('X-TC-TraceId', traceId);
  response.end(text);
  const { service, action } = course;
  answered?.({ service, action, code, durationMs: wallClock.now() - startedAt });
}

/** A call by its signature's kind, so far unchecked. */
interface Spoken {
  readonly action: string | undefined;
  readonly version: string | undefined;
  readonly region: string | undefined;
  readonly language: string | undefined;
  /** Names in errors. */
  readonly names: { readonly action: string; readonly version: string };
  /** The service in the credential scope. */
  readonly scope: string | undefined;
  readonly token: string | undefined;
  /** Gives the SecretId. */
  verify(): string;
  parameters(action: string): Parameters;
}

async function run(request: IncomingMessage, course: Course, deps: CallDeps): Promise<object> {
  const { method = 'GET', headers } = request;
  const { host } = headers;
  course.language = findLanguage(headerText(headers, 'x-tc-language'), deps.language);
  if (method !== 'POST' && method !== 'GET') return fail('UnsupportedProtocol', { method });
  const spoken = await listen(request, method, deps);
  course.language = findLanguage(spoken.language, course.language);

  const action = spoken.action || fail('MissingParameter', { name: spoken.names.action });
  const version = spoken.version || fail('MissingParameter', { name: spoken.names.version });
  const service = findService(deps.services, { host, scope: spoken.scope, action, version });
  course.service = service.name;
  const built = service.has(action);
  if (built === 'unknown') return fail('InvalidAction', { action });
  course.action = action;
  const secretId = spoken.verify();
  if (built === 'later') {
    deps.missed(service.name, action);
    return refuse('ActionLater', { service: service.name, action });
  }
  const region = findRegion(spoken.region, host, deps.region);
  const { requestId, language } = course;
  const { token } = spoken;
  const parameters = spoken.parameters(action);
  const holder = deps.keys.secretOf(secretId, token)?.holder;
  if (holder) {
    const sourceIp = request.socket.remoteAddress;
    mustBeWithin(holder, { service: service.name, action, region, parameters, sourceIp, account: deps.keys });
  }
  return service.call(action, parameters, { requestId, region, language, secretId, token });
}

async function listen(request: IncomingMessage, method: string, deps: CallDeps): Promise<Spoken> {
  const { url = '/', headers } = request;
  const body = await readBody(request, deps.bodyBytes);
  const signed: SignedRequest = { method, path: targetPath(url), query: targetQuery(url), headers, body };
  // An Authorization of another kind may be a proxy's.
  if (headers['x-tc-action'] !== undefined || headers.authorization?.startsWith(TC3)) return tc3(signed, deps);
  return v1(parsePairs(method === 'GET' ? signed.query : body.toString('utf8')), signed, deps);
}

function tc3(signed: SignedRequest, { verifier, wallClock }: CallDeps): Spoken {
  const { method, query, headers, body } = signed;
  const header = (name: string) => headerText(headers, name);
  const authorization = readAuthorization(header('authorization'));
  return {
    action: header('x-tc-action'),
    version: header('x-tc-version'),
    region: header('x-tc-region'),
    language: header('x-tc-language'),
    names: { action: 'X-TC-Action', version: 'X-TC-Version' },
    scope: authorization instanceof CloudError ? undefined : authorization.service,
    token: header('x-tc-token'),
    verify() {
      if (authorization instanceof CloudError) throw authorization;
      // The query of a POST is not signed, and nothing is read from it.
      return verifier.verify(authorization, method === 'POST' ? { ...signed, query: '' } : signed, wallClock.now());
    },
    parameters: action => parametersOfTc3({ action, method, query, contentType: header('content-type'), body }),
  };
}

/** Its turn to be refused comes after the action's, but its scope is needed before. */
function readAuthorization(header: string | undefined): Tc3Authorization | CloudError {
  try {
    return header ? parseTc3(header) : fail('MissingParameter', { name: 'Authorization' });
  } catch (error) {
    if (error instanceof CloudError) return error;
    throw error;
  }
}

function v1(pairs: Pairs, signed: SignedRequest, { keys, wallClock }: CallDeps): Spoken {
  return {
    action: pairs.get('Action'),
    version: pairs.get('Version'),
    region: pairs.get('Region'),
    language: pairs.get('Language'),
    names: { action: 'Action', version: 'Version' },
    scope: undefined,
    token: pairs.get('Token'),
    verify: () => verifyV1(pairs, signed, keys, wallClock.now()),
    parameters: () => parametersOfV1(pairs),
  };
}

function asCloudError(error: unknown, course: Course, { log, bodyBytes }: CallDeps): CloudError {
  const { requestId, service, action } = course;
  try {
    if (error instanceof BodyTooLarge) fail('RequestSizeLimitExceeded', { limit: `${bodyBytes} bytes` });
    if (error instanceof CloudError && error.row.fault === 'caller') return error;
    log.error({ err: error, requestId, service, action }, 'a call failed');
    if (error instanceof CloudError) return error;
    return fail('InternalError', { requestId }, error);
  } catch (told) {
    return told as CloudError;
  }
}
