// Whether a request may reach what stands behind its API: address, identity, limits, declared parameters, the user's own
// verification. In this order, so that nobody uses up a limit who may not call at all.

import type { Clock } from '../../../core/clock.ts';
import { hasBody } from '../../../http/body.ts';
import { appReadsBody, byApplication } from '../auth/application.ts';
import type { CustomAuth } from '../auth/customauth.ts';
import { byKeyPair } from '../auth/keypair.ts';
import { byToken } from '../auth/oauth.ts';
import type { Api } from '../model.ts';
import type { Arrival } from '../serving/arrival.ts';
import { type Received, receive } from '../serving/body.ts';
import { gatewayError, type Refusal, TOO_LARGE } from '../serving/errorbody.ts';
import type { GatewayReply, Route } from '../target.ts';
import type { Window } from './limits.ts';
import { bodyRefusal, missingParameter } from './parameters.ts';
import { type PlanLimit, type Policy, windowOf } from './policy.ts';
import type { Quotas } from './quotas.ts';

export interface AdmitDeps {
  readonly clock: Clock;
  readonly quotas: Quotas;
  readonly customAuth: CustomAuth;
  /** The API in its environment, as released there. */
  readonly releasedApi: (route: Route, apiId: string) => Api | undefined;
}

/** Waits only where a body has to be read or a function asked; the arrival's route and policy are known. */
export type Admit = (arrival: Arrival, route: Route, policy: Policy) => Refusal | Promise<Refusal>;

const LIMITED = gatewayError(429, 'API rate limit exceeded');
const USED_UP = gatewayError(429, 'API quota exceeded');

