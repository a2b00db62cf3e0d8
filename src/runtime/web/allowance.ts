// How fast a client may send over a WebSocket: what comes sooner waits, nothing is dropped.

export interface Rates {
  readonly bytesPerS: number;
  readonly messagesPerS: number;
}

/** Documented, for one connection. */
export const WS_RATES: Rates = { bytesPerS: 128 * 1024, messagesPerS: 10 };

/** Credit of one second; what is passed on in one go may run into debt, which is waited for. */
export class Allowance {
  readonly #rates: Rates;
  #bytes: number;
  #messages: number;
  #at: number;

  constructor(rates: Rates, now: number) {
    this.#rates = rates;
    this.#bytes = rates.bytesPerS;
    this.#messages = rates.messagesPerS;
    this.#at = now;
  }

  /** So much has been passed on: how many ms nothing more may be. */
  spend(bytes: number, messages: number, now: number): number {
    const { bytesPerS, messagesPerS } = this.#rates;
    const seconds = Math.max(0, now - this.#at) / 1000;
    this.#at = now;
    this.#bytes = Math.min(bytesPerS, this.#bytes + seconds * bytesPerS) - bytes;
    this.#messages = Math.min(messagesPerS, this.#messages + seconds * messagesPerS) - messages;
    const owed = Math.max(-this.#bytes / bytesPerS, -this.#messages / messagesPerS);
    return owed > 0 ? Math.ceil(owed * 1000) : 0;
  }
}
