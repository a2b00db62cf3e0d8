// Watches WebSocket frames go by (RFC 6455 §5.2): reads their headers and the codes of close frames, and nothing else of them.

const CONTINUATION = 0;
const CLOSE = 8;
const CONTROL = 8;
/** Sec. 7.4.1: what a close frame without a code means. */
export const NO_CODE = 1005;

export interface FrameEvents {
  /** A message is whole, of so many bytes; fragments count once. */
  message(bytes: number): void;
  /** The first close frame, with its code. */
  close(code: number): void;
}

export class FrameWatch {
  readonly #events: FrameEvents;
  readonly #messageBytes: number;
  /** Header bytes that are not whole yet. */
  readonly #head = Buffer.alloc(14);
  #headBytes = 0;
  /** Payload that is still to come of the frame. */
  #left = 0;
  #message = 0;
  #final = false;
  #control = false;
  /** Of a close frame: its mask, and the bytes of its code that have come. */
  #mask: Buffer | undefined;
  #code: number[] | undefined;
  #closed = false;

  constructor(messageBytes: number, events: FrameEvents) {
    this.#messageBytes = messageBytes;
    this.#events = events;
  }

  /** No frame has begun that is not whole. */
  get between(): boolean {
    return this.#headBytes === 0 && this.#left === 0;
  }

  /** How many bytes may be passed on: all, or those before a frame that makes its message too large. */
  push(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        at += this.#skip(chunk, at);
        continue;
      }
      const start = at - this.#headBytes;
      while (at < chunk.length && this.#headBytes < this.#wanted()) this.#head[this.#headBytes++] = chunk[at++] ?? 0;
      if (this.#headBytes < this.#wanted()) break;
      if (!this.#begin()) {
        // None of it has been passed on: the frame before it was the last.
        if (start >= 0) this.#headBytes = 0;
        return Math.max(0, start);
      }
    }
    return chunk.length;
  }

  /** How long the header is, as far as can be told. */
  #wanted(): number {
    if (this.#headBytes < 2) return 2;
    const second = this.#head[1] ?? 0;
    const length = second & 0x7f;
    return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + ((second & 0x80) === 0 ? 0 : 4);
  }

  /** False when the message becomes too large with it. */
  #begin(): boolean {
    const [first = 0, second = 0] = this.#head;
    const short = second & 0x7f;
    const bytes =
      short === 126 ? this.#head.readUInt16BE(2) : short === 127 ? Number(this.#head.readBigUInt64BE(2)) : short;
    const opcode = first & 0x0f;
    this.#final = (first & 0x80) !== 0;
    this.#control = opcode >= CONTROL;
    if (!this.#control) {
      this.#message = (opcode === CONTINUATION ? this.#message : 0) + bytes;
      if (this.#message > this.#messageBytes) return false;
    }
    if (opcode === CLOSE && !this.#closed) {
      this.#code = [];
      this.#mask =
        (second & 0x80) === 0 ? undefined : Buffer.from(this.#head.subarray(this.#headBytes - 4, this.#headBytes));
    }
    this.#headBytes = 0;
    this.#left = bytes;
    if (bytes === 0) this.#end();
    return true;
  }

  #skip(chunk: Buffer, at: number): number {
    const passed = Math.min(this.#left, chunk.length - at);
    if (this.#code) {
      for (let i = 0; i < passed && this.#code.length < 2; i++) {
        this.#code.push((chunk[at + i] ?? 0) ^ (this.#mask?.[this.#code.length] ?? 0));
      }
    }
    this.#left -= passed;
    if (this.#left === 0) this.#end();
    return passed;
  }

  #end(): void {
    const code = this.#code;
    if (code) {
      this.#closed = true;
      this.#code = undefined;
      const [high, low] = code;
      this.#events.close(high === undefined || low === undefined ? NO_CODE : high * 256 + low);
    } else if (!this.#control && this.#final) {
      const bytes = this.#message;
      this.#message = 0;
      this.#events.message(bytes);
    }
  }
}

/** A close frame; from a client it is masked, which with a mask of zeros changes no byte. */
export function closeFrame(code: number, masked: boolean): Buffer {
  const payload = Buffer.from([code >> 8, code & 0xff]);
  return masked
    ? Buffer.concat([Buffer.from([0x88, 0x82, 0, 0, 0, 0]), payload])
    : Buffer.concat([Buffer.from([0x88, 0x02]), payload]);
}
