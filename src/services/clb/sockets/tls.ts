// Certificates of listeners: one of the listener, or with SNI one of each domain.

import type { SecureContextOptions, TlsOptions } from 'node:tls';
import type { Certificates } from '../../../core/ports.ts';
import { type KeyPair, keyPairOf, type ListenerTls, listenerTls } from '../../../http/tls-contexts.ts';
import type { Listener, ListenerCertificate } from '../model.ts';
import type { LiveListener } from '../serving/arrival.ts';

/** `live`: what the listener serves now; before its first connection it may not be there. */
export function tlsOf(
  listener: Listener,
  live: () => LiveListener | undefined,
  certificates: Certificates,
): ListenerTls {
  const of = (sni: string | undefined): KeyPair | undefined => {
    const now = live();
    const { sni: byDomain, certificate } = now?.listener ?? listener;
    const meant = byDomain ? now?.routes.first(sni ?? '')?.rule.certificate : certificate;
    return meant && keyPair(meant, certificates);
  };
  const ca = listener.certificate && clientCa(listener.certificate, certificates);
  const tls = listenerTls({ of, alpn: ['http/1.1'], clientCaPem: ca });
  if (listener.protocol !== 'HTTPS') return { ...tls, options: withoutAlpn(tls.options) };
  const ALPNCallback: TlsOptions['ALPNCallback'] = ({ servername, protocols }) => {
    const http2 = live()?.routes.first(servername.toLowerCase())?.rule.http2 === true;
    if (http2 && protocols.includes('h2')) return 'h2';
    return protocols.includes('http/1.1') ? 'http/1.1' : undefined;
  };
  return { ...tls, options: { ...withoutAlpn(tls.options), ALPNCallback } };
}

function withoutAlpn(options: TlsOptions & SecureContextOptions): TlsOptions & SecureContextOptions {
  const { ALPNProtocols: _, ...rest } = options;
  return rest;
}

function keyPair({ ids }: ListenerCertificate, certificates: Certificates): KeyPair | undefined {
  const [id = ''] = ids;
  const found = certificates.find(id);
  return found && keyPairOf(found);
}

function clientCa({ mode, caId }: ListenerCertificate, certificates: Certificates): string | undefined {
  return mode === 'MUTUAL' ? certificates.find(caId)?.certificatePem : undefined;
}

/** What a socket cannot change while it is open. */
export function fixedOf({ certificate }: Listener): string {
  return certificate?.mode === 'MUTUAL' ? certificate.caId : '';
}
