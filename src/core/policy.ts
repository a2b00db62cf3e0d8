// Policies in the grammar of CAM, as keys, roles and buckets have them: who may do what to which resource.
// Documented: CAM "Element Reference" and "Resource Description Method", the object store's "Access Policy Language".
// What is not understood never lets anybody in: it is refused when a policy is read, or counts against the caller.

import { type Condition, isMet, type RequestValues } from './policy-conditions.ts';
import { isLike, mayBecomeLike } from './wildcard.ts';

export interface Policy {
  readonly statements: readonly Statement[];
}

export interface Statement {
  readonly effect: 'allow' | 'deny';
  /** Patterns of names, `service/<name>`, or `*`; undefined where none is named: the policy hangs on those it is about. */
  readonly principals: readonly string[] | undefined;
  /** Patterns of `cos:GetObject` in lower case. */
  readonly actions: readonly string[];
  readonly resources: readonly ResourcePattern[];
  readonly conditions: readonly Condition[];
}

/** `*`, or the parts of `qcs:<project>:<service>:<region>:<account>:<path>`; an empty part stands for any. */
export type ResourcePattern = '*' | Readonly<Record<'service' | 'region' | 'account' | 'path', string>>;

export interface Resource {
  readonly service: string;
  /** '' for what has none. */
  readonly region: string;
  /** Ways to write the account: `uin/…`, `uid/…`. */
  readonly accounts: readonly string[];
  /** Ways to write it; none: not known, so that only a pattern of all lets it pass, and any pattern of the service refuses it. */
  readonly paths: readonly string[];
  /** Paths are beginnings, and all that goes on from there is meant: all of it has to be allowed, and none refused. */
  readonly below?: boolean | undefined;
}

export interface Ask {
  /** `cos:GetObject` */
  readonly action: string;
  readonly resource: Resource;
  /** Names of the caller, `qcs::cam::uin/1:uin/1`; none of somebody unknown. */
  readonly callers: readonly string[];
  readonly values: RequestValues;
}

/** Who has a key, and what the key is limited to. */
export interface Holder {
  /** As policies name it. */
  readonly names: readonly string[];
  /** Each of them has to allow what is done; none of the account's own key. */
  readonly limits: readonly Policy[];
}

/** Of a statement that refuses and one that allows, the first counts; undefined if none speaks of it. */
export function decide({ statements }: Policy, ask: Ask): 'allow' | 'deny' | undefined {
  const found = statements.filter(statement => appliesTo(statement, ask));
  if (found.some(({ effect }) => effect === 'deny')) return 'deny';
  return found.length > 0 ? 'allow' : undefined;
}

export function isWithin(limits: readonly Policy[], ask: Ask): boolean {
  return limits.every(policy => decide(policy, ask) === 'allow');
}

function appliesTo({ effect, principals, actions, resources, conditions }: Statement, ask: Ask): boolean {
  const action = ask.action.toLowerCase();
  return (
    (principals === undefined || principals.some(pattern => isNamed(pattern, ask.callers))) &&
    actions.some(pattern => isLike(action, pattern)) &&
    resources.some(pattern => covers(pattern, ask.resource, effect)) &&
    conditions.every(condition => isMet(condition, ask.values, effect))
  );
}

/** Everybody, whether known or not. */
export const ANYONE = 'qcs::cam::anyone:anyone';

function isNamed(pattern: string, callers: readonly string[]): boolean {
  return pattern === '*' || pattern === ANYONE || callers.some(name => isLike(name, pattern));
}

function covers(pattern: ResourcePattern, resource: Resource, effect: Statement['effect']): boolean {
  if (pattern === '*') return true;
  const part = (text: string, given: string) => given === '' || isLike(text, given);
  return (
    part(resource.service, pattern.service) &&
    part(resource.region, pattern.region) &&
    (pattern.account === '' || resource.accounts.some(account => isLike(account, pattern.account))) &&
    (resource.paths.length === 0
      ? effect === 'deny' || pattern.path === '*'
      : resource.paths.some(path => fits(path, pattern.path, effect, resource.below)))
  );
}

function fits(path: string, pattern: string, effect: Statement['effect'], below = false): boolean {
  if (!below) return isLike(path, pattern);
  // Only a star is like a star, and then like all that could stand there.
  return effect === 'deny' ? mayBecomeLike(path, pattern) : isLike(`${path}*`, pattern);
}
