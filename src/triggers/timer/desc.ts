// TriggerDesc of a timer: the bare expression, or {"cron":"…"}, which is also the form that is given back.

import { failDesc, failTrigger } from '../errors.ts';
import { normalCron } from './cron.ts';

export interface TimerDesc {
  /** As it was given. */
  readonly cron: string;
}

const NAME_CHARS = 60;
/** The trigger manual's limit for the event's Message. */
const ARGUMENT_BYTES = 4096;

export function parseTimer(text: string): TimerDesc {
  const cron = text.trimStart().startsWith('{') ? fromJson(text) : text;
  normalCron(cron);
  return Object.freeze({ cron });
}

export function formatTimer(desc: TimerDesc): string {
  return JSON.stringify({ cron: desc.cron });
}

function fromJson(text: string): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return failDesc(`不是合法的 JSON：${text}`, `this is not JSON: ${text}`);
  }
  const cron = (value as { readonly cron?: unknown }).cron;
  return typeof cron === 'string'
    ? cron
    : failDesc(
        '缺少字符串字段 cron，例如 {"cron":"0 */5 * * * * *"}',
        'the text field cron is missing, as in {"cron":"0 */5 * * * * *"}',
      );
}

export function checkTimerName(name: string): void {
  if (/^[A-Za-z][A-Za-z0-9_-]*$/.test(name) && name.length <= NAME_CHARS) return;
  failTrigger('InvalidParameterValue.TriggerName', {
    name,
    zh: `最多 ${NAME_CHARS} 个字符，以字母开头，只能包含字母、数字、- 和 _。`,
    en: `use at most ${NAME_CHARS} letters, digits, - and _, the first one a letter.`,
  });
}

export function checkArgument(text: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > ARGUMENT_BYTES) failTrigger('InvalidParameterValue.CustomArgument', { bytes, limit: ARGUMENT_BYTES });
}
