// A store that has buckets and tells of objects, and holds none; for tests alone.

import { TurnableClock } from '../../core/clock.ts';
import type { FunctionEvent } from '../../core/event.ts';
import { ACCOUNT, anOutcome } from '../../core/fixture.ts';
import { SeededIds } from '../../core/ids.ts';
import type { TriggerHost } from '../../core/trigger.ts';
import type { NoticeRule, Notices } from '../../services/cos/contract.ts';
import type { Bucket, ObjectNotice } from '../../services/cos/model.ts';
import type { CosSource } from './bind.ts';
import type { CosTrigger } from './event.ts';

export const REGION = 'ap-chengdu';
export const BUCKET = 'testpic-1253970026';
export const NAME = `${BUCKET}.cos.${REGION}.myqcloud.com`;

export function aBucket(id = BUCKET, region = REGION): Bucket {
  const dash = id.lastIndexOf('-');
  return {
    id,
    name: id.slice(0, dash),
    appId: id.slice(dash + 1),
    region,
    createdAt: 0,
    versioning: 'never',
    acl: { canned: 'private', grants: [] },
    cors: undefined,
    lifecycle: undefined,
    policy: undefined,
    tags: [],
    plain: {},
    inventories: {},
  };
}

/** What the documents' event tells of. */
export function aNotice(change: Partial<ObjectNotice> = {}): ObjectNotice {
  return {
    name: 'ObjectCreated:Put',
    bucket: BUCKET,
    region: REGION,
    key: 'testfile',
    versionId: '',
    bytes: 1029,
    etag: '0123456789abcdef0123456789abcdef',
    storageClass: 'STANDARD',
    headers: { 'x-cos-meta-mykey': 'myvalue' },
    at: 1_545_205_770_123,
    cause: {
      requestId: 'NWMxOWY4MGFfMjViMjU4NjRfMTUyMVxxxxxxx=',
      sourceIp: '192.168.15.101',
      authorization: 'q-sign-algorithm=sha1&q-ak=AKIDQm6iUh2NJ6jL41',
    },
    ...change,
  };
}

export function aTrigger(change: Partial<CosTrigger> = {}): CosTrigger {
  return {
    region: REGION,
    namespace: 'default',
    name: 'printevent',
    id: 't-1',
    type: 'cos',
    triggerName: NAME,
    qualifier: '$LATEST',
    enabled: true,
    desc: { event: 'cos:ObjectCreated:*', prefix: '', suffix: '' },
    customArgument: '',
    description: '',
    resourceId: '',
    addTime: 0,
    modTime: 0,
    ...change,
  };
}

type Deliver = Parameters<Notices['listen']>[1];

export class FakeStore implements CosSource {
  readonly clock = new TurnableClock(Date.UTC(2024, 0, 1));
  readonly events: FunctionEvent[] = [];
  refusing = false;
  #told = 0;
  readonly #buckets: Map<string, Bucket>;
  readonly #listening = new Set<{ readonly rule: NoticeRule; readonly deliver: Deliver }>();

  constructor(...buckets: readonly Bucket[]) {
    this.#buckets = new Map((buckets.length > 0 ? buckets : [aBucket()]).map(bucket => [bucket.id, bucket]));
  }

  readonly buckets: CosSource['buckets'] = {
    find: id => this.#buckets.get(id),
  };

  readonly notices: CosSource['notices'] = {
    listen: (rule, deliver) => {
      const one = { rule, deliver };
      this.#listening.add(one);
      return { [Symbol.dispose]: () => void this.#listening.delete(one) };
    },
  };

  get rules(): readonly NoticeRule[] {
    return [...this.#listening].map(({ rule }) => rule);
  }

  drop(id: string): void {
    this.#buckets.delete(id);
  }

  /** To all whose rule is about it. */
  async tell(notice: ObjectNotice, id = `n-${++this.#told}`): Promise<void> {
    const event = `cos:${notice.name}`;
    for (const { rule, deliver } of this.#listening) {
      const named = rule.event === event || (rule.event.endsWith(':*') && event.startsWith(rule.event.slice(0, -1)));
      const meant = notice.key.startsWith(rule.prefix.replace(/^\//, '')) && notice.key.endsWith(rule.suffix);
      if (rule.bucket === notice.bucket && named && meant) await deliver(notice, id);
    }
  }

  host(): TriggerHost<CosSource> {
    return {
      clock: this.clock,
      ids: new SeededIds(),
      account: ACCOUNT,
      source: this,
      submit: {
        sync: async () => anOutcome(),
        async: async event => {
          if (this.refusing) throw new Error('the queue is away');
          this.events.push(event);
        },
      },
    };
  }
}
