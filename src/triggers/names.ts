// Names of triggers whose kind has no rule of its own.

import { failTrigger } from './errors.ts';

const CHARS = 60;

/** The general one for names. */
export function checkPlainName(name: string): void {
  if (/^[A-Za-z0-9_-]+$/.test(name) && name.length <= CHARS) return;
  failTrigger('InvalidParameterValue.TriggerName', {
    name,
    zh: `最多 ${CHARS} 个字符，只能包含字母、数字、- 和 _。`,
    en: `use at most ${CHARS} letters, digits, - and _.`,
  });
}
