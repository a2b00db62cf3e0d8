// A policy from its JSON. Names of elements come in any case; an element that is not known is refused, as nobody could say
// what it takes away.

import type { Policy, ResourcePattern, Statement } from './policy.ts';
import { type Condition, isValueOf, operatorOf } from './policy-conditions.ts';

/** Says which element is wrong. */
export class PolicyError extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(`not a policy: ${reason}`);
    this.name = 'PolicyError';
    this.reason = reason;
  }
}

/** `about` a role: whom it may be given to, which has nothing to do with resources. */
export function readPolicy(text: string, about: 'resources' | 'role' = 'resources'): Policy {
  const root = elements(parse(text), 'policy', ['version', 'statement', 'principal', 'id']);
  const version = root.get('version');
  if (version !== undefined && version !== '2.0') wrong('version');
  const statements = listOf(root.get('statement') ?? wrong('statement'));
  if (statements.length === 0) wrong('statement');
  const principals = principalsOf(root.get('principal'));
  return { statements: statements.map(statement => statementOf(statement, principals, about)) };
}

const STATEMENT = ['sid', 'effect', 'principal', 'action', 'resource', 'condition'];

function statementOf(value: unknown, principals: Statement['principals'], about: 'resources' | 'role'): Statement {
  const found = elements(value, 'statement', STATEMENT);
  const effect = String(found.get('effect')).toLowerCase();
  if (effect !== 'allow' && effect !== 'deny') return wrong('effect');
  return {
    effect,
    principals: principalsOf(found.get('principal')) ?? principals,
    actions: textsOf(found.get('action'), 'action').map(actionOf),
    resources: textsOf(found.get('resource') ?? (about === 'role' ? '*' : undefined), 'resource').map(resourceOf),
    conditions: conditionsOf(found.get('condition')),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return wrong('JSON');
  }
}

function wrong(reason: string): never {
  throw new PolicyError(reason);
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

/** By names in lower case. */
function elements(value: unknown, what: string, known?: readonly string[]): ReadonlyMap<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong(what);
  const found = new Map<string, unknown>();
  for (const [name, element] of Object.entries(value)) {
    const key = name.toLowerCase();
    if (found.has(key) || (known && !known.includes(key))) wrong(name);
    found.set(key, element);
  }
  return found;
}

function textsOf(value: unknown, what: string): readonly string[] {
  const list = listOf(value);
  if (list.length === 0) wrong(what);
  return list.map(item => (typeof item === 'string' && item !== '' ? item : wrong(what)));
}

function principalsOf(value: unknown): Statement['principals'] {
  if (value === undefined) return undefined;
  if (value === '*') return ['*'];
  const named = [...elements(value, 'principal', ['qcs', 'service'])];
  if (named.length === 0) wrong('principal');
  return named.flatMap(([kind, names]) =>
    textsOf(names, 'principal').map(name => (kind === 'service' ? `service/${name}` : nameOf(name))),
  );
}

function nameOf(name: string): string {
  return name === '*' || name.startsWith('qcs:') ? name : wrong('principal');
}

function actionOf(text: string): string {
  const action = text.toLowerCase().replace(/^name\//, '');
  return action === '*' || /^[a-z0-9*]+:[a-z0-9*_]+$/.test(action) ? action : wrong('action');
}

function resourceOf(text: string): ResourcePattern {
  if (text === '*') return '*';
  const [qcs, project, service = '', region = '', account = '', ...path] = text.split(':');
  if (qcs !== 'qcs' || project === undefined || path.length === 0) return wrong('resource');
  return { service, region, account, path: path.join(':') };
}

function conditionsOf(value: unknown): readonly Condition[] {
  if (value === undefined) return [];
  return [...elements(value, 'condition')].flatMap(([name, keys]) => {
    const ifExists = /_if_exists?$/.test(name);
    // Requests have one value per key, so that any of them is all of them.
    const operator = operatorOf(name.replace(/^for_(any|all)_value:/, '').replace(/_if_exists?$/, '')) ?? wrong(name);
    return [...elements(keys, name)].map(([key, values]) => {
      const texts = listOf(values).map(item => plainText(item) ?? wrong(key));
      if (texts.length === 0) wrong(key);
      if (!texts.every(text => isValueOf(operator, text))) wrong(key);
      return { operator, ifExists, key, values: texts };
    });
  });
}

function plainText(value: unknown): string | undefined {
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined;
}
