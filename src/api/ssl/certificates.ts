// Uploading, listing, showing, renaming and deleting certificates.

import { z } from 'zod';
import type { KeptCertificate } from '../../control/certificates.ts';
import { fail } from '../../core/errors.ts';
import type { Tag } from '../../core/ports.ts';
import { action } from '../action.ts';
import type { SslContext } from './deps.ts';
import {
  certificateResource,
  isCa,
  isExpiring,
  type Seen,
  statusOf,
  wireDescribed,
  wireDetail,
  wireListed,
} from './wire.ts';

const text = z.string();
const int = z.number().int();
const Tags = z.array(z.object({ TagKey: text, TagValue: text })).optional();
const Type = z.enum(['SVR', 'CA']).optional();
const Flag = int.min(0).max(1).optional();

const LIMIT = { default: 10, max: 1000 };

function tagsOf(tags: z.output<typeof Tags> = []): Tag[] {
  return tags.map(({ TagKey, TagValue }) => ({ Key: TagKey, Value: TagValue }));
}

function seenBy({ account, tags, wallClock, language }: SslContext, { id }: KeptCertificate): Seen {
  return { uin: account.uin, tags: tags.of(certificateResource(id)), now: wallClock.now(), language };
}

const UploadCertificate = action({
  request: z.object({
    CertificatePublicKey: text,
    CertificatePrivateKey: text.optional(),
    CertificateType: Type,
    Alias: text.optional(),
    ProjectId: int.optional(),
    Tags,
    Repeatable: z.boolean().optional(),
    KeyPassword: text.optional(),
  }),
  async handle(request, { certificates, tags }: SslContext) {
    const isServer = request.CertificateType !== 'CA';
    const key = request.CertificatePrivateKey ?? '';
    if (isServer && key.trim() === '') fail('MissingParameter', { name: 'CertificatePrivateKey' });
    const wanted = tagsOf(request.Tags);
    tags.check(certificateResource(''), wanted);
    const { certificate, repeated } = await certificates.upload({
      certificatePem: request.CertificatePublicKey,
      privateKeyPem: isServer ? key : '',
      keyPassword: request.KeyPassword,
      alias: request.Alias,
      projectId: request.ProjectId,
      repeatable: request.Repeatable,
    });
    const { id } = certificate;
    if (!repeated && wanted.length > 0) await tags.set(certificateResource(id), wanted);
    return { CertificateId: id, RepeatCertId: repeated ? id : '' };
  },
});

const DescribeCertificates = action({
  request: z.object({
    Offset: int.min(0).optional(),
    Limit: int.min(1).optional(),
    SearchKey: text.optional(),
    CertificateType: z.enum(['SVR', 'CA', '']).optional(),
    ProjectId: int.optional(),
    ExpirationSort: z.enum(['ASC', 'DESC', '']).optional(),
    CertificateStatus: z.array(int).optional(),
    CertIds: z.array(text).optional(),
    Tags,
    Deployable: Flag,
    FilterExpiring: Flag,
    FilterSource: z.enum(['upload', 'buy', '']).optional(),
    Renew: Flag,
    IsSM: Flag,
    Hostable: Flag,
    IsPendingIssue: Flag,
    ServiceId: text.optional(),
  }),
  async handle(request, context: SslContext) {
    const { certificates, tags, wallClock } = context;
    const { CertificateType: type, ProjectId: project, CertificateStatus: statuses = [], CertIds: ids = [] } = request;
    const now = wallClock.now();
    const wanted = tagsOf(request.Tags);
    // Of what is bought in the cloud there is nothing here.
    const bought =
      [request.Renew, request.IsSM, request.Hostable, request.IsPendingIssue].includes(1) ||
      request.FilterSource === 'buy' ||
      Boolean(request.ServiceId);
    const hasTags = ({ id }: KeptCertificate) => {
      const own = tags.of(certificateResource(id));
      return wanted.every(({ Key, Value }) => own.some(tag => tag.Key === Key && tag.Value === Value));
    };
    const { total, rows } = certificates.list({
      search: request.SearchKey,
      byEnd: request.ExpirationSort || undefined,
      where: one =>
        !bought &&
        (!type || isCa(one) === (type === 'CA')) &&
        (project === undefined || one.projectId === project) &&
        (statuses.length === 0 || statuses.includes(statusOf(one, now))) &&
        (ids.length === 0 || ids.includes(one.id)) &&
        (request.Deployable === undefined || isCa(one) === (request.Deployable === 0)) &&
        (request.FilterExpiring !== 1 || isExpiring(one, now)) &&
        hasTags(one),
      offset: request.Offset ?? 0,
      // More than the most allowed counts as the most, as documented.
      limit: Math.min(request.Limit ?? LIMIT.default, LIMIT.max),
    });
    return { TotalCount: total, Certificates: rows.map(one => wireListed(one, seenBy(context, one))) };
  },
});

const CERTIFICATE = z.object({ CertificateId: text });

const DescribeCertificate = action({
  request: CERTIFICATE,
  async handle({ CertificateId }, context: SslContext) {
    const one = context.certificates.need(CertificateId);
    return wireDescribed(one, seenBy(context, one));
  },
});

const DescribeCertificateDetail = action({
  request: CERTIFICATE,
  async handle({ CertificateId }, context: SslContext) {
    const one = context.certificates.need(CertificateId);
    return wireDetail(one, seenBy(context, one));
  },
});

const ModifyCertificateAlias = action({
  request: CERTIFICATE.extend({ Alias: text.optional() }),
  async handle({ CertificateId, Alias = '' }, { certificates }: SslContext) {
    await certificates.rename(CertificateId, Alias);
    return { CertificateId };
  },
});

/** Whether something uses it is always asked, and at once: there is no task to wait for. */
const DeleteCertificate = action({
  request: CERTIFICATE,
  async handle({ CertificateId }, { certificates, tags }: SslContext) {
    await certificates.remove(CertificateId);
    await tags.drop(certificateResource(CertificateId));
    return { DeleteResult: true, TaskId: '' };
  },
});

export const CERTIFICATE_ACTIONS = {
  UploadCertificate,
  DescribeCertificates,
  DescribeCertificate,
  DescribeCertificateDetail,
  ModifyCertificateAlias,
  DeleteCertificate,
};
