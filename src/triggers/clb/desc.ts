// TriggerDesc of a CLB trigger ⇄ what we keep of it. The documents do not show it: the fields are those of the vendor's tools.

import type { DescInput } from '../../services/clb/verbs/functions.ts';
import { failDesc } from '../errors.ts';
import { choice, parseObject, text, whole } from '../fields.ts';

export const DEFAULT_BALANCER_NAME = 'SCF_CLB';
const DEFAULT_WEIGHT = 10;

export interface ClbDesc {
  /** Absent until one is made or found by its name. */
  readonly loadBalancerId?: string;
  readonly loadBalancerName?: string;
  readonly listenerId?: string;
  readonly locationId?: string;
  readonly protocol: 'HTTP' | 'HTTPS';
  readonly port: number;
  readonly domain: string;
  readonly url: string;
  /** 0–100; 0 gets nothing. */
  readonly weight: number;
  /** The name that CreateTrigger was given; the trigger's own is the rule's id. */
  readonly givenName?: string;
  /** Whether the rule was made for this trigger, and goes with it. */
  readonly made: boolean;
}

export function parseClb(given: string, { previous }: { readonly previous?: ClbDesc }): ClbDesc {
  const desc = given.trim() === '' ? {} : parseObject(given);
  // The vendor's tools spell it without the r.
  const loadBalancerId = text(desc, 'loadBalancerId') ?? text(desc, 'loadBalanceId');
  const parsed: ClbDesc = {
    ...placed('loadBalancerId', loadBalancerId, previous?.loadBalancerId),
    ...placed('listenerId', text(desc, 'listenerId'), previous?.listenerId),
    ...placed('locationId', text(desc, 'locationId'), previous?.locationId),
    ...optional('loadBalancerName', text(desc, 'loadBalancerName') ?? previous?.loadBalancerName),
    protocol: choice(desc, 'protocol', ['HTTP', 'HTTPS'], previous?.protocol ?? 'HTTP'),
    port: whole(desc, 'port', 1, 65_535) ?? previous?.port ?? 80,
    domain: domainOf(text(desc, 'domain') ?? previous?.domain ?? ''),
    url: text(desc, 'url') ?? previous?.url ?? '/',
    weight: whole(desc, 'weight', 0, 100) ?? previous?.weight ?? DEFAULT_WEIGHT,
    ...optional('givenName', previous?.givenName),
    made: previous?.made ?? false,
  };
  if (previous) refuseMove(parsed, previous);
  return Object.freeze(parsed);
}

/** Host names have no case, unlike regular expressions. */
const domainOf = (given: string): string => (given.startsWith('~') ? given : given.toLowerCase());

/** Of a rule that is there: the balancer's own side names functions without a TriggerDesc. */
export function clbDescOf({ rule, listener, weight, previous }: DescInput): ClbDesc {
  // Made by this kind as well: a trigger's value only ever comes back to it.
  const before = previous as ClbDesc | undefined;
  return Object.freeze({
    ...before,
    loadBalancerId: rule.loadBalancerId,
    listenerId: listener.id,
    locationId: rule.id,
    protocol: listener.protocol === 'HTTPS' ? 'HTTPS' : 'HTTP',
    port: listener.port,
    domain: rule.domain,
    url: rule.url,
    weight: weight ?? DEFAULT_WEIGHT,
    made: before?.made ?? false,
  });
}

/** A trigger stays at its rule. */
function placed(name: string, now: string | undefined, before: string | undefined): Readonly<Record<string, string>> {
  if (now !== undefined && before !== undefined && now !== before) moved(name);
  return optional(name, now ?? before);
}

function optional(name: string, value: string | undefined): Readonly<Record<string, string>> {
  return value === undefined ? {} : { [name]: value };
}

function refuseMove(parsed: ClbDesc, previous: ClbDesc): void {
  for (const name of ['protocol', 'port', 'domain', 'url'] as const) if (parsed[name] !== previous[name]) moved(name);
}

function moved(name: string): never {
  return failDesc(
    `触发器已绑定转发规则，不能更改 ${name}；请删除后重新创建触发器`,
    `the trigger is bound to its rule, ${name} cannot change; delete it and create it again`,
  );
}

/** Compact JSON with the fields that clients read; `accessUrl` is where a browser reaches it. */
export function formatClb(desc: ClbDesc, accessUrl: string | undefined): string {
  const { loadBalancerId, listenerId, locationId, protocol, port, domain, url, weight } = desc;
  return JSON.stringify({
    loadBalancerId,
    loadBalanceId: loadBalancerId,
    listenerId,
    locationId,
    protocol,
    port,
    domain,
    url,
    weight,
    ...(accessUrl !== undefined && { accessUrl }),
  });
}
