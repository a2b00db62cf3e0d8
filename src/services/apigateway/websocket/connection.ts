// One client's connection: what it sends goes to the transport function, one message after another.

import { WebSocket } from 'ws';
import type { Budget } from './budget.ts';
import { Outbox, type Pushed } from './outbox.ts';

/** Messages and bytes of one client that may wait for the function; with more the socket is not read. */
const BACKLOG_MESSAGES = 16;
const BACKLOG_BYTES = 256 * 1024;
/** Bytes of all clients that wait: above it, each may have but one message waiting. */
const ALL_BACKLOG_BYTES = 256 * 1024 * 1024;
/** What one message takes beside its data; without it empty ones would count for nothing. */
const MESSAGE_BYTES = 64;
/** Answers to pings that a client has not read yet; with more its socket is not read. */
const PONGS = 256;

/** Close codes (RFC 6455 §7.4.1). */
export const CLOSE = Object.freeze({ normal: 1000, goingAway: 1001, tooBig: 1009, internal: 1011 });

const { OPEN } = WebSocket;

export interface Message {
  readonly dataType: 'text' | 'binary';
  /** Text, or Base64: no view into what the socket read, which would keep that alive. */
  readonly data: string;
}

/** What all connections of a gateway share. */
export interface ConnectionHost {
  readonly outgoing: Budget;
  readonly incoming: { bytes: number };
  /** Messages of one client that may be in the function at once; 1 keeps their order. */
  readonly inFlight: number;
  /** Never rejects. */
  transport(connection: Connection, message: Message): Promise<'ok' | 'failed' | 'too large'>;
  /** A frame came or went. */
  seen(connection: Connection): void;
  /** It takes no message any more: its id is unknown from here on. */
  leaving(connection: Connection): void;
  /** The socket is closed and every message that is to be delivered has been. */
  ended(connection: Connection, cleanup: boolean): void;
  patience(ms: number, expire: () => void): () => void;
}

export class Connection {
  readonly id: string;
  readonly apiId: string;
  readonly timeoutS: number;
  readonly #socket: WebSocket;
  readonly #host: ConnectionHost;
  #backlog: Message[] | undefined;
  #backlogBytes = 0;
  #running = 0;
  #pongs = 0;
  #outbox: Outbox | undefined;
  /** `closing`: by us. `gone`: the socket is closed. */
  #state: 'open' | 'closing' | 'gone' | 'ended' = 'open';
  /** The function still believes that the connection is there. */
  #cleanup = true;

  constructor(of: { id: string; apiId: string; timeoutS: number }, socket: WebSocket, host: ConnectionHost) {
    this.id = of.id;
    this.apiId = of.apiId;
    this.timeoutS = of.timeoutS;
    this.#socket = socket;
    this.#host = host;
    const seen = () => host.seen(this);
    socket.on('message', (data, binary) => this.#receive(data as Buffer, binary));
    socket.on('ping', data => this.#pong(data));
    socket.on('pong', seen);
    socket.on('close', () => this.#gone());
    // A frame against the rules: the closing handshake with its code follows by itself.
    socket.on('error', seen);
  }

  get busy(): boolean {
    return this.#running > 0;
  }

  push(data: Buffer, binary: boolean): Promise<Pushed> | Pushed {
    if (this.#state !== 'open' || this.#socket.readyState !== OPEN) return 'gone';
    this.#host.seen(this);
    this.#outbox ??= new Outbox(this, this.#host.outgoing);
    return this.#outbox.push(data, binary);
  }

  /** Messages that wait are dropped. `cleanup`: the function is to be told. */
  close(code: number, cleanup: boolean): void {
    if (this.#state !== 'open') return;
    this.#leave('closing', cleanup);
    this.#drop();
    this.#socket.close(code);
    // The answer to it must be read.
    this.#socket.resume();
  }

  terminate(): void {
    this.#socket.terminate();
  }

  /** For the outbox. */
  write(data: Buffer, binary: boolean, written: () => void): void {
    this.#socket.send(data, { binary }, written);
  }

  patience(ms: number, expire: () => void): () => void {
    return this.#host.patience(ms, expire);
  }

  slow(): void {
    if (this.#state !== 'open') return;
    this.#leave('closing', true);
    this.#drop();
    // No close frame passes a full buffer.
    this.#socket.terminate();
  }

  #receive(data: Buffer, binary: boolean): void {
    if (this.#state !== 'open') return;
    this.#host.seen(this);
    const message: Message = binary
      ? { dataType: 'binary', data: data.toString('base64') }
      : { dataType: 'text', data: data.toString() };
    this.#backlog ??= [];
    this.#backlog.push(message);
    this.#count(message.data.length + MESSAGE_BYTES);
    this.#deliver();
    if (this.#full()) this.#socket.pause();
  }

  #pong(data: Buffer): void {
    this.#host.seen(this);
    if (this.#socket.readyState !== OPEN) return;
    if (++this.#pongs >= PONGS) this.#socket.pause();
    // A copy: a view would keep all that came with it alive until the client reads.
    this.#socket.pong(Buffer.from(data), false, () => {
      this.#pongs--;
      this.#readOn();
    });
  }

  #deliver(): void {
    const { inFlight } = this.#host;
    while (this.#running < inFlight) {
      const message = this.#backlog?.shift();
      if (!message) break;
      this.#count(-message.data.length - MESSAGE_BYTES);
      this.#running++;
      this.#host.transport(this, message).then(result => this.#delivered(result));
    }
  }

  #delivered(result: 'ok' | 'failed' | 'too large'): void {
    this.#running--;
    if (result === 'ok') {
      this.#deliver();
      if (this.#state === 'open') this.#host.seen(this);
      this.#readOn();
    } else {
      // Documented: the gateway ends a connection whose function failed.
      this.#drop();
      this.close(result === 'failed' ? CLOSE.internal : CLOSE.tooBig, true);
    }
    this.#settle();
  }

  #gone(): void {
    if (this.#state === 'open') this.#leave('gone', true);
    this.#state = 'gone';
    this.#settle();
  }

  #leave(state: 'closing' | 'gone', cleanup: boolean): void {
    this.#state = state;
    this.#cleanup = cleanup;
    this.#outbox?.close();
    this.#host.leaving(this);
  }

  /** What a client sent before it went away is delivered before the function hears that it is gone. */
  #settle(): void {
    if (this.#state !== 'gone' || this.#running > 0 || this.#backlog?.length) return;
    this.#state = 'ended';
    this.#host.ended(this, this.#cleanup);
  }

  #readOn(): void {
    if (this.#state === 'open' && this.#socket.isPaused && this.#pongs < PONGS && !this.#full()) this.#socket.resume();
  }

  #full(): boolean {
    const waiting = this.#backlog?.length ?? 0;
    if (waiting === 0) return false;
    if (waiting >= BACKLOG_MESSAGES || this.#backlogBytes >= BACKLOG_BYTES) return true;
    return this.#host.incoming.bytes >= ALL_BACKLOG_BYTES;
  }

  #drop(): void {
    this.#count(-this.#backlogBytes);
    this.#backlog = undefined;
  }

  #count(bytes: number): void {
    this.#backlogBytes += bytes;
    this.#host.incoming.bytes += bytes;
  }
}
