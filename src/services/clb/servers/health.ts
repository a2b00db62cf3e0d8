// Whether a server is fit: it is looked at again and again, and a few looks in a row change what is thought of it.

import { connect } from 'node:net';
import type { Clock } from '../../../core/clock.ts';
import type { Upstreams } from '../../../http/forward.ts';
import type { HealthState } from '../contract.ts';
import type { HealthCheck, Server } from '../model.ts';

export interface LookDeps {
  readonly clock: Clock;
  readonly probe: Probe;
}

/** One look; resolves within the check's time-out. */
export type Probe = (server: Server, check: HealthCheck, host: string) => Promise<boolean>;

/** Looks at one server until it is closed. */
export class Look {
  state: HealthState = 'Unknown';
  readonly #deps: LookDeps;
  readonly #server: Server;
  readonly #check: HealthCheck;
  readonly #host: string;
  readonly #changed: (state: HealthState) => void;
  #inARow = 0;
  #alarm: Disposable | undefined;
  #open = true;

  /** `host`: what the look asks for where the check names nothing. */
  constructor(deps: LookDeps, server: Server, check: HealthCheck, host: string, changed: (state: HealthState) => void) {
    this.#deps = deps;
    this.#server = server;
    this.#check = check;
    this.#host = check.domain === '' ? host : check.domain;
    this.#changed = changed;
    this.#next(deps.clock.now());
  }

  close(): void {
    this.#open = false;
    this.#alarm?.[Symbol.dispose]();
  }

  #next(instantMs: number): void {
    this.#alarm = this.#deps.clock.at(instantMs, () => void this.#look());
  }

  async #look(): Promise<void> {
    const { clock, probe } = this.#deps;
    const from = clock.now();
    const hold = clock.hold();
    try {
      const fit = await probe(this.#server, this.#check, this.#host).catch(() => false);
      if (!this.#open) return;
      this.#note(fit);
      this.#next(Math.max(clock.now(), from + this.#check.intervalS * 1000));
    } finally {
      hold[Symbol.dispose]();
    }
  }

  /** Nothing is known at first: then one good look is enough. */
  #note(fit: boolean): void {
    const { healthyAfter, unhealthyAfter } = this.#check;
    if (this.state === (fit ? 'Alive' : 'Dead')) {
      this.#inARow = 0;
      return;
    }
    this.#inARow++;
    const needed = fit ? (this.state === 'Unknown' ? 1 : healthyAfter) : unhealthyAfter;
    if (this.#inARow < needed) return;
    this.#inARow = 0;
    this.state = fit ? 'Alive' : 'Dead';
    this.#changed(this.state);
  }
}

/** By HTTP over connections of `upstreams`, or by the mere taking of a connection. */
export function createProbe(upstreams: Upstreams): Probe {
  return (server, check, host) => {
    const port = check.port === 0 ? server.port : check.port;
    const { address } = server;
    return check.type === 'TCP' ? takes(address, port, check) : answers(upstreams, address, port, check, host);
  };
}

function answers(upstreams: Upstreams, address: string, port: number, check: HealthCheck, host: string) {
  return new Promise<boolean>(resolve => {
    const headers = ['Host', host === '' ? address : host, 'User-Agent', 'clb-healthcheck', 'Connection', 'close'];
    // A transport deadline: sockets know real time alone.
    const signal = AbortSignal.timeout(check.timeoutS * 1000);
    const request = { method: check.method, target: check.path, rawHeaders: headers, signal };
    const exchanging = upstreams.exchange({ host: address, port }, request, {
      head({ status }) {
        resolve((check.codes & (1 << (Math.floor(status / 100) - 1))) !== 0);
        // What the page holds is of no interest.
        exchanging.abort();
      },
      data: () => true,
      end() {},
      failed: () => resolve(false),
    });
  });
}

function takes(host: string, port: number, { timeoutS }: HealthCheck): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host, port });
    const done = (fit: boolean) => {
      socket.destroy();
      resolve(fit);
    };
    // A transport deadline.
    AbortSignal.timeout(timeoutS * 1000).addEventListener('abort', () => done(false));
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}
