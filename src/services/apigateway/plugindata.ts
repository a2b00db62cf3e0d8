// What a plugin says: PluginData, JSON text of a form of its own for each type.

import { BlockList, isIP } from 'node:net';
import type { PluginType } from './model.ts';

export interface IpRule {
  readonly allows: boolean;
  readonly blocks: BlockList;
}

export interface TrafficRule {
  readonly windowMs: number;
  /** Requests per window: of the API, of one application or key, of one client address. undefined: any number. */
  readonly api: number | undefined;
  readonly app: number | undefined;
  readonly ip: number | undefined;
}

export interface CorsRule {
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly exposed: readonly string[];
  readonly credentials: boolean;
  readonly maxAgeS: number;
}

export interface AuthRule {
  readonly namespace: string;
  readonly functionName: string;
  readonly qualifier: string;
  readonly timeoutS: number;
  readonly sendsBody: boolean;
  /** 0: nothing is kept. */
  readonly cacheS: number;
  /** Names in lower case; a request must have them all. */
  readonly headers: readonly string[];
  readonly queries: readonly string[];
}

export interface PluginRules {
  readonly IPControl: IpRule;
  readonly TrafficControl: TrafficRule;
  readonly Cors: CorsRule;
  readonly CustomAuth: AuthRule;
}

/** In words, what is wrong with the text. */
export interface PluginFault {
  readonly zh: string;
  readonly en: string;
}

type Fields = Readonly<Record<string, unknown>>;

class Wrong extends Error {
  readonly fault: PluginFault;
  constructor(zh: string, en: string) {
    super(en);
    this.fault = { zh, en };
  }
}

const READERS: { readonly [T in PluginType]: (fields: Fields) => PluginRules[T] } = {
  IPControl: readIpControl,
  TrafficControl: readTraffic,
  Cors: readCors,
  CustomAuth: readAuth,
};

export function readPlugin<T extends PluginType>(
  type: T,
  data: string,
): PluginRules[T] | { readonly fault: PluginFault } {
  try {
    return READERS[type](fieldsOf(data));
  } catch (error) {
    if (error instanceof Wrong) return { fault: error.fault };
    throw error;
  }
}

function fieldsOf(data: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    throw new Wrong('不是合法的 JSON', 'it is not JSON');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new Wrong('应为 JSON 对象', 'it must be a JSON object');
}

