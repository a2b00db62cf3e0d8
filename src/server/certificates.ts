// From uploaded certificates to what a TLS port serves.

import type { Certificates } from '../core/ports.ts';
import { type KeyPair, keyPairOf } from '../http/tls-contexts.ts';

/** `chosen`: the id of a certificate that somebody has bound to a host. */
export function certificateFor(
  certificates: Pick<Certificates, 'find' | 'forHost'>,
  chosen: (host: string) => string | undefined = () => undefined,
): (host: string) => KeyPair | undefined {
  return host => {
    const id = chosen(host);
    const found = (id === undefined ? undefined : certificates.find(id)) ?? certificates.forHost(host);
    return found && keyPairOf(found);
  };
}
