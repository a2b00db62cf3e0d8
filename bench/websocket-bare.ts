// The yardstick of pushes: node:http and ws and nothing else. Prints its port; POST / pushes as API Gateway's address does.

import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

const clients = new Map<string, WebSocket>();
const sockets = new WebSocketServer({ noServer: true, clientTracking: false });
const OK = '{"errNo":0,"errMsg":"ok"}';

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { websocket } = JSON.parse(Buffer.concat(chunks).toString());
    const client = clients.get(websocket.secConnectionID);
    client?.send(websocket.data);
    response.writeHead(client ? 200 : 404, { 'Content-Type': 'application/json', 'Content-Length': OK.length }).end(OK);
  });
});
server.on('upgrade', (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, client => {
    const id = randomBytes(16).toString('base64');
    clients.set(id, client);
    client.on('message', () => client.send(id));
    client.on('close', () => clients.delete(id));
  });
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
