// The trigger of the object store: calls a function for what happens to objects.

import type { TriggerKind } from '../../core/trigger.ts';
import { bindCos, type CosSource } from './bind.ts';
import { type ConflictSettings, checkConflict } from './conflicts.ts';
import { type CosDesc, formatCos, isMeant, parseCos, ruleOf } from './desc.ts';
import { cosSample } from './event.ts';
import { type CosListenSettings, listenCos } from './listen.ts';
import { bucketOf, checkCosName } from './names.ts';

export type CosKindSettings = Partial<CosListenSettings & ConflictSettings>;

export const COS_DEFAULTS = Object.freeze({
  eventName: 'concrete',
  extendedEvent: true,
  appendEvents: 'wildcard',
} as const satisfies CosKindSettings);

export function cosKind(given: CosKindSettings = {}): TriggerKind<CosDesc, CosSource> {
  const settings: CosListenSettings & ConflictSettings = { ...COS_DEFAULTS, ...given };
  return Object.freeze<TriggerKind<CosDesc, CosSource>>({
    type: 'cos',
    mode: 'async',
    attribute: 'single',
    title: { zh: 'COS 触发器', en: 'COS: by events of objects in a bucket' },
    serves: ['Event'],
    checkName: checkCosName,
    parse: (text, context) => parseCos(text, context, settings.appendEvents === 'named'),
    format: formatCos,
    summary(desc) {
      const { event, prefix, suffix } = ruleOf(desc);
      return prefix === '' && suffix === '' ? event : `${event} ${prefix}*${suffix}`;
    },
    conflict: (draft, others) => checkConflict(draft, others, settings),
    same: isMeant,
    // A bucket has several hosts.
    named: ({ bucketUrl }, name) => bucketUrl !== undefined && bucketOf(bucketUrl) === bucketOf(name),
    bind: bindCos,
    listen: (trigger, host) => listenCos(trigger, host, settings),
    sample: cosSample,
  });
}
