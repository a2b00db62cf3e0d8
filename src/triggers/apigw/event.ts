// What a function behind the gateway receives: written piece by piece into one text, never parsed again.

import { parseQuery, type Query, queryJson } from '../../http/query.ts';
import type { RequestParameter } from '../../services/apigateway/model.ts';
import type { GatewayRequest, Route } from '../../services/apigateway/target.ts';
import { injectedHeaders, requestHeaders } from './headers.ts';

/** What is the same in every event of one route. */
interface Template {
  readonly stage: string;
  readonly serviceId: string;
  readonly path: string;
  readonly method: string;
  readonly stageVariables: string;
  /** The fixed ones among the gateway's own headers. */
  readonly injected: string;
  readonly declared: readonly RequestParameter[];
}

export type BuildEvent = (request: GatewayRequest) => Buffer;

/** `qualifier`: the version or alias that the trigger is bound to. */
export function createEventBuilder(qualifier: string): BuildEvent {
  const templateFor = templates(qualifier);
  return request => Buffer.from(eventText(templateFor(request), request));
}

/** What follows the context in every event of a request, from the headers on; without braces. */
export function createRestBuilder(qualifier: string): (request: GatewayRequest) => string {
  const templateFor = templates(qualifier);
  return request => restText(templateFor(request), request);
}

function templates(qualifier: string): (request: GatewayRequest) => Template {
  const known = new WeakMap<Route, Template>();
  return request => {
    let template = known.get(request.route);
    if (!template) {
      template = templateOf(request.route, qualifier, request);
      known.set(request.route, template);
    }
    return template;
  };
}

function templateOf({ api, environment }: Route, qualifier: string, { headerCase }: GatewayRequest): Template {
  return {
    stage: JSON.stringify(environment),
    serviceId: JSON.stringify(api.serviceId),
    path: JSON.stringify(api.path),
    method: JSON.stringify(api.method),
    stageVariables: JSON.stringify({ stage: environment }),
    injected: injectedHeaders(api, qualifier, headerCase),
    declared: api.parameters,
  };
}

function eventText(template: Template, request: GatewayRequest): string {
  return (
    `{"requestContext":{"serviceId":${template.serviceId},"path":${template.path},"httpMethod":${template.method},` +
    `"requestId":"${request.requestId}","identity":${identityText(request)},"sourceIp":"${request.sourceIp}","stage":${template.stage}},` +
    `${restText(template, request)}}`
  );
}

/** Of an application nothing is documented. */
function identityText({ identity: { secretId, apiAppKey } }: GatewayRequest): string {
  if (secretId !== undefined) return `{"secretId":${JSON.stringify(secretId)}}`;
  return apiAppKey === undefined ? '{}' : `{"apiAppKey":${JSON.stringify(apiAppKey)}}`;
}

function restText(template: Template, request: GatewayRequest): string {
  const { declared } = template;
  const query = parseQuery(request.query);
  const queryParameters = declared.length === 0 ? '{}' : declaredQuery(declared, query);
  const headerParameters = declared.length === 0 ? '{}' : declaredHeaders(declared, request);
  const pathParameters = declared.length === 0 ? '{}' : declaredPath(declared, request);
  return (
    `"headers":{${requestHeaders(request)}${template.injected}},${bodyPart(request)}` +
    `"pathParameters":${pathParameters},"queryStringParameters":${queryParameters},` +
    `"headerParameters":${headerParameters},"stageVariables":${template.stageVariables},` +
    `"path":${JSON.stringify(request.path)},"queryString":${queryJson(query)},"httpMethod":"${request.method}"`
  );
}

/** Without a body the key is absent, as captures show. */
function bodyPart({ body, base64 }: GatewayRequest): string {
  if (!body) return '"isBase64Encoded":false,';
  if (base64) return `"body":"${body.toString('base64')}","isBase64Encoded":true,`;
  return `"body":${JSON.stringify(body.toString())},"isBase64Encoded":false,`;
}

/** Only declared parameters are told apart; one that is absent has its default. */
function declaredQuery(declared: readonly RequestParameter[], query: Query): string {
  const values: Record<string, unknown> = Object.create(null);
  for (const { name, position, defaultValue } of declared) {
    if (position === 'QUERY') values[name] = query.get(name) ?? defaultValue;
  }
  return JSON.stringify(values);
}

function declaredHeaders(declared: readonly RequestParameter[], { headers }: GatewayRequest): string {
  const values: Record<string, unknown> = Object.create(null);
  for (const { name, position, defaultValue } of declared) {
    if (position === 'HEADER') values[name] = headers[name.toLowerCase()] ?? defaultValue;
  }
  return JSON.stringify(values);
}

function declaredPath(declared: readonly RequestParameter[], { pathParameters }: GatewayRequest): string {
  const values: Record<string, unknown> = Object.create(null);
  for (const { name, position, defaultValue } of declared) {
    if (position === 'PATH') values[name] = pathParameters[name] ?? defaultValue;
  }
  return JSON.stringify(values);
}

/** As the trigger manual prints it, but for a brace that closes too early there. */
export function apigwSample(): unknown {
  return {
    requestContext: {
      serviceId: 'service-f94sy04v',
      path: '/test/{path}',
      httpMethod: 'POST',
      requestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
      identity: { secretId: 'abdcxxxxxxxxsdfs' },
      sourceIp: '10.0.2.14',
      stage: 'release',
    },
    headers: {
      'accept-Language': 'en-US,en,cn',
      accept: 'text/html,application/xml,application/json',
      host: 'service-3ei3tii4-251000691.ap-guangzhou.apigateway.myqcloud.com',
      'user-Agent': 'User Agent String',
    },
    body: '{"test":"body"}',
    pathParameters: { path: 'value' },
    queryStringParameters: { foo: 'bar' },
    headerParameters: { Refer: '10.0.2.14' },
    stageVariables: { stage: 'release' },
    path: '/test/value',
    queryString: { foo: 'bar', bob: 'alice' },
    httpMethod: 'POST',
  };
}
