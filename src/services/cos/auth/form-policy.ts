// The policy of a form: until when it may be sent, and with what in its fields.

import { fail } from '../errors.ts';

export interface ByteSpan {
  readonly min: number;
  readonly max: number;
}

export interface Condition {
  readonly match: 'eq' | 'starts-with';
  /** Lower case, without the `$`. */
  readonly field: string;
  readonly value: string;
}

export interface FormPolicy {
  /** ms since 1970. */
  readonly expiresAt: number;
  readonly conditions: readonly Condition[];
  /** All of `content-length-range` at once. */
  readonly bytes: ByteSpan | undefined;
}

/** Of these a policy has to speak, as it would fit any key otherwise. */
const SIGNED_FIELDS = ['q-sign-algorithm', 'q-ak', 'q-sign-time'] as const;

export function parsePolicy(text: string): FormPolicy {
  const document = parseJson(text);
  if (!isObject(document)) return bad('a policy is an object');
  const { expiration, conditions } = document;
  const expiresAt = typeof expiration === 'string' ? Date.parse(expiration) : Number.NaN;
  if (Number.isNaN(expiresAt)) bad('expiration');
  if (!Array.isArray(conditions)) return bad('conditions');
  const spans: ByteSpan[] = [];
  const parsed = (conditions as readonly unknown[]).flatMap((condition, at) => {
    if (Array.isArray(condition) && condition[0] === 'content-length-range') {
      spans.push(spanOf(condition));
      return [];
    }
    return conditionsOf(condition, `conditions[${at}]`);
  });
  for (const field of SIGNED_FIELDS) if (!parsed.some(condition => condition.field === field)) bad(field);
  const bytes =
    spans.length === 0
      ? undefined
      : { min: Math.max(...spans.map(span => span.min)), max: Math.min(...spans.map(span => span.max)) };
  return { expiresAt, conditions: parsed, bytes };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return fail('MalformedPolicy', { reason: 'JSON' }, error);
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isPlain = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value);

const bad = (reason: string): never => fail('InvalidPolicyDocument', { reason });
const unmet = (reason: string): never => fail('PolicyUnmet', { reason });

function spanOf([, min, max]: readonly unknown[]): ByteSpan {
  const [from, to] = [Number(min), Number(max)];
  return Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 0
    ? { min: from, max: to }
    : bad('content-length-range');
}

/** `name`: for errors; the condition itself may be deeper than can be written. */
function conditionsOf(condition: unknown, name: string): readonly Condition[] {
  if (isObject(condition)) {
    const pairs = Object.entries(condition);
    if (pairs.length === 0) return bad('{}');
    return pairs.map(([field, value]) => (isPlain(value) ? equal(field, value) : bad(field)));
  }
  if (!Array.isArray(condition) || condition.length !== 3) return bad(name);
  const [match, field, value] = condition as readonly unknown[];
  if (typeof field !== 'string' || !field.startsWith('$') || !isPlain(value)) return bad(name);
  if (match === 'eq') return [equal(field.slice(1), value)];
  if (match === 'starts-with') return [{ ...equal(field.slice(1), value), match }];
  return bad(name);
}

const equal = (field: string, value: string | number | boolean): Condition => ({
  match: 'eq',
  field: field.toLowerCase(),
  value: String(value),
});

export interface Filled {
  /** By names in lower case. */
  readonly fields: ReadonlyMap<string, string>;
  /** With its file's name. */
  readonly key: string;
  readonly bucket: string;
  readonly keyTime: string;
}

/** A field that a condition speaks of has to be there, but for the bucket, which the address names. */
export function meets({ conditions }: FormPolicy, filled: Filled): void {
  for (const { field, match, value } of conditions) {
    const found = fieldOf(field, filled);
    const isMet = match === 'eq' ? found === value : found?.startsWith(value);
    // A key may also be given as it was written, with the place for the file's name.
    if (!isMet && !(field === 'key' && match === 'eq' && filled.fields.get(field) === value)) unmet(field);
  }
}

function fieldOf(field: string, { fields, key, bucket, keyTime }: Filled): string | undefined {
  if (field === 'bucket') return bucket;
  const value = fields.get(field);
  if (field === 'q-sign-time') return value ?? keyTime;
  return field === 'key' && value !== undefined ? key : value;
}
