// Where functions of a test wait until they are let go on: what happens meanwhile does not depend on how long it takes.

import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Latch extends Disposable {
  /** A request to it is answered when it is let go. */
  readonly url: string;
  /** How many wait there. */
  readonly held: number;
  release(): void;
}

export async function openLatch(): Promise<Latch> {
  const held: ServerResponse[] = [];
  const server = createServer((_, response) => {
    held.push(response);
    response.once('close', () => {
      const index = held.indexOf(response);
      if (index >= 0) held.splice(index, 1);
    });
  });
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    get held() {
      return held.length;
    },
    release() {
      for (const response of held.splice(0)) response.end('go on');
    },
    [Symbol.dispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
