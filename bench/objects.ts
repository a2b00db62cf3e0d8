// The object store as measures use it: a server with a bucket, and clients that sign as real ones do.

import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Status } from '../src/cli/wire.ts';
import { presign, signHeader } from '../src/http/qsign.ts';
import type { Program } from '../test/program.ts';
import type { Bench } from './bench.ts';
import { cloud, REGION } from './cloud.ts';
import { ANSWER_MS, type Started, started } from './sides.ts';

export const MB = 1024 * 1024;
/** Of the account of a server that is told no other. */
const APP_ID = '1250000000';
/** A signature is good for a whole measure. */
const SIGNED_S = 3600;

export interface Asked {
  readonly method?: 'GET' | 'PUT';
  readonly body?: Buffer;
}

export interface ObjectStore {
  readonly url: string;
  hostOf(bucket: string): string;
  /** Fails unless it was done. `path`: with its query. */
  ask(bucket: string, path: string, asked?: Asked): Promise<Buffer>;
  make(bucket: string): Promise<void>;
  /** Path and query of a URL that works by itself. */
  presigned(bucket: string, key: string): string;
  /** Puts objects over a connection of its own, with as little work as can be: the client has its part of the machine too. */
  putter(bucket: string): Putter;
}

export interface Putter {
  put(key: string, body: Buffer): Promise<void>;
  end(): void;
}

export interface ServedStore extends Started, ObjectStore {
  readonly bucket: string;
}

/** A server with one bucket. */
export function servedStore(bench: Bench): Promise<ServedStore> {
  return bench.shared('objects', async () => {
    const server = await started(bench);
    const store = await storeOf(bench, server);
    await store.make('bench');
    return { ...server, ...store, bucket: 'bench' };
  });
}

export async function storeOf(bench: Bench, server: Program): Promise<ObjectStore> {
  const { ports } = await cloud(server).get<Status>('/status');
  const port = ports.portCos ?? 0;
  const agent = new Agent({ keepAlive: true });
  bench.atEnd(async () => agent.destroy());
  const hostOf = (bucket: string) => `${bucket}-${APP_ID}.cos.${REGION}.myqcloud.com`;

  async function ask(bucket: string, path: string, { method = 'GET', body }: Asked = {}): Promise<Buffer> {
    const Host = hostOf(bucket);
    const { pathname, searchParams } = new URL(path, 'http://localhost');
    const signed = { method, path: pathname, query: [...searchParams], headers: [['host', Host]] } as const;
    const headers = {
      Host,
      Authorization: signHeader(signed, server, signTime()),
      'Content-Length': body?.length ?? 0,
    };
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path, method, headers, agent, timeout: ANSWER_MS };
      const request = httpRequest(options, resolve).on('error', reject);
      request.on('timeout', () => request.destroy(new Error(`${method} ${path}: no answer within ${ANSWER_MS} ms`)));
      request.end(body);
    });
    const bytes = await buffer(answer);
    if (answer.statusCode === 200) return bytes;
    throw new Error(`${method} ${Host}${path} answers ${answer.statusCode} ${bytes.toString().slice(0, 300)}`);
  }

  return {
    url: `http://127.0.0.1:${port}`,
    hostOf,
    ask,
    putter: bucket =>
      putter(port, (key, bytes) => {
        const Host = hostOf(bucket);
        const signed = { method: 'PUT', path: `/${key}`, query: [], headers: [['host', Host]] } as const;
        const lines = {
          Host,
          Authorization: signHeader(signed, server, signTime()),
          'Content-Length': bytes,
        };
        const text = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
        return `PUT /${key} HTTP/1.1\r\n${text.join('')}\r\n`;
      }),
    make: async bucket => void (await ask(bucket, '/', { method: 'PUT' })),
    presigned(bucket, key) {
      const origin = `http://${hostOf(bucket)}`;
      return presign({ origin, method: 'GET', path: `/${key}`, query: [] }, server, signTime()).slice(origin.length);
    },
  };
}

function putter(port: number, head: (key: string, bytes: number) => string): Putter {
  const socket = connect(port, '127.0.0.1').setNoDelay();
  let answered = (_: string | Error) => {};
  socket.on('data', (chunk: Buffer) => answered(chunk.toString('latin1')));
  for (const event of ['error', 'close']) socket.on(event, () => answered(new Error('the connection is over')));
  return {
    put(key, body) {
      return new Promise((resolve, reject) => {
        let text = '';
        answered = more => {
          if (more instanceof Error) reject(more);
          else text += more;
          if (!text.endsWith('\r\n\r\n')) return;
          if (/^HTTP\/1.1 200 (?:[^\r]*\r\n)+?Content-Length: 0\r\n/.test(text)) resolve();
          else reject(new Error(`PUT ${key} answers ${text.slice(0, 300)}`));
        };
        socket.cork();
        socket.write(head(key, body.length));
        socket.write(body);
        socket.uncork();
      });
    },
    end: () => void socket.destroy(),
  };
}

function signTime(): `${number};${number}` {
  const now = Math.floor(Date.now() / 1000);
  return `${now - 60};${now + SIGNED_S}`;
}

/** So many at once of these tasks, each with its number. */
export async function atOnce(width: number, count: number, task: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await task(next++);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** The smallest that so many of a hundred do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const found = sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)];
  if (found === undefined) throw new Error('nothing was measured');
  return found;
}
