// The table of calls: level, method and sub-resource, what right it takes, and who does it.

import { fail } from '../errors.ts';
import { deleteBucket, getLocation, getService, headBucket, putBucket } from './bucket.ts';
import * as configs from './configs.ts';
import { getObject, headObject } from './get.ts';
import { listObjects } from './list.ts';
import { listUploads } from './listuploads.ts';
import { listVersions } from './listversions.ts';
import * as parts from './multipart.ts';
import { INVENTORY_ROWS, PLAIN_ROWS } from './plain.ts';
import { postObject } from './post.ts';
import { preflight } from './preflight.ts';
import { appendObject, copyObject, putObject } from './put.ts';
import type { CosQuery } from './query.ts';
import { deleteMany, deleteObject } from './remove.ts';
import { restoreObject } from './restore.ts';
import { type Level, type Right, type Row, row } from './route.ts';
import { TIERING_ROWS } from './tiering.ts';

const owner = (action: string): Right => ({ action });
const reads = (action: string): Right => ({ action, permission: 'READ' });
const writes = (action: string): Right => ({ action, permission: 'WRITE' });
const readsObject = (action: string): Right => ({ action, permission: 'READ', of: 'object' });
const open = (action: string): Right => ({ action, open: true });
const copies = (given: Row): Row => ({ ...given, copies: true });

const ROWS: readonly Row[] = [
  row('service', 'GET', '', owner('GetService'), getService),

  row('bucket', 'PUT', '', owner('PutBucket'), putBucket),
  row('bucket', 'HEAD', '', reads('HeadBucket'), headBucket),
  row('bucket', 'GET', '', reads('GetBucket'), listObjects),
  row('bucket', 'DELETE', '', owner('DeleteBucket'), deleteBucket),
  // Whoever sent the form is found out when its fields have been read.
  row('bucket', 'POST', '', open('PostObject'), postObject),
  row('bucket', 'OPTIONS', '', open('OptionsObject'), preflight),
  // Who may is asked of each object.
  row('bucket', 'POST', 'delete', open('DeleteMultipleObjects'), deleteMany),
  row('bucket', 'GET', 'versions', reads('GetBucketObjectVersions'), listVersions),
  row('bucket', 'GET', 'uploads', reads('ListMultipartUploads'), listUploads),
  row('bucket', 'GET', 'location', owner('GetBucketLocation'), getLocation),
  row('bucket', 'PUT', 'versioning', owner('PutBucketVersioning'), configs.putVersioning),
  row('bucket', 'GET', 'versioning', owner('GetBucketVersioning'), configs.getVersioning),
  row('bucket', 'PUT', 'acl', { action: 'PutBucketACL', permission: 'WRITE_ACP' }, configs.putBucketAcl),
  row('bucket', 'GET', 'acl', { action: 'GetBucketACL', permission: 'READ_ACP' }, configs.getBucketAcl),
  row('bucket', 'PUT', 'cors', owner('PutBucketCORS'), configs.putCors),
  row('bucket', 'GET', 'cors', owner('GetBucketCORS'), configs.getCors),
  row('bucket', 'DELETE', 'cors', owner('DeleteBucketCORS'), configs.deleteCors),
  row('bucket', 'PUT', 'lifecycle', owner('PutBucketLifecycle'), configs.putLifecycle),
  row('bucket', 'GET', 'lifecycle', owner('GetBucketLifecycle'), configs.getLifecycle),
  row('bucket', 'DELETE', 'lifecycle', owner('DeleteBucketLifecycle'), configs.deleteLifecycle),
  row('bucket', 'PUT', 'policy', owner('PutBucketPolicy'), configs.putPolicy),
  row('bucket', 'GET', 'policy', owner('GetBucketPolicy'), configs.getPolicy),
  row('bucket', 'DELETE', 'policy', owner('DeleteBucketPolicy'), configs.deletePolicy),
  row('bucket', 'PUT', 'tagging', owner('PutBucketTagging'), configs.putBucketTags),
  row('bucket', 'GET', 'tagging', owner('GetBucketTagging'), configs.getBucketTags),
  row('bucket', 'DELETE', 'tagging', owner('DeleteBucketTagging'), configs.deleteBucketTags),
  ...PLAIN_ROWS,
  ...INVENTORY_ROWS,
  ...TIERING_ROWS,

  row('object', 'PUT', '', writes('PutObject'), putObject),
  copies(row('object', 'PUT', '', writes('PutObject'), copyObject)),
  row('object', 'GET', '', readsObject('GetObject'), getObject),
  row('object', 'HEAD', '', readsObject('HeadObject'), headObject),
  row('object', 'DELETE', '', writes('DeleteObject'), deleteObject),
  row('object', 'OPTIONS', '', open('OptionsObject'), preflight),
  row('object', 'POST', 'append', writes('AppendObject'), appendObject),
  row('object', 'POST', 'restore', writes('PostObjectRestore'), restoreObject),
  row('object', 'PUT', 'acl', { action: 'PutObjectACL', permission: 'WRITE_ACP', of: 'object' }, configs.putObjectAcl),
  row('object', 'GET', 'acl', { action: 'GetObjectACL', permission: 'READ_ACP', of: 'object' }, configs.getObjectAcl),
  row('object', 'PUT', 'tagging', owner('PutObjectTagging'), configs.putObjectTags),
  row('object', 'GET', 'tagging', owner('GetObjectTagging'), configs.getObjectTags),
  row('object', 'DELETE', 'tagging', owner('DeleteObjectTagging'), configs.deleteObjectTags),
  row('object', 'POST', 'uploads', writes('InitiateMultipartUpload'), parts.beginUpload),
  row('object', 'PUT', 'uploadid', writes('UploadPart'), parts.putPart),
  copies(row('object', 'PUT', 'uploadid', writes('UploadPartCopy'), parts.copyPart)),
  row('object', 'POST', 'uploadid', writes('CompleteMultipartUpload'), parts.completeUpload),
  row('object', 'DELETE', 'uploadid', writes('AbortMultipartUpload'), parts.abortUpload),
  row('object', 'GET', 'uploadid', reads('ListParts'), parts.listParts),
];

