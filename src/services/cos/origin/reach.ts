// Where a source may send us on. Whoever writes a rule names a source and trusts it with its objects, and not with what else
// can be reached from here: other services of this machine, its network, the cloud's own services for machines.

import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { fail } from '../errors.ts';

function listOf(...nets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const net of nets) {
    const [address = '', bits] = net.split('/');
    list.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

/** Networks of others cannot be reached by such an address, and this one alone; the farther behind, the nearer to us. */
const INSIDE = [
  listOf('10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'),
  listOf('0.0.0.0/8', '127.0.0.0/8', '::/128', '::1/128'),
];
/** Services that tell a machine its own keys stand here: no page is elsewhere than where a rule says so itself. */
const LINK = listOf('169.254.0.0/16', 'fe80::/10');

const isIn = (list: BlockList, address: string): boolean => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

const depthOf = (address: string): number => INSIDE.findLastIndex(list => isIn(list, address));

/** The address of a name; FailedDependency. */
async function addressOf(host: string): Promise<string> {
  if (isIP(host) !== 0) return host;
  try {
    return (await lookup(host, { order: 'ipv4first' })).address;
  } catch (error) {
    return fail('FailedDependency', { reason: 'it redirects to a name that cannot be found' }, error);
  }
}

/** The address to connect to, as the name could mean another one next time; FailedDependency. */
export async function redirectedTo(host: string, from: string): Promise<string> {
  const [to, source] = [await addressOf(host), await addressOf(from)];
  if (isIn(LINK, to) || depthOf(to) > depthOf(source)) {
    fail('FailedDependency', { reason: 'it redirects to an address that is nearer to this server than itself' });
  }
  return to;
}
