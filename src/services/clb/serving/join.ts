// Two connections that are one from now on.

import type { Duplex } from 'node:stream';

/** Each end of the two ends the other. `behind`: what `a` had sent before. */
export function join(a: Duplex, b: Duplex, behind?: Buffer): void {
  const both = [a, b] as const;
  for (const [one, other] of [both, [b, a] as const]) {
    one.on('error', () => other.destroy());
    one.once('close', () => other.destroy());
  }
  if (behind && behind.length > 0) b.write(behind);
  a.pipe(b);
  b.pipe(a);
}
