// What goes on after a call has been answered: seen through to its end, however often the store refuses.

import type { Clock } from '../core/clock.ts';
import { CloudError } from '../core/errors.ts';
import type { StatusReason } from '../core/function.ts';
import type { Log } from '../core/log.ts';
import { bothLanguages } from './errors.ts';

/** How long to wait before a store that refused is asked again. */
const AGAIN_MS = 5_000;

export class Background {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #running = new Set<Promise<void>>();
  readonly #closing = new AbortController();

  constructor({ clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#clock = clock;
    this.#log = log;
  }

  /** `attempt` is made again until it resolves; `what` stands in the log. */
  begin(what: object, attempt: () => Promise<void>): void {
    const running = this.#see(what, attempt)
      .catch(error => {
        if (!this.#closing.signal.aborted) this.#log.error({ err: error, ...what }, 'a transition broke off');
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** The reason that `check` gives, or what it throws as one. */
  async reason(what: object, check: () => Promise<StatusReason | undefined>): Promise<StatusReason | undefined> {
    try {
      return await check();
    } catch (error) {
      if (this.#closing.signal.aborted) throw error;
      // A package that is wrong is its owner's affair.
      if (!(error instanceof CloudError) || error.row.fault === 'platform')
        this.#log.error({ err: error, ...what }, 'a code package could not be prepared');
      if (error instanceof CloudError) return { ErrorCode: error.code, ErrorMessage: bothLanguages(error) };
      return {
        ErrorCode: 'InternalError',
        ErrorMessage: `代码包准备失败，请查看服务日志。 The code package could not be prepared; see the server log. (${String(error)})`,
      };
    }
  }

  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** What cannot be finished now is taken up at the next start. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('closing'));
    await this.settled();
  }

  async #see(what: object, attempt: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        using _cause = this.#clock.hold();
        return await attempt();
      } catch (error) {
        if (this.#closing.signal.aborted) throw error;
        this.#log.error({ err: error, ...what }, 'a transition could not be kept; trying again');
      }
      await this.#clock.sleep(AGAIN_MS, this.#closing.signal);
    }
  }
}
