// Ports of an object store: which objects there are, in the order of their keys, and the files that hold their bytes.

import type { Readable } from 'node:stream';

/** A version of an object, or a delete marker. One row per bucket, key and version id. */
export interface ObjectRow {
  /** `<name>-<appid>` */
  readonly bucket: string;
  /** 1 to 850 bytes of UTF-8. */
  readonly key: string;
  /** `null` of what was written while the bucket had no versioning, or has it suspended. */
  readonly versionId: string;
  /** Of two versions of a key the one with the higher number is the newer one; no two have the same. */
  readonly order: number;
  readonly marker: boolean;
  /** ms since 1970. */
  readonly modifiedAt: number;
  /** Without quotes; '' of a marker. */
  readonly etag: string;
  readonly bytes: number;
  readonly storageClass: string;
  /** What the store keeps of it besides, as JSON: the index does not read it. */
  readonly detail: string;
  /** Content that is too small for a file of its own. */
  readonly inline: Buffer | undefined;
  /** Names of the files that hold its bytes. */
  readonly files: readonly string[];
}

/** An upload in parts that has neither been completed nor aborted. */
export interface UploadRow {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
  /** ms since 1970. */
  readonly startedAt: number;
  readonly storageClass: string;
  readonly detail: string;
}

export interface PartRow {
  readonly uploadId: string;
  /** 1 to 10000. */
  readonly number: number;
  readonly etag: string;
  readonly bytes: number;
  /** Decimal. */
  readonly crc64: string;
  readonly file: string;
  /** ms since 1970. */
  readonly modifiedAt: number;
}

/** Something a trigger is to be told: kept with the change that it is about until the trigger has it for good. */
export interface NoticeRow {
  /** Rises with time; the oldest is told first. */
  readonly id: string;
  readonly triggerId: string;
  readonly detail: string;
}

export interface VersionRef {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
}

/** What is done in one step: first what is removed, then what is put. */
export interface ObjectChange {
  /** Each replaces the row with its bucket, key and version id. */
  readonly put?: readonly ObjectRow[];
  readonly remove?: readonly VersionRef[];
  readonly putUpload?: UploadRow;
  /**
   * With their parts. Files of parts that a row put here names stay. Refused when one of the uploads is not there, or when
   * a row put here names a file that nobody names: its part has been replaced.
   */
  readonly removeUploads?: readonly string[];
  /** Replaces the part with its number. Refused when its upload is not there. */
  readonly putPart?: PartRow;
  readonly notices?: readonly NoticeRow[];
  /** Ids of notices that are over. */
  readonly settled?: readonly string[];
}

/** What must be so, or nothing is changed. */
export interface Expected {
  readonly bucket: string;
  readonly key: string;
  /** `order` of the newest row of the key; undefined: there is none. */
  readonly newest: number | undefined;
}

export interface Committed {
  /** Files that no row names any more: whoever changed the index removes them. */
  readonly freed: readonly string[];
}

export interface ListQuery {
  readonly bucket: string;
  readonly prefix: string;
  /** Keys up to its first place behind the prefix are given once, as a common prefix; '' for none. */
  readonly delimiter: string;
  /** Not this and nothing before it, by the bytes of UTF-8; a common prefix stands for all keys that begin so. '' for all. */
  readonly after: string;
  readonly limit: number;
}

export interface VersionsQuery extends Omit<ListQuery, 'after'> {
  readonly afterKey: string;
  /** Of `afterKey`: not those down to this one; '' for none of that key. All of that key if there is no such version. */
  readonly afterVersionId: string;
}

export interface UploadsQuery extends Omit<ListQuery, 'after'> {
  readonly afterKey: string;
  /** Of `afterKey`: not those up to this one; '' for none of that key. */
  readonly afterUploadId: string;
}

/** In their order. */
export interface Listing<Row> {
  readonly entries: readonly ({ readonly row: Row } | { readonly commonPrefix: string })[];
  /** Something follows. */
  readonly more: boolean;
}

/** Reads see every change that has been committed. Rows come without `inline` from the lists. */
export interface ObjectIndex {
  /** Durable when it resolves; undefined, and nothing changed, if what was expected is not so or a part is refused. */
  commit(change: ObjectChange, expected?: Expected): Promise<Committed | undefined>;
  /** The newest row of the key, a marker too; or the named version. */
  find(bucket: string, key: string, versionId?: string): ObjectRow | undefined;
  /** Newest versions that are no markers. */
  list(query: ListQuery): Listing<ObjectRow>;
  /** By key, then the newest first. */
  versions(query: VersionsQuery): Listing<ObjectRow & { readonly newest: boolean }>;
  upload(uploadId: string): UploadRow | undefined;
  /** By key, then by id. */
  uploads(query: UploadsQuery): Listing<UploadRow>;
  /** By number, behind `after`. */
  parts(uploadId: string, after: number, limit: number): readonly PartRow[];
  /** Neither versions nor uploads. */
  isEmpty(bucket: string): boolean;
  /** Oldest first. */
  notices(limit: number): readonly NoticeRow[];
  /** Which of these files a row or a part names. */
  named(files: readonly string[]): ReadonlySet<string>;
  /** Every row of a bucket that is no marker, from place to place: for expiry and checks. By key, then the newest first. */
  scan(bucket: string, from: ScanPlace | undefined, limit: number): readonly ObjectRow[];
  close(): Promise<void>;
}

export type ScanPlace = Pick<ObjectRow, 'key' | 'order'>;

/** What was written, before it is named anywhere. */
export interface WrittenFile {
  readonly file: string;
  readonly bytes: number;
  /** Hex. */
  readonly md5: string;
  /** Hex; only where it was asked for. */
  readonly sha1: string;
  /** CRC-64/XZ, decimal. */
  readonly crc64: string;
}

export interface WriteOptions {
  readonly sha1?: boolean;
  /** Told of each chunk of a stream once its bytes are taken. */
  readonly spent?: ((chunk: Buffer) => void) | undefined;
}

/** Files by names that are given once. What was written and is named by nobody is removed at the next start. */
export interface ObjectFiles {
  /**
   * Durable and whole when it resolves; constant memory. Rejects, and keeps nothing, when the content breaks off. Where it
   * fails of itself, the content is left as it is, so that a request can still be answered.
   */
  write(content: Buffer | Readable, options?: WriteOptions): Promise<WrittenFile>;
  /** The same bytes under another name, without copying them where the file system can. */
  copy(file: string): Promise<string>;
  /** `to` is not part of it. The stream fails if the file is missing or shorter. */
  read(file: string, from: number, to: number): Readable;
  /** The same, chunk by chunk: each is the taker's until its promise is over, and is filled anew then. */
  feed(file: string, from: number, to: number, take: (chunk: Buffer) => Promise<void>): Promise<void>;
  /** Whether its bytes are those that were written. */
  check(file: string, crc64: string): Promise<boolean>;
  remove(file: string): Promise<void>;
  /** Removes those that nobody names, but none written since the start, and says how many; asked once, when a store opens. */
  sweep(isNamed: (files: readonly string[]) => ReadonlySet<string>): Promise<number>;
}
