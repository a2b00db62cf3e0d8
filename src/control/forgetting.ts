// Forgets asynchronous executions when their time has come: once at the start, then every hour.

import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { Executions } from '../core/ports.ts';

/** API GetAsyncEventStatus: an execution is known for 3 × 24 hours after its end. */
const KEPT_MS = 3 * 24 * 3600_000;
const EVERY_MS = 3600_000;

export class Forgetting {
  readonly #executions: Executions;
  readonly #clock: Clock;
  readonly #log: Log;
  #alarm: Disposable | undefined;
  #running: Promise<void> = Promise.resolve();
  #state: 'new' | 'started' | 'closed' = 'new';

  constructor(deps: { readonly executions: Executions; readonly clock: Clock; readonly log: Log }) {
    this.#executions = deps.executions;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'started';
    this.#go();
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    this.#alarm?.[Symbol.dispose]();
    await this.#running;
  }

  #go(): void {
    const clock = this.#clock;
    this.#running = this.#forget();
    this.#alarm = clock.at(clock.now() + EVERY_MS, () => this.#go());
  }

  /** What could not be done now is done in an hour. */
  async #forget(): Promise<void> {
    using _cause = this.#clock.hold();
    try {
      await this.#executions.prune(this.#clock.now() - KEPT_MS);
    } catch (error) {
      this.#log.error({ err: error }, 'old asynchronous executions were not forgotten; trying again in an hour');
    }
  }
}
