// Configurations of a bucket, and of an object, that the store acts upon.

import { hasBody } from '../../../http/body.ts';
import { readBucketPolicy } from '../auth/policy.ts';
import { fail } from '../errors.ts';
import type { Acl } from '../model.ts';
import { aclOfHeaders, readAcl, writeAcl } from './acl.ts';
import { type Answer, empty, textAnswer, xmlAnswer } from './answer.ts';
import { type Ask, bucketOf, refOf } from './ask.ts';
import { CONFIG_BYTES, LIST_BYTES, wholeBody, xmlBody } from './body.ts';
import { readCors, writeCors } from './cors.ts';
import { readLifecycle, writeLifecycle } from './lifecycle.ts';
import { expectOnly, wordOf } from './readxml.ts';
import { shownVersion } from './show.ts';
import { MAX_BUCKET_TAGS, MAX_OBJECT_TAGS, readTagging, writeTagSet } from './tags.ts';
import { element } from './xml.ts';

export async function putVersioning(ask: Ask): Promise<Answer> {
  const configuration = await xmlBody(ask, 'VersioningConfiguration');
  expectOnly(configuration, 'Status');
  const status = wordOf(configuration, 'Status');
  if (status !== 'Enabled' && status !== 'Suspended') return fail('MalformedXML');
  await ask.cos.buckets.setVersioning(ask.bucketId, status);
  return empty(200);
}

export function getVersioning(ask: Ask): Answer {
  const { versioning } = bucketOf(ask);
  return xmlAnswer('VersioningConfiguration', versioning === 'never' ? [] : [element('Status', versioning)]);
}

/** From headers, or else from the body. */
async function aclOfRequest(ask: Ask, of: 'bucket' | 'object'): Promise<Acl> {
  const named = aclOfHeaders(ask, of);
  if (named) return named;
  if (!hasBody(ask.request)) fail('MissingRequestBodyError');
  return readAcl(await xmlBody(ask, 'AccessControlPolicy'));
}

export async function putBucketAcl(ask: Ask): Promise<Answer> {
  await ask.cos.buckets.change(ask.bucketId, { acl: await aclOfRequest(ask, 'bucket') });
  return empty(200);
}

export const getBucketAcl = (ask: Ask): Answer =>
  xmlAnswer('AccessControlPolicy', writeAcl(bucketOf(ask).acl, ask.account.uin));

export async function putObjectAcl(ask: Ask): Promise<Answer> {
  await ask.cos.objects.setAcl(refOf(ask), await aclOfRequest(ask, 'object'));
  return empty(200);
}

export function getObjectAcl(ask: Ask): Answer {
  const { acl } = ask.cos.objects.head(refOf(ask));
  // What is inherited is told by a header: the list could not say it.
  const headers = { 'x-cos-acl': acl.canned === 'default' ? 'default' : undefined };
  return xmlAnswer('AccessControlPolicy', writeAcl(acl, ask.account.uin), headers);
}

export async function putCors(ask: Ask): Promise<Answer> {
  await ask.cos.buckets.change(ask.bucketId, { cors: readCors(await xmlBody(ask, 'CORSConfiguration')) });
  return empty(200);
}

export const getCors = (ask: Ask): Answer =>
  xmlAnswer('CORSConfiguration', writeCors(bucketOf(ask).cors ?? fail('NoSuchCORSConfiguration')));

export async function deleteCors(ask: Ask): Promise<Answer> {
  await ask.cos.buckets.change(ask.bucketId, { cors: undefined });
  return empty(204);
}

export async function putLifecycle(ask: Ask): Promise<Answer> {
  const lifecycle = readLifecycle(await xmlBody(ask, 'LifecycleConfiguration', LIST_BYTES));
  await ask.cos.buckets.change(ask.bucketId, { lifecycle });
  return empty(200);
}

export const getLifecycle = (ask: Ask): Answer =>
  xmlAnswer('LifecycleConfiguration', writeLifecycle(bucketOf(ask).lifecycle ?? fail('NoSuchLifecycleConfiguration')));

export async function deleteLifecycle(ask: Ask): Promise<Answer> {
  await ask.cos.buckets.change(ask.bucketId, { lifecycle: undefined });
  return empty(204);
}

export async function putPolicy(ask: Ask): Promise<Answer> {
  const policy = (await wholeBody(ask, CONFIG_BYTES)).toString();
  readBucketPolicy(policy);
  await ask.cos.buckets.change(ask.bucketId, { policy });
  return empty(204);
}

export const getPolicy = (ask: Ask): Answer => textAnswer(shownPolicy(bucketOf(ask).policy ?? fail('NoSuchPolicy')));

/** Whatever it was called when it came: clients look for `Statement`. */
function shownPolicy(text: string): string {
  const { statement, ...policy }: Readonly<Record<string, unknown>> = JSON.parse(text);
  return statement === undefined ? text : JSON.stringify({ Statement: statement, ...policy });
}

export async function deletePolicy(ask: Ask): Promise<Answer> {
  await ask.cos.buckets.change(ask.bucketId, { policy: undefined });
  return empty(204);
}

export async function putBucketTags(ask: Ask): Promise<Answer> {
  const tags = readTagging(await xmlBody(ask, 'Tagging'), MAX_BUCKET_TAGS);
  await ask.cos.buckets.change(ask.bucketId, { tags });
  return empty(204);
}

export function getBucketTags(ask: Ask): Answer {
  const { tags } = bucketOf(ask);
  return tags.length > 0 ? xmlAnswer('Tagging', [writeTagSet(tags)]) : fail('NoSuchTagSet');
}

export async function deleteBucketTags(ask: Ask): Promise<Answer> {
  await ask.cos.buckets.change(ask.bucketId, { tags: [] });
  return empty(204);
}

async function setTags(ask: Ask, tags: Parameters<Ask['cos']['objects']['setTags']>[1], status: number) {
  const { versionId } = await ask.cos.objects.setTags(refOf(ask), tags);
  return empty(status, { 'x-cos-version-id': shownVersion(bucketOf(ask), versionId) });
}

export const putObjectTags = async (ask: Ask): Promise<Answer> =>
  setTags(ask, readTagging(await xmlBody(ask, 'Tagging'), MAX_OBJECT_TAGS), 200);

export const deleteObjectTags = (ask: Ask): Promise<Answer> => setTags(ask, [], 204);

/** Of an object without any: an empty set. */
export function getObjectTags(ask: Ask): Answer {
  const { tags, versionId } = ask.cos.objects.head(refOf(ask));
  const headers = { 'x-cos-version-id': shownVersion(bucketOf(ask), versionId) };
  return xmlAnswer('Tagging', [writeTagSet(tags)], headers);
}
