// The gateway's access log as a file: lines are appended; a file that is full makes room for a new one and is kept beside it.

import { createWriteStream, mkdirSync, openSync, renameSync, statSync, type WriteStream } from 'node:fs';
import { dirname } from 'node:path';
import { finished } from 'node:stream/promises';
import type { Log } from '../core/log.ts';

export interface AccessFile {
  write(line: string): void;
  close(): Promise<void>;
}

export interface AccessFileOptions {
  readonly path: string;
  readonly log: Log;
  /** The file is renamed to `.1` before it would be larger than this. */
  readonly fileBytes?: number;
  /** Lines that a disk cannot take are left out once so much waits for it. */
  readonly waitingBytes?: number;
}

const FILE_BYTES = 64 * 1024 * 1024;
const WAITING_BYTES = 8 * 1024 * 1024;

/** Throws if the file cannot be made. */
export function openAccessFile({
  path,
  log,
  fileBytes = FILE_BYTES,
  waitingBytes = WAITING_BYTES,
}: AccessFileOptions): AccessFile {
  mkdirSync(dirname(path), { recursive: true });
  const ending = new Set<Promise<void>>();
  let written = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  let left = 0;
  let stream = open();

  /** Open when it returns: a file that is not there yet could not be renamed. */
  function open(): WriteStream {
    const opened = createWriteStream(path, { fd: openSync(path, 'a', 0o600) });
    opened.on('error', error =>
      log.error({ err: error, path }, 'the access log could not be written; it stays closed until the next start'),
    );
    return opened;
  }

  function end(): void {
    const old = stream;
    const ended = finished(old).catch(() => {}); // logged where it was opened
    ending.add(ended);
    ended.then(() => ending.delete(ended));
    old.end();
  }

  /** What still waits for the full file goes into it under its new name. */
  function turn(): void {
    written = 0;
    try {
      renameSync(path, `${path}.1`);
      const next = open();
      end();
      stream = next;
    } catch (error) {
      log.error({ err: error, path }, 'the access log could not be put aside; it grows on');
    }
  }

  return {
    write(line) {
      if (stream.destroyed) return;
      if (stream.writableLength > waitingBytes) {
        left++;
        return;
      }
      if (left > 0) log.warn({ lines: left, path }, 'the access log lacks lines that the disk could not take in time');
      left = 0;
      const bytes = Buffer.byteLength(line) + 1;
      if (written > 0 && written + bytes > fileBytes) turn();
      written += bytes;
      stream.write(`${line}\n`);
    },
    async close() {
      end();
      await Promise.all(ending);
    },
  };
}
