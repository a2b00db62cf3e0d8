// What the verbs share.

import type { Clock } from '../../../core/clock.ts';
import type { Ids } from '../../../core/ids.ts';
import type { Certificates } from '../../../core/ports.ts';
import type { Listener, LoadBalancer } from '../model.ts';
import type { Edit, Objects } from '../objects.ts';
import type { Pool } from './vips.ts';

export interface Scope {
  readonly objects: Objects;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly certificates: Certificates;
  readonly pool: Pool;
  readonly ports: ListenerPorts;
  /** One after another: what a verb reads does not change until it has written. */
  change<R>(work: (edit: Edit) => R | Promise<R>): Promise<R>;
}

/** The sockets of listeners. What is served follows the objects by itself. */
export interface ListenerPorts {
  /** Refused when it cannot be opened. */
  open(listener: Listener, balancer: LoadBalancer): Promise<void>;
  /** Takes no more connections; what is under way ends in its own time. */
  close(listener: Listener): void;
  /** Resolves when those that had to open anew for a change have done so. */
  settled(): Promise<void>;
}
