// Connections on which nothing has been sent yet: browsers open such ahead, and Node.js does not count them as idle.

import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Gives what ends them. With TLS also those are ended whose handshake is all that has come, or not even that. */
export function silentConnections(server: Server): () => void {
  const silent = new Map<Socket, number>();
  function forget(this: Socket): void {
    silent.delete(this);
  }
  const opened = (socket: Socket) => {
    silent.set(socket, socket.bytesRead);
    socket.once('close', forget);
  };
  server.on('connection', opened);
  server.on('secureConnection', opened);
  // Whatever has come as a request is looked after by Node.js.
  server.on('request', ({ socket }) => silent.delete(socket));
  return () => {
    for (const [socket, bytes] of silent) if (socket.bytesRead === bytes) socket.destroy();
  };
}
