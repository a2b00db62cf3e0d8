// What the ssl actions need from the rest of the program; the composer gives it.

import type { CertificateVerbs } from '../../control/certificates.ts';
import type { TagTable } from '../../control/tags.ts';
import type { Clock } from '../../core/clock.ts';
import type { Account } from '../../core/trigger.ts';
import type { ActionContext } from '../action.ts';

export interface SslDeps {
  readonly certificates: CertificateVerbs;
  readonly tags: TagTable;
  readonly account: Account;
  /** Certificates live by true time even where the platform's clock is turned. */
  readonly wallClock: Clock;
}

export type SslContext = ActionContext<SslDeps>;
