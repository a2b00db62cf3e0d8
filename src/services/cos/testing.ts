// A store over ports in memory, and what is asked of it again and again; for tests alone.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { TurnableClock } from '../../core/clock.ts';
import { crc64 } from '../../core/crc64.ts';
import { CloudError } from '../../core/errors.ts';
import { ACCOUNT, keptLog } from '../../core/fixture.ts';
import { SeededIds } from '../../core/ids.ts';
import type { ObjectFiles, ObjectIndex, VersionRef } from '../../core/objects.ts';
import type { Store } from '../../core/ports.ts';
import { memoryIndex } from '../../store/objects/testing-index.ts';
import { openSqliteStore } from '../../store/sqlite.ts';
import type { Content, NoticeRule, ObjectRef } from './contract.ts';
import type { CosErrorCode } from './errors.ts';
import type { Cause, LifecycleRule, ObjectHead, ObjectNotice } from './model.ts';
import type { RestoreDelays } from './restore.ts';
import { type CosStore, createStore } from './store.ts';

export const BUCKET = `pictures-${ACCOUNT.appId}`;
export const REGION = 'ap-guangzhou';
export const START = Date.UTC(2024, 3, 19, 8, 0, 0);
export const CAUSE: Cause = { requestId: 'NWU5', sourceIp: '192.0.2.1', authorization: 'q-sign-algorithm=sha1' };
export const MB = 1024 * 1024;

export const HEAD: ObjectHead = {
  headers: { 'content-type': 'text/plain' },
  storageClass: 'STANDARD',
  acl: { canned: 'default', grants: [] },
  tags: [],
};

/** It does nothing until a part of it says so. */
export const IDLE_RULE: LifecycleRule = {
  id: 'r',
  enabled: true,
  prefix: '',
  tags: [],
  transitions: [],
  expiration: undefined,
  expiresLoneMarkers: false,
  noncurrentTransitions: [],
  noncurrentExpirationDays: undefined,
  abortUploadsAfterDays: undefined,
};

export const md5 = (content: Buffer | string) => createHash('md5').update(content).digest('hex');

export function content(body: Buffer | string, change: Partial<Content> = {}): Content {
  const bytes = Buffer.from(body);
  return { body: bytes, bytes: bytes.length, ...change };
}

/** Bytes in chunks, the last one followed by an error if there is one. */
export function inChunks(body: Buffer, chunkBytes: number, error?: Error): Readable {
  const chunks = function* () {
    for (let at = 0; at < body.length; at += chunkBytes) yield body.subarray(at, at + chunkBytes);
    if (error) throw error;
  };
  return Readable.from(chunks(), { objectMode: false });
}

/** Bytes that differ from place to place. */
export function someBytes(count: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(count);
  for (let i = 0; i < count; i++) bytes[i] = (i * 31 + seed * 17 + (i >> 8)) & 0xff;
  return bytes;
}

/** Files in memory. `kept` is what there is; `before` may hold up or break what is asked. */
export class MemoryFiles implements ObjectFiles {
  readonly kept = new Map<string, Buffer>();
  before: (verb: 'write' | 'copy' | 'remove', file?: string) => void | Promise<void> = () => undefined;
  /** How many bytes were written. */
  written = 0;
  #count = 0;

  async write(given: Buffer | Readable, options: { readonly sha1?: boolean } = {}) {
    await this.before('write');
    const body = Buffer.isBuffer(given) ? Buffer.from(given) : await buffer(given.iterator({ destroyOnReturn: false }));
    const file = this.#keep(body);
    this.written += body.length;
    const sha1 = options.sha1 ? createHash('sha1').update(body).digest('hex') : '';
    return { file, bytes: body.length, md5: md5(body), sha1, crc64: crc64(body) };
  }

  async copy(file: string): Promise<string> {
    await this.before('copy', file);
    return this.#keep(this.kept.get(file) ?? assert.fail(`no file ${file}`));
  }

  read(file: string, from: number, to: number): Readable {
    const { kept } = this;
    const chunks = function* () {
      const body = kept.get(file);
      if (!body || body.length < to) throw Object.assign(new Error(`no file ${file}`), { code: 'ENOENT' });
      yield* inChunksOf(body.subarray(from, to));
    };
    return Readable.from(chunks(), { objectMode: false });
  }

  async feed(file: string, from: number, to: number, take: (chunk: Buffer) => Promise<void>): Promise<void> {
    for await (const chunk of this.read(file, from, to)) {
      const lent = Buffer.from(chunk as Buffer);
      await take(lent);
      // As if it were filled anew.
      lent.fill(0);
    }
  }

  async check(file: string, sum: string): Promise<boolean> {
    const body = this.kept.get(file);
    return body !== undefined && crc64(body) === sum;
  }

