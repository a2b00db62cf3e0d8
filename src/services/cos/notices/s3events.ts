// What another store tells of its objects: bucket notifications in the form of S3, as MinIO and Ceph post them, in the words
// of this one.

import type { OutsideNotice } from '../contract.ts';
import { fail } from '../errors.ts';
import type { Bucket, ObjectEventName, ObjectNotice } from '../model.ts';

/** The buckets here that stand for buckets there, by the names that they have there. */
export type BucketMap = ReadonlyMap<string, Pick<Bucket, 'id' | 'region'>>;

export interface S3Events {
  readonly notices: readonly OutsideNotice[];
  /** How many are of events that there are none of here. */
  readonly ignored: number;
  /** Buckets that something was told of and that the map does not have; one for each time. */
  readonly unmapped: readonly string[];
}

/**
 * Names in lower case, without `s3:`. What is missing here changes no object (reading, tags, retention), or is no event of
 * this store (moving to another class).
 */
const EVENTS: Readonly<Record<string, ObjectEventName>> = {
  'objectcreated:put': 'ObjectCreated:Put',
  'objectcreated:post': 'ObjectCreated:Post',
  'objectcreated:copy': 'ObjectCreated:Copy',
  'objectcreated:completemultipartupload': 'ObjectCreated:CompleteMultipartUpload',
  'objectremoved:delete': 'ObjectRemove:Delete',
  'objectremoved:deletemarkercreated': 'ObjectRemove:DeleteMarkerCreated',
  'objectrestore:post': 'ObjectRestore:Post',
  'objectrestore:completed': 'ObjectRestore:Completed',
  'lifecycleexpiration:delete': 'ObjectRemove:Delete',
  'lifecycleexpiration:deletemarkercreated': 'ObjectRemove:DeleteMarkerCreated',
  // MinIO
  'objectremoved:deleteallversions': 'ObjectRemove:Delete',
  'lifecycledelmarkerexpiration:delete': 'ObjectRemove:Delete',
  // Ceph, by the older and the newer names
  'objectlifecycle:expiration:current': 'ObjectRemove:Delete',
  'objectlifecycle:expiration:noncurrent': 'ObjectRemove:Delete',
  'objectlifecycle:expiration:deletemarker': 'ObjectRemove:Delete',
  'objectsynced:create': 'ObjectCreated:Replication',
  'objectsynced:delete': 'ObjectRemove:Delete',
  'objectsynced:deletionmarkercreated': 'ObjectRemove:DeleteMarkerCreated',
  'replication:create': 'ObjectCreated:Replication',
  'replication:delete': 'ObjectRemove:Delete',
  'replication:deletionmarkercreated': 'ObjectRemove:DeleteMarkerCreated',
};

/** `body` is JSON. MalformedNotification for what is no such notification: nothing of it is taken then. */
export function readS3Events(body: unknown, buckets: BucketMap): S3Events {
  if (!isFields(body)) return refuse('', '不是 JSON 对象', 'it is no JSON object');
  // Sent once by S3 when a notification is set up; it has no records.
  if (body.Event === 's3:TestEvent') return { notices: [], ignored: 0, unmapped: [] };
  const records = body.Records;
  if (!Array.isArray(records)) return refuse('Records', '不是数组', 'is not a list');
  const notices: OutsideNotice[] = [];
  const unmapped: string[] = [];
  let ignored = 0;
  for (const [index, value] of records.entries()) {
    const record = new Part(value, `Records[${index}]`);
    const event = record.text('eventName').replace(/^s3:/i, '').toLowerCase();
    const name = Object.hasOwn(EVENTS, event) ? EVENTS[event] : undefined;
    if (name === undefined) {
      ignored++;
      continue;
    }
    const there = record.part('s3').part('bucket').text('name');
    const bucket = buckets.get(there);
    if (bucket) notices.push({ notice: noticeOf(name, record, bucket), id: idOf(record, there) });
    else unmapped.push(there);
  }
  return { notices, ignored, unmapped };
}

/** Of what happened: the same when the same is told of again, by another node or for another of its rules as well. */
function idOf(record: Part, bucket: string): string {
  const object = record.part('s3').part('object');
  const request = record.optional('responseElements');
  const words = [
    request?.textOr('x-amz-request-id', '') ?? '',
    record.text('eventName').replace(/^s3:/i, ''),
    bucket,
    object.text('key'),
    object.textOr('versionId', ''),
    record.text('eventTime'),
    object.textOr('sequencer', ''),
  ];
  return JSON.stringify(words);
}

