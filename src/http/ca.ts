// The certificate authority of one data folder, and the certificates it signs. Loaded lazily: `@peculiar/x509` is large.

// `@peculiar/x509` does not load without it.
import 'reflect-metadata';

import { createPrivateKey, webcrypto } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import type { Clock } from '../core/clock.ts';
import type { Ids } from '../core/ids.ts';

export interface Leaf {
  /** PEM, the CA's certificate behind it. */
  readonly cert: string;
  readonly key: string;
  /** ms since 1970. */
  readonly notAfter: number;
}

export interface Ca {
  readonly certPath: string;
  readonly certPem: string;
  /** A server certificate for names and addresses. */
  sign(names: readonly string[]): Promise<Leaf>;
}

export interface CaOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly ids: Ids;
}

const DAY_MS = 86_400_000;
const CA_MS = 3653 * DAY_MS;
/** Together at most 797 days: Apple's clients take no more than 825. */
const LEAF_BEFORE_MS = 400 * DAY_MS;
const LEAF_AFTER_MS = 397 * DAY_MS;
/** Callers' clocks may be behind ours. */
const CA_BACKDATE_MS = 2 * DAY_MS;

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' };

/** Reads `<data>/ca/ca.crt` and `ca.key`, or makes them. */
export async function openCa({ dataDir, clock, ids }: CaOptions): Promise<Ca> {
  const dir = join(dataDir, 'ca');
  const certPath = join(dir, 'ca.crt');
  const keyPath = join(dir, 'ca.key');
  const certPem = (await readText(certPath)) ?? (await makeCa(dir, certPath, keyPath, clock, ids));
  const certificate = new x509.X509Certificate(certPem);
  if (certificate.notAfter.getTime() <= clock.now()) {
    throw new Error(`the CA certificate ${certPath} has expired: remove the folder ${dir} and start again`);
  }
  const signingKey = await importKey(keyPath);
  const leafKeys = await webcrypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);
  const leafKey = await keyPem(leafKeys.privateKey);
  return Object.freeze({
    certPath,
    certPem,
    async sign(names: readonly string[]): Promise<Leaf> {
      const now = clock.now();
      const notAfter = Math.min(now + LEAF_AFTER_MS, certificate.notAfter.getTime());
      const leaf = await x509.X509CertificateGenerator.create({
        serialNumber: serial(ids),
        // Clients read the names below alone, and a common name may have 64 characters only.
        subject: [{ CN: ['OpenSCF server'] }],
        issuer: certificate.subjectName,
        // Far back, so that a platform clock that was turned ahead still gives what callers' clocks accept.
        notBefore: new Date(Math.max(certificate.notBefore.getTime(), now - LEAF_BEFORE_MS)),
        notAfter: new Date(notAfter),
        publicKey: leafKeys.publicKey,
        signingKey,
        signingAlgorithm: SIGNING,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
          new x509.SubjectAlternativeNameExtension(
            names.map(name => ({ type: isIP(name) ? ('ip' as const) : ('dns' as const), value: name })),
          ),
          await x509.AuthorityKeyIdentifierExtension.create(certificate.publicKey),
          await x509.SubjectKeyIdentifierExtension.create(leafKeys.publicKey),
        ],
      });
      return { cert: `${leaf.toString('pem')}\n${certPem}`, key: leafKey, notAfter };
    },
  });
}

async function makeCa(dir: string, certPath: string, keyPath: string, clock: Clock, ids: Ids): Promise<string> {
  const keys = await webcrypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);
  const notBefore = clock.now() - CA_BACKDATE_MS;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(ids),
    // Told apart from other data folders' CAs in a list of roots.
    name: [{ O: ['OpenSCF'] }, { CN: [`OpenSCF local CA ${ids.bytes(4).toString('hex')}`] }],
    notBefore: new Date(notBefore),
    notAfter: new Date(notBefore + CA_MS),
    keys,
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const certPem = `${certificate.toString('pem')}\n`;
  await mkdir(dir, { recursive: true });
  // The certificate comes last: while it is missing, the next start makes both anew.
  await writeWhole(keyPath, await keyPem(keys.privateKey), 0o600);
  await writeWhole(certPath, certPem, 0o644);
  return certPem;
}

async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  const draftPath = `${path}.new`;
  const file = await open(draftPath, 'w', mode);
  try {
    // An old draft keeps its own mode, and the mode above is cut by the umask.
    await chmod(draftPath, mode);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draftPath, path);
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function importKey(keyPath: string): Promise<webcrypto.CryptoKey> {
  const pkcs8 = createPrivateKey(await readFile(keyPath, 'utf8')).export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', pkcs8, CURVE, false, ['sign']);
}

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: der, type: 'pkcs8', format: 'der' })
    .export({ type: 'pkcs8', format: 'pem' })
    .toString();
}

/** Positive, at most 20 octets (RFC 5280 §4.1.2.2). */
function serial(ids: Ids): string {
  const bytes = ids.bytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}
