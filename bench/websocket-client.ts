// Many WebSocket clients in one process of their own: it opens them, learns their ids and sees what is pushed to them.
// Told what to do by messages: {open}, {latency}.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** One source address has 28,000 ports at most, fewer after earlier runs. */
const SOURCES = 8;
const AT_ONCE = 8;
const TEXT = 1;

export interface Open {
  readonly url: string;
  readonly count: number;
  /** Whose ids are asked for: of the first so many. They are the ones that are pushed to. */
  readonly ids: number;
}
export interface Latency {
  readonly pushUrl: string;
  readonly seconds: number;
  readonly atOnce: number;
}
export type Order = { readonly open: Open } | { readonly latency: Latency };

const sockets: Socket[] = [];
/** Of the first sockets. */
const ids: string[] = [];
/** What waits for a frame of a connection. */
const waiting = new Map<Socket, (text: string) => void>();

function onData(socket: Socket, bytes: Buffer): void {
  for (let at = 0; at + 2 <= bytes.length; ) {
    const short = (bytes[at + 1] ?? 0) & 0x7f;
    const head = short === 126 ? 4 : 2;
    const length = short === 126 ? bytes.readUInt16BE(at + 2) : short;
    waiting.get(socket)?.(bytes.toString('utf8', at + head, at + head + length));
    at += head + length;
  }
}

function textFrame(text: string): Buffer {
  // A mask of zeroes leaves the bytes as they are.
  return Buffer.concat([Buffer.from([0x80 | TEXT, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
}

function openOne({ hostname, port, pathname }: URL, index: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const localAddress = `127.0.0.${2 + (index % SOURCES)}`;
    const socket = connect({ host: hostname, port: Number(port), localAddress }, () => {
      socket.write(
        `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUser-Agent: bench\r\nUpgrade: websocket\r\n` +
          'Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
      );
    });
    socket.once('error', reject);
    socket.once('data', bytes => {
      const answer = bytes.toString('latin1');
      if (!answer.startsWith('HTTP/1.1 101')) return reject(new Error(answer.slice(0, 300)));
      socket.on('data', more => onData(socket, more));
      resolve(socket);
    });
  });
}

function said(socket: Socket): Promise<string> {
  return new Promise(resolve => {
    waiting.set(socket, text => {
      waiting.delete(socket);
      resolve(text);
    });
  });
}

async function open({ url, count, ids: wanted }: Open): Promise<{ ids: readonly string[] }> {
  const to = new URL(url);
  const first = sockets.length;
  const left = Array.from({ length: count }, (_, n) => first + n).values();
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (const index of left) sockets[index] = await openOne(to, index);
  });
  await Promise.all(workers);
  for (const socket of sockets.slice(first, first + wanted)) {
    const answer = said(socket);
    socket.write(textFrame('who'));
    ids.push(await answer);
  }
  return { ids };
}

/** From the begin of a push to its frame, in µs. */
async function latency({ pushUrl, seconds, atOnce }: Latency): Promise<{ us: readonly number[] }> {
  const until = performance.now() + seconds * 1000;
  const us: number[] = [];
  await Promise.all(
    Array.from({ length: atOnce }, async (_, worker) => {
      using pusher = await Pusher.connect(new URL(pushUrl));
      // Each has connections of its own: two pushes to one could not be told apart.
      for (
        let index = worker;
        performance.now() < until;
        index = index + atOnce < ids.length ? index + atOnce : worker
      ) {
        const socket = sockets[index];
        if (!socket) throw new Error('no such connection');
        const from = performance.now();
        const frame = said(socket);
        const pushed = pusher.push(ids[index] ?? '');
        await frame;
        us.push((performance.now() - from) * 1000);
        await pushed;
      }
    }),
  );
  return { us };
}

/** A connection that is kept, written by hand: an HTTP client of its own would take longer than the push. */
class Pusher implements Disposable {
  readonly #socket: Socket;
  readonly #head: string;

  constructor(socket: Socket, { host, pathname }: URL) {
    this.#socket = socket;
    this.#head = `POST ${pathname} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: `;
  }

  static async connect(url: URL): Promise<Pusher> {
    const socket = connect(Number(url.port), url.hostname);
    await once(socket, 'connect');
    return new Pusher(socket, url);
  }

  /** The answers of both sides come in one piece. */
  async push(secConnectionID: string): Promise<void> {
    const websocket = { action: 'data send', secConnectionID, dataType: 'text', data: 'x'.repeat(100) };
    const body = JSON.stringify({ websocket });
    this.#socket.write(`${this.#head}${body.length}\r\n\r\n${body}`);
    const [answer] = (await once(this.#socket, 'data')) as [Buffer];
    const text = answer.toString('latin1');
    if (!text.startsWith('HTTP/1.1 200 ')) throw new Error(text);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

process.on('message', (order: Order) => {
  const work = 'open' in order ? open(order.open) : latency(order.latency);
  Promise.resolve(work).then(
    done => process.send?.(done),
    (error: Error) => process.send?.({ error: error.message }),
  );
});
