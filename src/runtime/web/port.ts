// The port of a function: waits until its server can be reached there, and says if it never can.

import { createConnection, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Clock } from '../../core/clock.ts';
import type { To } from '../../http/upstream/host.ts';
import type { Verdict } from '../instance/outcomes.ts';
import { webObstacle, webWord } from '../sandbox/web.ts';
import { boundInside, cannotListen } from './verdicts.ts';

/** A server that has only listened where it cannot be reached may still listen elsewhere. */
const INSIDE_MS = 3000;
const RETRY_MS = { first: 1, max: 50 };

export interface PortEvents {
  /** It takes connections. Once. */
  open(): void;
  /** It never will. */
  failed(verdict: Verdict): void;
}

export class Port {
  /** Where requests go; undefined before it listens. */
  to: To | undefined;
  /** It listens on a loopback address alone. */
  insideOnly = false;
  readonly #clock: Clock;
  readonly #events: PortEvents;
  #alarm: Disposable | undefined;
  #trial: Socket | undefined;
  #open = false;
  #closed = false;

  constructor(channel: Readable, clock: Clock, events: PortEvents) {
    this.#clock = clock;
    this.#events = events;
    createInterface({ input: channel }).on('line', line => this.#told(line));
  }

  close(): void {
    this.#closed = true;
    this.#alarm?.[Symbol.dispose]();
    this.#trial?.destroy();
  }

  #told(line: string): void {
    const word = webWord(line);
    if (!word || this.#closed) return;
    if (word.kind === 'nolisten') this.#events.failed(cannotListen(bothWords(word.reason)));
    else if (word.loopbackOnly) this.#inside();
    else {
      this.insideOnly = false;
      this.to = { host: word.host, port: word.port };
      // Once it has been reached it is: from then on requests tell.
      if (!this.#open && !this.#trial) this.#try(RETRY_MS.first);
    }
  }

  #inside(): void {
    if (this.to) return;
    this.insideOnly = true;
    this.#later(INSIDE_MS, () => {
      if (!this.to) this.#events.failed(boundInside());
    });
  }

  #try(nextMs: number): void {
    if (!this.to) return;
    const trial = createConnection(this.to);
    this.#trial = trial;
    trial.once('connect', () => {
      this.#open = true;
      this.#trial = undefined;
      trial.destroy();
      if (!this.#closed) this.#events.open();
    });
    trial.once('error', () => {
      this.#trial = undefined;
      if (!this.#closed) this.#later(nextMs, () => this.#try(Math.min(RETRY_MS.max, 2 * nextMs)));
    });
  }

  #later(ms: number, task: () => void): void {
    this.#alarm?.[Symbol.dispose]();
    this.#alarm = this.#clock.at(this.#clock.now() + ms, task);
  }
}

function bothWords(reason: string): string {
  const { zh, en } = webObstacle(reason);
  return `${en} ${zh}`;
}
