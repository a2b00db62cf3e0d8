// The CLB trigger: calls a function through a rule of a load balancer.

import type { TriggerKind } from '../../core/trigger.ts';
import type { Clb } from '../../services/clb/contract.ts';
import { failTrigger } from '../errors.ts';
import { bindClb, unbindClb } from './bind.ts';
import { type ClbDesc, formatClb, parseClb } from './desc.ts';
import { CLB_DEFAULTS, type ClbSettings, clbSample } from './event.ts';
import { listenClb } from './listen.ts';

export interface ClbKindSettings extends Partial<ClbSettings> {
  /** The address that is shown as accessUrl; none when left out. */
  readonly urlOf?: (locationId: string) => string | undefined;
}

const NAME_CHARS = 60;

export function clbKind({ urlOf, ...given }: ClbKindSettings = {}): TriggerKind<ClbDesc, Clb> {
  const settings: ClbSettings = { ...CLB_DEFAULTS, ...given };
  return Object.freeze<TriggerKind<ClbDesc, Clb>>({
    type: 'clb',
    mode: 'sync',
    attribute: 'double',
    title: { zh: 'CLB 触发器', en: 'CLB: by HTTP request to a load balancer' },
    serves: ['Event'],
    checkName,
    parse: parseClb,
    format: desc => formatClb(desc, desc.locationId === undefined ? undefined : urlOf?.(desc.locationId)),
    summary: ({ protocol, port, domain, url }) => `${protocol.toLowerCase()} ${port} ${domain}${url}`,
    named: ({ givenName }, name) => givenName === name,
    bind: bindClb,
    unbind: unbindClb,
    listen: (trigger, host) => listenClb(trigger, host, settings),
    urls({ region, desc }, { source }) {
      const rule = desc.locationId === undefined ? undefined : source.rules.byId(region, desc.locationId);
      return rule ? source.urls(rule) : [];
    },
    sample: clbSample,
  });
}

/** No rule of its own is documented; the general one for names. */
function checkName(name: string): void {
  if (/^[A-Za-z0-9_-]+$/.test(name) && name.length <= NAME_CHARS) return;
  failTrigger('InvalidParameterValue.TriggerName', {
    name,
    zh: `最多 ${NAME_CHARS} 个字符，只能包含字母、数字、- 和 _。`,
    en: `use at most ${NAME_CHARS} letters, digits, - and _.`,
  });
}
