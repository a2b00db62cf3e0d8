// What a service or an API may look like.

import { fail } from '../../../core/errors.ts';
import { failGateway } from '../errors.ts';
import {
  API_METHODS,
  API_NAME_CHARS,
  type ApiConfig,
  type Base64Rule,
  PROTOCOLS,
  SERVICE_TIMEOUT_S,
  type ServiceDraft,
} from '../model.ts';
import { parsePath } from '../routing/match.ts';
import { checkLength, oneOf } from './scope.ts';

const SERVICE_NAME_CHARS = 50;
const DESCRIPTION_CHARS = 200;
const NET_TYPES = ['OUTER', 'INNER'] as const;
const RULES = 10;
const RULE_VALUE = /^[0-9A-Za-z.+*\-/_]{1,40}$/;

export function checkService(draft: Pick<ServiceDraft, 'name' | 'description' | 'protocol' | 'netTypes'>): void {
  if (draft.name === '') fail('MissingParameter', { name: 'ServiceName' });
  checkLength('ServiceName', draft.name, SERVICE_NAME_CHARS);
  checkLength('ServiceDesc', draft.description ?? '', DESCRIPTION_CHARS);
  if (draft.protocol !== undefined) oneOf('Protocol', draft.protocol, PROTOCOLS);
  if (draft.netTypes?.length === 0) fail('MissingParameter', { name: 'NetTypes' });
  for (const type of draft.netTypes ?? []) oneOf('NetTypes', type, NET_TYPES);
}

export function checkApi(config: ApiConfig): void {
  const { method, path, timeoutS } = config;
  if (!API_METHODS.includes(method)) {
    failGateway('InvalidParameterValue.InvalidMethod', { method, options: API_METHODS.join(', ') });
  }
  if (config.name.length > API_NAME_CHARS) {
    failGateway('InvalidParameterValue.LengthExceeded', { name: 'ApiName', limit: API_NAME_CHARS });
  }
  const { min, max } = SERVICE_TIMEOUT_S;
  if (!Number.isInteger(timeoutS) || timeoutS < min || timeoutS > max) {
    failGateway('InvalidParameterValue.RangeExceeded', { name: 'ServiceTimeout', min, max });
  }
  const { names } = parsePath(path);
  for (const { name, position } of config.parameters) {
    if (position !== 'PATH' || names.includes(name)) continue;
    failGateway('InvalidParameterValue.InvalidApiRequestConfig', {
      path,
      zh: `已声明的路径参数 ${name} 未以 {${name}} 出现在路径中`,
      en: `the declared PATH parameter ${name} does not stand in it as {${name}}`,
    });
  }
  if (config.backend.type === 'SCF') checkRules(config.backend.base64.rules ?? []);
}

/** Documented: at most 10 rules, values of at most 40 letters, digits and `.+*-/_`. */
function checkRules(rules: readonly Base64Rule[]): void {
  if (rules.length > RULES) {
    failGateway('InvalidParameterValue.RangeExceeded', { name: 'Base64EncodedTriggerRules', min: 0, max: RULES });
  }
  for (const value of rules.flatMap(rule => rule.values)) {
    if (RULE_VALUE.test(value)) continue;
    failGateway('InvalidParameterValue.NotInOptions', {
      name: 'Base64EncodedTriggerRules',
      value,
      options: RULE_VALUE.source,
    });
  }
}
