// Settings of a function's asynchronous calls: where given-up events go, and whether its calls are executed asynchronously.

import type { DeadLetterTarget, FunctionVersion } from '../core/function.ts';
import { fail } from './errors.ts';

/** As it came; all three empty: none. */
export interface DeadLetterInput {
  readonly type: string;
  readonly name: string;
  readonly filterType: string;
}

/** undefined keeps. */
export interface AsyncSettings {
  /** Chosen when a function is made; an update may only repeat it. */
  readonly asyncRun?: boolean | undefined;
  readonly traced?: boolean | undefined;
  readonly deadLetter?: DeadLetterInput | undefined;
}

/** The documented names and the older ones, in upper case. */
const TYPES: ReadonlyMap<string, DeadLetterTarget['type']> = new Map([
  ['CMQ-TOPIC', 'CMQ-TOPIC'],
  ['TOPIC', 'CMQ-TOPIC'],
  ['CMQ-QUEUE', 'CMQ-QUEUE'],
  ['QUEUE', 'CMQ-QUEUE'],
]);

/** API CreateCmqTopic, CreateCmqQueue: names. */
const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** No such topic or queue has to exist. */
export function deadLetterOf({ type, name, filterType }: DeadLetterInput): DeadLetterTarget | null {
  if (type === '' && name === '') return null;
  const normal = TYPES.get(type.toUpperCase());
  if (!normal)
    fail('InvalidParameterValue.DeadLetterConfig', {
      zh: `Type 为“${type}”，请使用 CMQ-TOPIC 或 CMQ-QUEUE；如需取消死信队列，请将 Type 与 Name 均留空。`,
      en: `Type is "${type}"; use CMQ-TOPIC or CMQ-QUEUE. Leave Type and Name empty to have no dead letter queue.`,
    });
  if (!NAME.test(name))
    fail('InvalidParameterValue.DeadLetterConfig', {
      zh: `Name 为“${name}”，应为主题或队列的名称：1 至 64 个字符，以字母开头，只能包含字母、数字、- 和 _。`,
      en: `Name is "${name}" and has to be that of a topic or queue: 1 to 64 letters, digits, - and _, a letter first.`,
    });
  return Object.freeze({ type: normal, name, filterType });
}

/** Web functions are called synchronously alone. */
export function checkAsyncType({ asyncRun, traced }: AsyncSettings, type: unknown): void {
  if (type !== 'HTTP' || !(asyncRun || traced)) return;
  fail('InvalidParameterValue', {
    name: asyncRun ? 'AsyncRunEnable' : 'TraceEnable',
    zh: 'Web 函数（Type=HTTP）只有同步调用，请去掉该字段或使用事件函数（Type=Event）。',
    en: 'web functions (Type=HTTP) are called synchronously alone; leave it out or use Type=Event.',
  });
}

/** Documented: asynchronous execution is chosen when a function is made. */
export function checkAsyncRun(latest: FunctionVersion, { asyncRun = latest.asyncRun }: AsyncSettings): void {
  if (asyncRun === latest.asyncRun) return;
  const now = latest.asyncRun ? 'TRUE' : 'FALSE';
  fail('InvalidParameterValue', {
    name: 'AsyncRunEnable',
    zh: `函数 ${latest.name} 创建时为 ${now}，创建后不能修改；请新建函数。`,
    en: `the function ${latest.name} was made with ${now}, which cannot be changed; make a new function.`,
  });
}
