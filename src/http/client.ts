// Whose request it is: the peer of the connection, or whom trusted proxies say they had it from.

import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { CloudError, errorRow } from '../core/errors.ts';

export interface TrustedProxies {
  trusts(address: string): boolean;
}

export const NO_PROXIES: TrustedProxies = Object.freeze({ trusts: () => false });

const WRONG = errorRow.caller(
  '设置 trustedProxies 中的 {entry} 不是 IP 地址或 CIDR 网段，例如 10.0.0.0/8,192.168.1.5,fd00::/8。',
  'the setting trustedProxies has {entry}, which is no IP address or CIDR block; give such as 10.0.0.0/8,192.168.1.5,fd00::/8.',
);

/** From the setting: addresses and blocks with commas between; an empty text trusts nobody. */
export function trustedProxies(setting: string): TrustedProxies {
  const entries = setting
    .split(',')
    .map(entry => entry.trim())
    .filter(entry => entry !== '');
  if (entries.length === 0) return NO_PROXIES;
  const list = new BlockList();
  for (const entry of entries) add(list, entry);
  return Object.freeze({
    trusts(address: string) {
      const family = isIP(address);
      return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
    },
  });
}

function add(list: BlockList, entry: string): void {
  const [address = '', length, ...more] = entry.split('/');
  const family = isIP(address);
  const bits = family === 6 ? 128 : 32;
  const wrong = family === 0 || more.length > 0 || (length !== undefined && !/^\d{1,3}$/.test(length));
  if (wrong || Number(length ?? 0) > bits) throw new CloudError('Server.TrustedProxies', WRONG, { entry });
  list.addSubnet(address, length === undefined ? bits : Number(length), family === 6 ? 'ipv6' : 'ipv4');
}

/** Without a port. An IPv4 client of a socket for both families is known by its IPv4 address. */
export function clientAddress(request: IncomingMessage, proxies: TrustedProxies): string {
  let address = plain(request.socket.remoteAddress ?? '');
  if (proxies === NO_PROXIES || !proxies.trusts(address)) return address;
  const forwarded = request.headers['x-forwarded-for'];
  if (forwarded === undefined) return address;
  // The last entry is from the peer itself; each one before it counts only if the one behind it is trusted.
  for (const entry of String(forwarded).split(',').reverse()) {
    const before = withoutPort(entry.trim());
    if (isIP(before) === 0) return address;
    address = before;
    if (!proxies.trusts(address)) return address;
  }
  return address;
}

function plain(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** `1.2.3.4:5` and `[::1]:5` are written by some proxies. */
function withoutPort(entry: string): string {
  if (entry.startsWith('[')) return entry.slice(1, Math.max(1, entry.indexOf(']')));
  const colon = entry.indexOf(':');
  return plain(colon >= 0 && colon === entry.lastIndexOf(':') ? entry.slice(0, colon) : entry);
}

export function schemeOf(request: IncomingMessage): 'http' | 'https' {
  return 'encrypted' in request.socket ? 'https' : 'http';
}

/** Whether an address, as `clientAddress` gives it, is this machine itself. */
export function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}
