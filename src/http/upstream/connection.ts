// One connection to a server: carries one flow after another.

import type { Socket } from 'node:net';
import { ResponseFault } from './answerhead.ts';
import { UpstreamError } from './errors.ts';
import type { Carrier, Flow } from './flow.ts';
import { type ParsedHead, ResponseParser } from './response.ts';
import { HearingSocket } from './socket.ts';

export interface ConnectionEvents {
  /** It can carry another flow. */
  free(connection: Connection): void;
  /** It was closed by the server before any of the flow's answer came; the flow can be sent again. */
  stale(flow: Flow): void;
  gone(connection: Connection): void;
}

const NOTHING = Buffer.alloc(0);

export class Connection implements Carrier {
  /** ms, when it was last free. */
  idleSince = 0;
  readonly #socket: Socket;
  readonly #events: ConnectionEvents;
  readonly #parser: ResponseParser;
  #flow: Flow | undefined;
  #used = 0;
  #trailers: readonly string[] | undefined;
  #switched: ParsedHead | undefined;
  #error: Error | undefined;

  constructor(socket: Socket, headBytes: number, events: ConnectionEvents) {
    this.#socket = socket;
    this.#events = events;
    this.#parser = new ResponseParser(
      {
        information: (status, rawHeaders) => this.#flow?.information(status, rawHeaders),
        head: head => {
          if (head.status === 101) this.#switched = head;
          else this.#flow?.head(head);
        },
        data: (chunk, last) => {
          if (this.#flow?.data(chunk, last) === false) socket.pause();
        },
        done: trailers => {
          this.#trailers = trailers;
        },
      },
      headBytes,
    );
    socket.on('data', this.#onData).on('drain', this.#onDrain).on('end', this.#onEnd);
    socket.on('error', this.#onError).on('close', this.#onClose);
  }

  /** ms that the server keeps it without use, as far as it tells. */
  get keepAliveMs(): number | undefined {
    return this.#parser.keepAliveMs;
  }

  get usable(): boolean {
    const socket = this.#socket;
    if (socket instanceof HearingSocket && socket.unheard) return false;
    return !socket.destroyed && socket.writable && !socket.readableEnded;
  }

  carry(flow: Flow): void {
    this.#flow = flow;
    this.#used++;
    this.#parser.expect(flow.request.method, flow.upgrade !== undefined);
    flow.start(this);
  }

  write(chunk: Buffer | string): boolean {
    return typeof chunk === 'string' ? this.#socket.write(chunk, 'latin1') : this.#socket.write(chunk);
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#flow = undefined;
    this.#socket.destroy();
  }

  readonly #onData = (chunk: Buffer): void => {
    if (!this.#flow) {
      // Nobody has asked.
      this.destroy();
      return;
    }
    try {
      const behind = this.#parser.push(chunk);
      if (this.#parser.over) this.#over(behind ?? NOTHING);
      else this.#flow?.flush();
    } catch (error) {
      if (!(error instanceof ResponseFault)) throw error;
      this.#flow?.fail(new UpstreamError(error.fault, error.message));
      this.destroy();
    }
  };

  #over(behind: Buffer): void {
    const flow = this.#flow;
    if (!flow) return;
    this.#flow = undefined;
    if (this.#switched) {
      const socket = this.#detached();
      flow.switched(this.#switched, socket, behind);
      return;
    }
    const trailers = this.#trailers ?? [];
    // Answered early, or something stands behind the answer that nobody asked for: what comes next would be guessed.
    if (this.#parser.keepAlive && flow.sent && behind.length === 0 && this.usable) {
      this.#socket.resume();
      this.#events.free(this);
    } else this.#socket.destroy();
    flow.end(trailers);
  }

  #detached(): Socket {
    const socket = this.#socket;
    socket.off('data', this.#onData).off('drain', this.#onDrain).off('end', this.#onEnd);
    socket.off('error', this.#onError).off('close', this.#onClose);
    socket.pause();
    this.#events.gone(this);
    return socket;
  }

  readonly #onDrain = (): void => this.#flow?.drained();

  readonly #onEnd = (): void => {
    if (this.#flow && this.#parser.end()) this.#over(NOTHING);
  };

  readonly #onError = (error: Error): void => {
    this.#error = error;
  };

  readonly #onClose = (): void => {
    const flow = this.#flow;
    this.#flow = undefined;
    this.#events.gone(this);
    if (!flow) return;
    const detail = this.#error?.message ?? 'the server closed the connection';
    if (this.#parser.begun) flow.fail(new UpstreamError('cut short', detail));
    else if (this.#used > 1 && flow.repeatable) {
      flow.suspend();
      this.#events.stale(flow);
    } else flow.fail(new UpstreamError('reset', detail));
  };
}