/** Addresses and CIDR blocks; undefined if one of them is neither. */
export function blockList(blocks: readonly string[]): BlockList | undefined {
  const list = new BlockList();
  for (const block of blocks) {
    const [address = '', length, ...more] = block.split('/');
    const family = isIP(address);
    const bits = family === 6 ? 128 : 32;
    const wrong = family === 0 || more.length > 0 || (length !== undefined && !/^\d{1,3}$/.test(length));
    if (wrong || Number(length ?? 0) > bits) return undefined;
    list.addSubnet(address, length === undefined ? bits : Number(length), family === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

/** One on each line; clients write semicolons and commas as well. */
export function blockLines(text: string): string[] {
  return text
    .split(/[\n\r;,]/)
    .map(line => line.trim())
    .filter(line => line !== '');
}

function readIpControl(fields: Fields): IpRule {
  const { type, blocks } = fields;
  if (type !== 'white_list' && type !== 'black_list') {
    throw new Wrong('type 取值 white_list 或 black_list', 'type must be white_list or black_list');
  }
  const lines = typeof blocks === 'string' ? blockLines(blocks) : strings(fields, 'blocks');
  const list = blockList(lines);
  if (list && lines.length > 0) return { allows: type === 'white_list', blocks: list };
  throw new Wrong(
    'blocks 应为 IP 地址或 CIDR 网段，每行一个',
    'blocks must hold IP addresses or CIDR blocks, one a line',
  );
}

const UNIT_MS: Readonly<Record<string, number>> = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000 };

function readTraffic(fields: Fields): TrafficRule {
  const unitMs = UNIT_MS[String(fields.expire_type)];
  if (unitMs === undefined) {
    throw new Wrong('expire_type 取值 second、minute、hour 或 day', 'expire_type must be second, minute, hour or day');
  }
  for (const [name, value] of Object.entries(fields)) {
    // Their form is documented nowhere; one without content asks for nothing.
    if (name.startsWith('spec_') && !(Array.isArray(value) && value.length === 0)) {
      throw new Wrong(`${name} 暂不支持，请留空`, `${name} is not supported here, leave it empty`);
    }
  }
  const rule = {
    windowMs: unitMs * whole(fields, 'expire', 1, 1_000_000, 1),
    api: limit(fields, 'api_rate_limit'),
    app: limit(fields, 'app_rate_limit'),
    ip: limit(fields, 'ip_rate_limit'),
  };
  if (rule.api !== undefined || rule.app !== undefined || rule.ip !== undefined) return rule;
  throw new Wrong(
    'api_rate_limit、app_rate_limit、ip_rate_limit 至少设置一项',
    'set one of api_rate_limit, app_rate_limit and ip_rate_limit',
  );
}

function readCors(fields: Fields): CorsRule {
  const origins = strings(fields, 'allow_origin');
  if (origins.length === 0) throw new Wrong('allow_origin 不能为空', 'allow_origin must not be empty');
  return {
    origins,
    methods: strings(fields, 'allow_methods'),
    headers: strings(fields, 'allow_headers'),
    exposed: strings(fields, 'expose_headers'),
    credentials: flag(fields, 'allow_credentials'),
    maxAgeS: whole(fields, 'max_age', 0, 86_400 * 365, 600),
  };
}

const CACHE_S = 3600;
const TIMEOUT_S = 1800;

function readAuth(fields: Fields): AuthRule {
  const functionName = name(fields, 'func_name', '');
  if (functionName === '') throw new Wrong('缺少 func_name', 'func_name is missing');
  const rule = {
    namespace: name(fields, 'func_namespace', 'default'),
    functionName,
    qualifier: name(fields, 'func_qualifier', '$DEFAULT'),
    timeoutS: whole(fields, 'endpoint_timeout', 1, TIMEOUT_S, 15),
    sendsBody: flag(fields, 'is_send_body'),
    cacheS: whole(fields, 'cache_time', 0, CACHE_S, 0),
    headers: lower(strings(fields, 'header_auth_parameters')),
    queries: lower(strings(fields, 'query_auth_parameters')),
  };
  // Documented: with a cache they must be set, it is searched by them.
  if (rule.cacheS === 0 || rule.headers.length + rule.queries.length > 0) return rule;
  throw new Wrong(
    '设置 cache_time 时必须设置认证参数',
    'with a cache_time the parameters for verification must be set',
  );
}

const lower = (names: readonly string[]): string[] => names.map(one => one.toLowerCase());

function strings(fields: Fields, key: string): readonly string[] {
  const value = fields[key] ?? [];
  if (Array.isArray(value) && value.every(one => typeof one === 'string' && HEADER_TEXT.test(one))) return value;
  throw new Wrong(`${key} 应为字符串数组`, `${key} must be a list of texts`);
}

/** They go into heads of answers as they are. */
const HEADER_TEXT = /^[\x21-\x7e]{1,1024}$/;

function name(fields: Fields, key: string, otherwise: string): string {
  const value = fields[key] ?? otherwise;
  if (typeof value === 'string') return value === '' ? otherwise : value;
  throw new Wrong(`${key} 应为字符串`, `${key} must be a text`);
}

function flag(fields: Fields, key: string): boolean {
  const value = fields[key] ?? false;
  if (typeof value === 'boolean') return value;
  throw new Wrong(`${key} 应为 true 或 false`, `${key} must be true or false`);
}

function whole(fields: Fields, key: string, min: number, max: number, otherwise: number): number {
  const value = fields[key] ?? otherwise;
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Wrong(`${key} 应为 ${min} 到 ${max} 的整数`, `${key} must be a whole number from ${min} to ${max}`);
}

/** Left out or -1: any number. */
function limit(fields: Fields, key: string): number | undefined {
  const value = fields[key] ?? -1;
  if (value === -1) return undefined;
  return whole(fields, key, 1, 99_999_999, 1);
}
