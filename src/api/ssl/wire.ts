// From an uploaded certificate to the API's objects. What a bought one would have goes out empty, never left out.

import type { KeyObject, X509Certificate } from 'node:crypto';
import type { KeptCertificate } from '../../control/certificates.ts';
import { certificatesIn } from '../../control/pem.ts';
import type { Language } from '../../core/errors.ts';
import type { Tag, TaggedResource } from '../../core/ports.ts';
import { wireTime } from '../times.ts';

const DAY_MS = 86_400_000;
const MONTH_MS = 30.44 * DAY_MS;
/** Documented: it is about to expire. */
const EXPIRING_MS = 30 * DAY_MS;

const STATUS = { valid: 1, expired: 3 } as const;
const STATUS_NAMES = {
  [STATUS.valid]: { zh: '已通过', en: 'Issued' },
  [STATUS.expired]: { zh: '已过期', en: 'Expired' },
};

export interface Seen {
  readonly uin: string;
  readonly tags: readonly Tag[];
  readonly now: number;
  readonly language: Language;
}

export function certificateResource(id: string): TaggedResource {
  return { service: 'ssl', region: '', prefix: 'certificate', id };
}

export const isCa = (one: KeptCertificate): boolean => one.privateKeyPem === '';
export const statusOf = (one: KeptCertificate, now: number) => (one.notAfter <= now ? STATUS.expired : STATUS.valid);
export const isExpiring = ({ notAfter }: KeptCertificate, now: number): boolean =>
  notAfter > now && notAfter - now <= EXPIRING_MS;

/** What all three describing actions show. */
function common(one: KeptCertificate, { uin, tags, now, language }: Seen) {
  const status = statusOf(one, now);
  return {
    OwnerUin: uin,
    ProjectId: String(one.projectId),
    From: 'upload',
    PackageType: null,
    CertificateType: isCa(one) ? 'CA' : 'SVR',
    ProductZhName: '',
    Domain: one.domains[0] ?? '',
    Alias: one.alias,
    Status: status,
    StatusName: STATUS_NAMES[status][language],
    StatusMsg: '',
    VerifyType: '',
    VulnerabilityStatus: 'INACTIVE',
    CertBeginTime: wireTime(one.notBefore),
    CertEndTime: wireTime(one.notAfter),
    ValidityPeriod: String(Math.round((one.notAfter - one.notBefore) / MONTH_MS)),
    InsertTime: wireTime(one.createdAt),
    CertificateId: one.id,
    CertificateExtra: {
      DomainNumber: String(one.domains.length),
      OriginCertificateId: '',
      ReplacedBy: '',
      ReplacedFor: '',
      RenewOrder: '',
      SMCert: 0,
      CompanyType: null,
      ServiceRenewCertificateId: '',
      ServiceOriginCertificateId: '',
    },
    IsVip: false,
    IsDv: false,
    IsWildcard: one.domains.some(domain => domain.startsWith('*.')),
    IsVulnerability: false,
    RenewAble: false,
    Deployable: !isCa(one),
    Tags: tags.map(({ Key, Value }) => ({ TagKey: Key, TagValue: Value })),
  };
}

/** What is told of the certificates in a CA's text. */
function caFields(one: KeptCertificate) {
  const chain = isCa(one) ? chainOf(one) : [];
  return {
    CAEncryptAlgorithms: chain.map(certificate => algorithmOf(certificate.publicKey)),
    CACommonNames: chain.map(commonName),
    CAEndTimes: chain.map(certificate => wireTime(certificate.validToDate.getTime())),
  };
}

