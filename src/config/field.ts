// The four shapes a setting can have. Flags and the environment bring text, the file brings typed values:
// each shape takes both.

import { z } from 'zod';

export interface Doc {
  readonly zh: string;
  readonly en: string;
  /** Masked when settings are shown. */
  readonly secret?: boolean;
}

export type Shape =
  | { readonly kind: 'number'; readonly min: number; readonly max: number }
  | { readonly kind: 'switch' }
  | { readonly kind: 'choice'; readonly values: readonly string[] }
  | { readonly kind: 'text'; readonly like: string };

/** What is known of a setting besides its type. */
export const fields = z.registry<Doc & { readonly shape: Shape }>();

const WHOLE = /^[+-]?\d+$/;
const ON = new Set(['on', 'true', 'yes', '1']);
const OFF = new Set(['off', 'false', 'no', '0']);

function toNumber(value: unknown): unknown {
  return typeof value === 'string' && WHOLE.test(value.trim()) ? Number(value) : value;
}

function toSwitch(value: unknown): unknown {
  const text = String(value).trim().toLowerCase();
  if (ON.has(text)) return true;
  return OFF.has(text) ? false : value;
}

/** In a file `on` and `off` may be read as booleans, and an id of digits as a number. */
function toText(value: unknown): unknown {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  return value;
}

function toChoice(value: unknown): unknown {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return toText(value);
}

export function whole(min: number, max: number, doc: Doc) {
  return z
    .preprocess(toNumber, z.int().min(min).max(max))
    .register(fields, { ...doc, shape: { kind: 'number', min, max } });
}

export function onOff(doc: Doc) {
  return z.preprocess(toSwitch, z.boolean()).register(fields, { ...doc, shape: { kind: 'switch' } });
}

export function oneOf<const T extends readonly [string, ...string[]]>(values: T, doc: Doc) {
  return z.preprocess(toChoice, z.enum(values)).register(fields, { ...doc, shape: { kind: 'choice', values } });
}

export function text(pattern: RegExp, like: string, doc: Doc) {
  return z.preprocess(toText, z.string().regex(pattern)).register(fields, { ...doc, shape: { kind: 'text', like } });
}
