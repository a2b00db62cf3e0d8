// Code packages: kept before the row that names them, dropped when the last such row has gone.

import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { CodePackage } from '../core/function.ts';
import { UNZIPPED_BYTES } from '../core/limits.ts';
import type { Log } from '../core/log.ts';
import type { Blob, Store } from '../core/ports.ts';
import { fail } from './errors.ts';
import { PENDING, pendingOf } from './pending.ts';
import type { Turns } from './turns.ts';

const MB = 1024 * 1024;

/** What every zip begins with: a first file, or the end of an empty archive. */
const ZIP_MARKS = [Buffer.from('PK\x03\x04'), Buffer.from('PK\x05\x06')];

export function checkZip(zip: Buffer | undefined): asserts zip is Buffer {
  if (zip === undefined || zip.length === 0) fail('MissingParameter.Code');
  checkZipBytes(zip.length, UNZIPPED_BYTES);
  if (!ZIP_MARKS.some(mark => zip.subarray(0, mark.length).equals(mark)))
    fail('InvalidParameterValue.ZipFile', {
      zh: '内容不是 zip 文件，请将代码打包为 zip 后重试。',
      en: 'it is not a zip file; pack the code as a zip.',
    });
}

/** How large a package may be, depends on the way by which it comes. */
export function checkZipBytes(bytes: number, limit: number): void {
  if (bytes > limit)
    fail('InvalidParameterValue.ZipFile', {
      zh: `大小 ${bytes} 字节，不得超过 ${limit / MB} MB，请减小代码包。`,
      en: `it has ${bytes} bytes; at most ${limit / MB} MB are allowed; make it smaller.`,
    });
}

interface Deps {
  readonly store: Store;
  readonly blob: Blob;
  readonly log: Log;
  readonly turns: Turns;
}

export class Packages {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Keeps the zip and then runs `commit`, which writes the row; a package that no row uses afterwards is dropped. */
  keep(zip: Buffer, commit: (code: CodePackage) => Promise<void>): Promise<void> {
    const code: CodePackage = { sha256: createHash('sha256').update(zip).digest('hex'), bytes: zip.length };
    return this.using(code, async () => {
      await this.#deps.blob.put(zip);
      await commit(code);
    });
  }

  /** Runs `commit` while the package cannot be dropped. */
  using(code: CodePackage, commit: () => Promise<void>): Promise<void> {
    return this.#deps.turns.take(turnOf(code), async () => {
      try {
        await commit();
      } catch (error) {
        await this.#dropUnused(code);
        throw error;
      }
    });
  }

  /** Drops the packages that no row uses any more. Called after the commit. */
  async release(codes: Iterable<CodePackage>): Promise<void> {
    const once = new Map([...codes].map(code => [code.sha256, code]));
    for (const code of once.values()) await this.#deps.turns.take(turnOf(code), () => this.#dropUnused(code));
  }

  async stream(code: CodePackage): Promise<Readable> {
    return (await this.#deps.blob.get(code.sha256)) ?? fail('InternalError.System', { sha256: code.sha256 });
  }

  /** An orphan harms nobody: a failure here is told to the log alone. */
  async #dropUnused({ sha256, bytes }: CodePackage): Promise<void> {
    const { store, blob, log } = this.#deps;
    try {
      // The column is compared as JSON text: the members in this order, as `keep` writes them.
      for (const table of ['versions', 'layerVersions'] as const)
        if ((await store.count(table, { code: { sha256, bytes } })) > 0) return;
      const waiting = await store.list('resources', { kind: PENDING });
      if (!waiting.some(row => pendingOf(row).code.sha256 === sha256)) await blob.delete(sha256);
    } catch (error) {
      log.warn({ err: error, sha256 }, 'an unused code package was not removed');
    }
  }
}

function turnOf({ sha256 }: CodePackage): string {
  return `package/${sha256}`;
}
