// Rules on buckets: all that are on one bucket have its name, so they are told apart by what they say.

import { bucketId } from './cos/address.ts';
import { fail } from './errors.ts';
import { quoted } from './quoted.ts';

/** What says which rule is meant, or how it is to be. */
export interface RuleFlags {
  readonly bucket?: string;
  readonly event?: string;
  readonly prefix?: string;
  readonly suffix?: string;
}

/** A trigger of ListTriggers, as far as it is read here. */
export interface Shown {
  readonly Type: string;
  readonly TriggerName: string;
  readonly TriggerDesc: string;
  readonly Qualifier: string;
}

interface Rule {
  readonly bucket: string;
  readonly event: string;
  readonly prefix: string;
  readonly suffix: string;
}

export const RULE_FLAGS = ['bucket', 'event', 'prefix', 'suffix'] as const;

/** Refused of other kinds, whose triggers have nothing of the kind. */
export function checkRuleFlags(kind: string, flags: RuleFlags): void {
  const given = RULE_FLAGS.find(name => flags[name] !== undefined);
  if (kind !== 'cos' && given !== undefined) fail('Cli.RuleFlag', { kind, flag: `--${given}` });
}

/** TriggerDesc of a new rule; undefined where no flag says anything of it. */
export function ruleDesc({ event, prefix = '', suffix = '' }: RuleFlags): string | undefined {
  if (event === undefined) return prefix === '' && suffix === '' ? undefined : fail('Cli.RuleEvent');
  return JSON.stringify({ event, filter: { Prefix: prefix, Suffix: suffix } });
}

/** TriggerName of a rule on a bucket, which may be given as an address or by its host. */
export function bucketHost(given: string, appId: string, region: string): string {
  const name = plainName(given);
  return name.includes('.') ? name : `${bucketId(name, appId)}.cos.${region}.myqcloud.com`;
}

const plainName = (bucket: string): string => bucket.replace(/^cos:\/\//i, '').replace(/\/$/, '');
const bucketOf = (host: string): string => host.split('.', 1)[0] ?? '';

function ruleOf({ TriggerName, TriggerDesc }: Shown): Rule {
  const { event, filter } = JSON.parse(TriggerDesc) as {
    event?: string;
    filter?: { Prefix?: string; Suffix?: string };
  };
  return {
    bucket: bucketOf(TriggerName),
    event: event ?? '',
    prefix: filter?.Prefix ?? '',
    suffix: filter?.Suffix ?? '',
  };
}

/** Whether all that is said of it is so; the bucket's APPID may be left out. */
export function isMeant(one: Shown, flags: RuleFlags): boolean {
  const rule = ruleOf(one);
  const bucket = flags.bucket === undefined ? undefined : bucketOf(plainName(flags.bucket));
  const isNamed = bucket === undefined || rule.bucket === bucket || rule.bucket.replace(/-\d+$/, '') === bucket;
  const same = (name: 'event' | 'prefix' | 'suffix') => flags[name] === undefined || flags[name] === rule[name];
  return isNamed && same('event') && same('prefix') && same('suffix');
}

/** How to name this one and no other, for a POSIX shell. */
export function ruleWords(one: Shown): string {
  const rule = ruleOf(one);
  return RULE_FLAGS.map(name => `--${name} ${quoted(rule[name])}`).join(' ');
}
