// What belongs to a domain of a listener with all its paths.

import { z } from 'zod';
import { fail } from '../../core/errors.ts';
import type { DomainChange, ListenerRef } from '../../services/clb/contract.ts';
import { action } from '../action.ts';
import { CERTIFICATE, certificateOf } from './certificate.ts';
import { type ClbContext, task } from './deps.ts';
import { flag, LISTENER, listenerRef, text } from './types.ts';
import { refuseUnbuilt } from './unbuilt.ts';

async function modify(context: ClbContext, ref: ListenerRef, domain: string, change: DomainChange): Promise<void> {
  if (Object.keys(change).length === 0) fail('MissingParameter', { name: 'NewDomain' });
  await context.clb.rules.modifyDomain(ref, domain, change);
  if (change.newDomains) await context.functions.renamed(ref);
}

const ModifyDomain = action({
  request: z.object({ ...LISTENER, Domain: text, NewDomain: text }),
  async handle(request, context: ClbContext) {
    const { LoadBalancerId, Domain, NewDomain } = request;
    const ref = listenerRef(request, context.region);
    await task(context, LoadBalancerId, () => modify(context, ref, Domain, { newDomains: [NewDomain] }));
    return {};
  },
});

const Attributes = z.object({
  ...LISTENER,
  Domain: text,
  NewDomain: text.optional(),
  NewDomains: z.array(text).optional(),
  ...CERTIFICATE,
  Http2: flag.optional(),
  DefaultServer: flag.optional(),
  Quic: flag.optional(),
  NewDefaultServerDomain: text.optional(),
});

const ModifyDomainAttributes = action({
  request: Attributes,
  async handle(request, context: ClbContext) {
    refuseUnbuilt({ Quic: request.Quic });
    const ref = listenerRef(request, context.region);
    await task(context, request.LoadBalancerId, async () => {
      context.clb.listeners.need(ref);
      const { NewDomain, NewDomains = NewDomain ? [NewDomain] : [], Http2 } = request;
      const certificate = await certificateOf(request, context);
      await modify(context, ref, request.Domain, {
        ...(NewDomains.length > 0 && { newDomains: NewDomains }),
        ...(certificate && { certificate }),
        ...(Http2 !== undefined && { http2: Http2 }),
        ...defaultOf(request, context, ref),
      });
    });
    return {};
  },
});

/** Documented: a listener always has a default domain, so one that ceases to be it names the next. */
function defaultOf(request: z.output<typeof Attributes>, { clb }: ClbContext, ref: ListenerRef): DomainChange {
  const { Domain, DefaultServer, NewDefaultServerDomain: heir } = request;
  if (heir) return { newDefaultDomain: heir };
  if (DefaultServer === undefined) return {};
  if (DefaultServer) return { defaultServer: true };
  const isDefault = clb.rules.list(ref).some(rule => rule.defaultServer && rule.domains.includes(Domain.toLowerCase()));
  if (isDefault) fail('MissingParameter', { name: 'NewDefaultServerDomain' });
  return {};
}

export const DOMAIN_ACTIONS = { ModifyDomain, ModifyDomainAttributes };
