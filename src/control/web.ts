// Settings of web functions: the type itself, native WebSocket, and how many requests one instance takes at a time.

import type { FunctionVersion } from '../core/function.ts';
import { INSTANCE_REQUESTS, WS_IDLE_S } from '../core/limits.ts';
import type { Wire } from './control.ts';
import { fail } from './errors.ts';

export type FunctionType = FunctionVersion['type'];
export type Protocol = Pick<FunctionVersion, 'protocol' | 'wsIdleTimeoutS'>;

export const NO_PROTOCOL: Protocol = Object.freeze({ protocol: '', wsIdleTimeoutS: 0 });

export function functionType(wire: Wire): FunctionType {
  const type = wire.Type;
  if (type === undefined || type === null || type === '' || type === 'Event') return 'Event';
  if (type === 'HTTP') return 'HTTP';
  return fail('InvalidParameterValue.Type', {
    zh: `Type 取值 ${String(type)} 错误，请使用 Event 或 HTTP。`,
    en: `Type is ${String(type)}; use Event or HTTP.`,
  });
}

/** Of a function that is made. Without a word about it, connections may idle as documented, but no longer than a run may last. */
export function protocolOf(wire: Wire, timeoutS: number): Protocol {
  const protocol = wire.ProtocolType;
  const idle = idleTimeout(wire);
  if (protocol !== undefined && protocol !== null && protocol !== '' && protocol !== 'WS')
    fail('InvalidParameterValue', {
      name: 'ProtocolType',
      zh: `取值 ${String(protocol)} 错误，请使用 WS，或留空。`,
      en: `it is ${String(protocol)}; use WS, or leave it out.`,
    });
  if (protocol === 'WS') {
    const wsIdleTimeoutS = idle ?? Math.min(WS_IDLE_S.default, timeoutS);
    checkRunTime(wsIdleTimeoutS, timeoutS);
    return { protocol: 'WS', wsIdleTimeoutS };
  }
  if (idle !== undefined) refuseIdle();
  return NO_PROTOCOL;
}

/** After an update: the protocol stays what it was made with. */
export function protocolAfter(wire: Wire, latest: FunctionVersion, timeoutS: number): Protocol {
  const asked = wire.ProtocolType ?? latest.protocol;
  if (asked !== latest.protocol)
    fail('UnsupportedOperation', {
      zh: `ProtocolType 在创建函数时确定，不能修改；函数 ${latest.name} 的取值为“${latest.protocol}”，请新建函数。`,
      en: `ProtocolType is chosen when a function is made and cannot be changed; that of ${latest.name} is "${latest.protocol}". Make a new function.`,
    });
  const idle = idleTimeout(wire);
  if (latest.protocol !== 'WS') return idle === undefined ? NO_PROTOCOL : refuseIdle();
  const wsIdleTimeoutS = idle ?? latest.wsIdleTimeoutS;
  checkRunTime(wsIdleTimeoutS, timeoutS);
  return { protocol: 'WS', wsIdleTimeoutS };
}

function refuseIdle(): never {
  return fail('InvalidParameterValue', {
    name: 'ProtocolParams',
    zh: 'WSParams 仅用于 ProtocolType=WS 的函数，请在创建函数时指定 ProtocolType=WS，或去掉该字段。',
    en: 'WSParams are for functions made with ProtocolType=WS; make one, or leave them out.',
  });
}

function idleTimeout({ ProtocolParams }: Wire): number | undefined {
  const value = member(member(ProtocolParams, 'WSParams'), 'IdleTimeOut');
  if (value === undefined || value === null) return undefined;
  const { min, max } = WS_IDLE_S;
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  return fail('InvalidParameterValue', {
    name: 'ProtocolParams.WSParams.IdleTimeOut',
    zh: `取值 ${String(value)} 超出范围，请使用 ${min} 至 ${max} 秒。`,
    en: `it is ${String(value)}; use ${min} to ${max} s.`,
  });
}

/** Documented: a run, which is a connection, may last at least as long as the connection may idle. */
function checkRunTime(idleS: number, timeoutS: number): void {
  if (timeoutS >= idleS) return;
  fail('InvalidParameterValue', {
    name: 'ProtocolParams.WSParams.IdleTimeOut',
    zh: `空闲超时 ${idleS} 秒大于执行超时 Timeout ${timeoutS} 秒，请调大 Timeout 或调小 IdleTimeOut。`,
    en: `connections may idle for ${idleS} s, but a run lasts ${timeoutS} s; raise Timeout or lower IdleTimeOut.`,
  });
}

/** What is kept of InstanceConcurrencyConfig: undefined keeps what there is, null removes it. */
export function instanceConcurrency(wire: Wire): object | null | undefined {
  const config = wire.InstanceConcurrencyConfig;
  if (typeof config !== 'object' || config === null) return undefined;
  const dynamic = member(config, 'DynamicEnabled');
  if (dynamic === '') return null;
  const most = member(config, 'MaxConcurrency');
  refuseSessions(config);
  if (dynamic === undefined && most === undefined) return undefined;
  if (dynamic !== undefined && !/^false$/i.test(String(dynamic)))
    fail('UnsupportedOperation', {
      zh: `InstanceConcurrencyConfig.DynamicEnabled 取值 ${String(dynamic)} 不支持：只有固定的单实例并发，请使用 FALSE；留空则取消。`,
      en: `InstanceConcurrencyConfig.DynamicEnabled is ${String(dynamic)}: the number of requests per instance is fixed; use FALSE, or an empty text to have one.`,
    });
  const { min, max } = INSTANCE_REQUESTS;
  if (typeof most !== 'number' || !Number.isInteger(most) || most < min || most > max)
    fail('InvalidParameterValue', {
      name: 'InstanceConcurrencyConfig.MaxConcurrency',
      zh: `取值 ${String(most ?? '')} 超出范围，请使用 ${min} 至 ${max}。`,
      en: `it is "${String(most ?? '')}"; use ${min} to ${max}.`,
    });
  return { ...config, DynamicEnabled: 'FALSE' };
}

/** What only sessions and machines with graphics cards have. */
function refuseSessions(config: object): void {
  const type = member(config, 'Type');
  if (type === 'Session-Based' || says(member(config, 'SessionConfig')))
    fail('UnsupportedOperation', {
      zh: 'InstanceConcurrencyConfig：不支持按会话分配实例（Session-Based、SessionConfig），请使用 Request-Based 或去掉该字段。',
      en: 'InstanceConcurrencyConfig: instances are not bound to sessions (Session-Based, SessionConfig); use Request-Based or leave it out.',
    });
  if (type !== undefined && type !== '' && type !== 'Request-Based')
    fail('InvalidParameterValue', {
      name: 'InstanceConcurrencyConfig.Type',
      zh: `取值 ${String(type)} 错误，请使用 Request-Based。`,
      en: `it is ${String(type)}; use Request-Based.`,
    });
  if (says(member(config, 'MixNodeConfig')) || /^true$/i.test(String(member(config, 'InstanceIsolationEnabled'))))
    fail('UnsupportedOperation', {
      zh: 'InstanceConcurrencyConfig：不支持 MixNodeConfig 与 InstanceIsolationEnabled=TRUE，请去掉。',
      en: 'InstanceConcurrencyConfig: MixNodeConfig and InstanceIsolationEnabled=TRUE are not supported; leave them out.',
    });
}

function says(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (Reflect.get(value, name) ?? undefined) : undefined;
}
