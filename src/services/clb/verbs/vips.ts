// The addresses that load balancers get.

import { isIPv4 } from 'node:net';
import { failClb } from '../errors.ts';

export interface Pool {
  /** In the order in which they are given out. */
  readonly addresses: readonly string[];
  /** All balancers share one address. */
  readonly shared: boolean;
}

/** What `clb.vips` may say: `127.80.0.0/24`, or addresses with commas between. */
const CIDR = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/;
/** A /16. */
const MOST = 65_536;

/** undefined: not well formed. Of a range, the network's own and its broadcast address are left out. */
export function parsePool(text: string): Pool | undefined {
  const cidr = CIDR.exec(text.trim());
  const addresses = cidr ? range(cidr[1] ?? '', Number(cidr[2])) : text.split(',').map(part => part.trim());
  if (!addresses || addresses.length === 0 || !addresses.every(address => isIPv4(address))) return undefined;
  const distinct = [...new Set(addresses)];
  return Object.freeze({ addresses: Object.freeze(distinct), shared: distinct.length === 1 });
}

function range(base: string, bits: number): string[] | undefined {
  if (!isIPv4(base) || bits > 32) return undefined;
  const size = 2 ** (32 - bits);
  if (size > MOST) return undefined;
  const value = base.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const start = value - (value % size);
  if (size <= 2) return Array.from({ length: size }, (_, i) => written(start + i));
  return Array.from({ length: size - 2 }, (_, i) => written(start + 1 + i));
}

function written(value: number): string {
  return [24, 16, 8, 0].map(shift => Math.floor(value / 2 ** shift) % 256).join('.');
}

/** On Linux all of 127.0.0.0/8 is there; elsewhere the one loopback address alone. */
export function defaultPool(platform: NodeJS.Platform): string {
  return platform === 'linux' ? '127.80.0.0/24' : '127.0.0.1';
}

/** The lowest that nobody has, or the one that is asked for. */
export function allocate({ addresses, shared }: Pool, taken: ReadonlySet<string>, wanted?: string): string {
  if (wanted !== undefined) {
    if (!addresses.includes(wanted)) {
      const all = { zh: `${wanted} 不在地址池 clb.vips 之内`, en: `${wanted} is not in the pool clb.vips` };
      return failClb('InvalidParameter.FormatError', { name: 'Vip', ...all });
    }
    if (!shared && taken.has(wanted)) {
      return failClb('InvalidParameterValue.Duplicate', { name: 'Vip', value: wanted, owner: 'another load balancer' });
    }
    return wanted;
  }
  const free = shared ? addresses[0] : addresses.find(address => !taken.has(address));
  if (free !== undefined) return free;
  const count = addresses.length;
  return failClb('ResourceInsufficient', {
    zh: `地址池 clb.vips 的 ${count} 个地址均已分配，请删除不用的负载均衡或扩大地址池`,
    en: `all ${count} addresses of the pool clb.vips are given out; delete load balancers or widen the pool`,
  });
}