/** One of DescribeCertificates. */
export function wireListed(one: KeptCertificate, seen: Seen): object {
  const [own] = chainOf(one);
  return {
    ...common(one, seen),
    ...caFields(one),
    SubjectAltName: one.domains,
    CertSANs: one.domains,
    PackageTypeName: '',
    ProjectInfo: {
      ProjectId: String(one.projectId),
      ProjectName: '',
      ProjectCreatorUin: 0,
      ProjectCreateTime: '',
      ProjectResume: '',
      OwnerUin: Number(seen.uin),
    },
    BoundResource: [],
    IsIgnore: false,
    IsSM: false,
    EncryptAlgorithm: own ? algorithmOf(own.publicKey) : '',
    PreAuditInfo: null,
    AutoRenewFlag: 0,
    HostingStatus: -1,
    HostingCompleteTime: '',
    HostingRenewCertId: '',
    HasRenewOrder: '',
    ReplaceOriCertIsDelete: false,
    IsExpiring: isExpiring(one, seen.now),
    DVAuthDeadline: '',
    ValidationPassedTime: '',
    AwaitingValidationMsg: '',
    AllowDownload: false,
    IsDNSPODResolve: false,
    IsPackage: false,
    KeyPasswordCustomFlag: false,
    SupportDownloadType: null,
    CertRevokedTime: '',
    HostingResourceTypes: [],
    HostingConfig: null,
    IsHostingUploadRenewCert: false,
    ServiceId: '',
    ServiceStatus: '',
    CertServiceBeginTime: '',
    CertServiceEndTime: '',
    CertServiceShareEnabled: false,
    CertServiceValidCertificateCount: 0,
  };
}

/** The answer of DescribeCertificate. */
export function wireDescribed(one: KeptCertificate, seen: Seen): object {
  return {
    ...common(one, seen),
    ...caFields(one),
    SubjectAltName: one.domains,
    PackageTypeName: '',
    OrderId: '',
    DvAuthDetail: null,
    DvRevokeAuthDetail: [],
    VulnerabilityReport: '',
    SubmittedData: null,
  };
}

/** The answer of DescribeCertificateDetail: the texts themselves, the private key among them. */
export function wireDetail(one: KeptCertificate, seen: Seen): object {
  const chain = chainOf(one);
  const last = chain.at(-1);
  const isWild = one.domains.some(domain => domain.startsWith('*.'));
  return {
    ...common(one, seen),
    CertificatePublicKey: one.certificatePem,
    CertificatePrivateKey: one.privateKeyPem,
    // Without the first, which stands in Domain.
    SubjectAltName: one.domains.slice(1),
    TypeName: '',
    OrderId: '',
    DvAuthDetail: null,
    DvRevokeAuthDetail: [],
    VulnerabilityReport: '',
    SubmittedData: null,
    RootCert: { Sign: '', Encrypt: '', Standard: last?.checkIssued(last) ? last.toString() : '' },
    EncryptCert: '',
    EncryptPrivateKey: '',
    CertFingerprint: one.fingerprint,
    EncryptCertFingerprint: '',
    EncryptAlgorithm: '',
    CertChainInfo: chain.map(wireBasic),
    DomainType: (isWild ? 3 : 1) + (one.domains.length > 1 ? 1 : 0),
    CertType: '',
    UseCrossSignRoot: false,
    HostingStatus: -1,
  };
}

function wireBasic(certificate: X509Certificate): object {
  return {
    Issuer: certificate.issuer.replaceAll('\n', ','),
    Subject: certificate.subject.replaceAll('\n', ','),
    Fingerprint: certificate.fingerprint.replaceAll(':', '').toLowerCase(),
    ValidFrom: wireTime(certificate.validFromDate.getTime()),
    ValidTo: wireTime(certificate.validToDate.getTime()),
  };
}

const chainOf = (one: KeptCertificate): readonly X509Certificate[] => certificatesIn(one.certificatePem);

/** `RSA 2048`, `ECC prime256v1`. */
function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject): string {
  const { modulusLength, namedCurve } = asymmetricKeyDetails;
  if (modulusLength !== undefined) return `RSA ${modulusLength}`;
  return namedCurve === undefined ? String(asymmetricKeyType).toUpperCase() : `ECC ${namedCurve}`;
}

function commonName(certificate: X509Certificate): string {
  return /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? '';
}
