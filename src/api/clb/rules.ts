// Rules: a path of one or more domains.

import { z } from 'zod';
import { fail } from '../../core/errors.ts';
import type { RuleChange, RuleDraft } from '../../services/clb/contract.ts';
import { action } from '../action.ts';
import { CERTIFICATE, certificateOf } from './certificate.ts';
import { type ClbContext, task } from './deps.ts';
import { failCall } from './errors.ts';
import { HealthCheckInput, healthOf } from './health.ts';
import { Scheduler } from './listeners.ts';
import { flag, int, LISTENER, listenerRef, PLACE, ruleRef, text } from './types.ts';
import { refuseUnbuilt } from './unbuilt.ts';

const OPTIONS = {
  SessionExpireTime: int.optional(),
  HealthCheck: HealthCheckInput.optional(),
  Scheduler: Scheduler.optional(),
  CookieName: text.optional(),
  ForwardType: text.optional(),
  TrpcCallee: text.optional(),
  TrpcFunc: text.optional(),
};
const Options = z.object(OPTIONS);

const RuleInput = z.object({
  Url: text,
  Domain: text.optional(),
  Domains: z.array(text).optional(),
  ...OPTIONS,
  ...CERTIFICATE,
  DefaultServer: flag.optional(),
  Http2: flag.optional(),
  Quic: flag.optional(),
  TargetType: text.optional(),
});

function optionsOf({ SessionExpireTime, HealthCheck, Scheduler: scheduler, CookieName }: z.output<typeof Options>) {
  return {
    ...(SessionExpireTime !== undefined && { sessionExpireS: SessionExpireTime }),
    ...(HealthCheck && { health: healthOf(HealthCheck) }),
    ...(scheduler && { scheduler }),
    ...(CookieName !== undefined && { cookieName: CookieName }),
  };
}

async function draftOf(input: z.output<typeof RuleInput>, context: ClbContext): Promise<RuleDraft> {
  refuseUnbuilt(input);
  const { Url: url, Domain, Domains = [], DefaultServer, Http2 } = input;
  if (Domain && Domains.length > 0) {
    failCall('InvalidParameterValue', {
      name: 'Domains',
      zh: '不能与 Domain 同时传入',
      en: 'it cannot be given together with Domain',
    });
  }
  const certificate = await certificateOf(input, context);
  return {
    url,
    domains: Domain ? [Domain] : Domains,
    ...optionsOf(input),
    ...(certificate && { certificate }),
    ...(DefaultServer !== undefined && { defaultServer: DefaultServer }),
    ...(Http2 !== undefined && { http2: Http2 }),
  };
}

const CreateRule = action({
  request: z.object({ ...LISTENER, Rules: z.array(RuleInput) }),
  async handle(request, context: ClbContext) {
    const { clb, region } = context;
    const ref = listenerRef(request, region);
    const made = await task(context, request.LoadBalancerId, async () => {
      clb.listeners.need(ref);
      const drafts: RuleDraft[] = [];
      for (const input of request.Rules) drafts.push(await draftOf(input, context));
      return clb.rules.create(ref, drafts);
    });
    return { LocationIds: made.map(({ id }) => id) };
  },
});

const ModifyRule = action({
  request: z.object({
    ...LISTENER,
    LocationId: text,
    Url: text.optional(),
    ...OPTIONS,
    OAuth: z.object({ OAuthEnable: flag.optional(), OAuthFailureStatus: text.optional() }).optional(),
  }),
  async handle(request, context: ClbContext) {
    refuseUnbuilt({ ...request, OAuthEnable: request.OAuth?.OAuthEnable });
    const { clb, functions, region } = context;
    const { LocationId: locationId, Url: url } = request;
    const ref = listenerRef(request, region);
    await task(context, request.LoadBalancerId, async () => {
      clb.rules.need({ ...ref, locationId });
      const change: RuleChange = { ...optionsOf(request), ...(url && { url }) };
      if (Object.keys(change).length === 0) fail('MissingParameter', { name: 'Url' });
      await clb.rules.modify({ ...ref, locationId }, change);
      if (url) await functions.renamed(ref);
    });
    return {};
  },
});

const DeleteRule = action({
  request: z.object({
    ...PLACE,
    LocationIds: z.array(text).optional(),
    NewDefaultServerDomain: text.optional(),
  }),
  async handle(request, context: ClbContext) {
    const { clb, functions, region } = context;
    const { NewDefaultServerDomain: heir } = request;
    const ref = listenerRef(request, region);
    const one = () => clb.rules.need(ruleRef(request, region));
    await task(context, request.LoadBalancerId, async () => {
      clb.listeners.need(ref);
      const ids = [...new Set(request.LocationIds ?? [])];
      const rules = ids.length > 0 ? ids.map(locationId => clb.rules.need({ ...ref, locationId })) : [one()];
      const going = rules.map(({ id }) => id);
      const within = going.map(locationId => ({ ...ref, locationId }));
      await functions.removing(within, () => clb.rules.remove(ref, going, heir || undefined));
    });
    return {};
  },
});

export const RULE_ACTIONS = { CreateRule, ModifyRule, DeleteRule };
