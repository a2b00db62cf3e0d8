import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CloudError } from '../../core/errors.ts';
import { ASYNC_EVENT_BYTES } from '../../core/limits.ts';
import type { Log } from '../../core/log.ts';
import { NO_LOG } from '../../core/log.ts';
import type { ObjectEventName } from '../../services/cos/model.ts';
import type { CosTrigger } from './event.ts';
import { aBucket, aNotice, aTrigger, BUCKET, FakeStore, NAME, REGION } from './fixture.ts';
import { type CosKindSettings, cosKind } from './kind.ts';

const CREATED = '{"event":"cos:ObjectCreated:*"}';

/** As control does it: parsed, then bound. */
async function bound(store: FakeStore, change: Partial<CosTrigger> = {}, text = CREATED): Promise<CosTrigger> {
  const kind = cosKind();
  const plan = aTrigger({ desc: kind.parse(text, { functionName: 'printevent' }), ...change });
  kind.checkName(plan.triggerName);
  return { ...plan, ...(await kind.bind?.(plan, store.host())) };
}

const refused =
  (code: string, words = /./) =>
  (error: unknown) => {
    assert.ok(error instanceof CloudError, String(error));
    assert.equal(error.code, code);
    assert.match(error.text('en'), words);
    for (const language of ['zh', 'en'] as const) assert.doesNotMatch(error.text(language), /\{\w+\}/);
    return true;
  };

describe('binding', () => {
  it('finds the bucket and remembers its name, the same again and again', async () => {
    const store = new FakeStore();
    const trigger = await bound(store);
    assert.equal(trigger.desc.bucketUrl, NAME);
    assert.equal(trigger.resourceId, `qcs::cos:${REGION}:uid/1253970026:${BUCKET}`);
    assert.equal(
      cosKind().format(trigger.desc),
      `{"bucketUrl":"${NAME}","event":"cos:ObjectCreated:*","filter":{"Prefix":"","Suffix":""}}`,
    );
    assert.deepEqual({ ...trigger, ...(await cosKind().bind?.(trigger, store.host())) }, trigger);
  });

  it('takes all names of the bucket', async () => {
    for (const triggerName of [`${BUCKET}.cos.${REGION}.tencentcos.cn`, `${BUCKET}.localhost:9701`]) {
      const trigger = await bound(new FakeStore(), { triggerName });
      assert.equal(trigger.desc.bucketUrl, triggerName);
      assert.equal(cosKind().named?.(trigger.desc, NAME), true);
      assert.equal(cosKind().named?.(trigger.desc, 'other-1.localhost'), false);
    }
  });

  it('refuses a bucket that is not there, and one that is elsewhere', async () => {
    await assert.rejects(
      bound(new FakeStore(aBucket('b-1')), {}),
      refused('ResourceNotFound.Cos', new RegExp(`${BUCKET}; create it`)),
    );
    const region = 'InvalidParameterValue.CosBucketRegion';
    await assert.rejects(bound(new FakeStore(), { region: 'ap-beijing' }), refused(region, /ap-chengdu .* ap-beijing/));
    const moved = new FakeStore(aBucket(BUCKET, 'ap-beijing'));
    await assert.rejects(bound(moved), refused(region, /in ap-beijing and the function in ap-chengdu/));
    await assert.rejects(bound(moved, { triggerName: `${BUCKET}.localhost` }), refused(region));
  });

  it('refuses a bucketUrl of another bucket', async () => {
    const text = JSON.stringify({ bucketUrl: 'b-1.example', event: 'cos:ObjectCreated:*' });
    await assert.rejects(
      bound(new FakeStore(), {}, text),
      refused('InvalidParameterValue.TriggerDesc', /b-1\.example/),
    );
  });

  it('lets a trigger that has lost its bucket be switched off, not on', async () => {
    const store = new FakeStore();
    const trigger = await bound(store);
    store.drop(BUCKET);
    const kind = cosKind();
    const off = { ...trigger, enabled: false };
    assert.equal((await kind.bind?.(off, store.host()))?.resourceId, trigger.resourceId);
    await assert.rejects(async () => kind.bind?.(trigger, store.host()), refused('ResourceNotFound.Cos'));
    await assert.rejects(bound(store, { enabled: false }), refused('ResourceNotFound.Cos'));
  });
});

