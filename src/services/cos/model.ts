// What the object store keeps. Buckets and their configurations are rows of the table `resources`, answered from memory;
// objects are rows of the index (core/objects.ts) with the rest of what is known of them in `detail`.

import type { Tag } from '../../core/ports.ts';

export type Versioning = 'never' | 'Enabled' | 'Suspended';

/** What the documents call READ, WRITE … */
export type Permission = 'READ' | 'WRITE' | 'READ_ACP' | 'WRITE_ACP' | 'FULL_CONTROL';

/** `qcs::cam::uin/<owner>:uin/<sub>`, or everybody. */
export type Grantee = { readonly id: string } | { readonly group: 'AllUsers' | 'AuthenticatedUsers' };

export interface Grant {
  readonly to: Grantee;
  readonly permission: Permission;
}

export interface Acl {
  /** Of the header x-cos-acl. `default`, for objects alone: what the bucket's says; `custom`: the grants alone. */
  readonly canned: 'private' | 'public-read' | 'public-read-write' | 'authenticated-read' | 'default' | 'custom';
  /** At most 100, beside the owner's. */
  readonly grants: readonly Grant[];
}

export interface CorsRule {
  readonly id: string;
  /** At most one star each. */
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly exposed: readonly string[];
  readonly maxAgeS: number | undefined;
}

export interface Cors {
  readonly rules: readonly CorsRule[];
  /** Answers name Origin in Vary also where no rule matched. */
  readonly responseVary: boolean;
}

/** Days since the object's change (or since it ceased to be the newest), or from a date on. */
export type Due = { readonly days: number } | { readonly date: number };

export interface LifecycleRule {
  readonly id: string;
  readonly enabled: boolean;
  readonly prefix: string;
  readonly tags: readonly Tag[];
  readonly transitions: readonly (Due & { readonly storageClass: string })[];
  readonly expiration: Due | undefined;
  /** Delete markers that are the only version of their key. */
  readonly expiresLoneMarkers: boolean;
  readonly noncurrentTransitions: readonly { readonly days: number; readonly storageClass: string }[];
  readonly noncurrentExpirationDays: number | undefined;
  readonly abortUploadsAfterDays: number | undefined;
}

/** Configurations that are kept as they came and given back so, once found to be well formed. */
export type PlainConfig =
  | 'website'
  | 'domain'
  | 'origin'
  | 'logging'
  | 'replication'
  | 'encryption'
  | 'accelerate'
  | 'referer'
  | 'intelligenttiering'
  | 'object-lock';

export interface Bucket {
  /** `<name>-<appid>`: one in the world, whatever the region. */
  readonly id: string;
  readonly name: string;
  readonly appId: string;
  readonly region: string;
  /** ms since 1970. */
  readonly createdAt: number;
  readonly versioning: Versioning;
  readonly acl: Acl;
  readonly cors: Cors | undefined;
  readonly lifecycle: readonly LifecycleRule[] | undefined;
  /** JSON as it came. */
  readonly policy: string | undefined;
  readonly tags: readonly Tag[];
  /** XML as it came. */
  readonly plain: Readonly<Partial<Record<PlainConfig, string>>>;
  /** XML as it came, by id. */
  readonly inventories: Readonly<Record<string, string>>;
  /** Rules of intelligent tiering but the default one: XML, by id; undefined: none. */
  readonly tierings?: Readonly<Record<string, string>>;
}

/** A run of the content, which is one file. */
export interface Piece {
  readonly file: string;
  readonly bytes: number;
  /** Decimal. */
  readonly crc64: string;
}

export type StorageClass =
  | 'STANDARD'
  | 'STANDARD_IA'
  | 'INTELLIGENT_TIERING'
  | 'ARCHIVE'
  | 'DEEP_ARCHIVE'
  | 'MAZ_STANDARD'
  | 'MAZ_STANDARD_IA'
  | 'MAZ_INTELLIGENT_TIERING';

export type Tier = 'Expedited' | 'Standard' | 'Bulk';

/** A copy of an archived object that can be read for some days. */
export interface Restore {
  readonly tier: Tier;
  readonly days: number;
  /** ms since 1970: asked for; done. */
  readonly askedAt: number;
  readonly doneAt: number;
}

/** What a client says of an object when it writes it. */
export interface ObjectHead {
  /** Cache-Control, Content-Type …, SSE flags and x-cos-meta-*, by lower-case names, as they are given back. */
  readonly headers: Readonly<Record<string, string>>;
  readonly storageClass: StorageClass;
  readonly acl: Acl;
  /** At most 10. */
  readonly tags: readonly Tag[];
}

/** `ObjectRow.detail` of what is no marker. */
export interface ObjectDetail extends ObjectHead {
  readonly appendable: boolean;
  /** Decimal; of the whole content. */
  readonly crc64: string;
  /** In their order; none of what lies in the row. */
  readonly pieces: readonly Piece[];
  readonly restore: Restore | undefined;
  /** Found damaged at this time: it answers 500 until it is written again. */
  readonly damagedAt?: number;
  /** How far its copying to other buckets is, or that it is such a copy. */
  readonly replication?: 'Pending' | 'Complete' | 'Failed' | 'Replica';
}

/** A version as verbs give it. */
export interface StoredObject extends ObjectDetail {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  readonly order: number;
  readonly modifiedAt: number;
  readonly etag: string;
  readonly bytes: number;
  readonly inline: Buffer | undefined;
}

/** `UploadRow.detail`. */
export type UploadDetail = ObjectHead;

/** What happened to an object, in the words of the trigger's documents, without `cos:`. */
export type ObjectEventName =
  | 'ObjectCreated:Put'
  | 'ObjectCreated:Post'
  | 'ObjectCreated:Copy'
  | 'ObjectCreated:CompleteMultipartUpload'
  | 'ObjectCreated:AppendObject'
  | 'ObjectCreated:Origin'
  | 'ObjectCreated:Replication'
  | 'ObjectRemove:Delete'
  | 'ObjectRemove:DeleteMarkerCreated'
  | 'ObjectRestore:Post'
  | 'ObjectRestore:Completed';

/** What a trigger is told of it; a plain JSON value. */
export interface ObjectNotice {
  readonly name: ObjectEventName;
  readonly bucket: string;
  readonly region: string;
  readonly key: string;
  /** '' in a bucket that never had versioning. */
  readonly versionId: string;
  readonly bytes: number;
  /** Without quotes; '' where nothing is left. */
  readonly etag: string;
  readonly storageClass: string;
  /** Content-Type and x-cos-meta-* by lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** ms since 1970. */
  readonly at: number;
  readonly cause: Cause;
}

/** The request that did it; what the store does of itself has none of these. */
export interface Cause {
  /** x-cos-request-id */
  readonly requestId: string;
  readonly sourceIp: string;
  /** `q-sign-algorithm=…`; '' of an anonymous one. */
  readonly authorization: string;
}