function noticeOf(name: ObjectEventName, record: Part, { id, region }: Pick<Bucket, 'id' | 'region'>): ObjectNotice {
  const object = record.part('s3').part('object');
  const at = Date.parse(record.text('eventTime'));
  if (Number.isNaN(at)) refuse(`${record.path}.eventTime`, '不是时间', 'is no time');
  const removed = name.startsWith('ObjectRemove:');
  return {
    name,
    bucket: id,
    region,
    key:
      record.textOr('eventSource', '') === CEPH
        ? object.text('key')
        : unescaped(object.text('key'), `${object.path}.key`),
    versionId: object.textOr('versionId', ''),
    bytes: removed ? 0 : object.bytes('size'),
    etag: removed ? '' : object.textOr('eTag', '').replaceAll('"', ''),
    // None of what other stores call their classes is one here.
    storageClass: '',
    // Ceph still tells those of what it removed.
    headers: removed ? {} : headersOf(object),
    at,
    cause: {
      requestId: record.optional('responseElements')?.textOr('x-amz-request-id', '') ?? '',
      sourceIp: addressOf(record.optional('requestParameters')?.textOr('sourceIPAddress', '') ?? ''),
      authorization: '',
    },
  };
}

/** It gives keys as they are; S3 and MinIO escape them as in a form. */
const CEPH = 'ceph:s3';

function unescaped(given: string, path: string): string {
  try {
    return decodeURIComponent(given.replaceAll('+', ' '));
  } catch {
    return refuse(path, '未按表单方式转义', 'is not escaped as in a form');
  }
}

/** MinIO has a map of headers beside the type, Ceph a list of keys and values; S3 tells none. */
function headersOf(object: Part): Record<string, string> {
  const headers: Record<string, string> = {};
  const type = object.textOr('contentType', '');
  for (const [name, value] of [...pairs(object.value.userMetadata), ...pairs(object.value.metadata)]) {
    const lower = name.toLowerCase();
    if (lower === 'content-type') headers[lower] = value;
    else if (lower.startsWith('x-amz-meta-')) headers[lower.replace('x-amz-', 'x-cos-')] = value;
  }
  return type === '' ? headers : { ...headers, 'content-type': type };
}

function pairs(value: unknown): [name: string, value: string][] {
  const list = Array.isArray(value)
    ? value.filter(isFields).map(({ key, val }): [unknown, unknown] => [key, val])
    : Object.entries(isFields(value) ? value : {});
  return list.filter((pair): pair is [string, string] => pair.every(one => typeof one === 'string'));
}

/** Older versions of MinIO add the port. */
function addressOf(given: string): string {
  return /^(?<v4>[0-9.]+):\d+$/.exec(given)?.groups?.v4 ?? /^\[(?<v6>.*)\](:\d+)?$/.exec(given)?.groups?.v6 ?? given;
}

type Fields = Readonly<Record<string, unknown>>;

/** An object of the message, which knows where it stands. */
class Part {
  readonly value: Fields;
  readonly path: string;

  constructor(value: unknown, path: string) {
    this.value = isFields(value) ? value : refuse(path, '不是对象', 'is no object');
    this.path = path;
  }

  part(name: string): Part {
    return new Part(this.value[name], `${this.path}.${name}`);
  }

  optional(name: string): Part | undefined {
    return (this.value[name] ?? undefined) === undefined ? undefined : this.part(name);
  }

  text(name: string): string {
    const value = this.value[name];
    return typeof value === 'string' && value !== '' ? value : refuse(`${this.path}.${name}`, '不是文本', 'is no text');
  }

  textOr(name: string, otherwise: string): string {
    const value = this.value[name] ?? otherwise;
    return typeof value === 'string' ? value : refuse(`${this.path}.${name}`, '不是文本', 'is no text');
  }

  /** Documented by Ceph as a text of digits, though it sends a number; nothing at all stands for 0. */
  bytes(name: string): number {
    const bytes = Number(this.value[name] ?? 0);
    return Number.isSafeInteger(bytes) && bytes >= 0
      ? bytes
      : refuse(`${this.path}.${name}`, '不是字节数', 'is no number of bytes');
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(path: string, zh: string, en: string): never {
  return fail('MalformedNotification', { zh: `${path} ${zh}`.trim(), en: `${path} ${en}`.trim() });
}
