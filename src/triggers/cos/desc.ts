// TriggerDesc of an object store's trigger ⇄ what we keep of it.

import { failDesc } from '../errors.ts';
import { objectOf, parseObject, text } from '../fields.ts';
import { bucketOf } from './names.ts';
import { isSameRule, type Rule, ruleEvents } from './rules.ts';

export interface CosDesc {
  readonly event: string;
  /** As they were given; a leading slash of the prefix means nothing. */
  readonly prefix: string;
  readonly suffix: string;
  /** The trigger's name, which answers repeat; absent until it is bound. */
  readonly bucketUrl?: string;
}

/** A rule is replaced as a whole: what is left out is empty, not what it was. */
export function parseCos(given: string, { previous }: { readonly previous?: CosDesc }, appendNamed: boolean): CosDesc {
  const { filtered: _, bucketUrl = previous?.bucketUrl, ...rule } = readCos(given);
  checkEvent(rule.event, ruleEvents(appendNamed));
  if (rule.suffix !== '' && !rule.suffix.startsWith('.')) {
    failDesc(`Suffix 应以 . 开头，当前为 ${rule.suffix}`, `Suffix must begin with a dot; it is ${rule.suffix}`);
  }
  return Object.freeze({ ...rule, ...(bucketUrl !== undefined && { bucketUrl }) });
}

interface Read extends CosDesc {
  /** Whether it says anything of keys. */
  readonly filtered: boolean;
}

function readCos(given: string): Read {
  const desc = parseObject(given);
  const filter = objectOf(desc, 'filter');
  const stray = Object.keys(filter).find(name => name !== 'Prefix' && name !== 'Suffix');
  // A misspelt filter would let everything through.
  if (stray !== undefined) {
    failDesc(`filter 只能包含 Prefix 与 Suffix，没有 ${stray}`, `a filter has Prefix and Suffix, and no ${stray}`);
  }
  const event = text(desc, 'event');
  if (event === undefined) {
    return failDesc(
      '缺少 event，例如 {"event":"cos:ObjectCreated:*","filter":{"Prefix":"","Suffix":""}}',
      'the event is missing, as in {"event":"cos:ObjectCreated:*","filter":{"Prefix":"","Suffix":""}}',
    );
  }
  const bucketUrl = text(desc, 'bucketUrl');
  return {
    event,
    prefix: text(filter, 'Prefix') ?? '',
    suffix: text(filter, 'Suffix') ?? '',
    ...(bucketUrl !== undefined && { bucketUrl }),
    filtered: (desc.filter ?? undefined) !== undefined,
  };
}

function checkEvent(event: string, known: readonly string[]): void {
  if (known.includes(event)) return;
  // A row of the documents' own table has `>` for the second colon; other stores have another first word, or none.
  const letters = (name: string) =>
    name
      .replace(/^(cos|s3):/, '')
      .replace(/[^A-Za-z*]/g, '')
      .toLowerCase();
  const meant = known.find(name => letters(name) === letters(event));
  const list = known.join(', ');
  failDesc(
    meant ? `没有事件 ${event}，应为 ${meant}` : `没有事件 ${event}，可用：${list}`,
    meant ? `there is no event ${event}; it is ${meant}` : `there is no event ${event}; there are ${list}`,
  );
}

export function ruleOf({ event, prefix, suffix }: CosDesc): Rule {
  return { event, prefix: prefix.replace(/^\//, ''), suffix };
}

/** Compact, with the members and the order that clients compare. */
export function formatCos({ bucketUrl, event, prefix, suffix }: CosDesc): string {
  return JSON.stringify({
    ...(bucketUrl !== undefined && { bucketUrl }),
    event,
    filter: { Prefix: prefix, Suffix: suffix },
  });
}

/** As it was given to create it, as answers show it, or, documented for deletes, by its event alone. */
export function isMeant(desc: CosDesc, given: string): boolean {
  const asked = readCos(given);
  const { bucketUrl = asked.bucketUrl } = desc;
  if (asked.bucketUrl !== undefined && bucketOf(asked.bucketUrl) !== bucketOf(bucketUrl ?? '')) return false;
  return asked.filtered ? isSameRule(ruleOf(desc), ruleOf(asked)) : desc.event === asked.event;
}
