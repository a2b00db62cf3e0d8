// TLS for every host: an uploaded certificate that fits is served; else one is made when a client first names its
// host, and kept for the next.

import { createSecureContext, type SecureContext, type SecureContextOptions, type TlsOptions } from 'node:tls';
import type { Clock } from '../core/clock.ts';
import { isCloudName } from '../core/cloudnames.ts';
import type { Ids } from '../core/ids.ts';
import type { Ca, Leaf } from './ca.ts';
import { type KeyPair, KeyPairContexts, MAX_CONTEXTS, trim } from './tls-contexts.ts';

export interface TlsSource {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Suffix of generated host names. */
  readonly baseDomain: string;
  /** Addresses for clients that name no host, beside 127.0.0.1 and ::1. */
  readonly addresses?: readonly string[];
  /** Further names that are served here: bound domains. */
  readonly serves?: (host: string) => boolean;
  /** Asked at every handshake, and served whether or not the name is one of the above. */
  readonly certificateFor?: (host: string) => KeyPair | undefined;
}

export interface TlsReady {
  readonly caPath: string;
  readonly caPem: string;
  readonly options: TlsOptions & SecureContextOptions;
}

const RENEW_BEFORE_MS = 7 * 86_400_000;

/** Opens the CA of the data folder, making it on the first run. */
export async function openTls(source: TlsSource): Promise<TlsReady> {
  const { openCa } = await import('./ca.ts');
  const ca = await openCa(source);
  const own = ['localhost', '127.0.0.1', '::1', ...(source.addresses ?? [])];
  const unnamed = await ca.sign([...new Set(own)]);
  const contexts = new Contexts(ca, source.clock);
  const uploaded = new KeyPairContexts();
  return {
    caPath: ca.certPath,
    caPem: ca.certPem,
    options: {
      cert: unnamed.cert,
      key: unnamed.key,
      ALPNProtocols: ['http/1.1'],
      SNICallback(sni, done) {
        const host = sni.toLowerCase();
        const given = source.certificateFor?.(host);
        if (given) return uploaded.answer(given, done);
        // Without a context of its own a connection gets the certificate above, which no foreign name fits.
        if (!servesHost(host, source)) return done(null);
        contexts.of(host).then(context => done(null, context), done);
      },
    },
  };
}

/** A trusted CA must not vouch for names that have no business here. */
export function servesHost(host: string, { baseDomain, serves }: Pick<TlsSource, 'baseDomain' | 'serves'>): boolean {
  if (!/^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/.test(host) || host.length > 253) return false;
  if (host === 'localhost' || host === baseDomain) return true;
  if (host.endsWith('.localhost') || host.endsWith(`.${baseDomain}`)) return true;
  return isCloudName(host) || serves?.(host) === true;
}

interface Kept {
  readonly context: SecureContext;
  readonly renewAt: number;
}

/** The least recently used is dropped first. */
class Contexts {
  readonly #ca: Ca;
  readonly #clock: Clock;
  readonly #kept = new Map<string, Promise<Kept>>();

  constructor(ca: Ca, clock: Clock) {
    this.#ca = ca;
    this.#clock = clock;
  }

  async of(host: string): Promise<SecureContext> {
    const known = this.#kept.get(host);
    if (!known) return (await this.#keep(host, this.#make(host))).context;
    const kept = await this.#keep(host, known);
    if (kept.renewAt > this.#clock.now()) return kept.context;
    return (await this.#keep(host, this.#make(host))).context;
  }

  async #keep(host: string, making: Promise<Kept>): Promise<Kept> {
    this.#kept.delete(host);
    this.#kept.set(host, making);
    trim(this.#kept, MAX_CONTEXTS);
    try {
      return await making;
    } catch (error) {
      if (this.#kept.get(host) === making) this.#kept.delete(host);
      throw error;
    }
  }

  async #make(host: string): Promise<Kept> {
    const leaf: Leaf = await this.#ca.sign([host]);
    return {
      context: createSecureContext({ cert: leaf.cert, key: leaf.key }),
      renewAt: leaf.notAfter - RENEW_BEFORE_MS,
    };
  }
}
