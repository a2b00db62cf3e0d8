// The smallest Ceph there is: one monitor, one OSD that keeps all in memory, one object gateway. Nothing of it is on the network.

import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answers, type Daemon, ownAddress, programAt, runProgram, seen, startDaemon } from './daemon.ts';
import { type S3Client, type S3Store, valueIn } from './s3.ts';

const PROGRAMS = ['monmaptool', 'ceph-mon', 'ceph-osd', 'radosgw', 'radosgw-admin', 'ceph'];

export function cephMissing(): string | false {
  const missing = PROGRAMS.filter(name => programAt(name) === undefined);
  if (missing.length > 0)
    return `${missing.join(', ')} missing (apt-get install --no-install-recommends ceph-mon ceph-osd radosgw ceph-common)`;
  const version = execFileSync('radosgw', ['--version'], { encoding: 'utf8' });
  return !/^ceph version 16\./.test(version) && `what Ceph tells is known of version 16 (Debian 12), not of ${version}`;
}

export async function startCeph(): Promise<S3Store & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'openscf-ceph-'));
  const daemons: Daemon[] = [];
  const end = async () => {
    for (const daemon of daemons.toReversed()) await daemon.end();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return { ...(await begin(folder, daemons)), [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

async function begin(folder: string, daemons: Daemon[]): Promise<S3Store> {
  const address = ownAddress();
  const conf = join(folder, 'ceph.conf');
  const fsid = randomUUID();
  for (const name of ['mon', 'osd', 'rgw', 'run', 'crash']) await mkdir(join(folder, name));
  await writeFile(conf, confOf(folder, address, fsid));
  const env = { CEPH_CONF: conf };
  const run = (program: string, ...args: string[]) => runProgram(program, args, env);
  const start = (program: string, ...args: string[]) => {
    const daemon = startDaemon(program, [...args, '-f'], env);
    daemons.push(daemon);
    return daemon;
  };

  const monmap = join(folder, 'monmap');
  await run('monmaptool', '--create', '--fsid', fsid, '--addv', 'a', `[v2:${address}:3300]`, monmap);
  await run('ceph-mon', '-i', 'a', '--mkfs', '--monmap', monmap);
  start('ceph-mon', '-i', 'a');
  const osd = randomUUID();
  await run('ceph', '--connect-timeout', '50', 'osd', 'new', osd, '0');
  await run('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', osd);
  start('ceph-osd', '-i', '0');
  // Waits for the OSD, and makes the pools.
  const keys = { accessKey: 'PEERSACCESSKEY000000', secretKey: 'peers-secret-key' };
  const user = ['--uid', 'peers', '--display-name', 'peers', '--access-key', keys.accessKey];
  await run('radosgw-admin', 'user', 'create', ...user, '--secret-key', keys.secretKey);
  const url = `http://${address}:8000`;
  const gateway = start('radosgw', '-n', 'client.rgw.a', `--rgw_frontends=beast endpoint=${address}:8000`);
  await seen('the gateway listens', () => answers(url), gateway);
  return { url, ...keys, region: 'default' };
}

/** As our documents say. */
const EVENTS = ['ObjectCreated:Put', 'ObjectCreated:Copy', 'ObjectCreated:CompleteMultipartUpload', 'ObjectRemoved:*'];

export interface Topic {
  readonly name: string;
  readonly pushEndpoint: string;
  readonly persistent: boolean;
}

/** What happens in the bucket is told to a topic, which is made. */
export async function notifyCeph(s3: S3Client, bucket: string, { name, pushEndpoint, persistent }: Topic) {
  const attributes = { 'push-endpoint': pushEndpoint, persistent: String(persistent) };
  const fields = new URLSearchParams({ Action: 'CreateTopic', Name: name, Version: '2010-03-31' });
  for (const [index, [key, value]] of Object.entries(attributes).entries()) {
    fields.set(`Attributes.entry.${index + 1}.key`, key);
    fields.set(`Attributes.entry.${index + 1}.value`, value);
  }
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const { text } = await s3('POST', '/', { service: 'sns', headers, body: fields.toString() });
  await s3('PUT', `/${bucket}`, {
    query: { notification: '' },
    body: `<NotificationConfiguration><TopicConfiguration><Id>scf</Id><Topic>${valueIn(text, 'TopicArn')}</Topic>
      ${EVENTS.map(event => `<Event>s3:${event}</Event>`).join('')}
    </TopicConfiguration></NotificationConfiguration>`,
  });
}

const confOf = (folder: string, address: string, fsid: string) => `[global]
fsid = ${fsid}
mon_host = [v2:${address}:3300]
mon_initial_members = a
public_addr = ${address}
cluster_addr = ${address}
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
ms_mon_client_mode = crc
keyring = ${folder}/keyring
run_dir = ${folder}/run
admin_socket = ${folder}/run/$name.$pid.asok
log_file = ${folder}/$name.log
crash_dir = ${folder}/crash
mon_cluster_log_file = ${folder}/cluster.log
mon_data = ${folder}/mon
mon_allow_pool_size_one = true
mon_data_avail_crit = 0
paxos_propose_interval = 0.05
osd_data = ${folder}/osd
osd_objectstore = memstore
memstore_device_bytes = 268435456
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
osd_crush_initial_weight = 1
rgw_data = ${folder}/rgw
`;
