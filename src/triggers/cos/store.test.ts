// The kind over the store itself: each event is made by the operation that it is about.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FunctionEvent } from '../../core/event.ts';
import { ACCOUNT, anOutcome } from '../../core/fixture.ts';
import { SeededIds } from '../../core/ids.ts';
import type { TriggerHost } from '../../core/trigger.ts';
import { BUCKET, CAUSE, content, HEAD, House, MB, REGION, ref, START, someBytes } from '../../services/cos/testing.ts';
import type { CosSource } from './bind.ts';
import type { CosTrigger } from './event.ts';
import { aTrigger } from './fixture.ts';
import { cosKind } from './kind.ts';

const kind = cosKind();

/** The queue as the kind sees it. */
class Queue {
  readonly events: FunctionEvent[] = [];
  /** Request ids, of what was refused as well. */
  readonly tried: string[] = [];
  refusing = false;

  host(house: House): TriggerHost<CosSource> {
    const submit = {
      sync: async () => anOutcome(),
      async: async (event: FunctionEvent) => {
        this.tried.push(event.requestId);
        if (this.refusing) throw new Error('the queue is away');
        this.events.push(event);
      },
    };
    return { clock: house.clock, ids: new SeededIds(), account: ACCOUNT, source: house.cos, submit };
  }

  records(): readonly Told[] {
    return this.events.map(({ body }) => {
      const { Records } = JSON.parse(body.toString()) as { Records: [{ cos: { cosObject: Seen }; event: Named }] };
      const [{ cos, event }] = Records;
      return { name: event.eventName.replace(/^cos:/, ''), object: cos.cosObject, event };
    });
  }

  names(): readonly string[] {
    return this.records().map(({ name }) => name);
  }
}

interface Seen {
  readonly key: string;
  readonly vid: string;
  readonly size: number;
  readonly meta: Readonly<Record<string, string>>;
}

interface Named {
  readonly eventName: string;
  readonly eventTime: number;
  readonly requestParameters: unknown;
}

interface Told {
  readonly name: string;
  readonly object: Seen;
  readonly event: Named;
}

async function bound(house: House, queue: Queue, event: string, filter: object = {}): Promise<CosTrigger> {
  const desc = kind.parse(JSON.stringify({ event: `cos:${event}`, filter }), { functionName: 'f' });
  const triggerName = `${BUCKET}.cos.${REGION}.myqcloud.com`;
  const plan = aTrigger({ id: `t-${event}`, region: REGION, triggerName, desc });
  return { ...plan, ...(await kind.bind?.(plan, queue.host(house))) };
}

async function listening(house: House, ...events: readonly string[]): Promise<Queue> {
  const queue = new Queue();
  for (const event of events) kind.listen(await bound(house, queue, event), queue.host(house));
  return queue;
}

const ALL = ['ObjectCreated:*', 'ObjectRemove:*', 'ObjectRestore:*'] as const;

