// A program that knows nothing of any server but the cloud's: `cos-names.ts <release> <bucket> <region> <file>`, with the
// keys in its environment, uploads the file and prints what became of it. TLS_PORT is where the cloud's names are led.

import assert from 'node:assert/strict';
import { cosClient, MB, md5 } from './cos.ts';
import { leadHere } from './installed.ts';

const [, , release = '', Bucket = '', Region = '', FilePath = ''] = process.argv;
const { TLS_PORT, SecretId, SecretKey } = process.env;
using _redirect = leadHere(Number(TLS_PORT));

const cos = cosClient(release, { SecretId, SecretKey });
const AT = { Bucket, Region };
const one = { ...AT, Key: 'n +中' };
await cos.putBucket(AT);
const { Location: location, ETag: etag } = await cos.uploadFile({ ...one, FilePath, SliceSize: MB, ChunkSize: MB });
const { Body: got } = await cos.getObject(one);
await cos.putBucketVersioning({ ...AT, VersioningConfiguration: { Status: 'Enabled' } });
const { VersioningConfiguration } = await cos.getBucketVersioning(AT);
const { Buckets } = await cos.getService();
assert.ok(Buckets.some(bucket => bucket.Name === Bucket));
const url = cos.getObjectUrl({ ...one, Sign: true }, () => {});
const versions = VersioningConfiguration.Status;
console.log(JSON.stringify({ location, etag, read: md5(got), url, versions }));
