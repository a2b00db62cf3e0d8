// What can be wrong with a trigger, for every kind.

import { errorRow, failer } from '../core/errors.ts';

const { caller } = errorRow;

export const TRIGGER_ERRORS = {
  'InvalidParameterValue.TriggerName': caller(
    '触发器名称 {name} 不正确：{zh}',
    'The trigger name {name} is wrong: {en}',
  ),
  'InvalidParameterValue.TriggerDesc': caller('触发器描述 TriggerDesc 不正确：{zh}', 'TriggerDesc is wrong: {en}'),
  'InvalidParameterValue.CustomArgument': caller(
    '附加信息 CustomArgument 有 {bytes} 字节，不得超过 {limit} 字节。',
    'CustomArgument has {bytes} bytes; at most {limit} are allowed.',
  ),
  'ResourceInUse.Trigger': caller('触发器冲突：{zh}', 'The trigger is in conflict with another one: {en}'),
  UnsupportedOperation: caller('操作不支持：{zh}', 'This is not supported: {en}'),
};

export const failTrigger = failer(TRIGGER_ERRORS);

/** One sentence in both languages, for the rows above. */
export function failDesc(zh: string, en: string): never {
  return failTrigger('InvalidParameterValue.TriggerDesc', { zh, en });
}
