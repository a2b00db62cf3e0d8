// A server whose API gateway holds one of everything, for tests of what it refuses.

import assert from 'node:assert/strict';
import { deploy, type RawAnswer, rawCall, sdkOf } from './fixture.ts';
import { startTestServer } from './harness.ts';

export const server = await startTestServer();

export type Fields = Readonly<Record<string, unknown>>;
type Language = 'zh-CN' | 'en-US';

export function ask(action: string, fields: Fields, language: Language = 'en-US', region = 'ap-guangzhou') {
  const product = { service: 'apigateway', version: '2018-08-08' };
  return rawCall(server, { action, body: JSON.stringify(fields), language, region, ...product });
}

export const codeOf = (answer: RawAnswer): string => answer.Error?.Code ?? 'done';

async function made(action: string, fields: Fields): Promise<Record<string, string>> {
  const answer = await ask(action, fields);
  assert.equal(answer.Error, undefined, `${action}: ${JSON.stringify(answer.Error)}`);
  return (answer.Result ?? answer) as Record<string, string>;
}

await deploy(sdkOf(server), 'event', 'exports.main_handler = async () => 1');
export const { ServiceId, OuterSubDomain } = await made('CreateService', {
  ServiceName: 'here',
  Protocol: 'http&https',
});
export const other = await made('CreateService', { ServiceName: 'other', Protocol: 'http' });
export const BOTH = await made('CreateService', {
  ServiceName: 'both',
  Protocol: 'http',
  NetTypes: ['OUTER', 'INNER'],
});

export const api = (path: string, more: Fields = {}): Fields => ({
  ServiceId,
  ServiceType: 'MOCK',
  ServiceTimeout: 15,
  Protocol: 'HTTP',
  RequestConfig: { Path: path, Method: 'GET' },
  ServiceMockReturnMessage: 'mock',
  ...more,
});
export const calling = (path: string, more: Fields = {}): Fields =>
  api(path, { ServiceType: 'SCF', ServiceScfFunctionName: 'event', ...more });
export const oauth = (path: string, more: Fields): Fields => api(path, { AuthType: 'OAUTH', ...more });
export const PUBLIC_KEY = JSON.stringify({ kty: 'RSA', n: 'AQAB', e: 'AQAB' });

export const { ApiId } = await made('CreateApi', api('/there'));
export const { ApiId: unreleased } = await made('CreateApi', api('/later'));
export const { ApiId: issuer } = await made(
  'CreateApi',
  oauth('/issuer', { ApiBusinessType: 'OAUTH', OauthConfig: { PublicKey: PUBLIC_KEY, TokenLocation: 'header' } }),
);
await made('CreateApi', oauth('/guarded', { ApiBusinessType: 'NORMAL', AuthRelationApiId: issuer }));
export const { ReleaseVersion } = await made('ReleaseService', {
  ServiceId,
  EnvironmentName: 'release',
  ReleaseDesc: '',
  ApiIds: [ApiId],
});
export const { UsagePlanId } = await made('CreateUsagePlan', { UsagePlanName: 'plan' });
export const { UsagePlanId: free } = await made('CreateUsagePlan', { UsagePlanName: 'free' });
export const bound = {
  ServiceId,
  UsagePlanIds: [UsagePlanId],
  Environment: 'release',
  BindType: 'API',
  ApiIds: [ApiId],
};
await made('BindEnvironment', bound);
export const { AccessKeyId } = await made('CreateApiKey', {
  SecretName: 'key',
  AccessKeyType: 'manual',
  AccessKeyId: 'mine_1',
  AccessKeySecret: 'secret_of_mine',
});
export const { AccessKeyId: disabled } = await made('CreateApiKey', { SecretName: 'disabled' });
await made('DisableApiKey', { AccessKeyId: disabled });
export const { ApiAppId } = await made('CreateApiApp', { ApiAppName: 'app' });
export const appScope = { ApiAppId, Environment: 'release', ServiceId, ApiId };
await made('BindApiApp', appScope);
export const { StrategyId } = await made('CreateIPStrategy', {
  ServiceId,
  StrategyName: 'first',
  StrategyType: 'BLACK',
  StrategyData: '10.0.0.1',
});
export const { StrategyId: second } = await made('CreateIPStrategy', {
  ServiceId,
  StrategyName: 'second',
  StrategyType: 'WHITE',
  StrategyData: '10.0.0.0/8',
});
export const ips = { ServiceId, StrategyId, EnvironmentName: 'release' };
await made('BindIPStrategy', { ...ips, BindApiIds: [ApiId] });
export const DATA = JSON.stringify({ type: 'white_list', blocks: '10.0.0.1' });
export const { PluginId } = await made('CreatePlugin', {
  PluginName: 'rule',
  PluginType: 'IPControl',
  PluginData: DATA,
});
export const { PluginId: twin } = await made('CreatePlugin', {
  PluginName: 'twin',
  PluginType: 'IPControl',
  PluginData: DATA,
});
export const attached = { PluginId, ServiceId, EnvironmentName: 'release', ApiIds: [ApiId] };
await made('AttachPlugin', attached);
export const domain = (SubDomain: string, more: Fields = {}): Fields => ({
  ServiceId,
  SubDomain,
  Protocol: 'http',
  NetType: 'OUTER',
  NetSubDomain: OuterSubDomain,
  IsDefaultMapping: true,
  ...more,
});
await made('BindSubDomain', domain('mine.example.com'));
export const mapped = (...paths: string[]): Fields => ({
  IsDefaultMapping: false,
  PathMappingSet: paths.map(Path => ({ Path, Environment: 'release' })),
});
