// TLS by certificates that somebody brought: one context per certificate, and the options of a listener of its own.

import { createSecureContext, type SecureContext, type SecureContextOptions, type TlsOptions } from 'node:tls';
import type { Certificate } from '../core/ports.ts';

/** A certificate with its key; what an id stands for never changes. */
export interface KeyPair {
  readonly id: string;
  /** The certificate, then those behind it. */
  readonly certPem: string;
  readonly keyPem: string;
}

export function keyPairOf({ id, certificatePem, privateKeyPem }: Certificate): KeyPair {
  return { id, certPem: certificatePem, keyPem: privateKeyPem };
}

export interface ListenerTlsOptions {
  /**
   * The certificate for a name in lower case, and for clients that name none. Asked at every handshake with a name,
   * so that a change holds from the next one on; a name without an answer is refused.
   */
  readonly of: (sni: string | undefined) => KeyPair | undefined;
  /** In order of preference, such as `h2` and `http/1.1`. */
  readonly alpn: readonly string[];
  /** PEM, any number of them: clients without a certificate from one of these are refused (mutual TLS). */
  readonly clientCaPem?: string | undefined;
}

export interface ListenerTls {
  /** For `https.createServer` and its like. */
  readonly options: TlsOptions & SecureContextOptions;
  /** To be called when the answer for clients that name no host has changed: Node asks for it no sooner. */
  refresh(server: { setSecureContext(options: SecureContextOptions): void }): void;
}

export const MAX_CONTEXTS = 256;

type Done = (error: Error | null, context?: SecureContext) => void;

/** Contexts by the certificate's id. */
export class KeyPairContexts {
  readonly #kept = new Map<string, SecureContext>();
  readonly #also: SecureContextOptions;

  constructor(also: SecureContextOptions = {}) {
    this.#also = also;
  }

  answer(pair: KeyPair, done: Done): void {
    let context: SecureContext;
    try {
      context = this.#of(pair);
    } catch (error) {
      done(error as Error);
      return;
    }
    done(null, context);
  }

  #of({ id, certPem, keyPem }: KeyPair): SecureContext {
    const context = this.#kept.get(id) ?? createSecureContext({ cert: certPem, key: keyPem, ...this.#also });
    this.#kept.delete(id);
    this.#kept.set(id, context);
    trim(this.#kept, MAX_CONTEXTS);
    return context;
  }
}

/** What a listener with certificates of its own is opened with. */
export function listenerTls({ of, alpn, clientCaPem }: ListenerTlsOptions): ListenerTls {
  // An empty text would stand for the public CAs, and anybody has a certificate from one of these.
  if (clientCaPem?.trim() === '') throw new Error('mutual TLS needs the certificate of a CA');
  const also: SecureContextOptions = clientCaPem === undefined ? {} : { ca: clientCaPem };
  const contexts = new KeyPairContexts(also);
  const unnamed = (): SecureContextOptions => {
    const pair = of(undefined);
    return { ...also, ...(pair && { cert: pair.certPem, key: pair.keyPem }) };
  };
  return Object.freeze({
    options: {
      ...unnamed(),
      ALPNProtocols: [...alpn],
      ...(clientCaPem !== undefined && { requestCert: true, rejectUnauthorized: true }),
      SNICallback(sni: string, done: Done) {
        const pair = of(sni.toLowerCase());
        if (pair) contexts.answer(pair, done);
        else done(new Error(`no certificate for ${sni}`));
      },
    },
    refresh: (server: { setSecureContext(options: SecureContextOptions): void }) => server.setSecureContext(unnamed()),
  });
}

/** Drops the first ones of a map whose entries move to the end when they are used. */
export function trim(kept: Map<string, unknown>, most: number): void {
  for (const oldest of kept.keys()) {
    if (kept.size <= most) return;
    kept.delete(oldest);
  }
}
