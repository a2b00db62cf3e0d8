// What is uploaded as a certificate: PEM texts taken apart, held against each other, and read.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import { fail } from './certificate-errors.ts';

export interface CertificateText {
  readonly certificatePem: string;
  /** '' for a CA that clients are checked by. */
  readonly privateKeyPem: string;
  readonly keyPassword?: string | undefined;
}

export interface ReadCertificate {
  /** The certificate first, then those behind it; of a CA in the order of the upload. */
  readonly chain: readonly X509Certificate[];
  /** Nothing but the certificates. */
  readonly certificatePem: string;
  /** PKCS #8 without a password; '' of a CA. */
  readonly privateKeyPem: string;
  /** Lower case; empty of a CA. */
  readonly domains: readonly string[];
  /** ms since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
}

const MAX_CHAIN = 10;
const BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
const NAME = /^(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/;

/** Refuses what no server could be run with. */
export function readCertificate(text: CertificateText, now: number): ReadCertificate {
  const chain = chainOf(text.certificatePem);
  const [own] = chain;
  const read = {
    chain,
    certificatePem: chain.map(certificate => certificate.toString()).join(''),
    notBefore: own.validFromDate.getTime(),
    notAfter: own.validToDate.getTime(),
  };
  if (read.notAfter <= now) {
    const day = own.validToDate.toISOString().slice(0, 10);
    refuse(`已于 ${day} 过期，请上传有效期内的证书。`, `it expired on ${day}; upload one that is valid.`);
  }
  if (text.privateKeyPem === '') return Object.freeze({ ...read, privateKeyPem: '', domains: [] });
  const key = keyOf(text.privateKeyPem, text.keyPassword);
  if (!own.checkPrivateKey(key)) fail('FailedOperation.CertificateMismatch');
  checkOrder(chain);
  const privateKeyPem = key.export({ type: 'pkcs8', format: 'pem' }).toString();
  checkUsable(read.certificatePem, privateKeyPem);
  const domains = domainsOf(own);
  if (domains.length === 0)
    refuse(
      '未包含任何域名或 IP，请上传带有 DNS 名称的服务器证书。',
      'it names no domain and no address; upload one of a server.',
    );
  return Object.freeze({ ...read, privateKeyPem, domains });
}

/** Those in a text that has been checked. */
export function certificatesIn(pem: string): readonly X509Certificate[] {
  return (pem.match(BLOCK) ?? []).map(block => new X509Certificate(block));
}

type Chain = readonly [X509Certificate, ...X509Certificate[]];

function chainOf(pem: string): Chain {
  const [first, ...rest] = pem.match(BLOCK) ?? [];
  if (first === undefined)
    return refuse(
      '内容不是 PEM 格式，应以 -----BEGIN CERTIFICATE----- 开头。',
      'it is not PEM, which begins with -----BEGIN CERTIFICATE-----.',
    );
  if (rest.length >= MAX_CHAIN)
    refuse(`证书链最多 ${MAX_CHAIN} 个证书。`, `its chain is longer than ${MAX_CHAIN} certificates.`);
  return [parse(first, 0), ...rest.map((block, index) => parse(block, index + 1))];
}

function parse(block: string, index: number): X509Certificate {
  try {
    return new X509Certificate(block);
  } catch (error) {
    const number = index + 1;
    return refuse(`第 ${number} 个证书无法解析。`, `certificate ${number} of the text cannot be read.`, error);
  }
}

function keyOf(pem: string, passphrase: string | undefined): KeyObject {
  // Both forms say so: the label of PKCS #8, the header of older ones.
  if (!passphrase && pem.includes('ENCRYPTED'))
    refuse('私钥已加密，请同时给出密码。', 'its private key is encrypted; give the password with it.');
  try {
    return createPrivateKey({ key: pem, ...(passphrase && { passphrase }) });
  } catch (error) {
    return refuse(
      '私钥无法解析，请上传 PEM 格式的私钥并检查密码。',
      'its private key cannot be read; upload it as PEM, and check its password.',
      error,
    );
  }
}

function checkOrder(chain: Chain): void {
  for (const [index, issuer] of chain.entries()) {
    const issued = chain[index - 1];
    if (!issued || (issued.checkIssued(issuer) && issued.verify(issuer.publicKey))) continue;
    refuse(
      `证书链顺序错误：第 ${index} 个证书不是由第 ${index + 1} 个证书签发的。`,
      `its chain is out of order: certificate ${index} was not issued by certificate ${index + 1}.`,
    );
  }
}

/** The TLS library has rules of its own, such as the least size of a key. */
function checkUsable(cert: string, key: string): void {
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const { message } = error as Error;
    refuse(`TLS 不接受：${message}`, `TLS does not take it: ${message}`, error);
  }
}

const ALTERNATIVE = /(?:^|, )(DNS|IP Address|[^:,"]+):("(?:[^"\\]|\\.)*"|[^,]*)/gy;

/** Its alternative names; its common name counts only where there are none (RFC 6125 §6.4.4). */
function domainsOf(certificate: X509Certificate): readonly string[] {
  const names: string[] = [];
  for (const [, kind, value = ''] of (certificate.subjectAltName ?? '').matchAll(ALTERNATIVE)) {
    if (kind === 'DNS' || kind === 'IP Address') names.push(value);
  }
  // An array when it comes more than once, whatever the types say.
  const common: unknown = certificate.toLegacyObject().subject?.CN;
  if (names.length === 0 && typeof common === 'string') names.push(common);
  const lower = names.map(name => name.toLowerCase()).filter(name => isIP(name) !== 0 || NAME.test(name));
  return [...new Set(lower)];
}

function refuse(zh: string, en: string, why?: unknown): never {
  return fail('FailedOperation.CertificateInvalid', { zh, en }, why);
}