describe('the operation', () => {
  it('put', async () => {
    await using house = await House.open();
    const queue = await listening(house, ...ALL);
    await house.put('a b/é.txt', 'twelve bytes', { headers: { 'content-type': 'text/plain', 'x-cos-meta-mine': '1' } });
    const [told] = queue.records();
    assert.deepEqual(queue.names(), ['ObjectCreated:Put']);
    const etag = house.cos.objects.head(ref('a b/é.txt')).etag;
    assert.deepEqual(told?.object, {
      url: `http://${BUCKET}.cos.${REGION}.myqcloud.com/a%20b/%C3%A9.txt`,
      meta: {
        'x-cos-request-id': CAUSE.requestId,
        'Content-Type': 'text/plain',
        'x-cos-meta-mine': '1',
        ETag: `"${etag}"`,
        'x-cos-storage-class': 'Standard',
      },
      vid: '',
      key: `/${ACCOUNT.appId}/pictures/a b/é.txt`,
      size: 12,
    });
    assert.equal(told?.event.eventTime, START / 1000);
    assert.deepEqual(told?.event.requestParameters, {
      requestSourceIP: CAUSE.sourceIp,
      requestHeaders: { Authorization: CAUSE.authorization },
    });
  });

  it('post, copy and append', async () => {
    await using house = await House.open();
    const queue = await listening(house, ...ALL);
    const { objects } = house.cos;
    await objects.put(ref('a'), HEAD, content('a'), { event: 'ObjectCreated:Post' }, CAUSE);
    await objects.copy({ ...ref('a'), conditions: {} }, ref('b'), {}, CAUSE);
    await objects.append(ref('c'), 0, HEAD, content('c'), CAUSE);
    await objects.append(ref('c'), 1, HEAD, content('cc'), CAUSE);
    assert.deepEqual(queue.names(), [
      'ObjectCreated:Post',
      'ObjectCreated:Copy',
      'ObjectCreated:AppendObject',
      'ObjectCreated:AppendObject',
    ]);
    assert.deepEqual(
      queue.records().map(({ object }) => [object.key.slice(-1), object.size]),
      [
        ['a', 1],
        ['b', 1],
        ['c', 1],
        ['c', 3],
      ],
    );
  });

  it('complete, and no part of it', async () => {
    await using house = await House.open();
    const queue = await listening(house, ...ALL);
    const { uploads } = house.cos;
    const { uploadId } = await uploads.begin(ref('big'), HEAD);
    const upload = { ...ref('big'), uploadId };
    const one = await uploads.putPart(upload, 1, content(someBytes(MB)));
    const two = await uploads.putPart(upload, 2, content('end'));
    assert.deepEqual(queue.names(), []);
    await uploads.complete(upload, [one, two], CAUSE);
    assert.deepEqual(queue.names(), ['ObjectCreated:CompleteMultipartUpload']);
    assert.equal(queue.records()[0]?.object.size, MB + 3);
  });

  it('delete, with versions and without', async () => {
    await using house = await House.open();
    const queue = await listening(house, 'ObjectRemove:*');
    await house.put('k', 'x');
    await house.remove('k');
    await house.remove('none');
    await house.cos.buckets.setVersioning(BUCKET, 'Enabled');
    const { versionId } = await house.put('k', 'x');
    const marker = await house.remove('k');
    await house.remove('k', versionId);
    assert.deepEqual(
      queue.records().map(({ name, object }) => [name, object.vid, object.size]),
      [
        ['ObjectRemove:Delete', '', 0],
        ['ObjectRemove:DeleteMarkerCreated', marker.versionId, 0],
        ['ObjectRemove:Delete', versionId, 0],
      ],
    );
  });

  it('restore, when it is asked for and when it is done', async () => {
    await using house = await House.open();
    const queue = await listening(house, ...ALL);
    await house.put('k', 'x', { storageClass: 'ARCHIVE' });
    await house.cos.objects.restore(ref('k'), 1, 'Standard', CAUSE);
    assert.deepEqual(queue.names(), ['ObjectCreated:Put', 'ObjectRestore:Post']);
    await house.clock.advance(10_000);
    assert.deepEqual(queue.names().slice(2), ['ObjectRestore:Completed']);
    assert.equal(queue.records()[2]?.object.meta['x-cos-storage-class'], 'Archive');
  });

  it('that failed tells nothing', async () => {
    await using house = await House.open();
    const queue = await listening(house, ...ALL);
    await assert.rejects(
      house.cos.objects.put(ref('k'), HEAD, content('x', { md5: '00' }), { event: 'ObjectCreated:Put' }, CAUSE),
    );
    assert.deepEqual(queue.names(), []);
  });
});

describe('a rule', () => {
  it('is told of nothing once its bucket has been made again in another region', async () => {
    await using house = await House.open();
    const queue = await listening(house, 'ObjectCreated:*');
    await house.cos.buckets.remove(BUCKET);
    await house.cos.buckets.create({ id: BUCKET, region: 'ap-chongqing' });
    await house.put('k', 'x');
    assert.deepEqual(queue.names(), []);
    await house.remove('k');
    await house.cos.buckets.remove(BUCKET);
    await house.cos.buckets.create({ id: BUCKET, region: REGION });
    await house.put('k', 'x');
    assert.deepEqual(queue.names(), ['ObjectCreated:Put']);
  });

  it('is told of its event, prefix and suffix alone', async () => {
    await using house = await House.open();
    const queue = new Queue();
    const trigger = await bound(house, queue, 'ObjectCreated:Put', { Prefix: '/in/', Suffix: '.jpg' });
    using _listening = kind.listen(trigger, queue.host(house));
    for (const key of ['in/a.jpg', 'in/a.JPG', 'out/in/a.jpg', 'in/.jpg', '/in/b.jpg']) await house.put(key, 'x');
    await house.cos.objects.copy({ ...ref('in/a.jpg'), conditions: {} }, ref('in/c.jpg'), {}, CAUSE);
    await house.remove('in/a.jpg');
    assert.deepEqual(
      queue.records().map(({ object }) => object.key.replace('/1250000000/pictures/', '')),
      ['in/a.jpg', 'in/.jpg'],
    );
  });

  it('whose event is not accepted is told of it again, by the same id, also after a stop', async () => {
    await using house = await House.open();
    const queue = new Queue();
    const trigger = await bound(house, queue, 'ObjectCreated:*');
    const first = kind.listen(trigger, queue.host(house));
    queue.refusing = true;
    await house.put('a', 'x');
    await house.put('b', 'x');
    assert.deepEqual(queue.events, []);
    first[Symbol.dispose]();
    await house.cos.close();
    await house.start();
    queue.refusing = false;
    using _listening = kind.listen(trigger, queue.host(house));
    await house.clock.advance(60_000);
    assert.deepEqual(
      queue.records().map(({ object }) => object.key.slice(-1)),
      ['a', 'b'],
    );
    const [a, b] = queue.events.map(({ requestId }) => requestId);
    assert.notEqual(a, b);
    assert.deepEqual(new Set(queue.tried), new Set([a, b]));
    assert.ok(queue.tried.length >= 4, 'each was tried before and after');
  });
});
