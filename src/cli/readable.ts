// Sizes, times and names as people read them.

import { STATUS, type Status } from '../core/status.ts';
import type { Say } from './io.ts';
import type { EventFunction, EventState, EventView } from './wire.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `0.4 ms`, `340 ms`, `1.5 s`, `2m 05s`, `6h 00m`, `3d 04h`. */
export function length(ms: number): string {
  if (ms < 9.95) return `${Number(ms.toFixed(1))} ms`;
  if (Math.round(ms) < SECOND_MS) return `${Math.round(ms)} ms`;
  // What would be rounded to 60 s is a minute.
  if (ms < MINUTE_MS - 50) return `${Number((ms / SECOND_MS).toFixed(1))} s`;
  const two = (unitMs: number, lowerMs: number, unit: string, lower: string) => {
    const whole = Math.max(ms, unitMs);
    const rest = Math.floor((whole % unitMs) / lowerMs);
    return `${Math.floor(whole / unitMs)}${unit} ${String(rest).padStart(2, '0')}${lower}`;
  };
  if (ms < HOUR_MS) return two(MINUTE_MS, SECOND_MS, 'm', 's');
  if (ms < DAY_MS) return two(HOUR_MS, MINUTE_MS, 'h', 'm');
  return two(DAY_MS, HOUR_MS, 'd', 'h');
}

/** How long ago; what lies ahead by a little is now. */
export function ago(ms: number, say: Say): string {
  const text = length(Math.max(0, Math.floor(ms / SECOND_MS) * SECOND_MS));
  if (ms < SECOND_MS) return say({ zh: '刚刚', en: 'now' });
  return say({ zh: `${text} 前`, en: `${text} ago` });
}

/** In units of 1024. */
export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KB', 'MB', 'GB'];
  let value = bytes / 1024;
  let at = 0;
  // What would be rounded to 1024 is one of the next unit.
  while (value >= 1023.95 && at < units.length - 1) {
    value /= 1024;
    at++;
  }
  return `${value.toFixed(1)} ${units[at]}`;
}

export const instant = (ms: number): string => new Date(ms).toISOString();

/** Only what is not the default is worth a word. */
export function functionName(one: EventFunction, region: string): string {
  const place = [one.region === region ? '' : one.region, one.namespace === 'default' ? '' : one.namespace]
    .filter(Boolean)
    .join('/');
  return place ? `${one.name} (${place})` : one.name;
}

export function statusText(status: number): string {
  const name = STATUS[status as Status]?.name;
  return name ? `${status} ${name}` : String(status);
}

const STATES: Readonly<Record<EventState, { readonly zh: string; readonly en: string }>> = {
  waiting: { zh: '等待中', en: 'waiting' },
  running: { zh: '运行中', en: 'running' },
  ok: { zh: '成功', en: 'ok' },
  failed: { zh: '失败', en: 'failed' },
  dead: { zh: '死信', en: 'dead' },
  dropped: { zh: '已丢弃', en: 'dropped' },
  aborted: { zh: '已终止', en: 'aborted' },
  unknown: { zh: '已结束（结果未记录）', en: 'over (its end was not recorded)' },
};

const WHY: Readonly<Record<string, string>> = {
  'retries used up': '重试次数已用尽',
  'too old': '超过最长等待时间',
  'not retried': '该错误不重试',
  'queue full': '队列已满',
};

export function whyText(why: string, say: Say): string {
  return say({ zh: WHY[why] ?? why, en: why });
}

/** `waiting, next attempt in 58 s`, `dead: retries used up`, `failed: 430 …`. */
export function stateText({ state, nextAt, tried, status, why }: EventView, nowMs: number, say: Say): string {
  const word = say(STATES[state]);
  if (state === 'waiting') {
    if (nextAt <= nowMs) return word;
    const left = length(nextAt - nowMs);
    return tried === 0
      ? say({ zh: `${word}，${left} 后开始`, en: `${word}, begins in ${left}` })
      : say({ zh: `${word}，${left} 后重试`, en: `${word}, next attempt in ${left}` });
  }
  const because =
    state === 'failed' ? statusText(status) : state === 'dead' || state === 'dropped' ? whyText(why, say) : '';
  return because ? `${word}${say({ zh: '：', en: ': ' })}${because}` : word;
}
