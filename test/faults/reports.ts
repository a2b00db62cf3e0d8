// Where the functions report: on loopback, each beginning and each end.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Kind, Ledger } from './ledger.ts';

export interface Reports {
  readonly port: number;
  close(): Promise<void>;
}

/** `runMs` says how long a function is to take with an event. */
export async function openReports(ledger: Ledger, runMs: () => number): Promise<Reports> {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://reports');
    const text = (name: string) => searchParams.get(name) ?? '';
    let answer: object = {};
    if (pathname === '/begin') {
      const { number, fails } = ledger.begin(text('id'), text('kind') as Kind, Number(text('server')));
      answer = { number, fails, ms: runMs() };
    } else ledger.end(text('id'), Number(text('number')), text('failed') === 'true');
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(answer));
  });
  // Functions die with their connections.
  server.on('clientError', (_error, socket) => socket.destroy());
  server.keepAliveTimeout = 60_000;
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
