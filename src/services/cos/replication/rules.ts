// ReplicationConfiguration: what of a bucket is copied to which others. Documented: PUT Bucket replication.

import type { Tag } from '../../../core/ports.ts';
import { fail } from '../errors.ts';
import { currentRegion } from '../http/address.ts';
import { childOf, childrenOf, expectOnly, numberOf, readXml, wordOf, type XmlElement } from '../http/readxml.ts';
import { storageClassOf } from '../http/storage.ts';
import { readTag } from '../http/tags.ts';
import type { Bucket, StorageClass } from '../model.ts';

export interface ReplicationRule {
  readonly enabled: boolean;
  /** Of several that mean the same object and the same destination the lowest counts. */
  readonly priority: number | undefined;
  readonly prefix: string;
  readonly tags: readonly Tag[];
  /** `<name>-<appid>` */
  readonly to: string;
  readonly region: string;
  /** undefined: that of the object. */
  readonly storageClass: StorageClass | undefined;
  /** Delete markers are copied as well. */
  readonly markers: boolean;
}

const MAX_RULES = 1000;
const MAX_PRIORITY = 1000;
const MAX_TAGS = 10;
const ROLE = /^qcs::cam::uin\/\d+:(?:uin\/\d+|roleName\/.+)$/;
const BUCKET = /^qcs::cos:([a-z0-9-]+)::([a-z0-9-]+-\d+)$/;
/** As it was written once, and still is in examples of the vendor's. */
const FORMER_BUCKET = /^qcs:id\/0:cos:([a-z0-9-]+):appid\/(\d+):([a-z0-9-]+)$/;

const refuse = (reason: string): never => fail('InvalidArgument', { name: 'ReplicationConfiguration', reason });

/** MalformedXML, InvalidArgument, NotImplemented. */
export function readReplication(configuration: XmlElement): readonly ReplicationRule[] {
  expectOnly(configuration, 'Role', 'Rule');
  const roles = childrenOf(configuration, 'Role');
  const elements = childrenOf(configuration, 'Rule');
  if (roles.length === 0 || elements.length === 0 || elements.length > MAX_RULES) fail('MalformedXML');
  for (const { text } of roles) {
    if (!ROLE.test(text.trim())) refuse('Role is qcs::cam::uin/<OwnerUin>:uin/<SubUin>');
  }
  const ids = elements.flatMap(rule => wordOf(rule, 'ID') || []);
  if (new Set(ids).size < ids.length) refuse('two rules have the same ID');
  const rules = elements.map(readRule);
  checkPriorities(rules);
  return rules;
}

function readRule(rule: XmlElement): ReplicationRule {
  for (const name of ['SourceSelectionCriteria', 'ExistingObjectReplication']) refuseUnbuilt(rule, name);
  expectOnly(rule, 'ID', 'Status', 'Priority', 'Prefix', 'Filter', 'Destination', 'DeleteMarkerReplication');
  const { prefix, tags } = readFilter(rule);
  const markers = childOf(rule, 'DeleteMarkerReplication');
  if (markers) expectOnly(markers, 'Status');
  const copiesMarkers = markers ? switchOf(markers) : true;
  if (tags.length > 0 && copiesMarkers) refuse('a rule with tags has DeleteMarkerReplication with the Status Disabled');
  return {
    enabled: switchOf(rule),
    priority: wordOf(rule, 'Priority') ? numberOf(rule, 'Priority', 1, MAX_PRIORITY) : undefined,
    prefix,
    tags,
    ...readDestination(childOf(rule, 'Destination') ?? fail('MalformedXML')),
    markers: copiesMarkers,
  };
}

function switchOf(element: XmlElement): boolean {
  const status = wordOf(element, 'Status');
  return status === 'Enabled' || (status === 'Disabled' ? false : fail('MalformedXML'));
}

function refuseUnbuilt(parent: XmlElement, name: string): void {
  if (childrenOf(parent, name).length > 0) fail('NotImplemented', { name });
}

/** A prefix of its own, or a filter with a prefix, a tag, or both. */
function readFilter(rule: XmlElement): Pick<ReplicationRule, 'prefix' | 'tags'> {
  const filter = childOf(rule, 'Filter');
  const own = childOf(rule, 'Prefix')?.text;
  if (!filter) return { prefix: own ?? '', tags: [] };
  if (own !== undefined) refuse('the prefix stands in Filter, or beside it, not in both');
  expectOnly(filter, 'Prefix', 'Tag', 'And');
  const and = childOf(filter, 'And');
  if (and && filter.children.length > 1) fail('MalformedXML');
  if (and) expectOnly(and, 'Prefix', 'Tag');
  const within = and ?? filter;
  if (within.children.length > 1 && !and) refuse('what stands in Filter together is put into And');
  const tags = childrenOf(within, 'Tag').map(readTag);
  if (tags.length > MAX_TAGS) refuse(`a rule has at most ${MAX_TAGS} tags`);
  if (tags.some(({ Key }) => Key === '')) fail('MalformedXML');
  return { prefix: childOf(within, 'Prefix')?.text ?? '', tags };
}

function readDestination(destination: XmlElement): Pick<ReplicationRule, 'to' | 'region' | 'storageClass'> {
  refuseUnbuilt(destination, 'EncryptionConfiguration');
  expectOnly(destination, 'Bucket', 'StorageClass');
  const text = wordOf(destination, 'Bucket') || fail('MalformedXML');
  const storageClass = wordOf(destination, 'StorageClass');
  const [, region = '', to = ''] = BUCKET.exec(text) ?? [];
  const [, formerRegion = '', appId, name] = FORMER_BUCKET.exec(text) ?? [];
  if (to === '' && name === undefined) refuse('Destination.Bucket is qcs::cos:<Region>::<BucketName-APPID>');
  return {
    to: to || `${name}-${appId}`,
    region: currentRegion(region || formerRegion),
    storageClass: storageClass ? storageClassOf(storageClass) : undefined,
  };
}

/** All have one, each its own; or none has, and then no object may be meant twice. */
function checkPriorities(rules: readonly ReplicationRule[]): void {
  const given = rules.flatMap(rule => rule.priority ?? []);
  if (given.length > 0 && given.length < rules.length) refuse('all rules have a Priority, or none has');
  if (new Set(given).size < given.length) refuse('two rules have the same Priority');
  if (given.length > 0) return;
  const meant = rules.map(({ to, prefix }) => `${to}/${prefix}`).sort();
  // In this order whatever begins with another stands behind it.
  if (meant.some((name, at) => at > 0 && name.startsWith(meant[at - 1] ?? ' ')))
    refuse('prefixes of rules with the same destination must not overlap, unless the rules have a Priority');
}

/** By row: it is another one after each change. */
const KNOWN = new WeakMap<Bucket, readonly ReplicationRule[]>();

/** Those that are on, the first first. None of a configuration that could not be put today. */
export function replicationRules(bucket: Bucket): readonly ReplicationRule[] {
  const text = bucket.plain.replication;
  if (text === undefined) return [];
  const known = KNOWN.get(bucket) ?? enabledIn(text);
  KNOWN.set(bucket, known);
  return known;
}

function enabledIn(text: string): readonly ReplicationRule[] {
  try {
    return readReplication(readXml(Buffer.from(text), 'ReplicationConfiguration'))
      .filter(rule => rule.enabled)
      .sort((a, b) => (a.priority ?? 0) - (b.priority ?? 0));
  } catch {
    return [];
  }
}
