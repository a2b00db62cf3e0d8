// Conditions of policies: what has to be so of the request beside caller, action and resource.

import { BlockList, isIP } from 'node:net';
import { isLike } from './wildcard.ts';

export interface Condition {
  readonly operator: Operator;
  /** Without `_if_exist`, it is not met by a request that has no such value. */
  readonly ifExists: boolean;
  /** `qcs:ip`, `cos:prefix` … in lower case. */
  readonly key: string;
  readonly values: readonly string[];
}

/** By key in lower case; undefined: the request has none. A key that is not here is not understood. */
export type RequestValues = ReadonlyMap<string, string | undefined>;

/** Names behind `cos:` that conditions may ask for: parameters and headers of a request, or fields of a form. */
export const COS_KEYS: readonly string[] = Object.freeze([
  'prefix',
  'delimiter',
  'max-keys',
  'versionid',
  'response-content-type',
  'response-content-language',
  'response-cache-control',
  'response-content-disposition',
  'response-content-encoding',
  'response-expires',
  'x-cos-acl',
  'x-cos-storage-class',
  'x-cos-server-side-encryption',
  'content-type',
  'content-length',
  'referer',
  'user-agent',
]);

/** All keys that anybody here understands. */
export const CONDITION_KEYS: ReadonlySet<string> = new Set([
  'qcs:ip',
  'qcs:referer',
  'cos:secure-transport',
  'cos:tls-version',
  ...COS_KEYS.map(name => `cos:${name}`),
]);

type Test = (value: string, given: string) => boolean;

const equal: Test = (value, given) => value === given;
const equalIgnoringCase: Test = (value, given) => value.toLowerCase() === given.toLowerCase();
const like: Test = (value, given) => isLike(value, given, true);
const numbers =
  (test: (a: number, b: number) => boolean, read: (text: string) => number): Test =>
  (value, given) => {
    const [a, b] = [read(value), read(given)];
    return !Number.isNaN(a) && !Number.isNaN(b) && test(a, b);
  };

const ORDER = {
  equal: (a: number, b: number) => a === b,
  less_than: (a: number, b: number) => a < b,
  less_than_equal: (a: number, b: number) => a <= b,
  greater_than: (a: number, b: number) => a > b,
  greater_than_equal: (a: number, b: number) => a >= b,
};
type Order = keyof typeof ORDER;

const ordered = <Kind extends string>(kind: Kind, read: (text: string) => number) =>
  Object.fromEntries(Object.entries(ORDER).map(([name, test]) => [`${kind}_${name}`, numbers(test, read)])) as Readonly<
    Record<`${Kind}_${Order}`, Test>
  >;

const numberOf = (text: string) => (/^-?\d{1,15}(\.\d+)?$/.test(text) ? Number(text) : Number.NaN);

const TESTS = {
  string_equal: equal,
  string_equal_ignore_case: equalIgnoringCase,
  string_like: like,
  bool_equal: equalIgnoringCase,
  ip_equal: isInNet,
  ...ordered('numeric', numberOf),
  ...ordered('date', Date.parse),
};

/** The same turned round: none of the values may fit. */
const NEGATED = {
  string_not_equal: equal,
  string_not_equal_ignore_case: equalIgnoringCase,
  string_not_like: like,
  ip_not_equal: isInNet,
  numeric_not_equal: TESTS.numeric_equal,
  date_not_equal: TESTS.date_equal,
};

export type Operator = keyof typeof TESTS | keyof typeof NEGATED | 'null_equal';

export function operatorOf(name: string): Operator | undefined {
  const isOne = name === 'null_equal' || Object.hasOwn(TESTS, name) || Object.hasOwn(NEGATED, name);
  return isOne ? (name as Operator) : undefined;
}

/** Whether a policy may have this value there: one that nothing can be compared with would never refuse anything. */
export function isValueOf(operator: Operator, text: string): boolean {
  if (operator === 'null_equal' || operator === 'bool_equal') return /^(?:true|false)$/i.test(text);
  return isKind(operator, text, net => netOf(net) !== undefined);
}

function isKind(operator: Operator, text: string, isAddress: (text: string) => boolean): boolean {
  if (operator.startsWith('numeric_')) return !Number.isNaN(numberOf(text));
  if (operator.startsWith('date_')) return !Number.isNaN(Date.parse(text));
  return !operator.startsWith('ip_') || isAddress(text);
}

/**
 * What is not understood, or cannot be told for want of a value that could be compared, counts against the caller: such a condition
 * is met where its statement refuses and is not met where it allows.
 */
export function isMet(condition: Condition, values: RequestValues, effect: 'allow' | 'deny'): boolean {
  const { operator, key, values: given } = condition;
  if (!values.has(key)) return effect === 'deny';
  const value = values.get(key);
  if (operator === 'null_equal') return given.some(text => (text.toLowerCase() === 'true') === (value === undefined));
  const negated = isNegated(operator);
  if (value === undefined) return condition.ifExists || (negated && effect === 'deny');
  if (!isKind(operator, value, address => isIP(plainAddress(address)) !== 0)) return effect === 'deny';
  const test: Test = negated ? NEGATED[operator] : TESTS[operator];
  return given.some(text => test(value, text)) !== negated;
}

function isNegated(operator: keyof typeof TESTS | keyof typeof NEGATED): operator is keyof typeof NEGATED {
  return Object.hasOwn(NEGATED, operator);
}

function isInNet(value: string, given: string): boolean {
  const address = plainAddress(value);
  return netOf(given)?.check(address, familyOf(address)) === true;
}

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** IPv4 that comes by way of IPv6. */
const plainAddress = (address: string) => address.replace(/^::ffff:(?=\d+\.)/i, '');

/** Of `10.0.0.0/8` or of one address; undefined if it is neither. */
function netOf(text: string): BlockList | undefined {
  const [address = '', bits, ...rest] = text.split('/');
  const size = isIP(address) === 6 ? 128 : 32;
  if (isIP(address) === 0 || rest.length > 0) return undefined;
  if (bits !== undefined && (!/^\d{1,3}$/.test(bits) || Number(bits) > size)) return undefined;
  const net = new BlockList();
  net.addSubnet(address, bits === undefined ? size : Number(bits), familyOf(address));
  return net;
}
