// Request schemas that several actions share.

import { z } from 'zod';
import { fail } from '../../core/errors.ts';
import type { ListenerRef, RuleRef } from '../../services/clb/contract.ts';
import { failCall } from './errors.ts';

export const text = z.string();
export const int = z.number().int();
export const flag = z.boolean();

export const BALANCER = { LoadBalancerId: text };
export const LISTENER = { ...BALANCER, ListenerId: text };
export const Listener = z.object(LISTENER);
/** A rule goes by its id or by domain and path; a listener of TCP has none. */
export const PLACE = { ...LISTENER, LocationId: text.optional(), Domain: text.optional(), Url: text.optional() };
const Place = z.object(PLACE);

export function listenerRef({ LoadBalancerId, ListenerId }: z.output<typeof Listener>, region: string): ListenerRef {
  return { region, loadBalancerId: LoadBalancerId, listenerId: ListenerId };
}

/** Clients send '' for what they leave out. */
export function ruleRef(request: z.output<typeof Place>, region: string): RuleRef {
  const { LocationId, Domain, Url } = request;
  const ref = listenerRef(request, region);
  if (LocationId) return { ...ref, locationId: LocationId };
  return { ...ref, ...(Domain && { domain: Domain }), ...(Url && { url: Url }) };
}

export const Tags = z.array(z.object({ TagKey: text, TagValue: text })).optional();

export const Filters = z.array(z.object({ Name: text, Values: z.array(text) })).optional();

const FILTERS = 10;
const FILTER_VALUES = 100;

type Test<T> = (one: T, values: readonly string[]) => boolean;

/** All filters hold; of a filter's values one. A name such as `tag:*` stands for every name that begins so. */
export function filterOf<T>(
  filters: z.output<typeof Filters> = [],
  tests: Readonly<Record<string, (one: T, values: readonly string[], name: string) => boolean>>,
): (one: T) => boolean {
  if (filters.length > FILTERS) failCall('InvalidParameterValue.Length', { name: 'Filters', min: 0, max: FILTERS });
  const wanted = filters.map(({ Name, Values }) => {
    if (Values.length > FILTER_VALUES) {
      failCall('InvalidParameterValue.Length', { name: `Filters ${Name}`, min: 1, max: FILTER_VALUES });
    }
    const kind = Name.startsWith('tag:') ? 'tag:*' : Name;
    const test = Object.hasOwn(tests, kind) ? tests[kind] : undefined;
    if (!test) {
      return failCall('InvalidParameterValue.InvalidFilter', { name: Name, options: Object.keys(tests).join(', ') });
    }
    const name = Name.slice('tag:'.length);
    const check: Test<T> = (one, values) => test(one, values, name);
    return { check, values: Values };
  });
  return one => wanted.every(({ check, values }) => check(one, values));
}

/** Equal to one of the values. */
export const isOneOf =
  <T>(read: (one: T) => string | readonly string[]) =>
  (one: T, values: readonly string[]): boolean => {
    const own = read(one);
    return typeof own === 'string' ? values.includes(own) : own.some(text => values.includes(text));
  };

const LIMIT = { default: 20, max: 100 };

export const PAGE = { Offset: int.min(0).optional(), Limit: int.min(1).max(LIMIT.max).optional() };

export function cut<T>(
  all: readonly T[],
  { Offset = 0, Limit = LIMIT.default }: z.output<z.ZodObject<typeof PAGE>>,
): T[] {
  return all.slice(Offset, Offset + Limit);
}

/** The wire's 0 and 1. */
export const Switch = int.min(0).max(1);

/** At least one, at most so many. */
export function checkList(name: string, list: readonly unknown[], max: number): void {
  if (list.length === 0) fail('MissingParameter', { name });
  if (list.length > max) failCall('InvalidParameterValue.Length', { name, min: 1, max });
}

/** Without what was left out: an undefined member would take the place of what is there. */
export function present<T extends object>(fields: { readonly [K in keyof T]: T[K] | undefined }): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}
