// From uploaded certificates to what a TLS port serves.

import type { Certificates } from '../core/ports.ts';
import { type KeyPair, keyPairOf } from '../http/tls-contexts.ts';

export function certificateFor(certificates: Pick<Certificates, 'forHost'>): (host: string) => KeyPair | undefined {
  return host => {
    const found = certificates.forHost(host);
    return found && keyPairOf(found);
  };
}
