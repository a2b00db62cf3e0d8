// Codes of the API gateway that only its wire raises. Those about its objects are in services/apigateway/errors.ts.

import { type ErrorParams, type ErrorRow, errorRow, failer } from '../../core/errors.ts';

const { caller } = errorRow;

export const GATEWAY_API_ERRORS = {
  MissingParameter: caller('缺少参数 {name}。', 'The parameter {name} is missing.'),
  UnsupportedOperation: caller('操作不支持：{zh}。', 'This is not supported: {en}.'),
  'InvalidParameterValue.RangeExceeded': caller(
    '{name} 应在 {min} 与 {max} 之间。',
    '{name} must be between {min} and {max}.',
  ),
  'InvalidParameterValue.NotInOptions': caller(
    '{name} 的取值 {value} 不正确，可选 {options}。',
    '{value} is not a value of {name}: use {options}.',
  ),
  'InvalidParameterValue.InvalidServiceType': caller(
    'ServiceType 的取值 {value} 不正确，可选 {options}。',
    '{value} is not a ServiceType: use {options}.',
  ),
  'InvalidParameterValue.InvalidScfConfig': caller('云函数配置不正确：{zh}。', 'The function is not right: {en}.'),
  'InvalidParameterValue.InvalidServiceConfig': caller(
    '后端配置 ServiceConfig 不正确：{zh}。',
    'ServiceConfig is wrong: {en}.',
  ),
  'InvalidParameterValue.InvalidUrl': caller(
    '后端地址 Url 的取值 {url} 不正确，应形如 http://host:port。',
    '{url} is no Url of a backend; write it as http://host:port.',
  ),
  'InvalidParameterValue.InvalidServiceMockReturnMessage': caller(
    '后端类型为 MOCK 的 API 需要 ServiceMockReturnMessage。',
    'An API with the backend MOCK needs ServiceMockReturnMessage.',
  ),
  'InvalidParameterValue.InvalidApiType': caller(
    'ApiType 的取值 {value} 不正确，请使用 NORMAL。',
    '{value} is not an ApiType: use NORMAL.',
  ),
  'InvalidParameterValue.InvalidApiBusinessType': caller(
    'ApiBusinessType 的取值 {value} 不正确，可选 NORMAL、OAUTH。',
    '{value} is not an ApiBusinessType: use NORMAL or OAUTH.',
  ),
  'InvalidParameterValue.InvalidPublicKey': caller(
    'OauthConfig.PublicKey 应为 RSA 公钥的 JWK（JSON）。',
    'OauthConfig.PublicKey must be the JSON Web Key of an RSA key.',
  ),
  'InvalidParameterValue.InvalidWSMethod': caller(
    'WebSocket API 的请求方法必须为 GET，当前为 {method}。',
    'The method of a WebSocket API must be GET; it is {method}.',
  ),
  'InvalidParameterValue.InvalidRequestParameters': caller(
    '请求参数 RequestParameters 不正确：{zh}。',
    'RequestParameters is wrong: {en}.',
  ),
  'InvalidParameterValue.InvalidFilterNotUsagePlanId': caller(
    '过滤条件 NotUsagePlanId 与 Environment 必须同时使用。',
    'The filters NotUsagePlanId and Environment go together.',
  ),
  'InvalidParameterValue.InvalidTime': caller(
    '{name} 的取值 {value} 不是时间，应形如 2020-02-26T06:10:01Z。',
    '{value} is no time for {name}; write it as 2020-02-26T06:10:01Z.',
  ),
} as const satisfies Record<string, ErrorRow>;

/** As a declaration, so that the checker knows it never returns. */
export function fail(code: keyof typeof GATEWAY_API_ERRORS, params?: ErrorParams, why?: unknown): never {
  return failer(GATEWAY_API_ERRORS)(code, params, why);
}
