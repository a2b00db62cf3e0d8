// Reading the loosely typed fields of a TriggerDesc.

import { failDesc } from './errors.ts';

export type Fields = Readonly<Record<string, unknown>>;

export function parseObject(given: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(given);
  } catch {
    return failDesc('不是合法的 JSON', 'this is not JSON');
  }
  return isFields(value) ? value : failDesc('应为 JSON 对象', 'it must be a JSON object');
}

/** A part that may be left out. */
export function objectOf(fields: Fields, name: string): Fields {
  const value = fields[name] ?? {};
  return isFields(value) ? value : failDesc(`${name} 应为 JSON 对象`, `${name} must be a JSON object`);
}

/** undefined if it is left out or empty. */
export function text(fields: Fields, name: string): string | undefined {
  const value = fields[name] ?? '';
  if (typeof value !== 'string') return failDesc(`${name} 应为字符串`, `${name} must be a text`);
  return value === '' ? undefined : value;
}

/** "TRUE" and "FALSE" in any case, as old clients send them, or a JSON boolean. */
export function flag(fields: Fields, name: string, otherwise: boolean): boolean {
  const value = fields[name] ?? otherwise;
  if (typeof value === 'boolean') return value;
  const upper = String(value).toUpperCase();
  if (upper === 'TRUE' || upper === 'FALSE') return upper === 'TRUE';
  return failDesc(`${name} 取值 TRUE 或 FALSE`, `${name} must be TRUE or FALSE`);
}

export function choice<T extends string>(fields: Fields, name: string, options: readonly T[], otherwise: T): T {
  const value = text(fields, name) ?? otherwise;
  const found = options.find(option => option.toLowerCase() === value.toLowerCase());
  const list = options.join(', ');
  return found ?? failDesc(`${name} 取值 ${list}，当前为 ${value}`, `${name} is ${value}, not one of ${list}`);
}

/** A list of texts; undefined if it is left out. */
export function texts(fields: Fields, name: string): readonly string[] | undefined {
  const value = fields[name] ?? undefined;
  if (value === undefined) return undefined;
  const isList = Array.isArray(value) && value.every(one => typeof one === 'string');
  return isList ? value : failDesc(`${name} 应为字符串数组`, `${name} must be a list of texts`);
}

/** A whole number, also as a text of digits; undefined if it is left out. */
export function whole(fields: Fields, name: string, min: number, max: number): number | undefined {
  const value = fields[name] ?? '';
  if (value === '') return undefined;
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  const fits = typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max;
  return fits
    ? number
    : failDesc(`${name} 应为 ${min} 至 ${max} 的整数`, `${name} must be a whole number from ${min} to ${max}`);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
