// The kind under the verbs of control, which has the rules that hold for all kinds.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CreateTrigger } from '../../control/control.ts';
import { KEY, rejects, scene } from '../../control/fixture.ts';
import { aBucket, aNotice, FakeStore } from './fixture.ts';
import { type CosKindSettings, cosKind } from './kind.ts';

const BUCKET = 'photos-1250000000';
const NAME = `${BUCKET}.cos.${KEY.region}.myqcloud.com`;

const descOf = (event: string, Prefix = '', Suffix = '') =>
  JSON.stringify({ event: `cos:${event}`, filter: { Prefix, Suffix } });

async function started(settings: CosKindSettings = {}) {
  const store = new FakeStore(aBucket(BUCKET, KEY.region), aBucket('far-1250000000', 'ap-beijing'));
  const made = await scene({ kinds: { cos: cosKind(settings) }, host: () => store.host() });
  await made.made();
  await made.control.start();
  const { triggers } = made.control;
  const ref = (desc?: string) => ({ ...KEY, type: 'cos', triggerName: NAME, ...(desc && { desc }) });
  const create = (desc: string, change: Partial<CreateTrigger> = {}) =>
    triggers.create({ ...KEY, type: 'cos', triggerName: NAME, desc, ...change });
  const shown = async () => (await triggers.query(KEY)).rows.map(({ desc }) => desc).sort();
  const rules = () => store.rules.map(({ event, prefix, suffix }) => `${event} ${prefix}*${suffix}`).sort();
  return { ...made, bucket: store, triggers, ref, create, shown, rules };
}

describe('rules of one bucket on one function', () => {
  it('stand beside each other under its name, and are shown as clients compare them', async () => {
    const { create, shown, rules } = await started();
    await create(descOf('ObjectCreated:*', 'a/', '.jpg'));
    await create(descOf('ObjectRemove:Delete'));
    assert.deepEqual(await shown(), [
      `{"bucketUrl":"${NAME}","event":"cos:ObjectCreated:*","filter":{"Prefix":"a/","Suffix":".jpg"}}`,
      `{"bucketUrl":"${NAME}","event":"cos:ObjectRemove:Delete","filter":{"Prefix":"","Suffix":""}}`,
    ]);
    assert.deepEqual(rules(), ['cos:ObjectCreated:* a/*.jpg', 'cos:ObjectRemove:Delete *']);
  });

  it('are removed and switched by TriggerDesc, as created and as shown', async () => {
    const { create, triggers, ref, shown, rules } = await started();
    const [a, b, c] = [descOf('ObjectCreated:*', 'a'), descOf('ObjectCreated:*', 'b'), descOf('ObjectRemove:*')];
    for (const desc of [a, b, c]) await create(desc);
    await rejects(triggers.remove(ref()), 'InvalidParameterValue.TriggerDesc');
    await rejects(triggers.remove(ref('{"event":"cos:ObjectCreated:*"}')), 'InvalidParameterValue.TriggerDesc');
    await rejects(triggers.remove(ref(descOf('ObjectCreated:*', 'c'))), 'ResourceNotFound.Trigger');
    await triggers.setEnabled(ref(a), false);
    assert.deepEqual(rules(), ['cos:ObjectCreated:* b*', 'cos:ObjectRemove:* *']);
    const asShown = (await shown()).find(desc => desc.includes('"Prefix":"a"'));
    await triggers.setEnabled(ref(asShown), true);
    assert.equal(rules().length, 3);
    await triggers.remove(ref(a));
    await triggers.remove(ref('{"event":"cos:ObjectRemove:*"}'));
    await triggers.remove({ ...ref(), triggerName: `${BUCKET}.cos.${KEY.region}.tencentcos.cn` });
    assert.deepEqual([await shown(), rules()], [[], []]);
  });

  it('are ten at most', async () => {
    const { create } = await started();
    for (let i = 0; i < 10; i++) await create(descOf('ObjectCreated:*', `${i}/`));
    const tooMany = await rejects(create(descOf('ObjectRemove:*')), 'LimitExceeded.Trigger');
    assert.match(tooMany.text('en'), /10 of type cos/);
  });

  it('are one each', async () => {
    const { create } = await started();
    await create(descOf('ObjectCreated:*', 'a'));
    await rejects(create(descOf('ObjectCreated:*', 'a')), 'ResourceInUse.Trigger');
    await rejects(create(descOf('ObjectCreated:Put', 'a/b')), 'ResourceInUse.Cos');
  });
});

