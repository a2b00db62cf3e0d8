// Events that wait for what the machine knows nothing of, such as the download of their runtime.

import type { Clock } from '../../core/clock.ts';
import type { Outcome } from '../../core/invocation.ts';
import type { Call } from '../../core/ports.ts';
import { withdrawn } from '../instance/outcomes.ts';

interface Guest {
  readonly requestId: string;
  readonly since: number;
  readonly settle: (outcome: Outcome) => void;
}

export class Lobby {
  readonly #clock: Clock;
  readonly #guests = new Set<Guest>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs an event once `ready` is; `ready` never rejects. */
  run({ event }: Call, ready: Promise<unknown>, run: () => Promise<Outcome>): Promise<Outcome> {
    return new Promise((settle, fail) => {
      const guest = { requestId: event.requestId, since: this.#clock.now(), settle };
      this.#guests.add(guest);
      ready.then(() => {
        if (this.#guests.delete(guest)) run().then(settle, fail);
      }, fail);
    });
  }

  /** Takes an event out: it is not run. False when it does not wait here. */
  withdraw(requestId: string): boolean {
    for (const guest of this.#guests) {
      if (guest.requestId !== requestId) continue;
      this.#guests.delete(guest);
      guest.settle(withdrawn(guest.since, this.#clock.now()));
      return true;
    }
    return false;
  }
}
