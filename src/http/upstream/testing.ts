// For tests: servers that say exactly what the test says, and what they were sent.

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { openUpstreams, type Upstreams, type UpstreamsOptions } from '../forward.ts';
import type { To } from './host.ts';

export interface Served {
  readonly to: To;
  readonly upstreams: Upstreams;
  /** Connections so far, oldest first, with what each was sent. */
  readonly connections: { readonly socket: Socket; text: string }[];
}

/** `script` is called with each piece that comes; the server does nothing by itself. */
export async function served(
  script: (socket: Socket, text: string, connection: number) => void,
  options: UpstreamsOptions = {},
): Promise<Served & AsyncDisposable> {
  const connections: { socket: Socket; text: string }[] = [];
  const server = createServer(socket => {
    const own = { socket, text: '' };
    const number = connections.push(own) - 1;
    socket.on('error', () => {});
    socket.on('data', chunk => {
      own.text += chunk.toString('latin1');
      script(socket, own.text, number);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  // A test that is interrupted between two requests still has its connection.
  const upstreams = openUpstreams({ idleSocketMs: 600_000, ...options });
  return {
    to: { host: '127.0.0.1', port },
    upstreams,
    connections,
    async [Symbol.asyncDispose]() {
      upstreams.close();
      for (const { socket } of connections) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers each request that ends with its head. */
export function answering(...answers: readonly string[]): (socket: Socket, text: string) => void {
  let next = 0;
  let seen = 0;
  return (socket, text) => {
    const heads = text.split('\r\n\r\n').length - 1;
    if (next > 0 && heads <= seen) seen = 0;
    if (heads > seen) {
      seen = heads;
      socket.write(answers[Math.min(next++, answers.length - 1)] ?? '', 'latin1');
    }
  };
}

export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
