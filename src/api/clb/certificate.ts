// Certificates as requests name them: by id, or with their text, which is uploaded first.

import { z } from 'zod';
import { fail } from '../../core/errors.ts';
import type { ListenerCertificate } from '../../services/clb/model.ts';
import type { ClbContext } from './deps.ts';
import { failCall } from './errors.ts';
import { text } from './types.ts';
import { refuseUnbuilt } from './unbuilt.ts';

const Mode = z.enum(['UNIDIRECTIONAL', 'MUTUAL']);

export const CertificateInput = z.object({
  SSLMode: Mode.optional(),
  SSLVerifyClient: text.optional(),
  CertId: text.optional(),
  CertCaId: text.optional(),
  CertName: text.optional(),
  CertKey: text.optional(),
  CertContent: text.optional(),
  CertCaName: text.optional(),
  CertCaContent: text.optional(),
});

const CertInfo = z.object({
  CertId: text.optional(),
  CertName: text.optional(),
  CertContent: text.optional(),
  CertKey: text.optional(),
});

export const MultiCertInfo = z.object({
  SSLMode: Mode,
  CertList: z.array(CertInfo),
  SSLVerifyClient: text.optional(),
});

/** The two ways to say it; at most one of them may be used. */
export const CERTIFICATE = { Certificate: CertificateInput.optional(), MultiCertInfo: MultiCertInfo.optional() };
type Given = z.output<z.ZodObject<typeof CERTIFICATE>>;

type Uploads = Pick<ClbContext, 'certificates'>;

export async function certificateOf(given: Given, context: Uploads): Promise<ListenerCertificate | undefined> {
  const { Certificate: one, MultiCertInfo: many } = given;
  if (one && many) {
    return failCall('InvalidParameterValue', {
      name: 'MultiCertInfo',
      zh: '不能与 Certificate 同时传入',
      en: 'it cannot be given together with Certificate',
    });
  }
  if (one) return ofOne(one, context);
  return many ? ofMany(many, context) : undefined;
}

async function ofOne(given: z.output<typeof CertificateInput>, context: Uploads): Promise<ListenerCertificate> {
  const { SSLMode: mode = 'UNIDIRECTIONAL', SSLVerifyClient } = given;
  refuseUnbuilt({ SSLVerifyClient });
  const { CertName, CertContent, CertKey, CertCaName, CertCaContent } = given;
  const server = { CertId: given.CertId, CertName, CertContent, CertKey };
  const id = await idOf(server, 'CertKey', context);
  if (mode === 'UNIDIRECTIONAL') return { mode, ids: [id], caId: '' };
  const ca = { CertId: given.CertCaId, CertName: CertCaName, CertContent: CertCaContent };
  return { mode, ids: [id], caId: await idOf(ca, undefined, context) };
}

/** Of mutual TLS the list has a certificate without a key: that of the clients. */
async function ofMany(given: z.output<typeof MultiCertInfo>, context: Uploads): Promise<ListenerCertificate> {
  const { SSLMode: mode, CertList, SSLVerifyClient } = given;
  refuseUnbuilt({ SSLVerifyClient });
  const ids: string[] = [];
  for (const info of CertList) {
    ids.push(await idOf(info, mode === 'UNIDIRECTIONAL' ? 'CertKey' : undefined, context));
  }
  if (mode === 'UNIDIRECTIONAL') return { mode, ids, caId: '' };
  const isCa = (id: string) => context.certificates.find(id)?.privateKeyPem === '';
  const caId = ids.find(isCa) ?? fail('MissingParameter', { name: 'CertList (CA)' });
  return { mode, ids: ids.filter(id => !isCa(id)), caId };
}

async function idOf(
  { CertId, CertName, CertContent, CertKey }: z.output<typeof CertInfo>,
  key: 'CertKey' | undefined,
  { certificates }: Uploads,
): Promise<string> {
  if (CertId) return CertId;
  if (!CertContent) return fail('MissingParameter', { name: 'CertId' });
  if (key && !CertKey) return fail('MissingParameter', { name: key });
  const upload = { certificatePem: CertContent, privateKeyPem: CertKey ?? '', alias: CertName, repeatable: false };
  return (await certificates.upload(upload)).certificate.id;
}