const subsOf = (rows: readonly Row[]): ReadonlySet<string> => new Set(rows.map(one => one.sub).filter(Boolean));
const SUBS = subsOf(ROWS);
const OBJECT_SUBS = subsOf(ROWS.filter(one => one.level === 'object'));

/** Documented, by names of its own or by those of image processing: to pass over them would be to do something else. */
const UNBUILT: ReadonlySet<string> = new Set([
  'notification',
  'select',
  'symlink',
  'retention',
  'legal-hold',
  'worm',
  'requestpayment',
  'torrent',
  'live',
  'vod',
  'ci-process',
  'ci-sourceimage',
  'image_process',
  'imagemogr2',
  'imageview2',
  'imageinfo',
  'imageave',
  'watermark',
  'exif',
  'qrcode',
]);

export interface Asked {
  readonly level: Level;
  readonly method: string;
  readonly query: CosQuery;
  readonly copies: boolean;
}

/** NotImplemented of a sub-resource that is not known, MethodNotAllowed of a method. */
export function routeOf({ level, method, query, copies: isCopy }: Asked): Row {
  // A preflight is about the request that is to come, whatever its sub-resource.
  const sub = method === 'OPTIONS' ? '' : subOf(level, method, query);
  const rows = ROWS.filter(one => one.level === level && one.sub === sub && one.method === method);
  return rows.find(one => (one.copies ?? false) === isCopy) ?? rows[0] ?? fail('MethodNotAllowed');
}

function subOf(level: Level, method: string, query: CosQuery): string {
  const unbuilt = query.names.find(name => UNBUILT.has(name.split('/', 1)[0] ?? ''));
  if (unbuilt !== undefined) fail('NotImplemented', { name: unbuilt });
  // Pages read objects with queries of their own making, to get past caches: names of what buckets have are among them.
  const isPlainRead = level === 'object' && (method === 'GET' || method === 'HEAD');
  const known = isPlainRead ? OBJECT_SUBS : SUBS;
  const sub = query.names.find(name => known.has(name));
  if (sub !== undefined) return sub;
  const unknown = isPlainRead ? undefined : query.bare.find(name => !PARAMETERS.has(name));
  return unknown === undefined ? '' : fail('NotImplemented', { name: unknown });
}

/** Which may come without a value. */
const PARAMETERS: ReadonlySet<string> = new Set([
  'prefix',
  'delimiter',
  'marker',
  'max-keys',
  'encoding-type',
  'versionid',
  'region',
  'tagkey',
  'tagvalue',
  'range',
  'create-time',
  // A signature in the query that covers neither, and keys without a token.
  'q-header-list',
  'q-url-param-list',
  'x-cos-security-token',
]);
