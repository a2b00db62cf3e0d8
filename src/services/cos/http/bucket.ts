// The service, and buckets themselves.

import { hasBody } from '../../../http/body.ts';
import { fail } from '../errors.ts';
import type { Bucket } from '../model.ts';
import { aclOfHeaders, rootId, writeUser } from './acl.ts';
import { type Answer, empty, xmlAnswer } from './answer.ts';
import { type Ask, bucketOf, headerOf } from './ask.ts';
import { CONFIG_BYTES, wholeBody } from './body.ts';
import { numberIn } from './query.ts';
import { readXml, wordOf } from './readxml.ts';
import { isoSeconds } from './show.ts';
import { MAX_BUCKET_TAGS, tagsOfHeader } from './tags.ts';
import { element } from './xml.ts';

const MAX_BUCKETS = 2000;

export function getService(ask: Ask): Answer {
  const { query, account } = ask;
  // The vendor's command line asks for 10000.
  const limit = Math.min(MAX_BUCKETS, numberIn(query, 'max-keys', 1, Number.MAX_SAFE_INTEGER, MAX_BUCKETS));
  const marker = query.get('marker') ?? '';
  const region = query.get('region') || ask.hostRegion;
  const made = madeWithin(ask);
  const found = ask.cos.buckets
    .list()
    .filter(bucket => bucket.id > marker)
    .filter(bucket => region === undefined || bucket.region === region)
    .filter(bucket => hasTag(bucket, query.get('tagkey'), query.get('tagvalue')))
    .filter(made);
  const shown = found.slice(0, limit);
  const more = found.length > shown.length;
  return xmlAnswer('ListAllMyBucketsResult', [
    writeUser('Owner', rootId(account.uin), account.uin),
    element(
      'Buckets',
      shown.map(bucket =>
        element('Bucket', [
          element('Name', bucket.id),
          element('Location', bucket.region),
          element('CreationDate', isoSeconds(bucket.createdAt)),
          element('BucketType', 'cos'),
        ]),
      ),
    ),
    element('Marker', query.get('marker')),
    more ? element('NextMarker', shown.at(-1)?.id) : undefined,
    element('IsTruncated', more),
  ]);
}

const hasTag = ({ tags }: Bucket, key: string | undefined, value: string | undefined): boolean =>
  !key || tags.some(tag => tag.Key === key && (!value || tag.Value === value));

/** create-time in seconds, and how to compare with it. */
function madeWithin({ query }: Ask): (bucket: Bucket) => boolean {
  const range = query.get('range');
  if (!range || !query.get('create-time')) return () => true;
  const time = numberIn(query, 'create-time', 0, Number.MAX_SAFE_INTEGER, 0);
  return ({ createdAt }) => {
    const at = Math.floor(createdAt / 1000);
    if (range === 'lt') return at < time;
    if (range === 'lte') return at <= time;
    if (range === 'gt') return at > time;
    return range === 'gte'
      ? at >= time
      : fail('InvalidArgument', { name: 'range', reason: 'it is lt, lte, gt or gte' });
  };
}

export async function putBucket(ask: Ask): Promise<Answer> {
  if (hasBody(ask.request)) await refuseMultiZone(ask);
  const acl = aclOfHeaders(ask, 'bucket');
  const tagging = headerOf(ask, 'x-cos-tagging');
  await ask.cos.buckets.create({
    id: ask.bucketId,
    region: ask.hostRegion ?? ask.region,
    ...(acl && { acl }),
    ...(tagging !== undefined && { tags: tagsOfHeader(tagging, MAX_BUCKET_TAGS) }),
  });
  return empty(200);
}

/** One server has one zone. */
async function refuseMultiZone(ask: Ask): Promise<void> {
  const configuration = readXml(await wholeBody(ask, CONFIG_BYTES), 'CreateBucketConfiguration');
  if (wordOf(configuration, 'BucketAZConfig') === 'MAZ') fail('NotImplemented', { name: 'BucketAZConfig MAZ' });
  if (wordOf(configuration, 'BucketArchConfig') === 'OFS') fail('NotImplemented', { name: 'BucketArchConfig OFS' });
}

export const headBucket = (ask: Ask): Answer => empty(200, { 'x-cos-bucket-region': bucketOf(ask).region });

export async function deleteBucket(ask: Ask): Promise<Answer> {
  await ask.cos.buckets.remove(bucketOf(ask).id);
  return empty(204);
}

export const getLocation = (ask: Ask): Answer => xmlAnswer('LocationConstraint', bucketOf(ask).region);
