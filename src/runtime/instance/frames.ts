// How the server and a bootstrap talk: u32 length of the payload (big endian), u8 type, payload.
// The bootstraps hold the same numbers in their own languages.

import { RESPONSE_BYTES } from '../../core/limits.ts';

export const TO_INSTANCE = { init: 1, invoke: 2 } as const;
export const FROM_INSTANCE = {
  ready: 16,
  result: 17,
  error: 18,
  ended: 19,
  loadError: 20,
  fault: 21,
  hello: 22,
  declined: 23,
} as const;

/** Flags of RESULT, ERROR and ENDED. */
export const PRINTED = 1;
/** The caller may be answered while the run goes on; ENDED follows. */
export const EARLY = 2;
/** The handler gave up its thread before it was done. */
export const WAITED = 4;

export const HEAD_BYTES = 5;
/** A result at its limit, and room for what surrounds it. */
export const FRAME_BYTES = RESPONSE_BYTES + 64 * 1024;

export class FrameError extends Error {}

/** Cuts a stream of chunks into frames; holds at most one unfinished frame of `maxBytes`. */
export class FrameReader {
  readonly #maxBytes: number;
  readonly #heard: (type: number, payload: Buffer) => void;
  /** Head bytes, or the whole unfinished frame once its length is known. */
  #partial: Buffer = Buffer.alloc(0);
  #filled = 0;

  constructor(maxBytes: number, heard: (type: number, payload: Buffer) => void) {
    this.#maxBytes = maxBytes;
    this.#heard = heard;
  }

  /** A payload is only valid during the call that hands it over, unless the hearer owns the chunks. */
  push(chunk: Buffer): void {
    let at = this.#filled > 0 ? this.#finish(chunk) : 0;
    while (chunk.length - at >= HEAD_BYTES) {
      const length = this.#checked(chunk.readUInt32BE(at));
      const end = at + HEAD_BYTES + length;
      if (end > chunk.length) break;
      this.#heard(chunk.readUInt8(at + 4), chunk.subarray(at + HEAD_BYTES, end));
      at = end;
    }
    if (at < chunk.length) this.#keep(chunk, at);
  }

  /** Bytes held of an unfinished frame. */
  get held(): number {
    return this.#filled;
  }

  #checked(length: number): number {
    if (length > this.#maxBytes)
      throw new FrameError(`a frame of ${length} bytes is over the limit of ${this.#maxBytes}`);
    return length;
  }

