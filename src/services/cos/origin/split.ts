// A stream that is kept while it is given to a client. The end of it is held back until it is kept: whoever has all of it finds
// it here. A client that goes does not keep it from being kept, nor a disk that is full from being given.

import { PassThrough, type Readable } from 'node:stream';

export interface Split {
  readonly body: Readable;
  /** When it is over, both ways; rejects if it is not kept. */
  readonly kept: Promise<void>;
}

/** `keep` reads all of its stream, or fails. So far, `aheadBytes`, a slow client does not hold it up. */
export function split(source: Readable, keep: (copy: Readable) => Promise<unknown>, aheadBytes: number): Split {
  const copy = new PassThrough();
  const body = new PassThrough({ writableHighWaterMark: aheadBytes });
  // Each of them tells whoever reads it.
  copy.on('error', () => undefined);
  body.on('error', () => undefined);
  const keeping = Promise.resolve(keep(copy)).finally(() => copy.destroy());
  keeping.catch(() => undefined);
  return { body, kept: pour(source, copy, body, keeping) };
}

async function pour(source: Readable, copy: PassThrough, body: PassThrough, keeping: Promise<unknown>): Promise<void> {
  try {
    let last: Buffer | undefined;
    for await (const chunk of source as AsyncIterable<Buffer>) {
      await give(copy, chunk);
      if (last) await give(body, last);
      last = chunk;
    }
    copy.end();
    await keeping.catch(() => undefined);
    if (last) await give(body, last);
    body.end();
  } catch (error) {
    const reason = error instanceof Error ? error : new Error(String(error));
    copy.destroy(reason);
    body.destroy(reason);
  }
  await keeping;
}

/** Resolves when it can take more, or takes none any more. */
async function give(to: PassThrough, chunk: Buffer): Promise<void> {
  if (to.destroyed || to.write(chunk) || to.destroyed) return;
  await new Promise<void>(resolve => {
    const over = () => {
      to.off('drain', over).off('close', over);
      resolve();
    };
    to.on('drain', over).on('close', over);
  });
}
