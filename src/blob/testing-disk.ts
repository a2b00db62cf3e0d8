// A disk for tests, on which calls fail or take less than they were given.

import { copyFile, type FileHandle, link, mkdir, open, rename } from 'node:fs/promises';
import type { ObjectDisk } from './files.ts';

export type Place = 'mkdir' | 'open' | 'write' | 'read' | 'sync' | 'close' | 'rename' | 'link' | 'copyFile';

/** Called before each; what it throws the call fails with. */
export type Fault = (place: Place) => void;

export const coded = (code: string) => Object.assign(new Error(`${code}: injected`), { code });

/** One place fails, the first `spared` calls excepted. */
export function failingAt(place: Place, code: string, spared = 0): Fault {
  let calls = 0;
  return here => {
    if (here === place && calls++ >= spared) throw coded(code);
  };
}

/** `most`: bytes that a write takes at once. */
export function faultyDisk(fault: Fault, most = Number.POSITIVE_INFINITY): ObjectDisk {
  const passing = <A extends unknown[], R>(place: Place, call: (...args: A) => Promise<R>) =>
    async function checked(...args: A): Promise<R> {
      fault(place);
      return call(...args);
    };
  const wrap = (file: FileHandle): FileHandle => {
    const replaced: Partial<Record<PropertyKey, unknown>> = {
      writeFile: passing('write', (data: Buffer) => file.writeFile(data)),
      writev: passing('write', (chunks: readonly Buffer[]) =>
        most === Number.POSITIVE_INFINITY ? file.writev(chunks) : takeLess(file, chunks, most),
      ),
      read: passing('read', (...args: Parameters<FileHandle['read']>) => file.read(...args)),
      sync: passing('sync', () => file.sync()),
      // The descriptor is closed in any case, as the system call does it.
      close: () => file.close().then(() => fault('close')),
    };
    return new Proxy(file, {
      get(target, name) {
        const value = replaced[name] ?? Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  };
  return {
    open: passing('open', async (...args: Parameters<typeof open>) => wrap(await open(...args))),
    mkdir: passing('mkdir', mkdir) as typeof mkdir,
    rename: passing('rename', rename),
    link: passing('link', link),
    copyFile: passing('copyFile', copyFile),
  };
}

async function takeLess(file: FileHandle, chunks: readonly Buffer[], most: number) {
  const { bytesWritten } = await file.write(Buffer.concat(chunks).subarray(0, most));
  return { bytesWritten, buffers: chunks };
}
