// POST Object: an upload by a form, as browsers send it.

import { Readable } from 'node:stream';
import { boundaryOf } from '../../../http/multipart.ts';
import type { ByteSpan } from '../auth/form-policy.ts';
import { fail } from '../errors.ts';
import type { StoredObject } from '../model.ts';
import { type Answer, type AnswerHeaders, empty, wireText, xmlAnswer } from './answer.ts';
import { type Ask, bucketOf } from './ask.ts';
import { contentMd5Of } from './body.ts';
import { readForm, type SentForm } from './form.ts';
import { headOf, type Named } from './head.ts';
import { encodeKey } from './paging.ts';
import { overwriting } from './put.ts';
import { demand } from './rights.ts';
import { quoted, writtenHeaders } from './show.ts';
import { element } from './xml.ts';

const MAX_KEY_BYTES = 850;

export async function postObject(ask: Ask): Promise<Answer> {
  const bucket = bucketOf(ask);
  const boundary =
    boundaryOf(ask.request.headers['content-type'] ?? '') ??
    fail('MalformedPOSTRequest', { reason: 'the Content-Type names no boundary' });
  const form = await readForm(ask.request, boundary);
  // It may be given up before anybody listens to it.
  form.file.on('error', () => undefined);
  const fields = fieldsOf(form);
  const named = namedOf(fields);
  const key = keyOf(fields, form.filename);
  const caller = ask.guard.authorizeForm({ fields, key, request: ask.signed });
  demand(ask, caller, { action: 'PostObject', permission: 'WRITE' }, { bucket, key, versionId: undefined });
  const object = await ask.cos.objects.put(
    { bucket: bucket.id, key },
    headOf(named, key),
    { body: within(form.file, caller.bytes), bytes: undefined, md5: contentMd5Of(named.get('content-md5')) },
    { event: 'ObjectCreated:Post', ...overwriting(named) },
    { ...ask.cause, authorization: caller.authorization },
  );
  return answerOf(ask, named, object, writtenHeaders(bucket, object));
}

/** Those that came, by lower-case names; a field that came twice could be checked in one place and used in the other. */
function fieldsOf({ fields }: SentForm): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of fields) {
    const lower = name.toLowerCase();
    if (values.has(lower)) fail('MalformedPOSTRequest', { reason: `the field ${name} is there twice` });
    values.set(lower, value);
  }
  // Two names of one thing.
  if (values.has('acl') && values.has('x-cos-acl'))
    fail('MalformedPOSTRequest', { reason: 'it has acl and x-cos-acl' });
  return values;
}

/** As headers would have them. */
function namedOf(fields: ReadonlyMap<string, string>): Named {
  const get = (name: string) => {
    const value = fields.get(name) || (name === 'x-cos-acl' ? fields.get('acl') : undefined);
    return value ? wireText(value) : undefined;
  };
  return { names: [...fields.keys()], get };
}

/** As the field says, with the file's name where it asks for it. */
function keyOf(fields: ReadonlyMap<string, string>, filename = ''): string {
  const given =
    fields.get('key') ?? fail('InvalidArgument', { name: 'key', reason: 'the form has no such field before its file' });
  // Some browsers once sent the whole path.
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as the documents write it
  const key = given.replaceAll('${filename}', () => filename.replace(/^.*[\\/]/s, ''));
  if (key === '') fail('InvalidObjectName');
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) fail('KeyTooLong');
  return key;
}

/** As its policy allows. */
function within(file: Readable, span: ByteSpan | undefined): Readable {
  if (!span) return file;
  const counted = async function* () {
    let bytes = 0;
    for await (const chunk of file as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > span.max) fail('EntityTooLarge', { limit: `${span.max} bytes` });
      yield chunk;
    }
    if (bytes < span.min) fail('PolicyUnmet', { reason: `content-length-range ${span.min}` });
  };
  return Readable.from(counted(), { objectMode: false });
}

function answerOf(ask: Ask, named: Named, object: StoredObject, headers: AnswerHeaders): Answer {
  const location = `http://${ask.request.headers.host ?? ask.host}/${encodeKey(object.key)}`;
  const redirect = named.get('success_action_redirect');
  const target = redirect === undefined ? null : URL.parse(redirect);
  if (target) {
    target.searchParams.append('bucket', object.bucket);
    target.searchParams.append('key', object.key);
    target.searchParams.append('etag', quoted(object.etag));
    return empty(303, { ...headers, Location: target.href });
  }
  const told = { ...headers, Location: location };
  const status = named.get('success_action_status');
  if (status === '200') return empty(200, told);
  if (status !== '201') return empty(204, told);
  const answer = xmlAnswer(
    'PostResponse',
    [
      element('Location', location),
      element('Bucket', object.bucket),
      element('Key', object.key),
      element('ETag', quoted(object.etag)),
    ],
    told,
  );
  return { ...answer, status: 201 };
}
