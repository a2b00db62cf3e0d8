// Deleting: one object, or a list of them.

import { CloudError } from '../../../core/errors.ts';
import type { Removed } from '../contract.ts';
import { errorOf, fail, type ShownError, shownError } from '../errors.ts';
import { type Answer, empty, xmlAnswer } from './answer.ts';
import { type Ask, bucketOf, refOf, versionOf } from './ask.ts';
import { LIST_BYTES, xmlBody } from './body.ts';
import { childOf, childrenOf, expectOnly, wordOf, type XmlElement } from './readxml.ts';
import { demandBeside } from './rights.ts';
import { element, type Written } from './xml.ts';

export async function deleteObject(ask: Ask): Promise<Answer> {
  const bucket = bucketOf(ask);
  const { versionId, marker } = await ask.cos.objects.remove(refOf(ask), ask.cause);
  return empty(204, {
    'x-cos-version-id': bucket.versioning === 'never' ? undefined : (versionId ?? versionOf(ask)),
    'x-cos-delete-marker': marker ? 'true' : undefined,
  });
}

const MAX_KEYS = 1000;
/** How many are under way at once: each waits for the disk. */
const AT_ONCE = 32;
const MAX_KEY_BYTES = 850;

interface Wanted {
  readonly key: string;
  readonly versionId: string | undefined;
}

type Outcome = Wanted & ({ readonly removed: Removed } | { readonly error: ShownError });

export async function deleteMany(ask: Ask): Promise<Answer> {
  const bucket = bucketOf(ask);
  // Documented: those whom nobody knows need this as well.
  if (ask.caller.anonymous) {
    const all = { bucket, key: '', versionId: undefined };
    demandBeside(ask, { action: 'DeleteMultipleObjects', permission: 'WRITE' }, all);
  }
  const list = await xmlBody(ask, 'Delete', LIST_BYTES);
  expectOnly(list, 'Quiet', 'Object');
  const quiet = wordOf(list, 'Quiet')?.toLowerCase() === 'true';
  const wanted = childrenOf(list, 'Object').map(readWanted);
  if (wanted.length === 0 || wanted.length > MAX_KEYS) fail('MalformedXML');
  const versioned = bucket.versioning !== 'never';
  const told: (Written | undefined)[] = [];
  for (let at = 0; at < wanted.length; at += AT_ONCE) {
    const outcomes = await Promise.all(wanted.slice(at, at + AT_ONCE).map(one => removeOne(ask, one)));
    told.push(...outcomes.map(outcome => writeOutcome(outcome, versioned, quiet)));
  }
  return xmlAnswer('DeleteResult', told);
}

function readWanted(object: XmlElement): Wanted {
  expectOnly(object, 'Key', 'VersionId');
  const key = childOf(object, 'Key')?.text ?? fail('MalformedXML');
  return { key, versionId: wordOf(object, 'VersionId') || undefined };
}

async function removeOne(ask: Ask, wanted: Wanted): Promise<Outcome> {
  const { key } = wanted;
  try {
    const length = Buffer.byteLength(key);
    if (length === 0 || length > MAX_KEY_BYTES) fail('InvalidObjectName');
    demandBeside(ask, { action: 'DeleteObject', permission: 'WRITE' }, { ...wanted, bucket: bucketOf(ask) });
    const removed = await ask.cos.objects.remove({ ...wanted, bucket: ask.bucketId }, ask.cause);
    return { ...wanted, removed };
  } catch (error) {
    if (!(error instanceof CloudError)) ask.log.error({ err: error, key }, 'an object could not be deleted');
    return { ...wanted, error: shownError(error) ?? errorOf('InternalError', { requestId: ask.cause.requestId }) };
  }
}

function writeOutcome(outcome: Outcome, versioned: boolean, quiet: boolean): Written | undefined {
  const { key, versionId } = outcome;
  const asked = [element('Key', key), element('VersionId', versionId)];
  if ('error' in outcome) {
    const { code, message } = outcome.error;
    return element('Error', [...asked, element('Code', code), element('Message', message)]);
  }
  if (quiet) return undefined;
  const { removed } = outcome;
  const marker = removed.marker && versioned;
  return element('Deleted', [
    ...asked,
    marker ? element('DeleteMarker', true) : undefined,
    marker ? element('DeleteMarkerVersionId', removed.versionId) : undefined,
  ]);
}
