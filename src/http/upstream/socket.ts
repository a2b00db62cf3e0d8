// A client's socket that hears a server out: one that answers early and closes resets the connection while the rest of
// the request is sent. What cannot be sent is dropped, as the answer may have come already and only waits to be read;
// node:net would throw it away with the socket. Reading tells the end.

import { Socket } from 'node:net';

type Written = (error?: Error | null) => void;

export class HearingSocket extends Socket {
  /** Something could not be sent. */
  unheard = false;

  override _write(chunk: unknown, encoding: BufferEncoding, done: Written): void {
    super._write(chunk, encoding, this.#dropping(done));
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], done: Written): void {
    super._writev?.(chunks, this.#dropping(done));
  }

  #dropping(done: Written): Written {
    return error => {
      const { code } = (error ?? {}) as NodeJS.ErrnoException;
      if (code !== 'EPIPE' && code !== 'ECONNRESET') {
        done(error);
        return;
      }
      this.unheard = true;
      done();
    };
  }
}
