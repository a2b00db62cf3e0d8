// Options of the API that nothing here stands behind: they may be given with the value that changes nothing, and are refused
// with any other.

import { failCall } from './errors.ts';

interface Option {
  /** Values that say what is done anyway; '' and an empty list always do. */
  readonly neutral: readonly unknown[];
  readonly zh: string;
  readonly en: string;
}

const GROUPS = { zh: '没有目标组，后端直接绑定', en: 'there are no target groups; servers are registered directly' };
const RESCHEDULE = { zh: '连接不会重新调度', en: 'connections are not moved to other servers while they last' };
const LIMITS = { zh: '监听器没有连接数限制', en: 'listeners do not limit connections' };
const HTTP1 = { zh: '与后端之间只使用 HTTP/1.1', en: 'servers are spoken to over HTTP/1.1 alone' };
const PROBES = { zh: '只有 HTTP 与 TCP 健康检查', en: 'health is looked at over HTTP or TCP alone' };
const RANGES = {
  zh: '没有端口段监听器，请逐个端口创建',
  en: 'there are no listeners of port ranges; make one per port',
};
const PLAIN = { zh: '没有这种连接方式', en: 'there is no such way of speaking' };

const OPTIONS = {
  TargetType: { neutral: ['NODE'], ...GROUPS },
  SessionType: {
    neutral: ['NORMAL'],
    zh: '会话只按客户端地址保持',
    en: 'sessions are kept by client address alone',
  },
  EndPort: { neutral: [0], ...RANGES },
  FullEndPorts: { neutral: [], ...RANGES },
  DeregisterTargetRst: { neutral: [false], ...RESCHEDULE },
  RescheduleTargetZeroWeight: { neutral: [false], ...RESCHEDULE },
  RescheduleUnhealthy: { neutral: [false], ...RESCHEDULE },
  RescheduleExpandTarget: { neutral: [false], ...RESCHEDULE },
  RescheduleStartTime: { neutral: [0], ...RESCHEDULE },
  RescheduleInterval: { neutral: [0], ...RESCHEDULE },
  MaxConn: { neutral: [-1], ...LIMITS },
  MaxCps: { neutral: [-1], ...LIMITS },
  IdleConnectTimeout: {
    neutral: [0],
    zh: '连接不会因空闲而断开',
    en: 'connections are not ended for being idle',
  },
  ProxyProtocol: { neutral: [false], zh: '没有 PROXY 协议', en: 'there is no PROXY protocol' },
  // Servers of a TCP listener see this machine's address either way.
  SnatEnable: { neutral: [true, false], ...PLAIN },
  H2cSwitch: { neutral: [false], ...PLAIN },
  SslCloseSwitch: { neutral: [false], ...PLAIN },
  DataCompressMode: {
    neutral: ['transparent'],
    zh: '压缩由个性化配置 gzip 决定',
    en: 'compression is a matter of the custom configuration (gzip)',
  },
  ForwardType: { neutral: ['HTTP'], ...HTTP1 },
  TrpcCallee: { neutral: [], ...HTTP1 },
  TrpcFunc: { neutral: [], ...HTTP1 },
  Quic: { neutral: [false], zh: '没有 QUIC', en: 'there is no QUIC' },
  OAuthEnable: { neutral: [false], zh: '没有 OAuth', en: 'there is no OAuth' },
  HttpVersion: { neutral: ['HTTP/1.1'], ...PROBES },
  ContextType: { neutral: [], ...PROBES },
  SendContext: { neutral: [], ...PROBES },
  RecvContext: { neutral: [], ...PROBES },
  ExtendedCode: { neutral: [], ...PROBES },
  SSLVerifyClient: {
    neutral: ['ON'],
    zh: '双向认证时客户端证书为必需',
    en: 'with mutual TLS a client certificate is required',
  },
  DynamicVip: { neutral: [false], zh: '没有域名化负载均衡', en: 'a load balancer goes by its address' },
  AccessLogTopicId: { neutral: [], zh: '访问日志尚未实现', en: 'access logs are not built yet' },
  AdvancedRoute: { neutral: [false], zh: '没有高级路由', en: 'there is no advanced routing' },
  ModifyClassicDomain: { neutral: [false], zh: '负载均衡没有域名', en: 'a load balancer has no domain' },
  SwitchFlag: { neutral: [0], zh: '这里没有计费', en: 'nothing is charged here' },
  ConfigTags: { neutral: [], zh: '个性化配置没有标签', en: 'custom configurations have no tags' },
} as const satisfies Readonly<Record<string, Option>>;

export type UnbuiltOption = keyof typeof OPTIONS;

export function refuseUnbuilt(given: Partial<Readonly<Record<UnbuiltOption, unknown>>>): void {
  for (const [name, { neutral, zh, en }] of Object.entries(OPTIONS) as [UnbuiltOption, Option][]) {
    const value = given[name];
    if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) continue;
    if (neutral.includes(value)) continue;
    failCall('UnsupportedOperation', { name, value: JSON.stringify(value), zh, en });
  }
}
