// What a custom domain may be: its name, its paths, its certificate.

import { isIP } from 'node:net';
import {
  type CustomDomain,
  DOMAIN_PROTOCOLS,
  type DomainEndpoint,
  type DomainProtocol,
  type PathRewrite,
} from '../core/domain.ts';
import type { Certificates } from '../core/ports.ts';
import { failValue } from './domain-errors.ts';

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const DOMAIN_CHARS = 253;
/** `/`, `/*`, `/x`, `/x/a`, `/x/*`: characters of a path, and a star as the last segment alone. */
const PATH = /^\/(?:[\w.~!$&'()+,;=:@%-]+(?:\/[\w.~!$&'()+,;=:@%-]+)*(?:\/\*)?|\*)?$/;
const ENDPOINTS = 100;

/** In lower case. */
export function domainName(given: string): string {
  const domain = given.trim().toLowerCase();
  const labels = domain.split('.');
  const fits = labels.length > 1 && domain.length <= DOMAIN_CHARS && labels.every(label => LABEL.test(label));
  if (!fits || isIP(domain) !== 0)
    failValue(
      'Domain',
      `“${given}”不是域名；请使用形如 www.example.com 的域名，不支持通配符与 IP 地址。`,
      `"${given}" is no host name; give one such as www.example.com, no wildcard and no IP address.`,
    );
  return domain;
}

export function domainProtocol(given: string): DomainProtocol {
  const known = DOMAIN_PROTOCOLS.find(one => one === given.toUpperCase());
  return (
    known ??
    failValue(
      'Protocol',
      `取值“${given}”不支持，请使用 HTTP、HTTPS 或 HTTP&HTTPS。`,
      `it is "${given}"; use HTTP, HTTPS or HTTP&HTTPS.`,
    )
  );
}

/** '' without TLS. */
export function certificateOf(
  { domain, protocol, certificateId }: Pick<CustomDomain, 'domain' | 'protocol' | 'certificateId'>,
  certificates: Pick<Certificates, 'find'>,
): string {
  const name = 'CertConfig.CertificateId';
  if (protocol === 'HTTP') return '';
  if (certificateId === '')
    failValue(
      name,
      'Protocol 含 HTTPS 时必须指定证书；可通过 ssl 的 UploadCertificate 上传。',
      'HTTPS takes a certificate; upload one by UploadCertificate of ssl.',
    );
  const certificate = certificates.find(certificateId);
  if (!certificate)
    return failValue(
      name,
      `证书 ${certificateId} 不存在，请检查 ID。`,
      `there is no certificate ${certificateId}; check the id.`,
    );
  const parent = `*${domain.slice(domain.indexOf('.'))}`;
  if (certificate.privateKeyPem === '' || !certificate.domains.some(one => one === domain || one === parent))
    failValue(
      name,
      `证书 ${certificateId} 不适用于域名 ${domain}。`,
      `the certificate ${certificateId} does not vouch for ${domain}.`,
    );
  return certificateId;
}

export function checkEndpoints(endpoints: readonly DomainEndpoint[]): void {
  const name = 'EndpointsConfig';
  if (endpoints.length === 0 || endpoints.length > ENDPOINTS)
    failValue(
      name,
      `需要 1 至 ${ENDPOINTS} 项，当前为 ${endpoints.length} 项。`,
      `1 to ${ENDPOINTS} are needed, it has ${endpoints.length}.`,
    );
  const seen = new Set<string>();
  for (const { pathMatch, rewrites } of endpoints) {
    checkPath('PathMatch', pathMatch);
    if (seen.has(pathMatch))
      failValue(name, `路径 ${pathMatch} 出现多次。`, `the path ${pathMatch} comes more than once.`);
    seen.add(pathMatch);
    for (const rewrite of rewrites) checkRewrite(rewrite);
  }
}

function checkPath(name: string, path: string): void {
  if (PATH.test(path)) return;
  failValue(
    name,
    `“${path}”不符合格式，请使用 /、/*、/x、/x/a 或 /x/*。`,
    `"${path}" is not of the forms /, /*, /x, /x/a or /x/*.`,
  );
}

function checkRewrite({ path, type, rewrite }: PathRewrite): void {
  checkPath('PathRewrite.Path', path);
  const isWild = path.endsWith('/*');
  if (isWild !== (type === 'WildcardRules'))
    failValue(
      'PathRewrite.Type',
      `路径 ${path} 应使用 ${isWild ? 'WildcardRules' : 'ExactRules'}。`,
      `${path} takes ${isWild ? 'WildcardRules' : 'ExactRules'}.`,
    );
  if (!/^\/[^\s?#]*$/.test(rewrite) || (!isWild && rewrite.includes('$1')))
    failValue(
      'PathRewrite.Rewrite',
      `“${rewrite}”不符合格式，请使用以 / 开头的路径；$1 仅用于 WildcardRules。`,
      `"${rewrite}" is not a path that begins with /; $1 is for WildcardRules alone.`,
    );
}
