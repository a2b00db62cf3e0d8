// Rows of the error table about layers.

import { type ErrorRow, errorRow } from '../core/errors.ts';

const { caller } = errorRow;

export const LAYER_ERRORS = {
  'FailedOperation.DeleteLayerVersion': caller(
    '层 {name} 的版本 {version} 当前状态为 {status}，请等待发布完成后再删除。',
    'Version {version} of the layer {name} is {status}; wait until that has finished, then delete it.',
  ),
  'InvalidParameterValue.CompatibleRuntimes': caller(
    'CompatibleRuntimes 取值错误：{zh}',
    'CompatibleRuntimes is wrong: {en}',
  ),
  'InvalidParameterValue.Content': caller('Content 取值错误：{zh}', 'Content is wrong: {en}'),
  'InvalidParameterValue.LayerName': caller(
    '层名称 {name} 不符合规则：1 至 64 个字符，以字母开头，以字母或数字结尾，只能包含字母、数字、- 和 _。',
    'The layer name {name} is not allowed: 1 to 64 letters, digits, - and _, a letter first, a letter or digit last.',
  ),
  'InvalidParameterValue.Layers': caller('Layers 取值错误：{zh}', 'Layers is wrong: {en}'),
  'InvalidParameterValue.LimitExceeded': caller(
    '{field} 有 {bytes} 字节，不得超过 {limit} 字节。',
    '{field} has {bytes} bytes; at most {limit} are allowed.',
  ),
  'LimitExceeded.LayerVersions': caller(
    '层 {name} 的版本已达上限 {limit} 个，请删除不用的版本或调大设置 quota.layerVersions。',
    'The layer {name} has {limit} versions, the most allowed; delete some or raise the setting quota.layerVersions.',
  ),
  'LimitExceeded.Layers': caller(
    '地域 {region} 中的层已达上限 {limit} 个，请删除不用的层或调大设置 quota.layers。',
    'The region {region} holds {limit} layers, the most allowed; delete some or raise the setting quota.layers.',
  ),
  'ResourceInUse.LayerVersion': caller(
    '层 {name} 的版本 {version} 正被函数 {function} 使用，请先解除绑定或删除该函数版本。',
    'Version {version} of the layer {name} is bound to the function {function}; unbind it or delete that version of the function first.',
  ),
  'ResourceNotFound.Layer': caller(
    '未找到指定的Layer，请检查后重试。{region} 地域没有层 {name}。',
    'There is no layer {name} in {region}; check its name and region (ListLayers shows them).',
  ),
  'ResourceNotFound.LayerVersion': caller(
    '未找到指定的LayerVersion，请检查后重试。层 {name} 没有版本 {version}。',
    'The layer {name} has no version {version}; check the number (ListLayerVersions shows them).',
  ),
} as const satisfies Record<string, ErrorRow>;
