// One HTTP request on its way through a function.

import type { Exchange, ResponseBody, ResponseHead } from '../../core/exchange.ts';
import { RESPONSE_BYTES, SYNC_EVENT_BYTES } from '../../core/limits.ts';
import type { Exchanging, Upstreams } from '../../http/forward.ts';
import type { UpstreamError } from '../../http/upstream/errors.ts';
import type { AnswerEvents } from '../../http/upstream/flow.ts';
import { headerOf } from '../../http/upstream/head.ts';
import type { To } from '../../http/upstream/host.ts';
import type { ParsedHead } from '../../http/upstream/response.ts';
import type { Verdict } from '../instance/outcomes.ts';
import { HEADER_BYTES, headerBytes } from './headers.ts';
import { headersTooLarge, mayBeDeath, requestTooLarge, responseTooLarge, served, verdictOn } from './verdicts.ts';

export interface Passage {
  /** Looks for a client that goes away; called again and again while it goes on. */
  watch(): void;
  /** Breaks it off: it ends with this verdict, and what the client has of an answer stays unfinished. */
  stop(verdict: Verdict): void;
}

/** `perhaps`: unless the function's process is about to end. */
export type Done = (verdict: Verdict, perhaps: boolean) => void;

export interface Way {
  readonly upstreams: Upstreams;
  readonly to: To;
  readonly rawHeaders: readonly string[];
  /** The platform's headers. */
  readonly lines: string;
}

/** Beyond it a copy costs more than a second piece. */
const TEXT_BYTES = 16 * 1024;

export class RequestPassage implements Passage, AnswerEvents {
  readonly #exchange: Exchange;
  readonly #done: Done;
  readonly #flow: Exchanging | undefined;
  /** An answer's head that has not been passed on, until more of what came with it is known. */
  #head: ResponseHead | undefined;
  #body: ResponseBody | undefined;
  /** What ends the answer: as a text it goes out in one piece with the head. */
  #last: string | undefined;
  #signal: AbortSignal | undefined;
  #verdict: Verdict | undefined;
  #over = false;

  constructor(exchange: Exchange, { upstreams, to, rawHeaders, lines }: Way, done: Done) {
    this.#exchange = exchange;
    this.#done = done;
    const { method, target, body } = exchange;
    if (body && Number(headerOf(exchange.rawHeaders, 'content-length') ?? 0) > SYNC_EVENT_BYTES) {
      this.#end(requestTooLarge(), false);
      return;
    }
    const request = { method, target, rawHeaders, lines, body, bodyBytes: SYNC_EVENT_BYTES };
    this.#flow = upstreams.exchange(to, request, this);
  }

  /** Most requests are over before anybody looks: a signal is only made for the others. */
  watch(): void {
    if (this.#signal || this.#over) return;
    this.#signal = this.#exchange.signal;
    if (this.#signal.aborted) this.#leave();
    else this.#signal.addEventListener('abort', this.#leave, { once: true });
  }

  readonly #leave = (): void => this.#flow?.abort();

  stop(verdict: Verdict): void {
    this.#verdict ??= verdict;
    this.#flow?.abort();
  }

  head({ status, reason, rawHeaders, length = 0 }: ParsedHead): void {
    const bytes = headerBytes(rawHeaders);
    if (bytes > HEADER_BYTES) this.stop(headersTooLarge(bytes));
    else if (length > RESPONSE_BYTES) this.stop(responseTooLarge(length));
    else this.#head = { status, reason, rawHeaders };
  }

  /** It is an answer that is made piece by piece. */
  flush(): void {
    const head = this.#head;
    this.#head = undefined;
    if (head) this.#body = this.#exchange.respond(head);
  }

  data(chunk: Buffer, last: boolean): boolean {
    if (last && chunk.length <= TEXT_BYTES) {
      this.#last = chunk.toString('latin1');
      return true;
    }
    this.flush();
    const stream = this.#body?.stream;
    if (!stream || stream.write(chunk)) return true;
    stream.once('drain', () => this.#flow?.resume());
    return false;
  }

  end(rawTrailers: readonly string[]): void {
    const head = this.#head;
    // An answer that is there whole needs no chunks, whatever the function has sent it in.
    if (head && this.#last !== undefined && headerOf(head.rawHeaders, 'content-length') === undefined)
      this.#head = { ...head, rawHeaders: [...head.rawHeaders, 'Content-Length', String(this.#last.length)] };
    this.flush();
    if (rawTrailers.length > 0) this.#body?.trailers(rawTrailers);
    if (this.#last === undefined) this.#body?.stream.end();
    else this.#body?.stream.end(this.#last, 'latin1');
    this.#end(served(), false);
  }

  failed(error: UpstreamError): void {
    // Half an answer must not look like a whole one.
    this.#body?.stream.destroy();
    this.#end(this.#verdict ?? verdictOn(error), this.#verdict === undefined && mayBeDeath(error));
  }

  #end(verdict: Verdict, perhaps: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.#signal?.removeEventListener('abort', this.#leave);
    this.#done(verdict, perhaps);
  }
}
