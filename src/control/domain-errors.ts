// Errors of custom domains. The documents name no codes for them: these are the roots of SCF's own.

import { type ErrorParams, errorRow, failer } from '../core/errors.ts';

const { caller } = errorRow;

const DOMAIN_ERRORS = {
  InvalidParameterValue: caller('{name} 取值错误：{zh}', '{name} is wrong: {en}'),
  MissingParameter: caller('缺少参数 {name}。', 'The parameter {name} is missing.'),
  ResourceInUse: caller(
    '自定义域名 {domain} 已绑定（地域 {region}），请更换域名或使用 UpdateCustomDomain。',
    'The domain {domain} is bound already, in {region}; choose another or use UpdateCustomDomain.',
  ),
  ResourceNotFound: caller(
    '未找到指定的CustomDomain，请检查后重试。{region} 地域没有自定义域名 {domain}。',
    'There is no custom domain {domain} in {region}; check its name (ListCustomDomains shows them).',
  ),
};

export function fail(code: keyof typeof DOMAIN_ERRORS, params?: ErrorParams): never {
  return failer(DOMAIN_ERRORS)(code, params);
}

export function failValue(name: string, zh: string, en: string): never {
  return fail('InvalidParameterValue', { name, zh, en });
}
