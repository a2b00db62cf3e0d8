// All connections of a gateway: found by id, ended when idle or when the server stops.

import type { WebSocket } from 'ws';
import { awake } from '../../../core/awake.ts';
import type { Clock } from '../../../core/clock.ts';
import type { Ids } from '../../../core/ids.ts';
import type { Log } from '../../../core/log.ts';
import type { Deadlines } from '../../../http/deadlines.ts';
import { Budget } from './budget.ts';
import { CLOSE, Connection, type ConnectionHost, type Message } from './connection.ts';
import { Idle } from './idle.ts';
import type { Parts } from './parts.ts';

/** Messages of one client in the function at once, where their order is not kept. */
const PARALLEL = 16;

export interface SocketSettings {
  /** Without a frame for so long a connection is closed. */
  readonly idleMs: number;
  /** Of one message, decoded. */
  readonly messageBytes: number;
  /** Messages of one connection do not wait for each other. */
  readonly parallel: boolean;
  /** The cleanup function is called also for connections that a function closed. */
  readonly cleanupOnServerClose: boolean;
}

export interface ConnectionsDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly deadlines: Deadlines;
  readonly parts: Parts;
  readonly settings: SocketSettings;
}

type Opened = Pick<Connection, 'id' | 'apiId' | 'timeoutS'>;

export class Connections implements ConnectionHost {
  readonly outgoing = new Budget((ms, expire) => this.patience(ms, expire));
  readonly incoming = { bytes: 0 };
  readonly inFlight: number;
  readonly #deps: ConnectionsDeps;
  readonly #idle: Idle<Connection>;
  readonly #byId = new Map<string, Connection>();
  /** Those that have left but whose socket or messages have not ended. */
  readonly #leaving = new Set<Connection>();
  #cleanups = 0;
  #closing = false;
  #quiet: (() => void) | undefined;

  constructor(deps: ConnectionsDeps) {
    this.#deps = deps;
    this.inFlight = deps.settings.parallel ? PARALLEL : 1;
    this.#idle = new Idle(awake(deps.clock), deps.settings.idleMs, connection => this.#expire(connection));
  }

  get closing(): boolean {
    return this.#closing;
  }

  get count(): number {
    return this.#byId.size;
  }

  find(id: string): Connection | undefined {
    return this.#byId.get(id);
  }

  add(opened: Opened, socket: WebSocket): void {
    const connection = new Connection(opened, socket, this);
    this.#byId.set(connection.id, connection);
    this.#idle.seen(connection);
  }

  seen(connection: Connection): void {
    if (this.#byId.has(connection.id)) this.#idle.seen(connection);
  }

  leaving(connection: Connection): void {
    this.#byId.delete(connection.id);
    this.#idle.drop(connection);
    this.#leaving.add(connection);
  }

  ended(connection: Connection, cleanup: boolean): void {
    this.#leaving.delete(connection);
    if (cleanup) this.cleanup(connection);
    this.#settle();
  }

  patience(ms: number, expire: () => void): () => void {
    return this.#deps.deadlines.start(ms, expire);
  }

  /** Also for one that was registered and never came to be. */
  cleanup({ id: connectionId, apiId, timeoutS }: Opened): void {
    const { parts, ids, log, deadlines } = this.#deps;
    const target = parts.find(apiId, 'cleanup');
    if (!target) return;
    this.#cleanups++;
    const requestId = ids.risingUuid();
    const done = (why?: unknown) => {
      stop();
      if (why) log.warn({ err: why, apiId, connectionId, requestId }, 'a cleanup function failed');
      this.#cleanups--;
      this.#settle();
    };
    let open = true;
    const once = (why?: unknown) => {
      if (open) done(why);
      open = false;
    };
    const stop = deadlines.start(timeoutS * 1000, () => once('no answer in time'));
    target
      .invoke({ requestId, apiId, connectionId })
      .then(ok => once(ok ? undefined : 'not 200'))
      .catch(once);
  }

  transport(connection: Connection, message: Message): Promise<'ok' | 'failed' | 'too large'> {
    const { parts, ids, log, deadlines } = this.#deps;
    const { id: connectionId, apiId, timeoutS } = connection;
    const target = parts.find(apiId, 'transport');
    if (!target) return Promise.resolve('failed');
    const requestId = ids.risingUuid();
    return new Promise(resolve => {
      // The function goes on until its own time-out; only nobody waits for it any more.
      const stop = deadlines.start(timeoutS * 1000, () => resolve('failed'));
      target
        .invoke({ requestId, apiId, connectionId, ...message })
        .catch((error): 'failed' => {
          log.error({ err: error, requestId, apiId }, 'a message could not be handed over');
          return 'failed';
        })
        .then(result => {
          stop();
          resolve(result);
        });
    });
  }

  /** Tells every client that the server goes away, and waits for the end of it at most `graceMs`. */
  async close(graceMs: number): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      for (const connection of [...this.#byId.values()]) connection.close(CLOSE.goingAway, true);
    }
    await this.#allEnded(graceMs);
    for (const connection of this.#leaving) connection.terminate();
    this.#idle.close();
  }

  async #allEnded(graceMs: number): Promise<void> {
    if (this.#isQuiet) return;
    const stop = new AbortController();
    const quiet = new Promise<void>(resolve => {
      this.#quiet = resolve;
    });
    const late = this.#deps.clock.sleep(graceMs, stop.signal).catch(() => undefined);
    await Promise.race([quiet, late]);
    stop.abort();
  }

  #expire(connection: Connection): void {
    // A function that is at work on a message is no silence.
    if (connection.busy) this.#idle.seen(connection);
    else connection.close(CLOSE.goingAway, true);
  }

  get #isQuiet(): boolean {
    return this.#byId.size === 0 && this.#leaving.size === 0 && this.#cleanups === 0;
  }

  #settle(): void {
    if (this.#isQuiet) this.#quiet?.();
  }
}
