import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ObjectEventName, ObjectNotice } from '../../services/cos/model.ts';
import { buildCosEvent, type CosEventSettings, cosSample } from './event.ts';
import { aNotice, aTrigger, REGION } from './fixture.ts';
import { COS_DEFAULTS } from './kind.ts';
import { eventRegion } from './regions.ts';

const golden = readFileSync(new URL('golden/cos.json', import.meta.url), 'utf8');
const DOCUMENTED: CosEventSettings = { eventName: 'rule', extendedEvent: false };
const REQID = 179_398_952;

interface Shown {
  readonly cos: {
    readonly cosObject: Readonly<Record<'url' | 'vid' | 'key', string>> & {
      readonly meta: Readonly<Record<string, unknown>>;
      readonly size: number;
    };
    readonly cosBucket: Readonly<Record<string, string>>;
  };
  readonly event: Readonly<Record<string, unknown>> & {
    readonly requestParameters: {
      readonly requestSourceIP: string;
      readonly requestHeaders: Readonly<Record<string, unknown>>;
    };
  };
}

function textOf(change: Partial<ObjectNotice> = {}, settings: CosEventSettings = COS_DEFAULTS, reqid = REQID): string {
  return buildCosEvent({ notice: aNotice(change), trigger: aTrigger(), reqid }, settings).toString();
}

function eventOf(change: Partial<ObjectNotice> = {}, settings?: CosEventSettings): Shown {
  const { Records } = JSON.parse(textOf(change, settings)) as { readonly Records: readonly Shown[] };
  const [record] = Records;
  assert.ok(record && Records.length === 1);
  return record;
}

describe("the documents' event", () => {
  it('comes out to the letter with the switch for its name', () => {
    assert.equal(textOf({}, DOCUMENTED), JSON.stringify(JSON.parse(golden)));
  });

  it('differs by default in its name and by what events of the cloud have beside it', () => {
    const [record] = (JSON.parse(golden) as { readonly Records: readonly Shown[] }).Records;
    assert.ok(record);
    const { cos, event } = record;
    const { cosObject, cosBucket } = cos;
    const meta = {
      ...cosObject.meta,
      ETag: '"0123456789abcdef0123456789abcdef"',
      'x-cos-storage-class': 'Standard',
    };
    assert.deepEqual(eventOf(), {
      cos: {
        ...cos,
        cosObject: { ...cosObject, meta },
        cosBucket: { ...cosBucket, cosRegion: REGION, s3Region: REGION },
      },
      event: { ...event, eventName: 'cos:ObjectCreated:Put' },
    });
  });

  it('is the sample', () => {
    assert.deepEqual(cosSample(), JSON.parse(golden));
  });
});

describe('the object', () => {
  it('has its key as it is, and escaped in the url', () => {
    const { url, key } = eventOf({ key: 'a b/日本?#%.jpg' }).cos.cosObject;
    assert.equal(key, '/1253970026/testpic/a b/日本?#%.jpg');
    assert.equal(url, 'http://testpic-1253970026.cos.ap-chengdu.myqcloud.com/a%20b/%E6%97%A5%E6%9C%AC%3F%23%25.jpg');
  });

  it('is in a bucket whose name may have dashes', () => {
    const { cosObject, cosBucket } = eventOf({ bucket: 'a-1-b-125', key: 'k' }).cos;
    assert.deepEqual([cosBucket.name, cosBucket.appid, cosObject.key], ['a-1-b', '125', '/125/a-1-b/k']);
  });

  it('has its version, and no size once it is removed', () => {
    assert.equal(eventOf({ versionId: 'MTg0NDUx' }).cos.cosObject.vid, 'MTg0NDUx');
    const sizeOf = (name: ObjectEventName) => eventOf({ name, bytes: 7 }).cos.cosObject.size;
    assert.deepEqual(
      (['ObjectRemove:Delete', 'ObjectRemove:DeleteMarkerCreated', 'ObjectRestore:Completed'] as const).map(sizeOf),
      [0, 0, 7],
    );
  });

  it('has as meta what is known of it, and nothing else that a client sent', () => {
    const { meta } = eventOf({
      headers: { 'content-type': 'image/png', 'cache-control': 'no-store', 'x-cos-meta-a': '1' },
    }).cos.cosObject;
    assert.deepEqual(Object.keys(meta), [
      'x-cos-request-id',
      'Content-Type',
      'x-cos-meta-a',
      'ETag',
      'x-cos-storage-class',
    ]);
    assert.equal(meta['Content-Type'], 'image/png');
    const removed = eventOf({ name: 'ObjectRemove:Delete', headers: {}, etag: '', storageClass: '' });
    assert.deepEqual(removed.cos.cosObject.meta, { 'x-cos-request-id': aNotice().cause.requestId, 'Content-Type': '' });
  });

  it('has text beyond ASCII as the client meant it', () => {
    const latin1 = Buffer.from('值').toString('latin1');
    const metaOf = (value: string) =>
      eventOf({ headers: { 'x-cos-meta-a': value } }).cos.cosObject.meta['x-cos-meta-a'];
    assert.deepEqual([metaOf(latin1), metaOf('值'), metaOf('caf\u00e9')], ['值', '值', 'caf\u00e9']);
  });

  it('has its class as events of the cloud write it', () => {
    const classOf = (storageClass: string) => eventOf({ storageClass }).cos.cosObject.meta['x-cos-storage-class'];
    assert.deepEqual(['STANDARD_IA', 'MAZ_STANDARD', 'DEEP_ARCHIVE'].map(classOf), [
      'Standard_IA',
      'MAZ_Standard',
      'Deep_Archive',
    ]);
  });
});

