// What the verbs work with, and how they name things.

import type { Clock } from '../../../core/clock.ts';
import type { Ids } from '../../../core/ids.ts';
import type { Rows, Store } from '../../../core/ports.ts';
import { failGateway } from '../errors.ts';
import { ENVIRONMENTS, type Environment, type Scoped } from '../model.ts';
import type { LiveObjects } from '../objects.ts';

/** One transaction. */
export interface Scope {
  readonly rows: Rows;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** What verbs on objects share. */
export interface Room {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly objects: LiveObjects;
}

export interface ServiceRef {
  readonly region: string;
  readonly serviceId: string;
}

export interface ApiRef extends ServiceRef {
  readonly apiId: string;
}

export function environmentOf(text: string): Environment {
  const found = ENVIRONMENTS.find(environment => environment === text);
  return found ?? failOption('EnvironmentName', text, ENVIRONMENTS);
}

export function failOption(name: string, value: string, options: readonly string[]): never {
  return failGateway('InvalidParameterValue.NotInOptions', { name, value, options: options.join(', ') });
}

export function oneOf<T extends string>(name: string, value: string, options: readonly T[]): T {
  return options.find(option => option === value) ?? failOption(name, value, options);
}

/** Documented in characters. */
export function checkLength(name: string, value: string, limit: number): void {
  if ([...value].length > limit) failGateway('InvalidParameterValue.LengthExceeded', { name, limit });
}

export function checkRange(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  failGateway('InvalidParameterValue.RangeExceeded', { name, min, max });
}

export function sameScope(a: Scoped, b: Scoped): boolean {
  return a.serviceId === b.serviceId && a.environment === b.environment && a.apiId === b.apiId;
}
