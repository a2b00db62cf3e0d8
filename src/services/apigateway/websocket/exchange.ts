// A request to upgrade answered like any other: until the protocol changes it is HTTP, with the same refusals.

import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Handover } from '../target.ts';

export interface UpgradeExchange {
  /** Writes to the connection, which ends with the answer. */
  readonly response: ServerResponse;
  readonly handover: Handover;
}

export function upgradeExchange(request: IncomingMessage, socket: Duplex, head: Buffer): UpgradeExchange {
  const response = new ServerResponse(request);
  // Node.js wants a net.Socket by its type; a TLS one, or any stream, does.
  response.assignSocket(socket as IncomingMessage['socket']);
  response.shouldKeepAlive = false;
  response.once('finish', () => socket.end());
  return {
    response,
    handover: {
      request,
      head,
      take() {
        if (response.headersSent || response.destroyed || socket.destroyed) return undefined;
        response.detachSocket(socket as IncomingMessage['socket']);
        response.removeAllListeners();
        return socket;
      },
    },
  };
}
