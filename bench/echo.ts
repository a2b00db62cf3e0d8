// The yardstick: node:http and nothing else. Prints its port.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const headers = { 'Content-Type': 'text/plain; charset=utf-8' };

const server = createServer((request, response) => {
  if (request.method !== 'POST') {
    response.writeHead(200, headers).end('Hello, world!\n');
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => response.writeHead(200, headers).end(Buffer.concat(chunks)));
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
