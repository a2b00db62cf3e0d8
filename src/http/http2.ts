// HTTP/2 beside HTTP/1.1 on one TLS port: the handshake decides which of the two a connection speaks.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, createServer, type ServerHttp2Session } from 'node:http2';
import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

export interface Http2Side {
  /** Connections without a request under way are closed after this time. */
  idleMs: number;
  /** A request's body may pause this long. */
  bodyIdleMs: number;
  /** Streams under way end; no new ones are taken. */
  close(): void;
  /** At once. */
  destroy(): void;
}

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

/** `server` keeps the connections that speak HTTP/1.1; its options choose by `ALPNCallback`. */
export function serveHttp2(
  server: Server,
  times: Pick<Http2Side, 'idleMs' | 'bodyIdleMs'>,
  headBytes: number,
  handle: Handle,
): Http2Side {
  const sessions = new Set<ServerHttp2Session>();
  let closing = false;
  const side: Http2Side = {
    ...times,
    close() {
      closing = true;
      for (const session of sessions) session.close();
    },
    destroy() {
      for (const session of sessions) session.destroy();
    },
  };
  const framed = createServer({ maxSendHeaderBlockLength: headBytes, settings: { maxHeaderListSize: headBytes } });
  framed.on('session', session => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    // A broken connection takes its streams with it, and their answers hear of that.
    session.on('error', () => session.destroy());
    // A transport deadline.
    session.setTimeout(side.idleMs, () => session.close());
    // Its handshake was under way while the server began to close.
    if (closing) session.close();
  });
  framed.on('request', (request, response) => {
    // What HTTP/1.1 says by a header of this name.
    if (request.headers.host === undefined && request.authority !== '') request.headers.host = request.authority;
    const { stream } = request;
    if (!stream.endAfterHeaders) {
      stream.setTimeout(side.bodyIdleMs, () => stream.close(constants.NGHTTP2_CANCEL));
      request.once('end', () => stream.setTimeout(0));
    }
    request.on('error', () => {});
    response.on('error', () => {});
    // Node's compatibility layer: the same members as far as fronts use them.
    handle(request as unknown as IncomingMessage, response as unknown as ServerResponse);
  });
  framed.on('sessionError', () => {});
  const plain = server.listeners('secureConnection');
  server.removeAllListeners('secureConnection');
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol === 'h2') framed.emit('connection', socket satisfies Socket);
    else for (const listener of plain) listener.call(server, socket);
  });
  return side;
}
