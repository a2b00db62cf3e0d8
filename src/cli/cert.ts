// openscf cert add|ls|rm

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { fail } from './errors.ts';
import { type Io, type Say, table } from './io.ts';
import { openSession } from './session.ts';

interface AddFlags {
  readonly alias?: string;
  readonly ca?: boolean;
}

/** One of DescribeCertificates, as far as it is read here. */
interface Shown {
  readonly CertificateId: string;
  readonly CertificateType: string;
  readonly SubjectAltName: readonly string[];
  readonly CACommonNames: readonly string[];
  readonly CertEndTime: string;
  readonly Status: number;
  readonly Alias: string;
}

const ALL = 1000;
const EXPIRED = 3;

export function certCommand(program: Command, io: Io, say: Say): void {
  const parent = program
    .command('cert')
    .description(say({ zh: '管理 TLS 证书：自有域名的 HTTPS', en: 'TLS certificates for domains of your own' }));
  addAdd(parent, io, say);
  addLs(parent, io, say);
  addRm(parent, io, say);
}

function addAdd(parent: Command, io: Io, say: Say): void {
  const command = parent
    .command('add')
    .argument(
      '<certificate>',
      say({ zh: 'PEM 文件：服务器证书，其后是证书链', en: 'PEM file: the certificate, then those behind it' }),
    )
    .argument('[key]', say({ zh: 'PEM 文件：私钥', en: 'PEM file: its private key' }));
  command.description(
    say({ zh: '上传证书，从下一次握手起生效', en: 'upload a certificate; it is served from the next handshake on' }),
  );
  command.option('--alias <text>', say({ zh: '备注名称', en: 'a name to know it by' }));
  command.option(
    '--ca',
    say({ zh: '用于校验客户端的 CA 证书，不需要私钥', en: 'a CA that clients are checked by; it needs no key' }),
  );
  command.action(async (certificate: string, key: string | undefined, flags: AddFlags) => {
    const session = openSession(command, io);
    const { CertificateId } = await session.client.cloud('ssl', 'UploadCertificate', {
      CertificatePublicKey: await text(io, certificate),
      ...(key !== undefined && { CertificatePrivateKey: await text(io, key) }),
      ...(flags.ca && { CertificateType: 'CA' }),
      ...(flags.alias !== undefined && { Alias: flags.alias }),
    });
    if (session.json) return io.out(`${JSON.stringify({ CertificateId })}\n`);
    io.out(`${session.say({ zh: '已上传', en: 'Uploaded' })} ${CertificateId}\n`);
  });
}

async function text(io: Io, path: string): Promise<string> {
  try {
    return await readFile(resolve(io.cwd, path), 'utf8');
  } catch (error) {
    return fail('Cli.File', { path, reason: (error as Error).message }, error);
  }
}

function addLs(parent: Command, io: Io, say: Say): void {
  const command = parent.command('ls');
  command.description(say({ zh: '列出证书', en: 'list certificates' }));
  command.action(async () => {
    const session = openSession(command, io);
    const { Certificates } = await session.client.cloud('ssl', 'DescribeCertificates', { Limit: ALL });
    const shown = Certificates as readonly Shown[];
    if (session.json) return io.out(`${JSON.stringify(shown)}\n`);
    if (shown.length > 0) return io.out(`${table(shown.map(one => rowOf(one, session.say)))}\n`);
    io.note(
      session.say({
        zh: '还没有证书。上传一个：openscf cert add <证书.pem> <私钥.pem>\n',
        en: 'No certificates yet. Upload one: openscf cert add <certificate.pem> <key.pem>\n',
      }),
    );
  });
}

function rowOf(one: Shown, say: Say): string[] {
  const names = one.CertificateType === 'CA' ? one.CACommonNames : one.SubjectAltName;
  const expired = one.Status === EXPIRED ? ` ${say({ zh: '（已过期）', en: '(expired)' })}` : '';
  return [one.CertificateId, one.CertificateType, names.join(','), `${one.CertEndTime}${expired}`, one.Alias];
}

function addRm(parent: Command, io: Io, say: Say): void {
  const command = parent.command('rm').argument('<id>', say({ zh: '证书 ID', en: 'id of the certificate' }));
  command.description(say({ zh: '删除没有被使用的证书', en: 'remove a certificate that nothing uses' }));
  command.action(async (CertificateId: string) => {
    const session = openSession(command, io);
    await session.client.cloud('ssl', 'DeleteCertificate', { CertificateId });
    if (session.json) return io.out(`${JSON.stringify({ CertificateId })}\n`);
    io.out(`${session.say({ zh: '已删除', en: 'Removed' })} ${CertificateId}\n`);
  });
}
