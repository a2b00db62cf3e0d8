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
  MissingParameter: caller('缺少参数 {name}。', 'The parameter {name} is missing.'),
  'ResourceNotFound.InvalidAccessKeyId': caller('密钥 {id} 不存在。', 'There is no key {id}.'),
  'ResourceNotFound.InvalidUsagePlan': caller('使用计划 {id} 不存在。', 'There is no usage plan {id}.'),
  'ResourceNotFound.InvalidApiApp': caller('应用 {id} 不存在。', 'There is no application {id}.'),
  'ResourceNotFound.InvalidIPStrategy': caller('IP 策略 {id} 不存在。', 'There is no IP strategy {id}.'),
  'ResourceNotFound.InvalidPlugin': caller('插件 {id} 不存在。', 'There is no plugin {id}.'),
  'InvalidParameter.FormatError': caller('{name} 的格式不正确，应符合 {form}。', '{name} must look like {form}.'),
  'InvalidParameterValue.InvalidIPAddress': caller(
    '{address} 不是 IP 地址或网段（如 10.0.0.0/8）。',
    '{address} is neither an IP address nor a block such as 10.0.0.0/8.',
  ),
  'InvalidParameterValue.InvalidPluginData': caller('插件定义 PluginData 不正确：{zh}。', 'PluginData is wrong: {en}.'),
  'LimitExceeded.ApiKeyCountLimitExceeded': caller(
    '一个地域最多 {limit} 个密钥。',
    'A region may have at most {limit} keys.',
  ),
  'LimitExceeded.ApiKeyLimitExceeded': caller(
    '一个使用计划最多绑定 {limit} 个密钥。',
    'A usage plan may have at most {limit} keys.',
  ),
  'LimitExceeded.UsagePlanLimitExceeded': caller('{zh}。', 'There are too many: {en}.'),
  'LimitExceeded.ExceededDomainLimit': caller(
    '一个服务最多绑定 {limit} 个自定义域名。',
    'A service may have at most {limit} domains of its own.',
  ),
  'LimitExceeded.ExceededDefineMappingLimit': caller(
    '一个域名最多 {limit} 条路径映射。',
    'A domain may have at most {limit} path mappings.',
  ),
  'FailedOperation.ScfError': caller('云函数触发器操作失败：{zh}', 'The trigger of the function failed: {en}'),
  'InvalidParameterValue.InvalidScfConfig': caller('云函数配置不正确：{zh}。', 'The function is not right: {en}.'),
  'FailedOperation.AccessKeyExist': caller(
    '密钥 {id} 已存在，请换一个 ID。',
    'The key {id} exists already; use another id.',
  ),
  'FailedOperation.SubDomainFormatError': caller(
    '域名 {host} 的格式不正确，应形如 api.example.com 或 *.example.com。',
    '{host} is not a domain such as api.example.com or *.example.com.',
  ),
  'FailedOperation.DomainInBlackList': caller(
    '域名 {host} 由本服务保留，请使用自己的域名。',
    '{host} is a name that this server keeps for itself; use a domain of your own.',
  ),
  'FailedOperation.DomainAlreadyBindService': caller(
    '域名 {host} 已绑定服务 {serviceId}，请用 ModifySubDomain 修改。',
    '{host} is bound to {serviceId} already; change it with ModifySubDomain.',
  ),
  'FailedOperation.DomainAlreadyBindOtherService': caller(
    '域名 {host} 已绑定其他服务 {serviceId}，请先解绑。',
    '{host} is bound to another service, {serviceId}; unbind it there first.',
  ),
  'FailedOperation.DomainNotBindService': caller(
    '域名 {host} 未绑定服务 {serviceId}。',
    '{host} is not bound to {serviceId}.',
  ),
  'FailedOperation.NetSubDomainError': caller(
    '{defaultDomain} 不是服务 {serviceId} 的默认域名，请使用 DescribeService 返回的 OuterSubDomain。',
    '{defaultDomain} is not the default domain of {serviceId}; use OuterSubDomain of DescribeService.',
  ),
  'FailedOperation.PathMappingSetError': caller('路径映射不正确：{zh}。', 'The path mappings are wrong: {en}.'),
  'FailedOperation.CertificateIdError': caller(
    '证书 {certificateId} 不存在，请先上传（ssl:UploadCertificate）。',
    'There is no certificate {certificateId}; upload it first (ssl:UploadCertificate).',
  ),
  'FailedOperation.CertificateIdExpired': caller(
    '证书 {certificateId} 已过期。',
    'The certificate {certificateId} has run out.',
  ),
  'FailedOperation.CertificateIdBindError': caller(
    '证书 {certificateId}（{names}）不适用于域名 {host}。',
    'The certificate {certificateId} ({names}) does not vouch for {host}.',
  ),
  'UnsupportedOperation.ForceHttps': caller(
    '域名 {host} 的协议为 {protocol}，强制 HTTPS 需要 https 或 http&https。',
    '{host} has the protocol {protocol}; forced HTTPS takes https or http&https.',
  ),
  'UnsupportedOperation.InvalidStatus': caller(
    '密钥 {id} 仍处于启用状态，请先停用（DisableApiKey）再删除。',
    'The key {id} is still enabled; disable it (DisableApiKey) before it is deleted.',
  ),
  'UnsupportedOperation.UnsupportedBindApiKey': caller(
    '密钥 {id} 已停用，请先启用（EnableApiKey）。',
    'The key {id} is disabled; enable it (EnableApiKey) first.',
  ),
  'UnsupportedOperation.AlreadyBindUsagePlan': caller(
    '使用计划 {id} 已绑定 {to}。',
    'The usage plan {id} is bound to {to} already.',
  ),
  'UnsupportedOperation.NoUsagePlanEnv': caller(
    '使用计划 {id} 未绑定 {from}。',
    'The usage plan {id} is not bound to {from}.',
  ),
  'UnsupportedOperation.UsagePlanInUse': caller(
    '使用计划 {id} 仍绑定服务或 API，请先解绑（UnBindEnvironment）。',
    'The usage plan {id} is still bound to a service or an API; unbind it first (UnBindEnvironment).',
  ),
  'UnsupportedOperation.ResourceUnassociated': caller('{what} 未与 {by} 关联。', '{what} is not bound to {by}.'),
  'UnsupportedOperation.AttachPlugin': caller(
    'API {apiId} 未发布到 {environment} 环境，插件只能绑定已发布的 API。',
    'The API {apiId} is not released in {environment}; plugins take released APIs alone.',
  ),
  'UnsupportedOperation.Plugin': caller('插件不支持：{zh}。', 'The plugin is not supported: {en}.'),
};

export const failGateway = failer(GATEWAY_ERRORS);
