// What can be wrong with a call of the load balancer's management side.

import { errorRow, failer } from '../../core/errors.ts';

const { caller } = errorRow;

export const CLB_ERRORS = {
  'InvalidParameter.LBIdNotFound': caller(
    '负载均衡 {id} 不存在，请检查 LoadBalancerId 与地域。',
    'There is no load balancer {id} in this region; check LoadBalancerId and region.',
  ),
  'InvalidParameter.ListenerIdNotFound': caller(
    '负载均衡 {loadBalancerId} 下没有监听器 {id}。',
    'The load balancer {loadBalancerId} has no listener {id}.',
  ),
  'InvalidParameter.LocationNotFound': caller(
    '监听器 {listenerId} 下没有转发规则 {rule}。',
    'The listener {listenerId} has no rule {rule}.',
  ),
  'InvalidParameter.PortCheckFailed': caller('端口 {port} 不可用：{zh}。', 'The port {port} cannot be used: {en}.'),
  'InvalidParameter.ProtocolCheckFailed': caller(
    '监听器 {listenerId} 的协议为 {protocol}：{zh}。',
    'The listener {listenerId} speaks {protocol}: {en}.',
  ),
  'InvalidParameter.FormatError': caller('参数 {name} 格式错误：{zh}。', 'The parameter {name} is malformed: {en}.'),
  'InvalidParameterValue.Duplicate': caller(
    '参数 {name} 的值 {value} 重复，已被 {owner} 使用。',
    'The value {value} of {name} is taken already, by {owner}.',
  ),
  'InvalidParameterValue.Length': caller(
    '参数 {name} 的长度应在 {min} 与 {max} 之间。',
    '{name} must have between {min} and {max} characters or members.',
  ),
  'InvalidParameterValue.Range': caller(
    '参数 {name} 应为 {min} 与 {max} 之间的整数。',
    '{name} must be a whole number between {min} and {max}.',
  ),
  'InvalidParameterValue.InvalidFilter': caller(
    '过滤条件 {name} 不存在，可选 {options}。',
    'There is no filter {name}; use {options}.',
  ),
  InvalidParameterValue: caller('参数 {name} 取值错误：{zh}。', 'The value of {name} is wrong: {en}.'),
  UnsupportedOperation: caller('操作不支持：{zh}。', 'This is not supported: {en}.'),
  LimitExceeded: caller('数量超出限制：{zh}。', 'A limit is reached: {en}.'),
  ResourceInsufficient: caller('资源不足：{zh}。', 'There is not enough left: {en}.'),
  ResourceNotFound: caller('{zh}不存在。', 'There is no {en}.'),
  ResourceInUse: caller('资源正在使用：{zh}。', 'It is in use: {en}.'),
  FailedOperation: caller('操作失败：{zh}。', 'The operation failed: {en}.'),
} as const;

export const failClb = failer(CLB_ERRORS);
