// Lifecycle rules: XML, and back.

import { fail } from '../errors.ts';
import type { Due, LifecycleRule } from '../model.ts';
import { childOf, childrenOf, expectOnly, numberOf, wordOf, type XmlElement } from './readxml.ts';
import { storageClassOf } from './storage.ts';
import { readTag, writeTag } from './tags.ts';
import { element, type Written } from './xml.ts';

const MAX_RULES = 1000;
const MAX_DAYS = 36_500;

export function readLifecycle(configuration: XmlElement): readonly LifecycleRule[] {
  expectOnly(configuration, 'Rule');
  const rules = childrenOf(configuration, 'Rule').map(readRule);
  if (rules.length === 0 || rules.length > MAX_RULES) fail('MalformedXML');
  const ids = rules.map(rule => rule.id).filter(id => id !== '');
  if (new Set(ids).size < ids.length) fail('InvalidArgument', { name: 'ID', reason: 'two rules have the same' });
  return rules;
}

/** Documented, and not done here: a rule would mean more than it says if they were passed over. */
const UNBUILT = ['PrefixNotEquals', 'ObjectSizeGreaterThan', 'ObjectSizeLessThan', 'AccessFrequency'];

function needOnly(parent: XmlElement, ...names: readonly string[]): void {
  const unbuilt = parent.children.find(child => UNBUILT.includes(child.name));
  if (unbuilt) fail('NotImplemented', { name: unbuilt.name });
  expectOnly(parent, ...names);
}

/** What may stand in each of them. */
const WITHIN: Readonly<Record<string, readonly string[]>> = {
  Transition: ['Days', 'Date', 'StorageClass'],
  Expiration: ['Days', 'Date', 'ExpiredObjectDeleteMarker'],
  NoncurrentVersionTransition: ['NoncurrentDays', 'StorageClass'],
  NoncurrentVersionExpiration: ['NoncurrentDays'],
  AbortIncompleteMultipartUpload: ['DaysAfterInitiation'],
};
const ACTIONS = Object.keys(WITHIN);

/** What a rule is about. */
const SCOPES = ['Filter', 'Prefix'];

function readRule(rule: XmlElement): LifecycleRule {
  // Actions that there are not are passed over, as the vendor's tests have it; but without a filter a name may be one's.
  const scoped = rule.children.some(child => SCOPES.includes(child.name));
  const passed = scoped ? rule.children.map(child => child.name) : [];
  needOnly(rule, 'ID', 'Status', ...ACTIONS, ...passed);
  const actions = rule.children.filter(child => ACTIONS.includes(child.name));
  if (actions.length === 0) fail('MalformedXML');
  for (const action of actions) needOnly(action, ...(WITHIN[action.name] ?? []));
  const status = wordOf(rule, 'Status');
  if (status !== 'Enabled' && status !== 'Disabled') fail('MalformedXML');
  const expiration = childOf(rule, 'Expiration');
  const loneMarkers = expiration && wordOf(expiration, 'ExpiredObjectDeleteMarker');
  const noncurrent = childOf(rule, 'NoncurrentVersionExpiration');
  const abort = childOf(rule, 'AbortIncompleteMultipartUpload');
  return {
    id: wordOf(rule, 'ID') ?? '',
    enabled: status === 'Enabled',
    ...readFilter(rule),
    transitions: childrenOf(rule, 'Transition').map(transition => ({
      ...(dueOf(transition, 0) ?? fail('MalformedXML')),
      storageClass: classOf(transition),
    })),
    expiration: expiration && expirationOf(expiration, loneMarkers === 'true'),
    expiresLoneMarkers: loneMarkers === 'true',
    noncurrentTransitions: childrenOf(rule, 'NoncurrentVersionTransition').map(transition => ({
      days: numberOf(transition, 'NoncurrentDays', 0, MAX_DAYS) ?? fail('MalformedXML'),
      storageClass: classOf(transition),
    })),
    noncurrentExpirationDays:
      noncurrent && (numberOf(noncurrent, 'NoncurrentDays', 1, MAX_DAYS) ?? fail('MalformedXML')),
    abortUploadsAfterDays: abort && (numberOf(abort, 'DaysAfterInitiation', 1, MAX_DAYS) ?? fail('MalformedXML')),
  };
}

