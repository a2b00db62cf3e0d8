// Documented: one event calls one function at most, so no two rules of a bucket may be about the same.

import type { TriggerDraft } from '../../core/trigger.ts';
import { failTrigger } from '../errors.ts';
import { type CosDesc, ruleOf } from './desc.ts';
import { failCos } from './errors.ts';
import type { CosTrigger } from './event.ts';
import { bucketOf } from './names.ts';
import { eventsOverlap, isSameRule, type Rule, rulesOverlap } from './rules.ts';

/** An event of a bucket that another product is told of. */
export interface ForeignRule {
  readonly product: string;
  readonly event: string;
}

export interface ConflictSettings {
  /** By the bucket's id; nobody else is told of anything when left out. */
  readonly foreignRules?: (bucket: string) => readonly ForeignRule[];
}

export type CosDraft = TriggerDraft & { readonly desc: CosDesc; readonly id?: string };

export function checkConflict(draft: CosDraft, others: readonly CosTrigger[], settings: ConflictSettings): void {
  const bucket = bucketOf(draft.triggerName);
  const rule = ruleOf(draft.desc);
  const beside = others.filter(other => bucketOf(other.triggerName) === bucket);
  if (beside.some(other => isOfSame(draft, other) && isSameRule(ruleOf(other.desc), rule))) {
    failTrigger('ResourceInUse.Trigger', {
      zh: `函数 ${draft.name} 已有存储桶 ${bucket} 的触发器 ${shown(rule)}`,
      en: `the function ${draft.name} has the trigger ${shown(rule)} on the bucket ${bucket} already`,
    });
  }
  // One that is switched off is told of nothing, and is in nobody's way until it is switched on.
  if (!draft.enabled) return;
  const other = beside.find(({ enabled, desc }) => enabled && rulesOverlap(ruleOf(desc), rule));
  if (other) {
    const theirs = ruleOf(other.desc);
    failCos('ResourceInUse.Cos', {
      zh: `存储桶 ${bucket} 的 ${shown(theirs)} 已绑定函数 ${other.namespace}/${other.name}，与 ${shown(rule)} 重叠；请更改事件、前缀或后缀，或先停用、删除该触发器`,
      en: `${shown(theirs)} on the bucket ${bucket} calls the function ${other.namespace}/${other.name} and overlaps with ${shown(rule)}; change the event, the prefix or the suffix, or switch that trigger off`,
      cause: causeOf(rule, theirs),
    });
  }
  const foreign = settings.foreignRules?.(bucket).find(({ event }) => eventsOverlap(event, rule.event));
  if (foreign) {
    failCos('ResourceInUse.Cos', {
      zh: `存储桶 ${bucket} 的事件 ${foreign.event} 已绑定 ${foreign.product}，同一事件不能再绑定函数`,
      en: `the event ${foreign.event} of the bucket ${bucket} goes to ${foreign.product} and cannot go to a function as well`,
      cause: 'NotifyRuleEventConflict',
    });
  }
}

function isOfSame(a: CosDraft, b: CosDraft): boolean {
  return a.namespace === b.namespace && a.name === b.name && a.qualifier === b.qualifier;
}

/** The store's own code for it, named after the last part in which they could have differed. */
function causeOf(a: Rule, b: Rule): string {
  if (a.prefix !== '' || b.prefix !== '') return 'NotifyRulePrefixConflict';
  return a.suffix !== '' || b.suffix !== '' ? 'NotifyRuleSuffixConflict' : 'NotifyRuleEventConflict';
}

const shown = ({ event, prefix, suffix }: Rule): string =>
  prefix === '' && suffix === '' ? event : `${event} ${prefix}*${suffix}`;
