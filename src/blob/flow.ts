// A stream's chunks as they come, without another stream around it. What is not taken stays with whoever gave it: a request
// that is destroyed cannot be answered.

import { finished, type Readable } from 'node:stream';

/** Stops the stream while a chunk that was taken asks for time; rejects as the stream fails, or the taker. */
export function flow(content: Readable, take: (chunk: Buffer) => Promise<void> | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    /** A stream that is stopped may end all the same. */
    let taken: Promise<void> | undefined;
    const end = (error: unknown) => {
      if (isOver) return;
      isOver = true;
      content.off('data', onData).pause();
      unwatch();
      if (error) reject(error);
      else if (taken) taken.then(resolve, reject);
      else resolve();
    };
    const onData = (chunk: Buffer | string) => {
      try {
        taken = take(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
      } catch (error) {
        end(error);
      }
      if (!taken) return;
      content.pause();
      taken.then(() => {
        taken = undefined;
        if (!isOver) content.resume();
      }, end);
    };
    const unwatch = finished(content, { writable: false }, end);
    if (!content.readableEnded && !content.destroyed) content.on('data', onData);
  });
}
