// Pages of a list that is in memory.

import { fail } from './errors.ts';

/** A list's page: `order` in any case; what is left out takes the documented default. Bad values are refused here. */
export interface Paging {
  readonly offset?: number | undefined;
  readonly limit?: number | undefined;
  readonly order?: string | undefined;
  readonly orderBy?: string | undefined;
}

export interface Listed<T> {
  /** Matches before paging. */
  readonly total: number;
  readonly rows: readonly T[];
}

export interface Filter {
  readonly name: string;
  readonly values: readonly string[];
}

const LIMIT = 20;
const FILTERS = 10;
/** The documents say 5 in one place and 20 in another. */
const FILTER_VALUES = 20;

export interface Orders<T> {
  /** Value to sort by, by the API's name of the order. */
  readonly by: Readonly<Record<string, (row: T) => string | number>>;
  readonly usual: string;
  readonly descending: boolean;
  /** The API spells the field both ways, and so its errors. */
  readonly code: 'InvalidParameterValue.OrderBy' | 'InvalidParameterValue.Orderby';
  /** Breaks ties, so that pages are stable. */
  readonly tie: (row: T) => string;
}

export function offsetOf(paging: Paging): number {
  const value = paging.offset ?? 0;
  if (!Number.isInteger(value) || value < 0) fail('InvalidParameterValue.Offset', { value });
  return value;
}

export function limitOf(paging: Paging, max = Number.POSITIVE_INFINITY): number {
  const value = paging.limit ?? LIMIT;
  if (!Number.isInteger(value) || value < 0 || value > max) refuseLimit(value, max);
  return value;
}

/** `max`: what the list allows; Infinity where the documents name no bound. */
export function refuseLimit(value: string | number, max = Number.POSITIVE_INFINITY): never {
  const range =
    max === Number.POSITIVE_INFINITY
      ? { zh: '不小于 0 ', en: 'of at least 0' }
      : { zh: ` 0 至 ${max} `, en: `from 0 to ${max}` };
  return fail('InvalidParameterValue.Limit', { value, ...range });
}

export function isDescending(order: string | undefined, usual: boolean): boolean {
  if (order === undefined || order === '') return usual;
  const upper = order.toUpperCase();
  if (upper !== 'ASC' && upper !== 'DESC') fail('InvalidParameterValue.Order', { value: order });
  return upper === 'DESC';
}

/** Sorts and cuts; refuses bad values with the documented codes. */
export function pageOf<T>(rows: readonly T[], paging: Paging, orders: Orders<T>): Listed<T> {
  const offset = offsetOf(paging);
  const limit = limitOf(paging);
  const by = orders.by[paging.orderBy || orders.usual];
  if (!by || (paging.orderBy && !Object.hasOwn(orders.by, paging.orderBy)))
    fail(orders.code, { value: paging.orderBy ?? '', allowed: Object.keys(orders.by).join(', ') });
  const sign = isDescending(paging.order, orders.descending) ? -1 : 1;
  const sorted = rows.toSorted((a, b) => sign * compare(by(a), by(b)) || compare(orders.tie(a), orders.tie(b)));
  return { total: rows.length, rows: sorted.slice(offset, offset + limit) };
}

export function compare<T extends string | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Filters after their documented limits; a filter whose values are all '' asks for nothing. */
export function checkedFilters(
  filters: readonly Filter[] | undefined,
  known: (name: string) => boolean,
): readonly Filter[] {
  const list = filters ?? [];
  if (list.length > FILTERS)
    fail('InvalidParameterValue.Filters', {
      zh: `最多 ${FILTERS} 个过滤条件。`,
      en: `at most ${FILTERS} filters are allowed.`,
    });
  for (const { name, values } of list) {
    if (!known(name))
      fail('InvalidParameterValue.Filters', { zh: `不支持过滤条件 ${name}。`, en: `there is no filter ${name}.` });
    if (values.length > FILTER_VALUES)
      fail('InvalidParameterValue.Filters', {
        zh: `过滤条件 ${name} 最多 ${FILTER_VALUES} 个值。`,
        en: `the filter ${name} may have ${FILTER_VALUES} values at most.`,
      });
  }
  return list
    .map(({ name, values }) => ({ name, values: values.filter(value => value !== '') }))
    .filter(({ values }) => values.length > 0);
}
