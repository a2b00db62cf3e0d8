// A WebSocket client made by hand, for tests alone: it sends whatever frames it is told to, and reads what comes.

import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

export const OP = Object.freeze({ more: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 });

export interface Frame {
  readonly fin: boolean;
  readonly opcode: number;
  readonly data: Buffer;
}

export interface FrameOptions {
  readonly fin?: boolean;
  readonly masked?: boolean;
  /** RSV1–3 as the upper bits of the first byte: 0x40, 0x20, 0x10. */
  readonly rsv?: number;
  /** Told instead of the true length, in 64 bits. */
  readonly length?: number;
}

export function frame(opcode: number, payload: Buffer | string, options: FrameOptions = {}): Buffer {
  const { fin = true, masked = true, rsv = 0, length } = options;
  const data = Buffer.from(payload as string);
  const told = length ?? data.length;
  const first = (fin ? 0x80 : 0) | rsv | opcode;
  const flag = masked ? 0x80 : 0;
  let head: Buffer;
  if (length === undefined && told < 126) head = Buffer.from([first, flag | told]);
  else if (length === undefined && told < 65_536) head = Buffer.from([first, flag | 126, told >> 8, told & 0xff]);
  else {
    head = Buffer.alloc(10);
    head[0] = first;
    head[1] = flag | 127;
    head.writeBigUInt64BE(BigInt(told), 2);
  }
  if (!masked) return Buffer.concat([head, data]);
  const mask = randomBytes(4);
  return Buffer.concat([head, mask, data.map((byte, i) => byte ^ (mask[i % 4] ?? 0))]);
}

export function closeFrame(code: number, reason: Buffer | string = ''): Buffer {
  return frame(OP.close, Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason as string)]));
}

export interface Handshake {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface ConnectOptions {
  readonly port: number;
  readonly path: string;
  /** On top of what a handshake needs; undefined leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly method?: string;
  /** Sent together with the request, before any answer. */
  readonly early?: Buffer;
}

export class RawClient implements Disposable {
  readonly socket: Socket;
  #bytes = Buffer.alloc(0);
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', chunk => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake?.();
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.#ended = true;
      this.#wake?.();
    });
    this.socket.on('end', () => this.socket.end());
  }

  /** Asks for an upgrade; what the server answers is read by `answer`. */
  static ask({ port, path, headers = {}, method = 'GET', early }: ConnectOptions): RawClient {
    const client = new RawClient(port);
    const all: Readonly<Record<string, string | undefined>> = {
      Host: `127.0.0.1:${port}`,
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version': '13',
      ...headers,
    };
    const lines = Object.entries(all).filter(([, value]) => value !== undefined);
    const head = [`${method} ${path} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`), '', ''].join(
      '\r\n',
    );
    client.send(early ? Buffer.concat([Buffer.from(head), early]) : Buffer.from(head));
    return client;
  }

  send(...frames: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  async answer(): Promise<Handshake> {
    const end = await this.#until(bytes => {
      const at = bytes.indexOf('\r\n\r\n');
      return at < 0 ? undefined : at;
    });
    if (end === undefined) throw new Error('the server answered nothing');
    const [line = '', ...lines] = this.#take(end + 4)
      .subarray(0, end)
      .toString('latin1')
      .split('\r\n');
    const headers = new Map(
      lines.map(one => {
        const colon = one.indexOf(':');
        return [one.slice(0, colon).toLowerCase(), one.slice(colon + 1).trim()];
      }),
    );
    const status = Number(line.split(' ')[1]);
    const length = Number(headers.get('content-length') ?? 0);
    if (status === 101 || length === 0) return { status, headers, body: '' };
    await this.#until(bytes => (bytes.length >= length ? length : undefined));
    return { status, headers, body: this.#take(length).toString() };
  }

  /** The next frame; undefined once the server has closed the connection. */
  async frame(): Promise<Frame | undefined> {
    const size = await this.#until(frameBytes);
    if (size === undefined) return undefined;
    const bytes = this.#take(size.head + size.data);
    const [first = 0] = bytes;
    return { fin: first >= 0x80, opcode: first & 0x0f, data: Buffer.from(bytes.subarray(size.head)) };
  }

  async text(): Promise<string | undefined> {
    return (await this.frame())?.data.toString();
  }

  /** The code of the close frame that comes next; undefined without one. */
  async closeCode(): Promise<number | undefined> {
    const next = await this.frame();
    return next?.opcode === OP.close ? next.data.readUInt16BE(0) : undefined;
  }

  /** Resolves when the server has ended the connection. */
  async ended(): Promise<void> {
    while (!this.#ended) await this.#more();
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  #take(bytes: number): Buffer {
    const taken = this.#bytes.subarray(0, bytes);
    this.#bytes = this.#bytes.subarray(bytes);
    return taken;
  }

  async #until<T>(look: (bytes: Buffer) => T | undefined): Promise<T | undefined> {
    for (;;) {
      const found = look(this.#bytes);
      if (found !== undefined) return found;
      if (this.#ended) return undefined;
      await this.#more();
    }
  }

  #more(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve;
    });
  }
}

/** A server's frames have no mask. */
function frameBytes(bytes: Buffer): { head: number; data: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = (bytes[1] ?? 0) & 0x7f;
  const head = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < head) return undefined;
  const data = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  return bytes.length < head + data ? undefined : { head, data };
}