const classOf = (transition: XmlElement): string =>
  storageClassOf(wordOf(transition, 'StorageClass') ?? fail('MalformedXML'));

function expirationOf(expiration: XmlElement, loneMarkers: boolean): Due | undefined {
  const due = dueOf(expiration, 1);
  // One of both: a marker that is alone has no days.
  if (loneMarkers === (due !== undefined)) fail('MalformedXML');
  return due;
}

/** Documented: what is to be moved may be so at once, what expires is at least a day old. */
function dueOf(action: XmlElement, leastDays: number): Due | undefined {
  // The vendor's deployment toolkit writes an empty one where its user names none.
  const days = wordOf(action, 'Days') === '' ? undefined : numberOf(action, 'Days', leastDays, MAX_DAYS);
  const date = wordOf(action, 'Date');
  if (days !== undefined && date !== undefined) fail('MalformedXML');
  if (days !== undefined) return { days };
  if (date === undefined) return undefined;
  const at = DATE.test(date) ? Date.parse(date) : Number.NaN;
  return Number.isNaN(at) ? fail('MalformedXML') : { date: at };
}

/** ISO 8601, from the day on: a mere number would be some year, and all there is older than that. */
const DATE = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/i;

function readFilter(rule: XmlElement): Pick<LifecycleRule, 'prefix' | 'tags'> {
  const filter = childOf(rule, 'Filter');
  // The older form, still sent.
  const own = childOf(rule, 'Prefix')?.text ?? '';
  if (!filter) return { prefix: own, tags: [] };
  const and = childOf(filter, 'And');
  needOnly(filter, 'Prefix', 'Tag', 'And');
  if (own !== '' || (and && filter.children.length > 1)) fail('MalformedXML');
  if (and) needOnly(and, 'Prefix', 'Tag');
  const all = and ?? filter;
  return { prefix: childOf(all, 'Prefix')?.text ?? '', tags: childrenOf(all, 'Tag').map(readTag) };
}

export const writeLifecycle = (rules: readonly LifecycleRule[]): (Written | undefined)[] => rules.map(writeRule);

function writeRule(rule: LifecycleRule): Written | undefined {
  return element('Rule', [
    rule.id === '' ? undefined : element('ID', rule.id),
    writeFilter(rule),
    element('Status', rule.enabled ? 'Enabled' : 'Disabled'),
    ...rule.transitions.map(transition =>
      element('Transition', [writeDue(transition), element('StorageClass', transition.storageClass)]),
    ),
    rule.expiration && element('Expiration', [writeDue(rule.expiration)]),
    rule.expiresLoneMarkers ? element('Expiration', [element('ExpiredObjectDeleteMarker', true)]) : undefined,
    ...rule.noncurrentTransitions.map(({ days, storageClass }) =>
      element('NoncurrentVersionTransition', [element('NoncurrentDays', days), element('StorageClass', storageClass)]),
    ),
    daysIn('NoncurrentVersionExpiration', 'NoncurrentDays', rule.noncurrentExpirationDays),
    daysIn('AbortIncompleteMultipartUpload', 'DaysAfterInitiation', rule.abortUploadsAfterDays),
  ]);
}

const daysIn = (action: string, name: string, days: number | undefined) =>
  days === undefined ? undefined : element(action, [element(name, days)]);

const writeDue = (due: Due) =>
  'days' in due ? element('Days', due.days) : element('Date', new Date(due.date).toISOString());

function writeFilter({ prefix, tags }: LifecycleRule): Written | undefined {
  const all = [prefix === '' && tags.length > 0 ? undefined : element('Prefix', prefix), ...tags.map(writeTag)];
  const several = all.filter(part => part !== undefined).length > 1;
  return element('Filter', several ? [element('And', all)] : all);
}
