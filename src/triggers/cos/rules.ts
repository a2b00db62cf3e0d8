// What a rule on a bucket is about: names of events, and when two rules are about the same ones.

import type { ObjectEventName } from '../../services/cos/model.ts';

export interface Rule {
  /** `cos:ObjectCreated:Put`, `cos:ObjectCreated:*` … */
  readonly event: string;
  /** Without a leading slash. */
  readonly prefix: string;
  readonly suffix: string;
}

/** Which of them a rule may name; a record, so that a new event is not forgotten here. */
const EVENTS: Readonly<Record<ObjectEventName, 'named' | 'wildcard alone'>> = {
  'ObjectCreated:Put': 'named',
  'ObjectCreated:Post': 'named',
  'ObjectCreated:Copy': 'named',
  'ObjectCreated:CompleteMultipartUpload': 'named',
  // In no document: it only comes to those who want all that is created.
  'ObjectCreated:AppendObject': 'wildcard alone',
  'ObjectCreated:Origin': 'named',
  'ObjectCreated:Replication': 'named',
  'ObjectRemove:Delete': 'named',
  'ObjectRemove:DeleteMarkerCreated': 'named',
  'ObjectRestore:Post': 'named',
  'ObjectRestore:Completed': 'named',
};

const GROUPS = ['cos:ObjectCreated:*', 'cos:ObjectRemove:*', 'cos:ObjectRestore:*'];

const ALL = [...GROUPS, ...Object.keys(EVENTS).map(name => `cos:${name}`)];

/** What a rule may name; `appendNamed` where appending may be named as well. */
export function ruleEvents(appendNamed: boolean): readonly string[] {
  if (appendNamed) return ALL;
  return [...GROUPS, ...Object.entries(EVENTS).flatMap(([name, how]) => (how === 'named' ? [`cos:${name}`] : []))];
}

/** `cos:A:*` and `cos:A:B` overlap. */
export function eventsOverlap(a: string, b: string): boolean {
  return a === b || isIn(a, b) || isIn(b, a);
}

const isIn = (event: string, group: string): boolean => group.endsWith(':*') && event.startsWith(group.slice(0, -1));

/** Whether one object can be meant by both. */
export function rulesOverlap(a: Rule, b: Rule): boolean {
  const prefixes = a.prefix.startsWith(b.prefix) || b.prefix.startsWith(a.prefix);
  const suffixes = a.suffix.endsWith(b.suffix) || b.suffix.endsWith(a.suffix);
  return prefixes && suffixes && eventsOverlap(a.event, b.event);
}

export function isSameRule(a: Rule, b: Rule): boolean {
  return a.event === b.event && a.prefix === b.prefix && a.suffix === b.suffix;
}
