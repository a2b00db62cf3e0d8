// Certificates with their keys, made for tests: any names, any life, issued by one another.

// `@peculiar/x509` does not load without it.
import 'reflect-metadata';

import { createPrivateKey, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

export interface Wanted {
  /** DNS names; none leaves the extension out. */
  readonly names?: readonly string[];
  readonly commonName?: string;
  /** ms since 1970. */
  readonly notBefore?: number;
  readonly notAfter?: number;
  readonly issuer?: Made;
  /** It may issue others. */
  readonly ca?: boolean;
  readonly rsaBits?: number;
}

export interface Made {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

const EC = { name: 'ECDSA', namedCurve: 'P-256' };
const DAY_MS = 86_400_000;
let serial = 1;

/** Valid from yesterday for a year unless told otherwise. */
export async function makeCertificate(wanted: Wanted = {}): Promise<Made> {
  const { names = [], commonName = 'test', issuer, ca = false, rsaBits } = wanted;
  const keys = await webcrypto.subtle.generateKey(
    rsaBits === undefined
      ? EC
      : {
          name: 'RSASSA-PKCS1-v1_5',
          modulusLength: rsaBits,
          publicExponent: new Uint8Array([1, 0, 1]),
          hash: 'SHA-256',
        },
    true,
    ['sign', 'verify'],
  );
  const signer = issuer?.keys ?? keys;
  const { algorithm } = signer.privateKey;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: (serial++).toString(16).padStart(8, '0'),
    subject: [{ CN: [commonName] }],
    issuer: issuer?.certificate.subjectName ?? [{ CN: [commonName] }],
    notBefore: new Date(wanted.notBefore ?? Date.now() - DAY_MS),
    notAfter: new Date(wanted.notAfter ?? Date.now() + 365 * DAY_MS),
    publicKey: keys.publicKey,
    signingKey: signer.privateKey,
    signingAlgorithm: { name: algorithm.name, hash: 'SHA-256' },
    extensions: [
      new x509.BasicConstraintsExtension(ca, undefined, true),
      ...(names.length > 0
        ? [new x509.SubjectAlternativeNameExtension(names.map(value => ({ type: 'dns' as const, value })))]
        : []),
    ],
  });
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const key = createPrivateKey({ key: der, type: 'pkcs8', format: 'der' });
  return Object.freeze({
    certificatePem: `${certificate.toString('pem')}\n`,
    privateKeyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate,
    keys,
  });
}