describe('listening', () => {
  async function listening(settings: CosKindSettings = {}, text = CREATED) {
    const store = new FakeStore();
    const kind = cosKind(settings);
    const trigger = { ...(await bound(store)), desc: kind.parse(text, { functionName: 'printevent' }) };
    return { store, kind, trigger, listener: kind.listen(trigger, store.host()) };
  }
  const namesOf = ({ events }: FakeStore) =>
    events.map(({ body }) => /"eventName":"([^"]*)"/.exec(body.toString())?.[1] ?? '');

  it('tells the store its rule as it was given', async () => {
    const { store, trigger, listener } = await listening(
      {},
      '{"event":"cos:ObjectCreated:Put","filter":{"Prefix":"/a","Suffix":".b"}}',
    );
    const rule = { triggerId: trigger.id, bucket: BUCKET, event: 'cos:ObjectCreated:Put', prefix: '/a', suffix: '.b' };
    assert.deepEqual(store.rules, [rule]);
    await store.tell(aNotice({ key: 'a/x.b' }));
    assert.equal(store.events.length, 1);
    listener[Symbol.dispose]();
    assert.deepEqual(store.rules, []);
  });

  it('calls the function of the trigger with the event', async () => {
    const { store } = await listening();
    await store.tell(aNotice());
    const [event] = store.events;
    assert.deepEqual(event?.target, { region: REGION, namespace: 'default', name: 'printevent' });
    assert.deepEqual([event?.source, event?.qualifier], ['cos', '$LATEST']);
    const { Records } = JSON.parse(event?.body.toString() ?? '') as { Records: { cos: { cosObject: object } }[] };
    assert.equal(Records.length, 1);
    assert.match(JSON.stringify(Records[0]?.cos.cosObject), /"key":"\/1253970026\/testpic\/testfile"/);
  });

  it('gives one notice one id, and a number of nine digits, however often it is told', async () => {
    const { store } = await listening();
    for (const id of ['n-a', 'n-a', 'n-b']) await store.tell(aNotice(), id);
    const [first, again, next] = store.events;
    assert.deepEqual(again, first);
    assert.notEqual(next?.requestId, first?.requestId);
    assert.match(first?.requestId ?? '', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.match(first?.body.toString() ?? '', /"reqid":[1-9][0-9]{8}\}/);
  });

  it('gives one notice an id for each trigger', async () => {
    const { store, kind, trigger } = await listening();
    kind.listen({ ...trigger, id: 't-2' }, store.host());
    await store.tell(aNotice(), 'n-a');
    assert.equal(new Set(store.events.map(event => event.requestId)).size, 2);
  });

  it('tells the store when an event was not accepted', async () => {
    const { store } = await listening();
    store.refusing = true;
    await assert.rejects(store.tell(aNotice(), 'n-a'), /the queue is away/);
    store.refusing = false;
    await store.tell(aNotice(), 'n-a');
    assert.equal(store.events.length, 1);
  });

  it('drops what is above the limit, and says so', async () => {
    const said: object[] = [];
    const log: Log = { ...NO_LOG, error: about => void said.push(about as object) };
    const { store } = await listening({ log });
    const sized = (bytes: number) => aNotice({ headers: { 'x-cos-meta-a': 'x'.repeat(bytes) } });
    await store.tell(sized(ASYNC_EVENT_BYTES));
    assert.equal(store.events.length, 0);
    assert.equal(said.length, 1);
    await store.tell(sized(ASYNC_EVENT_BYTES - 4096));
    assert.equal(store.events.length, 1);
  });

  it('calls for what is appended as for all that is created, unless it is switched off', async () => {
    const append: ObjectEventName = 'ObjectCreated:AppendObject';
    const told = async (appendEvents: 'wildcard' | 'named' | 'off', text = CREATED) => {
      const { store } = await listening({ appendEvents }, text);
      await store.tell(aNotice({ name: append }));
      await store.tell(aNotice());
      return namesOf(store);
    };
    assert.deepEqual(await told('wildcard'), [`cos:${append}`, 'cos:ObjectCreated:Put']);
    assert.deepEqual(await told('off'), ['cos:ObjectCreated:Put']);
    assert.deepEqual(await told('named', `{"event":"cos:${append}"}`), [`cos:${append}`]);
    await assert.rejects(told('wildcard', `{"event":"cos:${append}"}`), refused('InvalidParameterValue.TriggerDesc'));
  });

  it('writes events as the settings have it', async () => {
    const { store } = await listening({ eventName: 'rule', extendedEvent: false });
    await store.tell(aNotice());
    assert.deepEqual(namesOf(store), ['cos:ObjectCreated:*']);
    const text = store.events[0]?.body.toString() ?? '';
    assert.doesNotMatch(text, /s3Region|ETag/);
  });
});

describe('the kind', () => {
  const kind = cosKind();

  it('shows a rule in a few words', () => {
    const summary = (filter: object) =>
      kind.summary(kind.parse(JSON.stringify({ event: 'cos:ObjectCreated:*', filter }), { functionName: 'f' }));
    assert.equal(summary({}), 'cos:ObjectCreated:*');
    assert.equal(summary({ Prefix: '/a/', Suffix: '.jpg' }), 'cos:ObjectCreated:* a/*.jpg');
  });

  it('keeps rules of a bucket apart by their TriggerDesc', async () => {
    const store = new FakeStore();
    const { desc } = await bound(store);
    assert.equal(kind.same?.(desc, kind.format(desc)), true);
    assert.equal(kind.same?.(desc, '{"event":"cos:ObjectRemove:*"}'), false);
  });

  it('hands conflicts its settings', async () => {
    const draft = await bound(new FakeStore());
    const foreignRules = () => [{ product: 'MPS', event: 'cos:ObjectCreated:Put' }];
    assert.throws(() => cosKind({ foreignRules }).conflict?.(draft, []), refused('ResourceInUse.Cos', /goes to MPS/));
    const other = { ...draft, id: 't-2', name: 'other' };
    assert.throws(() => kind.conflict?.(draft, [other]), refused('ResourceInUse.Cos', /default\/other/));
  });
});
