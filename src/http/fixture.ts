// For tests: raw bytes out, raw bytes in.

import { connect } from 'node:net';
import type { Front } from './server.ts';

/** Sends text to a port as it is and gives all that comes back until the other side closes. */
export function rawExchange(front: Front, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(front.port, '127.0.0.1', () => socket.write(text, 'latin1'));
    let answer = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}
