// Why a value of the concurrency settings is wrong, in both languages.

import { CloudError } from '../../core/errors.ts';
import type { Sentence } from '../needs.ts';

const say = (zh: string, en: string) => ({ zh, en }) satisfies Sentence;

export const because = {
  count: (value: number) => say(`${value}，请使用不小于 0 的整数。`, `it is ${value}; use an integer of at least 0.`),
  atLeast: (value: number, min: number) =>
    say(`${value}，请使用不小于 ${min} 的整数。`, `it is ${value}; use an integer of at least ${min}.`),
  share: (value: number) =>
    say(`${value}，请使用大于 0 且小于 1 的数。`, `it is ${value}; use a number above 0 and below 1.`),
  oneOf: (value: string, values: readonly string[]) =>
    say(`${value}，请使用 ${values.join('、')}。`, `it is ${value}; use ${values.join(' or ')}.`),
  zeroWithTracking: (value: number) =>
    say(
      `${value}，按利用率追踪时请使用 0，并用 MinCapacity 与 MaxCapacity 给出范围。`,
      `it is ${value}; with ConcurrencyUtilizationTracking use 0, and give the bounds in MinCapacity and MaxCapacity.`,
    ),
  scheduleWithTracking: say(
    '定时预置不能与 ConcurrencyUtilizationTracking 一起使用，请去掉 TriggerActions，或使用 ProvisionedType=Default。',
    'TriggerActions cannot go with ConcurrencyUtilizationTracking; leave them out, or use ProvisionedType=Default.',
  ),
  name: (value: string) =>
    say(
      `${value}，请使用 1 至 60 个字符，以字母开头，只能包含字母、数字、- 和 _。`,
      `it is "${value}"; use 1 to 60 letters, digits, - and _, a letter first.`,
    ),
  twice: (value: string) =>
    say(`${value} 出现了两次，请使用不同的名称。`, `"${value}" is there twice; give each a name of its own.`),
  sevenFields: (value: string) =>
    say(
      `“${value}”，请使用 7 段（秒 分钟 小时 日 月 星期 年），例如 0 0 6 * * * *。`,
      `it is "${value}"; use seven fields (second minute hour day month week year), such as 0 0 6 * * * *.`,
    ),
  cron: (error: unknown) =>
    error instanceof CloudError
      ? say(String(error.params.zh ?? error.text('zh')), String(error.params.en ?? error.text('en')))
      : say(String(error), String(error)),
};