describe('the event', () => {
  it('names the rule or what happened', () => {
    const nameOf = (settings: CosEventSettings) => eventOf({ name: 'ObjectCreated:Post' }, settings).event.eventName;
    assert.equal(nameOf(COS_DEFAULTS), 'cos:ObjectCreated:Post');
    assert.equal(nameOf({ ...COS_DEFAULTS, eventName: 'rule' }), 'cos:ObjectCreated:*');
  });

  it('has whole seconds that fit 32 bits', () => {
    assert.equal(eventOf({ at: 1999 }).event.eventTime, 1);
    assert.equal(eventOf({ at: Date.UTC(2100, 0, 1) }).event.eventTime, 2 ** 31 - 1);
  });

  it('has an empty Authorization where nobody signed', () => {
    const cause = { requestId: 'r', sourceIp: '', authorization: '' };
    assert.deepEqual(eventOf({ cause }).event.requestParameters, {
      requestSourceIP: '',
      requestHeaders: { Authorization: '' },
    });
  });
});

describe('regions', () => {
  it('are short where the documents shorten them', () => {
    const pairs = 'ap-beijing-1 tj,ap-beijing bj,ap-shanghai sh,ap-guangzhou gz,ap-chengdu cd,ap-singapore sgp';
    for (const pair of `${pairs},ap-hongkong hk,na-toronto ca,eu-frankfurt ger`.split(',')) {
      const [region = '', short] = pair.split(' ');
      assert.equal(eventRegion(region), short);
    }
    for (const region of ['ap-nanjing', 'ap-tokyo', 'ap-mumbai']) assert.equal(eventRegion(region), region);
    const { cos, event } = eventOf({ region: 'ap-nanjing' });
    assert.equal(cos.cosBucket.region, 'ap-nanjing');
    assert.match(String(event.eventQueue), /^qcs:0:lambda:ap-nanjing:appid\/1253970026:default\.printevent\.\$LATEST$/);
  });
});

describe('any notice', () => {
  const names: readonly ObjectEventName[] = ['ObjectCreated:Put', 'ObjectCreated:AppendObject', 'ObjectRemove:Delete'];
  const anyText = fc.string({
    unit: fc.constantFrom('a', '/', '"', '\\', '\u0000', '\u00e9', '\ud800', '\u{1f600}', '\n'),
  });
  const notices = fc.record({
    name: fc.constantFrom(...names),
    key: anyText,
    versionId: fc.constantFrom('', 'null', 'MTg0'),
    bytes: fc.nat({ max: 5 * 1024 ** 4 }),
    etag: anyText,
    storageClass: fc.constantFrom('', 'STANDARD', 'ARCHIVE'),
    headers: fc.dictionary(
      fc.oneof(
        fc.constant('content-type'),
        anyText.map(text => `x-cos-meta-${text}`),
        anyText,
      ),
      anyText,
    ),
    at: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    cause: fc.record({ requestId: anyText, sourceIp: anyText, authorization: anyText }),
  });

  it('makes JSON that the vendor’s types can read', () => {
    fc.assert(
      fc.property(notices, fc.boolean(), fc.constantFrom('rule', 'concrete'), (change, extendedEvent, eventName) => {
        const { cos, event } = eventOf(change, { extendedEvent, eventName });
        for (const value of Object.values(cos.cosObject.meta)) assert.equal(typeof value, 'string');
        for (const value of Object.values(cos.cosBucket)) assert.equal(typeof value, 'string');
        for (const value of Object.values(event.requestParameters.requestHeaders)) assert.equal(typeof value, 'string');
        for (const number of [event.eventTime, event.reqid]) {
          assert.ok(Number.isInteger(number) && Number(number) >= 0 && Number(number) < 2 ** 31, String(number));
        }
        assert.ok(Number.isInteger(cos.cosObject.size));
        assert.equal(cos.cosObject.key.toWellFormed(), `/1253970026/testpic/${change.key}`.toWellFormed());
        const path = new URL(cos.cosObject.url).pathname;
        if (!/\/\.{0,2}(\/|$)/.test(`/${change.key}`)) {
          assert.equal(decodeURIComponent(path), `/${change.key.toWellFormed()}`);
        }
      }),
    );
  });
});
