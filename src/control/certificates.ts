// Uploaded certificates of the account: kept as rows, answered from memory.

import type { X509Certificate } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { type Ids, shortId } from '../core/ids.ts';
import type { Certificate, Certificates, Found, Store } from '../core/ports.ts';
import { fail } from './certificate-errors.ts';
import { type CertificateText, readCertificate } from './pem.ts';
import { Turns } from './turns.ts';

const KIND = 'ssl/certificate';
/** Account-wide: certificates belong to no region. */
const REGION = '';
const ALIAS_LETTERS = 200;

export interface KeptCertificate extends Certificate {
  /** Of the certificate itself, SHA-1 in lower-case hex. */
  readonly fingerprint: string;
  /** API ProjectId: given back as it came. */
  readonly projectId: number;
  /** ms since 1970. */
  readonly createdAt: number;
}

export interface CertificateUpload extends CertificateText {
  readonly alias?: string | undefined;
  readonly projectId?: number | undefined;
  /** False: one with the same content is given back instead of a second one. Default true. */
  readonly repeatable?: boolean | undefined;
}

export interface CertificateQuery {
  /** Part of the id, the alias or a domain, in any case. */
  readonly search?: string | undefined;
  /** By the end of their life instead of newest first. */
  readonly byEnd?: 'ASC' | 'DESC' | undefined;
  readonly where?: ((certificate: KeptCertificate) => boolean) | undefined;
  readonly offset: number;
  readonly limit: number;
}

export interface CertificateVerbs extends Certificates {
  /** `repeated`: it was there already. */
  upload(input: CertificateUpload): Promise<{ readonly certificate: KeptCertificate; readonly repeated: boolean }>;
  /** Rejects when there is none. */
  need(id: string): KeptCertificate;
  list(query: CertificateQuery): Found<KeptCertificate>;
  rename(id: string, alias: string): Promise<void>;
  /** Refused while somebody uses it. */
  remove(id: string): Promise<void>;
  /** Who may use certificates is asked before one is removed, in turn. */
  askBeforeRemoval(usedBy: UsedBy): void;
}

/** What uses this certificate, in words such as `clb lbl-abcdefgh`; undefined: nothing does. */
export type UsedBy = (id: string) => string | undefined;

export interface CertificateDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
}

export async function openCertificates({ store, clock, ids }: CertificateDeps): Promise<CertificateVerbs> {
  const kept = new Map<string, KeptCertificate>();
  let byDomain: ReadonlyMap<string, readonly KeptCertificate[]> = new Map();
  const users: UsedBy[] = [];
  const turns = new Turns();
  const turn = <R>(work: () => Promise<R>) => turns.take(KIND, work);

  function index(): void {
    const found = new Map<string, KeptCertificate[]>();
    for (const one of kept.values()) {
      for (const domain of one.domains) found.set(domain, [...(found.get(domain) ?? []), one]);
    }
    byDomain = found;
  }

  async function keep(certificate: KeptCertificate): Promise<KeptCertificate> {
    const row = { kind: KIND, region: REGION, id: certificate.id, parent: '', body: certificate };
    await store.put('resources', row);
    kept.set(certificate.id, Object.freeze(certificate));
    index();
    return certificate;
  }

  function need(id: string): KeptCertificate {
    return kept.get(id) ?? fail('FailedOperation.CertificateNotFound', { id });
  }

  /** That of the longest life among those that are valid now. */
  function best(domain: string): KeptCertificate | undefined {
    const now = clock.now();
    return (byDomain.get(domain) ?? [])
      .filter(({ notBefore, notAfter }) => notBefore <= now && now < notAfter)
      .toSorted((a, b) => b.notAfter - a.notAfter || b.createdAt - a.createdAt)[0];
  }

  function newId(): string {
    let id = shortId(ids);
    while (kept.has(id)) id = shortId(ids);
    return id;
  }

  // This file alone writes these rows.
  for (const row of await store.list('resources', { kind: KIND })) kept.set(row.id, row.body as KeptCertificate);
  index();

  return Object.freeze<CertificateVerbs>({
    find: id => kept.get(id),
    need,

    forHost(host) {
      const name = host.toLowerCase();
      const dot = name.indexOf('.');
      // A wildcard stands for one whole label, and never for the only one.
      return best(name) ?? (dot > 0 ? best(`*${name.slice(dot)}`) : undefined);
    },

    async upload(input) {
      const now = clock.now();
      const alias = checkAlias(input.alias ?? '');
      const read = readCertificate(input, now);
      const { certificatePem, privateKeyPem, domains, notBefore, notAfter } = read;
      const [own] = read.chain;
      const fingerprint = own ? fingerprintOf(own) : '';
      const isTwin = (one: KeptCertificate) =>
        one.fingerprint === fingerprint && (one.privateKeyPem === '') === (privateKeyPem === '');
      return turn(async () => {
        const twin = input.repeatable === false ? [...kept.values()].find(isTwin) : undefined;
        if (twin) return { certificate: twin, repeated: true };
        const { projectId = 0 } = input;
        const times = { notBefore, notAfter, createdAt: now };
        const made = { id: newId(), alias, certificatePem, privateKeyPem, domains, ...times, fingerprint, projectId };
        return { certificate: await keep(made), repeated: false };
      });
    },

    list({ search = '', byEnd, where = () => true, offset, limit }) {
      const text = search.toLowerCase();
      const found = [...kept.values()].filter(
        one => where(one) && [one.id, one.alias, ...one.domains].some(part => part.toLowerCase().includes(text)),
      );
      const sign = byEnd === 'ASC' ? 1 : -1;
      const of = (one: KeptCertificate) => (byEnd ? one.notAfter : one.createdAt);
      const sorted = found.toSorted((a, b) => sign * (of(a) - of(b)) || (a.id < b.id ? -1 : 1));
      return { total: found.length, rows: sorted.slice(offset, offset + limit) };
    },

    rename: (id, alias) =>
      turn(async () => {
        await keep({ ...need(id), alias: checkAlias(alias) });
      }),

    remove: id =>
      turn(async () => {
        const certificate = need(id);
        for (const usedBy of users) {
          const user = usedBy(id);
          if (user !== undefined) fail('FailedOperation.DeleteResourceFailed', { id, user });
        }
        // Out of reach before the row is: nobody takes it up meanwhile.
        kept.delete(id);
        index();
        try {
          await store.remove('resources', { kind: KIND, region: REGION, id });
        } catch (error) {
          kept.set(id, certificate);
          index();
          throw error;
        }
      }),

    askBeforeRemoval: usedBy => void users.push(usedBy),
  });
}

function checkAlias(alias: string): string {
  if ([...alias].length > ALIAS_LETTERS)
    fail('FailedOperation.InvalidParam', {
      name: 'Alias',
      zh: `最多 ${ALIAS_LETTERS} 个字符。`,
      en: `at most ${ALIAS_LETTERS} letters are allowed.`,
    });
  return alias;
}

function fingerprintOf(certificate: X509Certificate): string {
  return certificate.fingerprint.replaceAll(':', '').toLowerCase();
}
