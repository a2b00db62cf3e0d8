// The object store as its HTTP side, its kind of trigger and the other rooms see it. No verb knows HTTP, and none asks who may
// do it: whoever speaks for a client has asked before.

import type { Readable } from 'node:stream';
import type { Listing, ListQuery, PartRow, UploadRow, UploadsQuery, VersionsQuery } from '../../core/objects.ts';
import type { Site } from '../../http/site.ts';
import type {
  Acl,
  Bucket,
  Cause,
  ObjectEventName,
  ObjectHead,
  ObjectNotice,
  StoredObject,
  Tier,
  Versioning,
} from './model.ts';
import type { Sources } from './origin/model.ts';

export type BucketChange = Partial<Omit<Bucket, 'id' | 'name' | 'appId' | 'region' | 'createdAt'>>;

export interface Buckets {
  /** BucketAlreadyOwnedByYou, InvalidBucketName, TooManyBuckets. */
  create(
    draft: { readonly id: string; readonly region: string } & Partial<Pick<Bucket, 'acl' | 'tags'>>,
  ): Promise<Bucket>;
  /** BucketNotEmpty, also for uploads. */
  remove(id: string): Promise<void>;
  find(id: string): Bucket | undefined;
  /** NoSuchBucket. */
  need(id: string): Bucket;
  /** By id. */
  list(): readonly Bucket[];
  /**
   * Configurations; what is undefined in `change` is taken away. What is made of those that there are is given by a function,
   * which is asked when its turn has come; what it throws is the answer.
   */
  change(id: string, change: BucketChange | ((before: Bucket) => BucketChange)): Promise<Bucket>;
  setVersioning(id: string, versioning: Exclude<Versioning, 'never'>): Promise<Bucket>;
}

export interface ObjectRef {
  readonly bucket: string;
  readonly key: string;
  /** The newest when left out. */
  readonly versionId?: string | undefined;
}

/** Bytes as they come, and what they must be. */
export interface Content {
  readonly body: Buffer | Readable;
  /** As announced; undefined in chunks. */
  readonly bytes: number | undefined;
  /** Of Content-MD5, hex: BadDigest if they are others. */
  readonly md5?: string | undefined;
  /** Hex: InvalidSHA1Digest. */
  readonly sha1?: string | undefined;
  /** Told of each chunk of a stream once its bytes are taken. */
  readonly spent?: ((chunk: Buffer) => void) | undefined;
}

export type Created = Extract<ObjectEventName, `ObjectCreated:${string}`>;

export interface OverwriteOptions {
  /** FileAlreadyExists. */
  readonly forbidOverwrite?: boolean;
}

export interface PutOptions extends OverwriteOptions {
  readonly event: Created;
}

/** Precedence as in RFC 9110; ETags without quotes, times in ms. */
export interface Conditions {
  readonly match?: readonly string[];
  readonly noneMatch?: readonly string[];
  readonly modifiedSince?: number;
  readonly unmodifiedSince?: number;
}

export interface CopySource extends ObjectRef {
  /** PreconditionFailed. */
  readonly conditions: Conditions;
}

export interface Removed {
  /** What there was none of is removed as well. */
  readonly versionId: string | undefined;
  /** A marker was made, or removed. */
  readonly marker: boolean;
}

export interface Opened {
  readonly object: StoredObject;
  /** `to` is not part of it. InternalError for what is damaged. */
  read(from: number, to: number): Readable;
  /** The same, chunk by chunk: each is the taker's until its promise is over, and is filled anew then. */
  feed(from: number, to: number, take: (chunk: Buffer) => Promise<void>): Promise<void>;
}