  async remove(file: string): Promise<void> {
    await this.before('remove', file);
    assert.ok(this.kept.delete(file), `${file} is removed twice`);
  }

  async sweep(isNamed: (files: readonly string[]) => ReadonlySet<string>): Promise<number> {
    const named = isNamed([...this.kept.keys()]);
    const lost = [...this.kept.keys()].filter(file => !named.has(file));
    for (const file of lost) this.kept.delete(file);
    return lost.length;
  }

  #keep(body: Buffer): string {
    const file = `file-${++this.#count}`;
    this.kept.set(file, body);
    return file;
  }
}

function* inChunksOf(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += 65_536) yield body.subarray(at, at + 65_536);
}

export interface HouseSetting {
  readonly index?: ObjectIndex;
  readonly restoreDelays?: RestoreDelays;
}

/** A store with one bucket. */
export class House {
  readonly clock = new TurnableClock(START);
  readonly files = new MemoryFiles();
  readonly log = keptLog();
  readonly index: ObjectIndex;
  readonly rows: Store;
  /** Damaged, as the store has told. */
  readonly met: VersionRef[] = [];
  readonly #ids = new SeededIds();
  readonly #setting: HouseSetting;
  cos: CosStore;

  private constructor(rows: Store, cos: CosStore | undefined, setting: HouseSetting) {
    this.rows = rows;
    this.index = setting.index ?? memoryIndex();
    this.#setting = setting;
    this.cos = cos as CosStore;
  }

  static async open(setting: HouseSetting = {}): Promise<House> {
    const rows = await openSqliteStore({ file: ':memory:', clock: new TurnableClock(START), log: keptLog() });
    const house = new House(rows, undefined, setting);
    await house.start();
    await house.cos.notices.allListen();
    await house.cos.buckets.create({ id: BUCKET, region: REGION });
    return house;
  }

  /** A new store over what the old one left. */
  async start(): Promise<void> {
    const { index, files, clock, log } = this;
    const { restoreDelays } = this.#setting;
    const ids = this.#ids;
    const deps = { store: this.rows, index, files, clock, ids, log, account: ACCOUNT };
    const damaged = (version: VersionRef) => void this.met.push(version);
    this.cos = await createStore({ ...deps, damaged, ...(restoreDelays && { restoreDelays }) });
  }

  put(key: string, body: Buffer | string, head: Partial<ObjectHead> = {}) {
    const options = { event: 'ObjectCreated:Put' } as const;
    return this.cos.objects.put({ bucket: BUCKET, key }, { ...HEAD, ...head }, content(body), options, CAUSE);
  }

  async text(key: string, versionId?: string): Promise<string> {
    return (await this.read(key, versionId)).toString();
  }

  read(key: string, versionId?: string): Promise<Buffer> {
    const opened = this.cos.objects.open({ bucket: BUCKET, key, versionId });
    return buffer(opened.read(0, opened.object.bytes));
  }

  remove(key: string, versionId?: string) {
    return this.cos.objects.remove({ bucket: BUCKET, key, versionId }, CAUSE);
  }

  /** What a trigger is told from now on. */
  listen(change: Partial<NoticeRule> = {}): { readonly told: ObjectNotice[] } & Disposable {
    const told: ObjectNotice[] = [];
    const rule = { triggerId: 't-1', bucket: BUCKET, event: 'cos:*', prefix: '', suffix: '', ...change };
    const listening = this.cos.notices.listen(rule, async notice => void told.push(notice));
    return { told, [Symbol.dispose]: () => listening[Symbol.dispose]() };
  }

  /** The names of the files of all versions and parts are those that there are. */
  async checkFiles(): Promise<void> {
    // Whoever has opened an object may read it in the same turn.
    await new Promise(setImmediate);
    await this.cos.close();
    const kept = [...this.files.kept.keys()];
    assert.deepEqual(
      kept.filter(file => !this.index.named(kept).has(file)),
      [],
      'files that nobody names',
    );
    for (const row of this.index.scan(BUCKET, undefined, 10_000))
      for (const file of row.files) assert.ok(this.files.kept.has(file), `${row.key} has lost ${file}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cos.close();
    await this.rows.close();
  }
}

export const ref = (key: string, versionId?: string): ObjectRef => ({ bucket: BUCKET, key, versionId });

/** It fails with this code. */
export async function fails(code: CosErrorCode, work: () => unknown): Promise<CloudError> {
  try {
    await work();
  } catch (error) {
    assert.ok(error instanceof CloudError, String(error));
    assert.equal(error.code, code, error.message);
    return error;
  }
  return assert.fail(`nothing failed with ${code}`);
}
