// A write-ahead log as SQLite's documents describe the file ("WAL-mode File Format"): how far it is written.

import { closeSync, openSync, readFileSync, readSync, statSync, writeFileSync } from 'node:fs';

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

export interface Written {
  /** Changes when the log is begun anew. */
  readonly salt: string;
  /** Bytes from the start of the file whose frames belong to it. Behind it may lie frames of earlier rounds. */
  readonly bytes: number;
}

export function writtenOf(file: string): Written {
  const fd = openSync(file, 'r');
  try {
    const { size } = statSync(file);
    const header = Buffer.alloc(HEADER_BYTES);
    if (readSync(fd, header, 0, HEADER_BYTES, 0) < HEADER_BYTES) return { salt: '', bytes: 0 };
    const salt = header.toString('hex', 16, 24);
    const frameBytes = FRAME_HEADER_BYTES + header.readUInt32BE(8);
    const frame = Buffer.alloc(FRAME_HEADER_BYTES);
    let bytes = HEADER_BYTES;
    while (bytes + frameBytes <= size) {
      readSync(fd, frame, 0, FRAME_HEADER_BYTES, bytes);
      if (frame.toString('hex', 8, 16) !== salt) break;
      bytes += frameBytes;
    }
    return { salt, bytes };
  } finally {
    closeSync(fd);
  }
}

/** From `from` on nothing is certain: cut off, other bits, or nothing written where there is a length. */
export function tear(file: string, from: number, how: 'cut' | 'flip' | 'zero'): void {
  const content = readFileSync(file);
  const tail = content.subarray(from);
  const torn = { cut: () => Buffer.alloc(0), flip: () => tail.map(byte => byte ^ 0xff), zero: () => tail.fill(0) };
  writeFileSync(file, Buffer.concat([content.subarray(0, from), torn[how]()]));
}
