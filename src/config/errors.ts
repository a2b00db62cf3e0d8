// What can be wrong with a setting.

import { errorRow, failer } from '../core/errors.ts';

const { caller } = errorRow;

export const CONFIG_ERRORS = {
  'Config.Unknown': caller('没有名为 {name} 的设置（来自 {where}）。', 'There is no setting {name} (from {where}).'),
  'Config.UnknownNear': caller(
    '没有名为 {name} 的设置（来自 {where}）。是否想写 {near}？',
    'There is no setting {name} (from {where}). Did you mean {near}?',
  ),
  'Config.Number': caller(
    '{where}：{name} 应为 {min} 到 {max} 之间的整数，而不是 {value}。',
    '{where}: {name} must be a whole number from {min} to {max}, not {value}.',
  ),
  'Config.Switch': caller(
    '{where}：{name} 应为 on 或 off，而不是 {value}。',
    '{where}: {name} must be on or off, not {value}.',
  ),
  'Config.Choice': caller(
    '{where}：{name} 应为 {values} 之一，而不是 {value}。',
    '{where}: {name} must be one of {values}, not {value}.',
  ),
  'Config.Text': caller(
    '{where}：{name} 的取值 {value} 不可用，应形如 {like}。',
    '{where}: {name} cannot be {value}; it looks like {like}.',
  ),
  'Config.Keys': caller(
    'secretId 与 secretKey 须同时设置：缺少 {missing}。',
    'secretId and secretKey go together: {missing} is not set.',
  ),
  'Config.File': caller('无法读取设置文件 {path}：{reason}', 'The settings file {path} cannot be read: {reason}'),
} as const;

export const fail = failer(CONFIG_ERRORS);