export interface Objects {
  put(ref: ObjectRef, head: ObjectHead, content: Content, options: PutOptions, cause: Cause): Promise<StoredObject>;
  /** AppendPositionErr, ObjectNotAppendable; `chunkMd5` is of what was appended. */
  append(
    ref: ObjectRef,
    position: number,
    head: ObjectHead,
    content: Content,
    cause: Cause,
  ): Promise<{ readonly object: StoredObject; readonly chunkMd5: string }>;
  /**
   * `head` replaces the source's; left out, it comes with the bytes, but for the ACL, which is `default`. NoSuchKey,
   * InvalidRequest onto itself without `head`.
   */
  copy(
    source: CopySource,
    to: ObjectRef,
    head: Partial<ObjectHead>,
    cause: Cause,
    options?: OverwriteOptions,
  ): Promise<StoredObject>;
  /**
   * NoSuchKey, NoSuchVersion, NoSuchBucket; `marker` true of a delete marker. Its bytes are there for a read in this turn of
   * the event loop, and then as long as that goes on, whoever writes or removes the object meanwhile.
   */
  open(ref: ObjectRef): Opened;
  /** The same without its bytes. */
  head(ref: ObjectRef): StoredObject;
  remove(ref: ObjectRef, cause: Cause): Promise<Removed>;
  /** From now on it answers ObjectDamaged, until it is written again. Nothing is done if that has happened. */
  markDamaged(object: Pick<StoredObject, 'bucket' | 'key' | 'versionId' | 'order'>): Promise<void>;
  setAcl(ref: ObjectRef, acl: Acl): Promise<void>;
  setTags(ref: ObjectRef, tags: ObjectHead['tags']): Promise<StoredObject>;
  /** `again` where it is restored already: its days count anew. RestoreAlreadyInProgress, RestoreNonArchiveObject. */
  restore(ref: ObjectRef, days: number, tier: Tier, cause: Cause): Promise<'begun' | 'again'>;
  list(query: ListQuery): Listing<StoredObject>;
  versions(query: VersionsQuery): Listing<VersionEntry>;
}

export type VersionEntry = Pick<
  StoredObject,
  'key' | 'versionId' | 'modifiedAt' | 'etag' | 'bytes' | 'storageClass'
> & {
  readonly newest: boolean;
  readonly marker: boolean;
};

export interface Uploads {
  /** Refuses to overwrite what is there now; `complete` has to be told again. */
  begin(ref: ObjectRef, head: ObjectHead, options?: OverwriteOptions): Promise<UploadRow>;
  /** NoSuchUpload; InvalidArgument for a number that is none. */
  putPart(ref: UploadRef, number: number, content: Content): Promise<PartRow>;
  copyPart(ref: UploadRef, number: number, source: CopySource, range: ByteRange | undefined): Promise<PartRow>;
  /** InvalidPart, InvalidPartOrder, EntityTooSmall, MalformedXML of no parts. */
  complete(
    ref: UploadRef,
    parts: readonly { readonly number: number; readonly etag: string }[],
    cause: Cause,
    options?: OverwriteOptions,
  ): Promise<StoredObject>;
  abort(ref: UploadRef): Promise<void>;
  find(ref: UploadRef): UploadRow;
  parts(ref: UploadRef, after: number, limit: number): readonly PartRow[];
  list(query: UploadsQuery): Listing<UploadRow>;
  /** From now on it has no ETag that any client could name, until it is sent again. Nothing is done if that has happened. */
  markDamaged(ref: UploadRef, part: Pick<PartRow, 'number' | 'file'>): Promise<void>;
}

export interface UploadRef extends ObjectRef {
  readonly uploadId: string;
}

export interface ByteRange {
  readonly from: number;
  /** Not part of it. */
  readonly to: number;
}

/** A trigger's rule on a bucket. */
export interface NoticeRule {
  readonly triggerId: string;
  readonly bucket: string;
  /** `cos:ObjectCreated:Put`, `cos:ObjectCreated:*` … */
  readonly event: string;
  readonly prefix: string;
  readonly suffix: string;
}

/** What happened to an object that lies elsewhere. */
export interface OutsideNotice {
  readonly notice: ObjectNotice;
  /** The same whenever it is told of again. */
  readonly id: string;
}

export interface Notices {
  /**
   * From now on, and for what has not been delivered before a stop. The write that a notice is about waits for `deliver`, which
   * resolves when the event has been accepted for good; if it rejects, the notice is kept and tried again.
   */
  listen(rule: NoticeRule, deliver: (notice: ObjectNotice, id: string) => Promise<void>): Disposable;
  /**
   * After a start, once every trigger that there is listens: what is kept for others is dropped, and the store begins with
   * what it does of itself and tells (the end of restores, lifecycle rules).
   */
  allListen(): Promise<void>;
  /**
   * For what happened elsewhere, on behalf of a bucket here. Resolves when all of it is accepted for good, as a write does;
   * of what rejects, the whole can be told again. What is told again within an hour is taken once.
   */
  accept(given: readonly OutsideNotice[]): Promise<void>;
}

export interface Cos {
  readonly buckets: Buckets;
  readonly objects: Objects;
  readonly uploads: Uploads;
  readonly notices: Notices;
  readonly sources: Sources;
  readonly site: Site;
  close(): Promise<void>;
}
