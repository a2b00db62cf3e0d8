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

const ACTIONS = [
  'Transition',
  'Expiration',
  'NoncurrentVersionTransition',
  'NoncurrentVersionExpiration',
  'AbortIncompleteMultipartUpload',
];

function readRule(rule: XmlElement): LifecycleRule {
  expectOnly(rule, 'ID', 'Filter', 'Prefix', 'Status', ...ACTIONS);
  if (!rule.children.some(child => ACTIONS.includes(child.name))) fail('MalformedXML');
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
      ...(dueOf(transition) ?? fail('MalformedXML')),
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
  const due = dueOf(expiration);
  // One of both: a marker that is alone has no days.
  if (loneMarkers === (due !== undefined)) fail('MalformedXML');
  return due;
}

function dueOf(action: XmlElement): Due | undefined {
  const days = numberOf(action, 'Days', 0, MAX_DAYS);
  const date = wordOf(action, 'Date');
  if (days !== undefined && date !== undefined) fail('MalformedXML');
  if (days !== undefined) return { days };
  if (date === undefined) return undefined;
  const at = Date.parse(date);
  return Number.isNaN(at) ? fail('MalformedXML') : { date: at };
}

function readFilter(rule: XmlElement): Pick<LifecycleRule, 'prefix' | 'tags'> {
  const filter = childOf(rule, 'Filter');
  // The older form, still sent.
  if (!filter) return { prefix: childOf(rule, 'Prefix')?.text ?? '', tags: [] };
  expectOnly(filter, 'Prefix', 'Tag', 'And');
  const all = childOf(filter, 'And') ?? filter;
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
