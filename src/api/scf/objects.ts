// Packages that lie in this server's object store. They are read as by the account itself, whoever asks.

import type { Readable } from 'node:stream';
import { checkZipBytes } from '../../control/packages.ts';
import { CloudError } from '../../core/errors.ts';
import { UNZIPPED_BYTES } from '../../core/limits.ts';
import { fail } from './errors.ts';

/** The object store, as far as packages come from it. */
export interface CodeStore {
  readonly buckets: { find(id: string): { readonly id: string; readonly region: string } | undefined };
  readonly objects: {
    /** NoSuchKey, InvalidObjectState, ObjectDamaged; what is not read in this turn of the event loop may be gone. */
    open(ref: { readonly bucket: string; readonly key: string }): {
      readonly object: { readonly bytes: number };
      read(from: number, to: number): Readable;
    };
  };
}

export interface CosFields {
  readonly CosBucketName?: string | undefined;
  readonly CosObjectName?: string | undefined;
  readonly CosBucketRegion?: string | undefined;
}

export interface CodePlace {
  readonly store: CodeStore;
  readonly appId: string;
  /** Of the request: where the bucket is unless it is said. */
  readonly region: string;
}

const BUCKET = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
const KEY_BYTES = 850;

/** The object's bytes; whether they are a zip is control's question. */
export async function objectBytes(fields: CosFields, { store, appId, region }: CodePlace): Promise<Buffer> {
  const name = fields.CosBucketName ?? '';
  const wanted = fields.CosBucketRegion || region;
  if (!BUCKET.test(name)) fail('InvalidParameterValue.CosBucketName', { name });
  const key = keyOf(fields.CosObjectName ?? '');
  const bucket = bucketOf(name, store, appId);
  if (!bucket)
    return fail('ResourceNotFound.Cos', {
      zh: `存储桶 ${name} 不存在，请检查 CosBucketName。`,
      en: `there is no bucket ${name}; check CosBucketName.`,
    });
  if (bucket.region !== wanted)
    fail('InvalidParameterValue.CosBucketRegion', { bucket: bucket.id, bucketRegion: bucket.region, region: wanted });
  return read(bucket.id, key, store);
}

async function read(bucket: string, key: string, store: CodeStore): Promise<Buffer> {
  const opened = open(bucket, key, store);
  const { bytes } = opened.object;
  // What can be unpacked has at most so much, so that a larger package is none.
  checkZipBytes(bytes, UNZIPPED_BYTES);
  try {
    const stream = opened.read(0, bytes);
    // Large ones are kept in memory once, and not in pieces besides.
    const whole = Buffer.allocUnsafe(bytes);
    let at = 0;
    for await (const chunk of stream) at += (chunk as Buffer).copy(whole, at);
    return at === bytes ? whole : damaged(bucket, key, new Error(`${at} of ${bytes} bytes came`));
  } catch (error) {
    return damaged(bucket, key, error);
  }
}

/** Documented without the account's number; clients send it with and without. */
function bucketOf(name: string, { buckets }: CodeStore, appId: string) {
  const tail = `-${appId}`;
  return buckets.find(name + tail) ?? (name.endsWith(tail) ? buckets.find(name) : undefined);
}

/** Documented with a slash in front, which is none of the key's; clients leave it out as well. */
function keyOf(name: string): string {
  const key = name.replace(/^\//, '');
  if (key === '' || Buffer.byteLength(key) > KEY_BYTES)
    fail('InvalidParameterValue.CosObjectName', { name, limit: KEY_BYTES });
  return key;
}

/** What the store says, in the words of this API. */
function open(bucket: string, key: string, store: CodeStore): ReturnType<CodeStore['objects']['open']> {
  try {
    return store.objects.open({ bucket, key });
  } catch (error) {
    const code = error instanceof CloudError ? error.code : undefined;
    if (code === 'NoSuchKey')
      fail('ResourceNotFound.Cos', {
        zh: `存储桶 ${bucket} 中没有对象 ${key}，请检查 CosObjectName。`,
        en: `the bucket ${bucket} has no object ${key}; check CosObjectName.`,
      });
    if (code === 'InvalidObjectState')
      fail('FailedOperation.Cos', {
        bucket,
        key,
        zh: '对象已归档，请先恢复（POST Object restore）。',
        en: 'it is archived; restore it first (POST Object restore).',
      });
    if (code === 'ObjectDamaged') damaged(bucket, key, error);
    throw error;
  }
}

function damaged(bucket: string, key: string, why: unknown): never {
  const words = { zh: '对象的内容已损坏，请重新上传。', en: 'its content is damaged; upload it again.' };
  return fail('FailedOperation.Cos', { bucket, key, ...words }, why);
}