describe('rules of several functions', () => {
  it('are switched on again only where no other has taken the place', async () => {
    const { create, made, triggers, ref } = await started();
    const desc = descOf('ObjectCreated:*');
    await made({ name: 'other' });
    await create(desc);
    const refused = await rejects(create(desc, { name: 'other' }), 'ResourceInUse.Cos');
    assert.match(refused.text('en'), /default\/hello .*NotifyRuleEventConflict/);
    await triggers.setEnabled(ref(desc), false);
    await create(desc, { name: 'other' });
    await rejects(triggers.setEnabled(ref(desc), true), 'ResourceInUse.Cos');
    await triggers.update({ ...ref(desc), description: 'still off' });
    await triggers.remove({ ...ref(desc), name: 'other' });
    await triggers.setEnabled(ref(desc), true);
  });

  it('that are asked for at once are one', async () => {
    const { create, made, bucket } = await started();
    await made({ name: 'other' });
    const both = await Promise.allSettled([
      create(descOf('ObjectCreated:*')),
      create(descOf('ObjectCreated:Put'), { name: 'other' }),
    ]);
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    assert.equal(bucket.rules.length, 1);
  });
});

describe('what cannot be', () => {
  it('is refused with its code, and leaves nothing', async () => {
    const { create, shown, rules } = await started();
    const desc = descOf('ObjectCreated:*');
    const named = (triggerName: string) => create(desc, { triggerName });
    await rejects(named('photos'), 'InvalidParameterValue.TriggerName');
    await rejects(named(`none-1250000000.cos.${KEY.region}.myqcloud.com`), 'ResourceNotFound.Cos');
    await rejects(named(`${BUCKET}.cos.ap-beijing.myqcloud.com`), 'InvalidParameterValue.CosBucketRegion');
    await rejects(named('far-1250000000.localhost:9701'), 'InvalidParameterValue.CosBucketRegion');
    await rejects(create('cos:ObjectCreated:*'), 'InvalidParameterValue.TriggerDesc');
    await rejects(create(descOf('ObjectRemove>Delete')), 'InvalidParameterValue.TriggerDesc');
    assert.deepEqual([await shown(), rules()], [[], []]);
  });

  it('is a web function', async () => {
    const { create, made } = await started();
    await made({ name: 'web', wire: { Type: 'HTTP' } });
    await rejects(create(descOf('ObjectCreated:*'), { name: 'web' }), 'UnsupportedOperation.Trigger');
  });
});

it('a rule is told of objects from its creation to its end', async () => {
  const { create, triggers, ref, bucket } = await started();
  const notice = aNotice({ bucket: BUCKET, region: KEY.region });
  await bucket.tell(notice);
  await create(descOf('ObjectCreated:*', '/test'));
  await bucket.tell(notice);
  await bucket.tell({ ...notice, key: 'other' });
  await triggers.update({ ...ref(), desc: descOf('ObjectCreated:*', 'other') });
  await bucket.tell({ ...notice, key: 'other' });
  await triggers.remove(ref());
  await bucket.tell(notice);
  const keys = bucket.events.map(({ body }) => /"key":"([^"]*)"/.exec(body.toString())?.[1]);
  assert.deepEqual(keys, ['/1250000000/photos/testfile', '/1250000000/photos/other']);
});
