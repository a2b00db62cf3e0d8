// `apigw` of serverless.yml: triggers where CreateTrigger can say it, else a service of the gateway with its APIs.

import type { z } from 'zod';
import type { GatewayApi, GatewayPlan } from './project.ts';
import type { Reader } from './reader.ts';
import { apigwSchema, NOT_BUILT } from './serverless-schema.ts';

type Gateway = z.infer<typeof apigwSchema>;
type Endpoint = Gateway['endpoints'][number];

const SERVICE = 'SCF_API_SERVICE';
const upper = (value: boolean): string => (value ? 'TRUE' : 'FALSE');

/** One trigger per endpoint, as long as triggers can say what is asked for. */
export const readGateway: Reader = (yaml, value, path) => {
  const gateway = yaml.read(apigwSchema, value, path, NOT_BUILT);
  if (gateway.endpoints.some(needsApi)) return { name: gateway.name, drafts: [], gateway: planOf(gateway) };
  const { serviceId, serviceName } = gateway;
  const service = serviceId ? { serviceId } : { serviceName: serviceName ?? SERVICE };
  const drafts = gateway.endpoints.map(endpoint => ({
    desc: JSON.stringify({
      api: {
        authRequired: 'FALSE',
        requestConfig: { method: endpoint.method.toUpperCase(), path: endpoint.path },
        isIntegratedResponse: upper(endpoint.function?.isIntegratedResponse ?? false),
        IsBase64Encoded: upper(isBase64(endpoint)),
      },
      service,
      release: { environmentName: gateway.environment },
    }),
    enabled: gateway.enable,
    qualifier: endpoint.function?.functionQualifier ?? gateway.qualifier,
    argument: '',
    description: endpoint.description ?? gateway.description,
    ...(serviceId ? {} : { service: path.join('.') }),
  }));
  return { name: gateway.name, drafts };
};

const isBase64 = ({ isBase64Encoded, function: settings }: Endpoint): boolean =>
  isBase64Encoded ?? settings?.isBase64Encoded ?? false;

/** A TriggerDesc has no place for these. */
function needsApi(endpoint: Endpoint): boolean {
  const { protocol, enableCORS, serviceTimeout, param, apiName, isBase64Trigger } = endpoint;
  if (protocol === 'WEBSOCKET' || enableCORS || serviceTimeout !== 15 || param.length > 0) return true;
  return apiName !== undefined || isBase64Trigger === true;
}

function planOf(gateway: Gateway): GatewayPlan {
  const { serviceId, serviceName = SERVICE, protocols = ['http', 'https'], environment } = gateway;
  const protocol = protocols.length > 1 ? 'http&https' : (protocols[0] ?? 'http&https');
  return { serviceId, serviceName, protocol, environment, apis: gateway.endpoints.map(one => apiOf(one, gateway)) };
}

function apiOf(endpoint: Endpoint, gateway: Gateway): GatewayApi {
  const { path, function: named } = endpoint;
  const webSocket = endpoint.protocol === 'WEBSOCKET';
  const method = webSocket ? 'GET' : endpoint.method.toUpperCase();
  const settings = {
    ServiceType: 'SCF',
    ServiceTimeout: endpoint.serviceTimeout,
    Protocol: webSocket ? 'WEBSOCKET' : 'HTTP',
    ...(endpoint.apiName && { ApiName: endpoint.apiName }),
    ApiDesc: endpoint.description ?? gateway.description,
    AuthType: 'NONE',
    EnableCORS: endpoint.enableCORS,
    RequestConfig: { Path: path, Method: method },
    RequestParameters: endpoint.param.map(one => ({
      Name: one.name,
      Position: one.position,
      Type: one.type,
      Required: one.required,
      ...(one.defaultValue !== undefined && { DefaultValue: one.defaultValue }),
      Desc: one.desc,
    })),
    ...(webSocket ? {} : eventSettings(endpoint)),
  };
  const qualifier = named?.functionQualifier ?? gateway.qualifier;
  return { path, method, settings, functions: webSocket ? webSocketFunctions(endpoint) : { Scf: '' }, qualifier };
}

function eventSettings(endpoint: Endpoint): Readonly<Record<string, unknown>> {
  return {
    ServiceScfIsIntegratedResponse: endpoint.function?.isIntegratedResponse ?? false,
    IsBase64Encoded: isBase64(endpoint),
    ...(endpoint.isBase64Trigger && {
      IsBase64Trigger: true,
      Base64EncodedTriggerRules: (endpoint.base64EncodedTriggerRules ?? []).map(({ name, value }) => ({
        Name: name,
        Value: value,
      })),
    }),
  };
}

function webSocketFunctions({ function: named = { isIntegratedResponse: false } }: Endpoint): Record<string, string> {
  return {
    WebsocketTransport: named.transportFunctionName ?? '',
    ...(named.registerFunctionName && { WebsocketRegister: named.registerFunctionName }),
    ...(named.cleanupFunctionName && { WebsocketCleanup: named.cleanupFunctionName }),
  };
}
