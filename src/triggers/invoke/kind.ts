// API Invoke: a row for help, statistics and samples. Nothing is created for it: every function can be invoked.

import type { TriggerKind } from '../../core/trigger.ts';
import { failTrigger } from '../errors.ts';

function refuse(): never {
  return failTrigger('UnsupportedOperation', {
    zh: '云 API 触发无需创建触发器，请直接调用 Invoke 接口。',
    en: 'API Invoke needs no trigger; call the Invoke action.',
  });
}

export const invokeKind: TriggerKind<never> = Object.freeze<TriggerKind<never>>({
  type: 'invoke',
  mode: 'sync',
  attribute: 'single',
  title: { zh: '云 API 触发', en: 'API Invoke: by the Cloud API' },
  serves: ['Event'],
  checkName: refuse,
  parse: refuse,
  format: refuse,
  summary: refuse,
  listen: refuse,
  sample: () => ({ key: 'value' }),
});
