// The table of trigger kinds as this room sees it.

import type { TriggerHost, TriggerKind } from '../core/trigger.ts';
import { fail } from './errors.ts';

/**
 * A kind with its types rubbed off. A `TriggerKind<Desc, Source>` fits in without a cast, its members being methods;
 * what keeps that sound is that a desc is only ever given to the kind that made it, by the row's `type`.
 */
export type AnyTriggerKind = TriggerKind<unknown, unknown>;

export type TriggerKinds = Readonly<Record<string, AnyTriggerKind>>;

export type HostOf = (kind: AnyTriggerKind) => TriggerHost<unknown>;

export function kindOf(kinds: TriggerKinds, type: string): AnyTriggerKind {
  if (Object.hasOwn(kinds, type)) {
    const kind = kinds[type];
    if (kind) return kind;
  }
  const known = Object.keys(kinds).join(', ');
  return fail('InvalidParameterValue.Type', {
    zh: `触发器类型 ${type} 不支持，请使用 ${known} 之一。`,
    en: `The trigger type ${type} is not served; use one of ${known}.`,
  });
}
