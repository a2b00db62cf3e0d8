// Bytes of many events in one buffer, which changes threads without a copy. Sent one by one, each slice of a pool would
// take the whole pool along.

import type { QueuedEvent } from '../../core/ports.ts';

interface Packable {
  readonly bytes: readonly Uint8Array[];
  readonly size: number;
}

export function packed(ops: readonly Packable[]): ArrayBuffer {
  let size = 0;
  for (const op of ops) size += op.size;
  const all = new Uint8Array(size);
  let place = 0;
  for (const op of ops) {
    for (const part of op.bytes) {
      all.set(part, place);
      place += part.byteLength;
    }
  }
  return all.buffer;
}

/** A pool or a block of a socket that is larger would live as long as the event in it. */
const POOL_BYTES = 16 << 10;

/** The event for keeping: a small body in a large block is copied out of it. */
export function ownBytes(item: QueuedEvent): QueuedEvent {
  const { body } = item.event;
  const block = body.buffer.byteLength;
  if (block <= POOL_BYTES || block <= body.byteLength * 4) return item;
  // Not Buffer.from, which takes it from a pool again.
  const own = Buffer.allocUnsafeSlow(body.byteLength);
  own.set(body);
  return { ...item, event: { ...item.event, body: own } };
}
