// A request to upgrade answered like any other: until the protocol changes it is HTTP, with the same refusals.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { responseOn } from '../../../http/exchange.ts';
import type { Handover } from '../target.ts';

export interface UpgradeExchange {
  /** Writes to the connection, which ends with the answer. */
  readonly response: ServerResponse;
  readonly handover: Handover;
}

export function upgradeExchange(request: IncomingMessage, socket: Duplex, head: Buffer): UpgradeExchange {
  const response = responseOn(request, socket);
  return {
    response,
    handover: {
      request,
      head,
      take() {
        if (response.headersSent || response.destroyed || socket.destroyed) return undefined;
        response.detachSocket(socket as IncomingMessage['socket']);
        // The connection must not keep the response alive for its own whole life.
        response.removeAllListeners();
        socket.removeAllListeners('drain');
        return socket;
      },
    },
  };
}
