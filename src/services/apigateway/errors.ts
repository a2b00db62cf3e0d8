// What can be wrong with a call of the gateway's management side.

import { errorRow, failer } from '../../core/errors.ts';

const { caller } = errorRow;

export const GATEWAY_ERRORS = {
  'ResourceNotFound.InvalidService': caller(
    'API 网关服务 {serviceId} 不存在，请检查服务 ID 与地域。',
    'There is no API Gateway service {serviceId} in this region.',
  ),
  'ResourceNotFound.InvalidApi': caller(
    '服务 {serviceId} 下没有 API {apiId}。',
    'The service {serviceId} has no API {apiId}.',
  ),
  'InvalidParameterValue.InvalidMethod': caller(
    '请求方法 {method} 不正确，取值 {options}。',
    'The method {method} is not one of {options}.',
  ),
  'InvalidParameterValue.InvalidApiRequestConfig': caller(
    'API 路径 {path} 不正确：{zh}。',
    'The API path {path} is wrong: {en}.',
  ),
  'InvalidParameterValue.LengthExceeded': caller(
    '{name} 最多 {limit} 个字符。',
    '{name} may have at most {limit} characters.',
  ),
  'InvalidParameterValue.RangeExceeded': caller(
    '{name} 应在 {min} 与 {max} 之间。',
    '{name} must be between {min} and {max}.',
  ),
  'InvalidParameterValue.NotInOptions': caller(
    '{name} 的取值 {value} 不正确，可选 {options}。',
    '{value} is not a value of {name}: use {options}.',
  ),
  'LimitExceeded.ApiCountLimitExceeded': caller(
    '一个服务最多 {limit} 个 API。',
    'A service may have at most {limit} APIs.',
  ),
  'LimitExceeded.ServiceCountLimitExceeded': caller(
    '一个地域最多 {limit} 个 API 网关服务。',
    'A region may have at most {limit} API Gateway services.',
  ),
  'FailedOperation.ApiError': caller(
    '服务 {serviceId} 下已有 {method} {path}（{apiId}），同一服务内路径与方法不可重复。',
    'The service {serviceId} has {method} {path} already ({apiId}); path and method are unique in a service.',
  ),
  'UnsupportedOperation.UnsupportedDeleteService': caller(
    '服务 {serviceId} 仍有 API、已发布的环境、使用计划或自定义域名，请先删除、下线或解绑。',
    'The service {serviceId} still has APIs, a released environment, usage plans or domains of its own; delete, take off or unbind them first.',
  ),
  'UnsupportedOperation.ReduceNetTypes': caller(
    '服务的网络类型只能增加，不能去掉 {type}。',
    'Network types of a service can only be added; {type} cannot be taken away.',
  ),
  'UnsupportedOperation.ModifyProtocol': caller(
    'API 的前端协议（Protocol）不可修改，请新建 API。',
    'The protocol of an API cannot be changed; create another API.',
  ),
  'UnsupportedOperation.ResourceAssociated': caller(
    '{what} 正被 {by} 使用，请先解除关联。',
    '{what} is used by {by}; end that first.',
  ),
  'FailedOperation.ApiBindEnvironment': caller(
    'API {apiId} 已绑定使用计划 {planId}，请先解绑（UnBindEnvironment）。',
    'The API {apiId} is bound to the usage plan {planId}; unbind it first (UnBindEnvironment).',
  ),
  'ResourceNotFound.InvalidOauthApi': caller(
    '服务 {serviceId} 下没有授权 API {apiId}，请检查 AuthRelationApiId。',
    'The service {serviceId} has no authorisation API {apiId}; check AuthRelationApiId.',
  ),
  'InvalidParameterValue.InvalidVersion': caller(
    '服务 {serviceId} 没有发布版本 {version}，请用 DescribeServiceReleaseVersion 查询。',
    'The service {serviceId} has no released version {version}; see DescribeServiceReleaseVersion.',
  ),
};

export const failGateway = failer(GATEWAY_ERRORS);
