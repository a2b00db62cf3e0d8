// Requests that are sent one behind the other on a connection without waiting for the answers.

import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** The answer that is next to go out, begun or not. Node.js keeps it there. */
export function nextAnswer(socket: Duplex): ServerResponse | undefined {
  const { _httpMessage: response } = socket as { readonly _httpMessage?: ServerResponse | null };
  return response ?? undefined;
}

/** An answer that has begun cannot be taken back: whoever reads it must not take another one for its rest. */
export function isAnswering(socket: Duplex): boolean {
  return nextAnswer(socket)?.headersSent === true;
}

/**
 * Once what was asked before has been answered; never if the connection ends with that. A request that has not come whole is
 * not waited for: it may never come.
 */
export function afterAnswers(socket: Duplex, then: () => void): void {
  const response = nextAnswer(socket);
  if (!response?.req.complete) {
    then();
    return;
  }
  // For a connection that is no longer HTTP's Node.js passes on no such event.
  const drained = () => response.emit('drain');
  socket.on('drain', drained);
  response.once('close', () => {
    socket.off('drain', drained);
    if (socket.writable) afterAnswers(socket, then);
  });
}
