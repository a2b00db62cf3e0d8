// Names and settings: what the documents allow, and the code with which the rest is refused.

import type { AsyncPolicy, FunctionKey, FunctionVersion } from '../core/function.ts';
import {
  ASYNC_RUN_TIMEOUT_S,
  DESCRIPTION_CHARS,
  ENVIRONMENT_BYTES,
  INIT_TIMEOUT_S,
  MEMORY_MB,
  MSG_TTL_S,
  RETRY_NUM_MAX,
  TIMEOUT_S,
  WS_TIMEOUT_S,
} from '../core/limits.ts';
import { fail } from './errors.ts';

const FUNCTION_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,58}[A-Za-z0-9]$/;
const NAMESPACE = /^[A-Za-z]([A-Za-z0-9_-]{0,58}[A-Za-z0-9])?$/;
const ALIAS = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
const ENVIRONMENT_NAME = /^[a-zA-Z][a-zA-Z0-9_]*$/;
/** The documents print the third both ways. */
const RESERVED = /^(SCF_|QCLOUD_|TENCENTCLOUD_|TECENTCLOUD_)/;
const NAMESPACE_AND_NAME_CHARS = 118;
const PUBLISHED = /^[1-9][0-9]*$/;

export function keyOf({ region, namespace, name }: FunctionKey): FunctionKey {
  return { region, namespace, name };
}

export function checkFunctionName({ namespace, name }: FunctionKey): void {
  if (!FUNCTION_NAME.test(name) || namespace.length + name.length > NAMESPACE_AND_NAME_CHARS)
    fail('InvalidParameterValue.FunctionName', { name });
}

export function checkNamespace(namespace: string): void {
  if (!NAMESPACE.test(namespace)) fail('InvalidParameterValue.NamespaceInvalid', { namespace });
}

export function checkAliasName(alias: string): void {
  if (!ALIAS.test(alias)) fail('InvalidParameterValue.Name', { alias });
}

export function isPublished(version: string): boolean {
  return PUBLISHED.test(version);
}

export function checkDescription(description: string): void {
  const { length } = description;
  if (length > DESCRIPTION_CHARS) fail('InvalidParameterValue.Description', { length, limit: DESCRIPTION_CHARS });
}

export function checkMemory(value: number): void {
  const { min, max, step } = MEMORY_MB;
  if (value > max) fail('LimitExceeded.Memory', { value, max });
  const fits = value === min || (Number.isInteger(value) && value > 0 && value % step === 0);
  if (!fits) fail('InvalidParameterValue.MemorySize', { value, min, max, step });
}

export function checkTimeout(
  value: number,
  { asyncRun = false, protocol = '' }: Partial<Pick<FunctionVersion, 'asyncRun' | 'protocol'>> = {},
): void {
  const { min, max } = asyncRun ? ASYNC_RUN_TIMEOUT_S : protocol === 'WS' ? WS_TIMEOUT_S : TIMEOUT_S;
  if (!within(value, { min, max })) fail('LimitExceeded.Timeout', { value, min, max });
}

export function checkInitTimeout(value: number): void {
  const { min, max } = INIT_TIMEOUT_S;
  if (!within(value, INIT_TIMEOUT_S)) fail('LimitExceeded.InitTimeout', { value, min, max });
}

export function checkEnvironment(environment: Readonly<Record<string, string>>): void {
  let bytes = 0;
  for (const [name, value] of Object.entries(environment)) {
    if (!ENVIRONMENT_NAME.test(name)) fail('InvalidParameterValue.Environment', { name });
    if (RESERVED.test(name)) fail('InvalidParameterValue.EnvironmentSystemProtect', { name });
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  if (bytes > ENVIRONMENT_BYTES)
    fail('InvalidParameterValue.EnvironmentExceededLimit', { bytes, limit: ENVIRONMENT_BYTES });
}

export function checkAsyncPolicy({ retryNum, msgTtlS }: AsyncPolicy): void {
  if (!within(retryNum, { min: 0, max: RETRY_NUM_MAX }))
    fail('LimitExceeded.RetryNum', { value: retryNum, max: RETRY_NUM_MAX });
  if (!within(msgTtlS, MSG_TTL_S)) fail('LimitExceeded.MsgTTL', { value: msgTtlS, ...MSG_TTL_S });
}

function within(value: number, { min, max }: { readonly min: number; readonly max: number }): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}

interface HandlerForm {
  readonly runtimes: RegExp;
  /** Taken when a request names no handler. */
  readonly usual: string;
  readonly form: RegExp;
  readonly zh: string;
  readonly en: string;
}

/** Documented: file and method of 2 to 60 characters each, a letter first. Folders in front of the file are allowed too. */
const HANDLER_FORMS: readonly HandlerForm[] = [
  {
    runtimes: /^Java/,
    usual: 'example.Hello::mainHandler',
    form: /^[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*::[A-Za-z_$][\w$]*$/,
    zh: 'Java 函数请使用“包名.类名::方法名”，例如 example.Hello::mainHandler。',
    en: 'Java functions use package.Class::method, such as example.Hello::mainHandler.',
  },
  {
    runtimes: /^Go/,
    usual: 'main',
    form: /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,59}$/,
    zh: 'Go 函数请使用代码包根目录下二进制文件的名称，例如 main。',
    en: 'Go functions use the name of the binary at the root of the package, such as main.',
  },
  {
    runtimes: /^Custom/,
    usual: '',
    form: /^.{0,120}$/s,
    zh: '不得超过 120 个字符。',
    en: 'at most 120 characters are allowed.',
  },
  {
    runtimes: /^/,
    usual: 'index.main_handler',
    form: /^([\w@-][\w@.-]*\/)*[A-Za-z][\w-]{1,59}\.[A-Za-z][\w-]{1,59}$/,
    zh: '请使用“文件名.方法名”，两部分各 2 至 60 个字符，以字母开头，例如 index.main_handler。',
    en: 'use file.method, 2 to 60 characters each, a letter first, such as index.main_handler.',
  },
];

function handlerForm(runtime: string): HandlerForm {
  const form = HANDLER_FORMS.find(({ runtimes }) => runtimes.test(runtime));
  if (!form) throw new Error(`no handler form for ${runtime}`);
  return form;
}

/** A web function is what its start file starts. */
export const WEB_START_FILE = 'scf_bootstrap';

const WEB_FORM: Omit<HandlerForm, 'runtimes'> = {
  usual: WEB_START_FILE,
  form: /^.{0,120}$/s,
  zh: '不得超过 120 个字符。',
  en: 'at most 120 characters are allowed.',
};

/** The handler to keep: as given, or the runtime's usual one. */
export function handlerOf(
  runtime: string,
  handler: string | undefined,
  type: FunctionVersion['type'] = 'Event',
): string {
  const { usual, form, zh, en } = type === 'HTTP' ? WEB_FORM : handlerForm(runtime);
  if (handler === undefined || handler === '') return usual;
  if (!form.test(handler)) fail('InvalidParameterValue.Handler', { handler, zh, en });
  return handler;
}
