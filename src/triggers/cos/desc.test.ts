import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CloudError } from '../../core/errors.ts';
import { formatCos, isMeant, parseCos, ruleOf } from './desc.ts';
import { bucketOf, checkCosName, regionOf } from './names.ts';
import { ruleEvents } from './rules.ts';

const parse = (value: unknown, appendNamed = false) =>
  parseCos(typeof value === 'string' ? value : JSON.stringify(value), {}, appendNamed);

const refused =
  (words: RegExp, code = 'InvalidParameterValue.TriggerDesc') =>
  (error: unknown) => {
    assert.ok(error instanceof CloudError, String(error));
    assert.equal(error.code, code);
    assert.match(error.text('en'), words);
    assert.match(error.text('zh'), /[\u4e00-\u9fff]/);
    return true;
  };

const CREATED = 'cos:ObjectCreated:*';
const whole = { event: CREATED, filter: { Prefix: 'a/', Suffix: '.jpg' } };

describe('TriggerDesc', () => {
  it('is read as documented, with spaces too', () => {
    const desc = { event: CREATED, prefix: 'a/', suffix: '.jpg' };
    assert.deepEqual(parse(whole), desc);
    assert.deepEqual(parse(JSON.stringify(whole, undefined, 2)), desc);
  });

  it('has empty filters where it says nothing of them', () => {
    const desc = { event: CREATED, prefix: '', suffix: '' };
    for (const filter of [undefined, null, {}, { Prefix: '' }, { Suffix: '', Prefix: null }])
      assert.deepEqual(parse({ event: CREATED, filter }), desc);
  });

  it('is refused where it is not what it must be', () => {
    for (const [given, words] of [
      ['', /not JSON/],
      ['[]', /JSON object/],
      ['{}', /event is missing/],
      [{ event: 1 }, /event must be a text/],
      [{ event: 'ObjectCreated:Put' }, /it is cos:ObjectCreated:Put/],
      [{ event: 's3:ObjectCreated:*' }, /it is cos:ObjectCreated:\*/],
      [{ event: 'cos:ObjectRemove>Delete' }, /it is cos:ObjectRemove:Delete/],
      [{ event: 'cos:objectcreated:put' }, /it is cos:ObjectCreated:Put/],
      [{ event: 'cos:ObjectCreated' }, /there are cos:ObjectCreated:\*, /],
      [{ event: 'cos:*' }, /there are/],
      [{ event: 'cos:ObjectCreated:AppendObject' }, /there are/],
      [{ event: CREATED, filter: 'a' }, /filter must be/],
      [{ event: CREATED, filter: { prefix: 'a' } }, /no prefix/],
      [{ event: CREATED, filter: { Prefix: ['a'] } }, /Prefix must be a text/],
      [{ event: CREATED, filter: { Suffix: 'jpg' } }, /begin with a dot; it is jpg/],
    ] as const)
      assert.throws(() => parse(given), refused(words), JSON.stringify(given));
  });

  it('takes every documented event', () => {
    const documented =
      'ObjectCreated:* ObjectCreated:Put ObjectCreated:Post ObjectCreated:Copy ObjectCreated:CompleteMultipartUpload ' +
      'ObjectCreated:Origin ObjectCreated:Replication ObjectRemove:* ObjectRemove:Delete ' +
      'ObjectRemove:DeleteMarkerCreated ObjectRestore:* ObjectRestore:Post ObjectRestore:Completed';
    const events = documented.split(' ').map(name => `cos:${name}`);
    assert.deepEqual([...ruleEvents(false)].sort(), [...events].sort());
    for (const event of events) assert.equal(parse({ event }).event, event);
  });

  it('names appending where that was asked for', () => {
    const event = 'cos:ObjectCreated:AppendObject';
    assert.equal(parse({ event }, true).event, event);
  });

  it('is given back as clients compare it', () => {
    const desc = { ...parse(whole), bucketUrl: 'b-1.cos.ap-x.myqcloud.com' };
    assert.equal(
      formatCos(desc),
      '{"bucketUrl":"b-1.cos.ap-x.myqcloud.com","event":"cos:ObjectCreated:*","filter":{"Prefix":"a/","Suffix":".jpg"}}',
    );
    assert.equal(formatCos(parse(whole)), JSON.stringify(whole));
  });

  it('is a whole on an update, but stays with its bucket', () => {
    const previous = { ...parse(whole), bucketUrl: 'b-1.example' };
    assert.deepEqual(parseCos('{"event":"cos:ObjectRemove:*"}', { previous }, false), {
      event: 'cos:ObjectRemove:*',
      prefix: '',
      suffix: '',
      bucketUrl: 'b-1.example',
    });
  });

  it('comes back the same through its text', () => {
    const texts = fc.record(
      {
        event: fc.constantFrom(...ruleEvents(false)),
        prefix: fc.string(),
        suffix: fc.oneof(
          fc.constant(''),
          fc.string().map(text => `.${text}`),
        ),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(texts, desc => {
        assert.deepEqual(parse(formatCos(desc)), desc);
        assert.equal(isMeant(desc, formatCos(desc)), true);
      }),
    );
  });

  it('is read or refused in words, whatever it is', () => {
    const fields = fc.dictionary(
      fc.constantFrom('event', 'filter', 'bucketUrl', 'x'),
      fc.oneof(fc.jsonValue(), fc.constant(CREATED)),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fields.map(value => JSON.stringify(value)),
        ),
        text => {
          try {
            const desc = parse(text);
            assert.deepEqual(parse(formatCos(desc)), desc);
          } catch (error) {
            refused(/./)(error);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('loses one leading slash of its prefix where keys are compared, and keeps it where it is shown', () => {
    const desc = parse({ event: CREATED, filter: { Prefix: '//a' } });
    assert.equal(ruleOf(desc).prefix, '/a');
    assert.equal(desc.prefix, '//a');
  });
});

describe('which trigger a TriggerDesc means', () => {
  const desc = { event: CREATED, prefix: 'a', suffix: '.b', bucketUrl: 'b-1.cos.ap-x.myqcloud.com' };
  const filter = { Prefix: 'a', Suffix: '.b' };
  const means = (value: object) => isMeant(desc, JSON.stringify(value));

  it('is the one that was created so, or is shown so', () => {
    assert.equal(means({ event: CREATED, filter }), true);
    assert.equal(means({ bucketUrl: desc.bucketUrl, event: CREATED, filter }), true);
    assert.equal(means({ bucketUrl: 'b-1.cos.ap-x.tencentcos.cn', event: CREATED, filter }), true);
    assert.equal(means({ event: CREATED, filter: { ...filter, Prefix: '/a' } }), true);
  });

  it('is one with that event where no more is said', () => {
    assert.equal(means({ event: CREATED }), true);
    assert.equal(means({ event: 'cos:ObjectRemove:*' }), false);
  });

  it('is no other', () => {
    for (const other of [
      { event: 'cos:ObjectCreated:Put', filter },
      { event: CREATED, filter: {} },
      { event: CREATED, filter: { Prefix: 'a' } },
      { event: CREATED, filter: { Suffix: '.b' } },
      { bucketUrl: 'c-1.cos.ap-x.myqcloud.com', event: CREATED, filter },
    ])
      assert.equal(means(other), false, JSON.stringify(other));
  });

  it('cannot be told from what is none', () => {
    assert.throws(() => isMeant(desc, 'cos:ObjectCreated:*'), refused(/not JSON/));
    assert.throws(() => isMeant(desc, '{}'), refused(/event is missing/));
  });
});

describe('TriggerName', () => {
  const told: readonly (readonly [name: string, region: string | undefined])[] = [
    ['b-1.cos.ap-guangzhou.myqcloud.com', 'ap-guangzhou'],
    ['b-1.cos.ap-beijing-1.tencentcos.cn', 'ap-beijing-1'],
    ['b-1.cos-internal.ap-guangzhou.tencentcos.cn', 'ap-guangzhou'],
    ['b-1.cos.ap-guangzhou.localhost:9701', 'ap-guangzhou'],
    ['B-1.COS.AP-Guangzhou.myqcloud.com', 'ap-guangzhou'],
    ['b-1.cos.accelerate.myqcloud.com', undefined],
    ['b-1.localhost:9701', undefined],
    ['b-1.store.example', undefined],
  ];

  it('tells the bucket, and its region where it is a name of the cloud’s', () => {
    for (const [name, region] of told) {
      checkCosName(name);
      assert.deepEqual([bucketOf(name), regionOf(name)], ['b-1', region], name);
    }
  });

  it('is refused without bucket or host', () => {
    const wrong = ['', 'b-1', 'bucket.cos.ap-x.myqcloud.com', '-b-1.example', 'http://b-1.example', 'b-1.a b'];
    for (const name of [...wrong, 'b-1.', 'b-1..example', 'b-1.example/', `b-1.${'a'.repeat(260)}`])
      assert.throws(() => checkCosName(name), refused(/host of the bucket/, 'InvalidParameterValue.TriggerName'), name);
  });
});
