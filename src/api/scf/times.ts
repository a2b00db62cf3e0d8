// Reading times of the API, and those with thousandths.

import { fail } from '../../control/errors.ts';
import { CHINA_OFFSET_MS, wireTime } from '../times.ts';

const FORM = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})$/;

/** undefined for anything that is no such time, the 30th of February included. */
export function parseWireTime(text: string): number | undefined {
  const parts = FORM.exec(text);
  if (!parts) return undefined;
  const ms = Date.parse(`${parts[1]}T${parts[2]}Z`) - CHINA_OFFSET_MS;
  return Number.isNaN(ms) || wireTime(ms) !== text ? undefined : ms;
}

/** The same with thousandths, as events of asynchronous executions have them. */
export function wireInstant(ms: number): string {
  return new Date(ms + CHINA_OFFSET_MS).toISOString().slice(0, 23).replace('T', ' ');
}

const THOUSANDTHS = /^(.{19})(?:\.(\d{3}))?$/;

/** Takes both forms. */
export function parseWireInstant(text: string): number | undefined {
  const [, whole = '', thousandths = '0'] = THOUSANDTHS.exec(text) ?? [];
  const ms = parseWireTime(whole);
  return ms === undefined ? undefined : ms + Number(thousandths);
}

/** The instant in a request's field. */
export function timeOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const ms = parseWireTime(text);
  if (ms !== undefined) return ms;
  return fail('InvalidParameterValue.DateTime', {
    zh: `${name} 应为北京时间 YYYY-MM-DD HH:mm:ss。`,
    en: `${name} has to be YYYY-MM-DD HH:mm:ss in UTC+8.`,
  });
}