export function createAdmit({ clock, quotas, customAuth, releasedApi }: AdmitDeps): Admit {
  function admit(arrival: Arrival, route: Route, policy: Policy): Refusal | Promise<Refusal> {
    if (policy.plain) {
      // The way of most requests.
      if (!policy.service && !policy.api) return undefined;
      return limited(arrival, policy, policy.plans, clock.now());
    }
    if (policy.broken) return gatewayError(481, 'API config error');
    const refusal = ipRefusal(policy, arrival.sourceIp);
    if (refusal) return refusal;
    if (readsBody(arrival, route, policy) && hasBody(arrival.request)) return afterBody(arrival, route, policy);
    return withBody(arrival, route, policy, clock.now());
  }

  async function afterBody(arrival: Arrival, route: Route, policy: Policy): Promise<Refusal> {
    const body = await new Promise<Received>(received => receive(arrival.request, received));
    if (body === 'too large') return TOO_LARGE;
    arrival.body = body;
    arrival.bodyRead = true;
    return withBody(arrival, route, policy, clock.now());
  }

  function withBody(arrival: Arrival, route: Route, policy: Policy, now: number): Refusal | Promise<Refusal> {
    const plans = identify(arrival, route, policy, now);
    if (!isPlans(plans)) return plans;
    const refusal = limited(arrival, policy, plans, now) ?? parameterRefusal(arrival, route.api);
    if (refusal || !policy.verify) return refusal;
    return customAuth(arrival, route, policy.verify);
  }

  /** Who it is; gives the plans that count for them. */
  function identify(
    arrival: Arrival,
    { api, region }: Route,
    policy: Policy,
    now: number,
  ): readonly PlanLimit[] | GatewayReply {
    const { objects } = policy;
    switch (api.auth.type) {
      case 'NONE':
        return policy.plans;
      case 'SECRET': {
        const all = policy.plans.map(({ plan }) => plan);
        const found = byKeyPair(arrival, objects, all, region, now);
        if ('status' in found) return found;
        arrival.identity = { secretId: found.key.id };
        return policy.plans.filter(({ plan }) => found.plans.includes(plan));
      }
      case 'APP': {
        const app = byApplication(arrival, objects, policy.apps, region, now);
        if ('status' in app) return app;
        arrival.identity = { apiAppKey: app.key };
        return policy.plans;
      }
      case 'OAUTH': {
        if (api.auth.business === 'OAUTH') return policy.plans;
        const issuer = arrival.route && releasedApi(arrival.route, api.auth.issuerApiId);
        return byToken(arrival.request.headers, issuer, now) ?? policy.plans;
      }
    }
  }

  /** Everything is looked at before anything is counted: what one limit refuses, no other counts. */
  function limited(arrival: Arrival, policy: Policy, plans: readonly PlanLimit[], now: number): Refusal {
    const { service, api } = policy;
    const windows: Window[] = [];
    if (service) windows.push(service);
    if (api) windows.push(api);
    for (const { window } of plans) if (window) windows.push(window);
    for (const limit of policy.traffic) windows.push(windowOf(limit, arrival.sourceIp, now));
    const caller = arrival.identity.apiAppKey ?? arrival.identity.secretId;
    if (caller !== undefined) for (const limit of policy.perCaller) windows.push(windowOf(limit, caller, now));

    const full = windows.some(window => window.used(now) >= window.limit);
    const usedUp = !full && plans.some(({ plan }) => plan.quota >= 0 && quotas.used(plan) >= plan.quota);
    arrival.limits = limitHeaders(arrival, policy, plans, now, full || usedUp);
    if (full) return LIMITED;
    if (usedUp) return USED_UP;
    for (const window of windows) window.take();
    for (const { plan } of plans) if (plan.quota >= 0) quotas.take(plan);
    return undefined;
  }

  /** Of service and API what was left (captured: 5000/5000), of plans what is used, this request with it. */
  function limitHeaders(
    { identity }: Arrival,
    { service, api }: Policy,
    plans: readonly PlanLimit[],
    now: number,
    refused: boolean,
  ): readonly string[] {
    if (!service && !api && plans.length === 0) return UNLIMITED;
    const headers = ['X-Service-RateLimit', leftOf(service, now), 'X-Api-RateLimit', leftOf(api, now)];
    const [first] = plans;
    if (!first) return headers;
    const { plan, window } = first;
    const more = refused ? 0 : 1;
    const rate = window ? `${window.used(now) + more}/${window.limit}` : 'unlimited';
    const quota = plan.quota < 0 ? 'unlimited' : `${quotas.used(plan) + more}/${plan.quota}`;
    headers.push('X-UsagePlan-RateLimit', rate, 'X-UsagePlan-Quota', quota);
    if (identity.secretId === undefined) return headers;
    headers.push('X-Secret-ID', identity.secretId, 'X-UsagePlan-ID', plan.id);
    if (window) headers.push('X-RateLimit-Limit', String(window.limit));
    if (plan.quota >= 0) headers.push('X-RateLimit-Used', quota);
    return headers;
  }

  return admit;
}

const UNLIMITED: readonly string[] = Object.freeze([
  'X-Service-RateLimit',
  'unlimited',
  'X-Api-RateLimit',
  'unlimited',
]);

const leftOf = (window: Window | undefined, now: number): string =>
  window ? `${Math.max(0, window.limit - window.used(now))}/${window.limit}` : 'unlimited';

const isPlans = (value: readonly PlanLimit[] | GatewayReply): value is readonly PlanLimit[] => Array.isArray(value);

function ipRefusal({ ip }: Policy, address: string): Refusal {
  if (ip.length === 0) return undefined;
  if (address === '') {
    return gatewayError(403, 'Cannot identify the client IP address, unix domain sockets are not supported');
  }
  const family = address.includes(':') ? 'ipv6' : 'ipv4';
  const passes = ip.every(({ allows, blocks }) => blocks.check(address, family) === allows);
  return passes ? undefined : gatewayError(403, 'Your IP address is not allowed');
}

function readsBody({ request }: Arrival, { api }: Route, { verify }: Policy): boolean {
  if (api.auth.type === 'APP' && appReadsBody(request)) return true;
  return verify?.rule.sendsBody === true || api.parameters.some(({ position }) => position === 'BODY');
}

function parameterRefusal(arrival: Arrival, { parameters }: Api): Refusal {
  if (parameters.length === 0) return undefined;
  const { request, query, pathParameters, body } = arrival;
  return (
    missingParameter(parameters, request.headers, query, pathParameters) ??
    bodyRefusal(parameters, request.headers, body)
  );
}