  /** Starts an unfinished frame with the rest of a chunk. */
  #keep(chunk: Buffer, at: number): void {
    const rest = chunk.length - at;
    const size = rest < HEAD_BYTES ? HEAD_BYTES : HEAD_BYTES + this.#checked(chunk.readUInt32BE(at));
    this.#partial = Buffer.allocUnsafe(size);
    this.#filled = chunk.copy(this.#partial, 0, at);
  }

  /** Completes the unfinished frame; how much of the chunk that took. */
  #finish(chunk: Buffer): number {
    let at = 0;
    if (this.#filled < HEAD_BYTES) {
      at = chunk.copy(this.#partial, this.#filled, 0, HEAD_BYTES - this.#filled);
      this.#filled += at;
      if (this.#filled < HEAD_BYTES) return at;
      const whole = Buffer.allocUnsafe(HEAD_BYTES + this.#checked(this.#partial.readUInt32BE(0)));
      this.#partial.copy(whole, 0, 0, HEAD_BYTES);
      this.#partial = whole;
    }
    const copied = chunk.copy(this.#partial, this.#filled, at);
    this.#filled += copied;
    if (this.#filled < this.#partial.length) return at + copied;
    const frame = this.#partial;
    this.#partial = Buffer.alloc(0);
    this.#filled = 0;
    this.#heard(frame.readUInt8(4), frame.subarray(HEAD_BYTES));
    return at + copied;
  }
}

export function encodeFrame(type: number, payload: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  frame.writeUInt32BE(payload.length, 0);
  frame.writeUInt8(type, 4);
  payload.copy(frame, HEAD_BYTES);
  return frame;
}

/** Flags of INVOKE: a timer sent the event; it may be taken back until it has begun (runtime/instance/turn.ts). */
export const BY_TIMER = 1;
export const AHEAD = 2;
const INVOKE_HEAD = HEAD_BYTES + 10;

export interface Invoke {
  /** Rises by one with every event of an instance; answers name it. */
  readonly turn: number;
  readonly requestId: string;
  readonly limitMs: number;
  readonly flags: number;
}

/**
 * INVOKE: u8 flags, u8 length of the request id, u32 time limit in ms, u32 turn, request id, event bytes.
 * Leaves out the event when it is large, to be written after it without a copy.
 */
export function encodeInvoke({ turn, requestId, limitMs, flags }: Invoke, event: Buffer, withEvent: boolean): Buffer {
  // A latin1 character is one byte: ids are UUIDs.
  const head = INVOKE_HEAD + requestId.length;
  if (requestId.length > 255) throw new FrameError('a request id has at most 255 characters');
  const frame = Buffer.allocUnsafe(withEvent ? head + event.length : head);
  frame.writeUInt32BE(head - HEAD_BYTES + event.length, 0);
  frame[4] = TO_INSTANCE.invoke;
  frame[5] = flags;
  frame[6] = requestId.length;
  frame.writeUInt32BE(limitMs, 7);
  frame.writeUInt32BE(turn, 11);
  frame.write(requestId, INVOKE_HEAD, 'latin1');
  if (withEvent) event.copy(frame, head);
  return frame;
}

export interface Ended {
  readonly printed: boolean;
  readonly early: boolean;
  /** The handler gave up its thread before it was done. */
  readonly waited: boolean;
  readonly turn: number;
  /** Measured in the function; undefined for more than fits the field, 71 minutes. */
  readonly durationMs: number | undefined;
}

export interface Failed extends Ended {
  readonly status: number;
  readonly message: string;
  readonly stack: string;
}

/** Head of RESULT, ERROR and ENDED: u8 flags, u32 turn, u32 duration in µs. */
export const ENDED_BYTES = 9;

export function decodeEnded(payload: Buffer): Ended {
  if (payload.length < ENDED_BYTES) throw new FrameError('an answer is too short');
  const flags = payload.readUInt8(0);
  const micros = payload.readUInt32BE(5);
  return {
    printed: (flags & PRINTED) !== 0,
    early: (flags & EARLY) !== 0,
    waited: (flags & WAITED) !== 0,
    turn: payload.readUInt32BE(1),
    durationMs: micros === 0xffffffff ? undefined : micros / 1000,
  };
}

/** Texts are clipped by the bootstraps. */
const TEXT_BYTES = 256 * 1024;
/** What can be wrong with a run, and with loading, as a bootstrap sees it; the rest is not the function's to say. */
const RUN_FAILURES: readonly number[] = [400, 407, 430];
const LOAD_FAILURES: readonly number[] = [437, 443];

function statusAt(payload: Buffer, at: number, known: readonly number[]): number {
  const status = payload.readUInt16BE(at);
  if (!known.includes(status)) throw new FrameError(`the status ${status} is not one of ${known}`);
  return status;
}

/** FAULT: the stack of an error that ends the process. */
export function decodeFault(payload: Buffer): string {
  return payload.toString('utf8', 0, TEXT_BYTES);
}

/** ERROR: head, u16 status, u32 length of the message, message, stack. */
export function decodeFailed(payload: Buffer): Failed {
  const at = ENDED_BYTES + 6;
  if (payload.length < at) throw new FrameError('an error is too short');
  const length = payload.readUInt32BE(ENDED_BYTES + 2);
  if (at + length > payload.length) throw new FrameError('an error message is longer than its frame');
  return {
    ...decodeEnded(payload),
    status: statusAt(payload, ENDED_BYTES, RUN_FAILURES),
    message: payload.toString('utf8', at, at + length),
    stack: payload.toString('utf8', at + length),
  };
}

/** DECLINED: u32 turn, of an event that was taken back. */
export function decodeDeclined(payload: Buffer): number {
  if (payload.length < 4) throw new FrameError('a refusal is too short');
  return payload.readUInt32BE(0);
}

/** LOAD_ERROR: u16 status, text. */
export function decodeLoadError(payload: Buffer): { readonly status: number; readonly message: string } {
  if (payload.length < 2) throw new FrameError('a load error is too short');
  return { status: statusAt(payload, 0, LOAD_FAILURES), message: payload.toString('utf8', 2) };
}
