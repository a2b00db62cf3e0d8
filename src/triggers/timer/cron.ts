// The timer's cron grammar: seven fields (second … year), or the older five (minute … week).
// What it accepts is decided here; croner only searches for the next instant.

import { Cron } from 'croner';
import { failDesc } from '../errors.ts';

interface Field {
  readonly zh: string;
  readonly en: string;
  readonly min: number;
  readonly max: number;
  /** Names stand for min, min + 1, … */
  readonly names?: readonly string[];
}

const SECOND: Field = { zh: '秒', en: 'second', min: 0, max: 59 };
const MINUTE: Field = { zh: '分钟', en: 'minute', min: 0, max: 59 };
const HOUR: Field = { zh: '小时', en: 'hour', min: 0, max: 23 };
const DAY: Field = { zh: '日', en: 'day of month', min: 1, max: 31 };
const MONTH: Field = {
  zh: '月',
  en: 'month',
  min: 1,
  max: 12,
  names: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'],
};
const WEEK: Field = {
  zh: '星期',
  en: 'day of week',
  min: 0,
  max: 6,
  names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'],
};
const YEAR: Field = { zh: '年', en: 'year', min: 1970, max: 2099 };

const FIVE: readonly Field[] = [MINUTE, HOUR, DAY, MONTH, WEEK];
const SEVEN: readonly Field[] = [SECOND, MINUTE, HOUR, DAY, MONTH, WEEK, YEAR];

const ITEM = /^(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/;

/** Beijing time in all regions; a fixed offset, so that no summer time of the past or the future moves a tick. */
export const BEIJING_OFFSET_MIN = 480;

export interface Schedule {
  /** The first instant that matches strictly after `afterMs`; undefined if there is none. Whole seconds, in ms since 1970. */
  next(afterMs: number): number | undefined;
}

/** Reads an expression, or fails with InvalidParameterValue.TriggerDesc. */
export function parseCron(text: string, utcOffsetMin: number = BEIJING_OFFSET_MIN): Schedule {
  const fields = normalCron(text);
  const search = new Cron(fields.join(' '), {
    mode: fields.length === 7 ? '7-part' : '5-part',
    utcOffset: utcOffsetMin,
    domAndDow: false,
    paused: true,
  });
  return { next: afterMs => search.nextRun(new Date(afterMs))?.getTime() };
}

/** Checks an expression and gives its fields as croner takes them. */
export function normalCron(text: string): string[] {
  // The documents print blanks around operators in places; no field may begin or end with one.
  const parts = text
    .trim()
    .replace(/\s*([-/,])\s*/g, '$1')
    .split(/\s+/);
  const grammar = parts.length === 7 ? SEVEN : parts.length === 5 ? FIVE : undefined;
  if (!grammar) {
    return failDesc(
      `Cron 表达式应为 7 段（秒 分钟 小时 日 月 星期 年）或 5 段（分钟 小时 日 月 星期），当前为 ${parts.length} 段：${text}`,
      `a cron expression has 7 fields (second minute hour day month week year) or 5 (minute hour day month week), not ${parts.length}: ${text}`,
    );
  }
  return grammar.map((field, i) => normalField(field, parts[i] ?? ''));
}

function normalField(field: Field, text: string): string {
  return text
    .split(',')
    .map(item => normalItem(field, item))
    .join(',');
}

function normalItem(field: Field, item: string): string {
  const [whole, star, lowText, highText, stepText] = ITEM.exec(item) ?? [];
  if (whole === undefined) return refuse(field, item);
  const low = star || lowText === undefined ? field.min : numberOf(field, lowText, item);
  // `x/n` runs from x to the end of the field.
  const high = highText !== undefined ? numberOf(field, highText, item) : star || stepText ? field.max : low;
  if (low > high) return refuse(field, item);
  if (stepText === undefined) return star ? '*' : low === high ? String(low) : `${low}-${high}`;
  const step = Number(stepText);
  if (step < 1 || step > field.max - field.min) return refuse(field, item);
  return star ? `*/${step}` : low === high ? String(low) : `${low}-${high}/${step}`;
}

function numberOf(field: Field, text: string, item: string): number {
  if (/^\d+$/.test(text)) {
    const value = Number(text);
    return value >= field.min && value <= field.max ? value : refuse(field, item);
  }
  const place = field.names?.indexOf(text.toUpperCase()) ?? -1;
  return place < 0 ? refuse(field, item) : field.min + place;
}

function refuse(field: Field, item: string): never {
  const named = field.names ? `${field.names[0]}–${field.names.at(-1)}` : '';
  return failDesc(
    `Cron 表达式的“${field.zh}”字段 ${item} 不正确，取值范围 ${field.min}–${field.max}${named && ` 或 ${named}`}，通配符仅支持 , - * /`,
    `${item} is not valid for the ${field.en} field of a cron expression: use ${field.min}–${field.max}${named && ` or ${named}`} with , - * / only`,
  );
}
