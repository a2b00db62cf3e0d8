// What a function receives of an object.

import type { Trigger } from '../../core/trigger.ts';
import type { ObjectNotice } from '../../services/cos/model.ts';
import type { CosDesc } from './desc.ts';
import { eventRegion } from './regions.ts';

export type CosTrigger = Trigger & { readonly desc: CosDesc };

export interface CosEventSettings {
  /** `concrete`: what happened; `rule`: the event of the trigger's rule, as the documents' sample has it. */
  readonly eventName: 'concrete' | 'rule';
  /** Beside the documented members those that events of the cloud have: cosRegion, s3Region, ETag, x-cos-storage-class. */
  readonly extendedEvent: boolean;
}

export interface CosEventInput {
  readonly notice: ObjectNotice;
  readonly trigger: Pick<CosTrigger, 'region' | 'namespace' | 'name' | 'qualifier' | 'desc'>;
  readonly reqid: number;
}

/** The vendor's Java types read reqid and eventTime as 32-bit integers. */
const INT_MAX = 2 ** 31 - 1;

export function buildCosEvent({ notice, trigger, reqid }: CosEventInput, settings: CosEventSettings): Buffer {
  const { bucket, region, key, versionId, cause } = notice;
  const dash = bucket.lastIndexOf('-');
  const name = bucket.slice(0, dash);
  const appid = bucket.slice(dash + 1);
  const short = eventRegion(region);
  const record = {
    cos: {
      cosSchemaVersion: '1.0',
      cosObject: {
        url: `http://${bucket}.cos.${region}.myqcloud.com/${pathOf(key)}`,
        meta: metaOf(notice, settings.extendedEvent),
        vid: versionId,
        key: `/${appid}/${name}/${key}`,
        size: notice.name.startsWith('ObjectRemove:') ? 0 : notice.bytes,
      },
      cosBucket: {
        region: short,
        name,
        appid,
        ...(settings.extendedEvent && { cosRegion: region, s3Region: region }),
      },
      // Documented, and sent, with this spelling.
      cosNotificationId: 'unkown',
    },
    event: {
      eventName: settings.eventName === 'rule' ? trigger.desc.event : `cos:${notice.name}`,
      eventVersion: '1.0',
      eventTime: Math.min(Math.floor(notice.at / 1000), INT_MAX),
      eventSource: 'qcs::cos',
      requestParameters: {
        requestSourceIP: cause.sourceIp,
        requestHeaders: { Authorization: cause.authorization },
      },
      eventQueue: `qcs:0:lambda:${short}:appid/${appid}:${trigger.namespace}.${trigger.name}.${trigger.qualifier}`,
      reservedInfo: '',
      reqid,
    },
  };
  return Buffer.from(JSON.stringify({ Records: [record] }));
}

/** Escaped as in a URL, its slashes kept. */
const pathOf = (key: string): string => key.toWellFormed().split('/').map(encodeURIComponent).join('/');

function metaOf({ headers, etag, storageClass, cause }: ObjectNotice, extended: boolean): Record<string, string> {
  const meta: Record<string, string> = {
    'x-cos-request-id': cause.requestId,
    'Content-Type': meantText(headers['content-type'] ?? ''),
  };
  for (const [name, value] of Object.entries(headers))
    if (name.startsWith('x-cos-meta-')) meta[name] = meantText(value);
  if (extended && etag !== '') meta.ETag = `"${etag}"`;
  if (extended && storageClass !== '') meta['x-cos-storage-class'] = shownClass(storageClass);
  return meta;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: bytes, one a character, some of them above ASCII
const BYTES_BEYOND_ASCII = /^[\u0000-\u00ff]*[\u0080-\u00ff][\u0000-\u00ff]*$/;

/** Bytes of headers above ASCII come as Latin-1; what clients mean is UTF-8. */
function meantText(value: string): string {
  if (!BYTES_BEYOND_ASCII.test(value)) return value;
  const text = Buffer.from(value, 'latin1').toString();
  return text.includes('\ufffd') ? value : text;
}

/** `Standard`, `Standard_IA`. */
function shownClass(storageClass: string): string {
  const shown = (word: string) =>
    word === 'IA' || word === 'MAZ' ? word : `${word.slice(0, 1)}${word.slice(1).toLowerCase()}`;
  return storageClass.split('_').map(shown).join('_');
}

/** As the documents print it. */
export function cosSample(): unknown {
  return {
    Records: [
      {
        cos: {
          cosSchemaVersion: '1.0',
          cosObject: {
            url: 'http://testpic-1253970026.cos.ap-chengdu.myqcloud.com/testfile',
            meta: {
              'x-cos-request-id': 'NWMxOWY4MGFfMjViMjU4NjRfMTUyMVxxxxxxx=',
              'Content-Type': '',
              'x-cos-meta-mykey': 'myvalue',
            },
            vid: '',
            key: '/1253970026/testpic/testfile',
            size: 1029,
          },
          cosBucket: { region: 'cd', name: 'testpic', appid: '1253970026' },
          cosNotificationId: 'unkown',
        },
        event: {
          eventName: 'cos:ObjectCreated:*',
          eventVersion: '1.0',
          eventTime: 1545205770,
          eventSource: 'qcs::cos',
          requestParameters: {
            requestSourceIP: '192.168.15.101',
            requestHeaders: { Authorization: 'q-sign-algorithm=sha1&q-ak=AKIDQm6iUh2NJ6jL41' },
          },
          eventQueue: 'qcs:0:lambda:cd:appid/1253970026:default.printevent.$LATEST',
          reservedInfo: '',
          reqid: 179398952,
        },
      },
    ],
  };
}
