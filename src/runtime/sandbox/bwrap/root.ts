// The root that a function sees: the system's programs and libraries, read-only, and nothing of its people or services.

import { lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface HostRoot {
  /** Path inside → target, as the host has it. */
  readonly links: readonly (readonly [path: string, target: string])[];
  /** Shown read-only at their own paths. */
  readonly shown: readonly string[];
  /** Files made for the sandbox: path on the host → path inside. */
  readonly made: readonly (readonly [source: string, path: string])[];
}

/** Programs and libraries; links to /usr on most distributions. NixOS has its own in the store. */
const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/nix/store'];

/** Of /etc: what programs, the resolver and TLS libraries read; no keys, no accounts, no services. */
const ETC = [
  '/etc/alternatives',
  '/etc/crypto-policies',
  '/etc/ld.so.cache',
  '/etc/ld.so.conf',
  '/etc/ld.so.conf.d',
  '/etc/localtime',
  '/etc/pki/ca-trust/extracted',
  '/etc/pki/tls/cert.pem',
  '/etc/pki/tls/certs',
  '/etc/protocols',
  '/etc/resolv.conf',
  '/etc/services',
  '/etc/ssl/cert.pem',
  '/etc/ssl/certs',
  '/etc/ssl/openssl.cnf',
];

export const USER = { name: 'qcloud', id: 1000, home: '/home/qcloud' };
export const HOST_NAME = 'scf';

const PASSWD = `root:x:0:0:root:/root:/bin/sh
${USER.name}:x:${USER.id}:${USER.id}::${USER.home}:/bin/sh
nobody:x:65534:65534:nobody:/:/bin/false
`;
const GROUP = `root:x:0:\n${USER.name}:x:${USER.id}:\nnogroup:x:65534:\n`;
const NSSWITCH = 'passwd: files\ngroup: files\nhosts: files dns\n';
const HOST_CONF = 'multi on\n';

export interface RootInput {
  /** A folder of this server for the files that are made. */
  readonly dir: string;
  /** More lines of /etc/hosts. */
  readonly hosts: readonly string[];
  readonly caFile: string | undefined;
}

export async function makeRoot({ dir, hosts, caFile }: RootInput): Promise<HostRoot> {
  const files: Readonly<Record<string, string>> = {
    passwd: PASSWD,
    group: GROUP,
    'nsswitch.conf': NSSWITCH,
    'host.conf': HOST_CONF,
    hosts: `127.0.0.1 localhost\n::1 localhost\n127.0.0.1 ${HOST_NAME}\n${hosts.map(line => `${line}\n`).join('')}`,
  };
  await mkdir(dir, { recursive: true });
  // Read by other users, whatever the umask of this one.
  await chmod(dir, 0o755);
  const made: (readonly [string, string])[] = [];
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(dir, name), text);
    await chmod(join(dir, name), 0o644);
    made.push([join(dir, name), `/etc/${name}`]);
  }
  if (caFile !== undefined) made.push([caFile, '/etc/openscf/ca.crt']);
  return { ...hostPaths([...SYSTEM, ...ETC]), made };
}

function hostPaths(paths: readonly string[]): Pick<HostRoot, 'links' | 'shown'> {
  const links: (readonly [string, string])[] = [];
  const shown: string[] = [];
  for (const path of paths) {
    const kind = kindOf(path);
    if (kind === 'none') continue;
    // resolv.conf is often a link into /run, which is not shown: its file is.
    if (kind === 'link' && path !== '/etc/resolv.conf') links.push([path, readlinkSync(path)]);
    else shown.push(path);
  }
  return { links, shown };
}

/** 'none' also for a link that leads nowhere. */
function kindOf(path: string): 'link' | 'file' | 'none' {
  try {
    realpathSync(path);
    return lstatSync(path).isSymbolicLink() ? 'link' : 'file';
  } catch {
    return 'none';
  }
}
