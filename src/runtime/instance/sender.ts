// Events on their way to an instance: few writes with many events each. What comes in one turn of the event loop is one
// write, and an event for an instance that has enough to do is held back until that is nearly done: more will have come
// by then. It is served no later for that, and as long as it is here it can be taken back without asking anybody.

import type { Duplex } from 'node:stream';
import { AHEAD, BY_TIMER, encodeInvoke } from './frames.ts';
import type { Run } from './run.ts';

/** Up to here an event is copied behind its head, so that both are one write. */
const ONE_WRITE_BYTES = 64 * 1024;

export class Sender {
  readonly #channel: Duplex;
  readonly #limitMs: number;
  /** The last ones of the instance's runs. */
  readonly #held: Run[] = [];
  #gathering = false;

  constructor(channel: Duplex, limitMs: number) {
    this.#channel = channel;
    this.#limitMs = limitMs;
  }

  get held(): number {
    return this.#held.length;
  }

  hold(run: Run): void {
    this.#held.push(run);
  }

  /** Sends what was held. */
  release(): void {
    for (const run of this.#held.splice(0)) this.send(run);
  }

  /** They are not to be sent any more. */
  drop(): void {
    this.#held.length = 0;
  }

  send({ turn, ahead, waiting }: Run): void {
    const { event } = waiting.call;
    if (!this.#gathering) {
      this.#gathering = true;
      this.#channel.cork();
      setImmediate(this.#flush);
    }
    const flags = (event.source === 'timer' ? BY_TIMER : 0) | (ahead ? AHEAD : 0);
    const together = event.body.length <= ONE_WRITE_BYTES;
    const head = { turn, requestId: event.requestId, limitMs: this.#limitMs, flags };
    this.#channel.write(encodeInvoke(head, event.body, together));
    if (!together) this.#channel.write(event.body);
  }

  readonly #flush = (): void => {
    this.#gathering = false;
    this.#channel.uncork();
  };
}
