// What has been opened, closed in the opposite order. (AsyncDisposableStack is missing before Node.js 24.)

import type { Log } from '../core/log.ts';

export class Closers {
  readonly #steps: (() => unknown)[] = [];

  defer(step: () => unknown): void {
    this.#steps.push(step);
  }

  /** One that fails is named in the log and stops no other. */
  async close(log: Log): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        log.error({ err: error }, 'something did not close cleanly');
      }
    }
  }
}
