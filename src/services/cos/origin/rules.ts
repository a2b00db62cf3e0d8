// The rules for sources of a bucket, and which of them answers a refused request. Documented: "Setting Origin-Pull".

import { readXml } from '../http/readxml.ts';
import type { Bucket } from '../model.ts';
import type { OriginRule } from './model.ts';
import { readOrigin } from './read.ts';

/** By row: it is another one after each change. */
const KNOWN = new WeakMap<Bucket, readonly OriginRule[]>();

/** The first first. None of a configuration that could not be put today. */
export function originRules(bucket: Bucket): readonly OriginRule[] {
  const text = bucket.plain.origin;
  if (text === undefined) return [];
  const known = KNOWN.get(bucket) ?? rulesIn(text);
  KNOWN.set(bucket, known);
  return known;
}

function rulesIn(text: string): readonly OriginRule[] {
  try {
    const rules = readOrigin(readXml(Buffer.from(text), 'OriginConfiguration'));
    return rules.toSorted((a, b) => a.priority - b.priority);
  } catch {
    return [];
  }
}

export interface Refused {
  readonly method: string;
  readonly status: number;
  readonly key: string;
  /** Lower case, without the port. */
  readonly host: string;
  readonly versionId: string | undefined;
}

/** The one that a refused request is answered by. */
export function ruleFor(rules: readonly OriginRule[], refused: Refused): OriginRule | undefined {
  const { method, status, key, host, versionId } = refused;
  return rules.find(rule => {
    // Documented: HEAD fetches nothing. A source has no versions, and a version is no other one.
    const mayFetch = method === 'GET' && versionId === undefined;
    if (rule.type !== 'Redirect' && !(mayFetch && isWithin(rule, key))) return false;
    if (rule.status !== status || rule.spared.includes(host)) return false;
    return key.startsWith(rule.prefix) && key.endsWith(rule.suffix);
  });
}

/** A source would take `..` for a folder, and give what lies outside of where the rule looks. */
const isWithin = ({ file }: OriginRule, key: string): boolean =>
  'fixed' in file || !/(?:^|[\\/])\.{1,2}(?:[\\/]|$)/.test(key);
