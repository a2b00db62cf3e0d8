// One request on its way through the gateway: what its head tells, and what is found out about it step by step.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../../core/clock.ts';
import type { Ids } from '../../../core/ids.ts';
import { clientAddress, schemeOf, type TrustedProxies } from '../../../http/client.ts';
import { hostName, targetPath, targetQuery } from '../../../http/router.ts';
import type { Policy } from '../admission/policy.ts';
import type { Objects, SubDomain } from '../model.ts';
import { addressed } from '../routing/address.ts';
import { domainOf } from '../routing/hosts.ts';
import type { PathParameters } from '../routing/match.ts';
import type { Handover, Identity, Route, Target } from '../target.ts';

export interface Arrival {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Where the client asks for another protocol. */
  readonly handover: Handover | undefined;
  /** UUID with dashes, and the same without. */
  readonly requestId: string;
  readonly traceId: string;
  /** ms since 1970. */
  readonly startedAt: number;
  readonly method: string;
  /** As sent. */
  readonly host: string;
  readonly scheme: 'http' | 'https';
  readonly sourceIp: string;
  /** The user's own domain it came by. */
  readonly domain: SubDomain | undefined;
  readonly serviceId: string;
  /** As sent, without the query; begins with the environment where no mapping stands for it. */
  readonly uri: string;
  /** After the `?`, as sent. */
  readonly query: string;

  /** From here on: undefined or empty until it is known. */
  route: Route | undefined;
  /** As sent, without what stands for the environment. */
  path: string;
  pathParameters: PathParameters;
  /** What it calls: kept, so that a change of the trigger does not take it away under way. */
  target: Target | undefined;
  policy: Policy | undefined;
  identity: Identity;
  body: Buffer | undefined;
  bodyRead: boolean;
  /** Name, value …: what is told of the limits that hold for it. */
  limits: readonly string[];
  /** ms since 1970: when the backend was asked; 0 if it was not. */
  askedAt: number;
}

export interface ArriveDeps {
  readonly ids: Ids;
  readonly clock: Clock;
  readonly objects: () => Objects;
  readonly proxies: TrustedProxies;
}

export type Arrive = (request: IncomingMessage, response: ServerResponse, handover: Handover | undefined) => Arrival;

const NO_PARAMETERS: PathParameters = Object.freeze({});
const NOBODY: Identity = Object.freeze({});
const NO_LIMITS: readonly string[] = Object.freeze([
  'X-Service-RateLimit',
  'unlimited',
  'X-Api-RateLimit',
  'unlimited',
]);

export function createArrive({ ids, clock, objects, proxies }: ArriveDeps): Arrive {
  return (request, response, handover) => {
    const target = request.url ?? '/';
    const sent = targetPath(target);
    const host = request.headers.host ?? '';
    const name = hostName(host);
    const domain = domainOf(objects(), name);
    const meant = domain ? undefined : addressed(name, sent);
    const requestId = ids.risingUuid();
    return {
      request,
      response,
      handover,
      requestId,
      traceId: requestId.replaceAll('-', ''),
      startedAt: clock.now(),
      method: request.method ?? 'GET',
      host,
      scheme: schemeOf(request),
      sourceIp: clientAddress(request, proxies),
      domain,
      serviceId: domain?.serviceId ?? meant?.serviceId ?? '',
      uri: meant?.path ?? sent,
      query: targetQuery(target),
      route: undefined,
      path: '',
      pathParameters: NO_PARAMETERS,
      target: undefined,
      policy: undefined,
      identity: NOBODY,
      body: undefined,
      bodyRead: false,
      limits: NO_LIMITS,
      askedAt: 0,
    };
  };
}
