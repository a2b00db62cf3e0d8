import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { aVersion } from '../core/fixture.ts';
import { type AsyncSettings, checkAsyncRun, checkAsyncType, deadLetterOf } from './async.ts';
import { creation, KEY, rejects, scene, throws } from './fixture.ts';

const target = (type: string, name: string, filterType = '') => deadLetterOf({ type, name, filterType });

describe('a dead letter target', () => {
  test('is kept under the documented names, however it was written', () => {
    for (const type of ['CMQ-TOPIC', 'cmq-topic', 'topic', 'Topic'])
      assert.deepEqual(target(type, 'dlq', 'tag'), { type: 'CMQ-TOPIC', name: 'dlq', filterType: 'tag' });
    for (const type of ['CMQ-QUEUE', 'Cmq-Queue', 'queue', 'QUEUE'])
      assert.deepEqual(target(type, 'd'), { type: 'CMQ-QUEUE', name: 'd', filterType: '' });
  });

  test('is none when neither type nor name is said', () => {
    assert.equal(target('', ''), null);
    assert.equal(target('', '', 'tag'), null);
  });

  test('is refused with half of it, another type or a name that no topic or queue has', () => {
    const code = 'InvalidParameterValue.DeadLetterConfig';
    for (const type of ['', 'CMQ', 'CMQ-TOPICS', 'TDMQ', ' topic']) throws(() => target(type, 'dlq'), code);
    for (const name of ['', '1st', '-a', 'a b', 'a/b', '死信', 'a'.repeat(65)])
      throws(() => target('CMQ-QUEUE', name), code);
    assert.equal(target('queue', `a${'-_9'.repeat(21)}`)?.name.length, 64);
  });

  test('the refusal says what to write, in both languages', async () => {
    const { control } = await scene();
    const create = (type: string, name: string) =>
      control.functions.create(creation({ deadLetter: { type, name, filterType: '' } }));
    const type = await rejects(create('Kafka', 'dlq'), 'InvalidParameterValue.DeadLetterConfig');
    assert.match(type.text('en'), /DeadLetterConfig is wrong: Type is "Kafka"; use CMQ-TOPIC or CMQ-QUEUE/);
    assert.match(type.text('zh'), /Type 为“Kafka”，请使用 CMQ-TOPIC 或 CMQ-QUEUE/);
    const name = await rejects(create('queue', '1'), 'InvalidParameterValue.DeadLetterConfig');
    assert.match(name.text('en'), /Name is "1"/);
    assert.match(name.text('zh'), /Name 为“1”/);
  });
});

test('web functions have no asynchronous settings', () => {
  const web = (settings: AsyncSettings) => () => checkAsyncType(settings, 'HTTP');
  throws(web({ asyncRun: true }), 'InvalidParameterValue');
  throws(web({ traced: true }), 'InvalidParameterValue');
  checkAsyncType({ asyncRun: false, traced: false }, 'HTTP');
  checkAsyncType({ asyncRun: true, traced: true }, 'Event');
  checkAsyncType({ asyncRun: true, traced: true }, undefined);
});

test('asynchronous execution may be repeated and not changed', () => {
  for (const asyncRun of [true, false]) {
    const latest = aVersion({ asyncRun });
    checkAsyncRun(latest, {});
    checkAsyncRun(latest, { asyncRun });
    throws(() => checkAsyncRun(latest, { asyncRun: !asyncRun }), 'InvalidParameterValue');
  }
});

const DLQ = { type: 'topic', name: 'dlq', filterType: 'tag' };
const KEPT = { type: 'CMQ-TOPIC', name: 'dlq', filterType: 'tag' };
const ON = { asyncRun: true, traced: true, deadLetter: DLQ, timeoutS: 86_400 };

async function house() {
  const made = await scene();
  const { functions } = made.control;
  const settings = async (key = KEY, qualifier?: string) => {
    const { version } = await functions.get(key, qualifier);
    const { asyncRun, traced, deadLetter, timeoutS } = version;
    return { asyncRun, traced, deadLetter, timeoutS };
  };
  const update = (change: object) => functions.updateConfiguration({ ...KEY, ...change, wire: {} });
  const revision = async () => (await functions.get(KEY)).version.revision;
  return { ...made, functions, settings, update, revision };
}

describe('asynchronous settings of a function', () => {
  test('are off unless they are said', async () => {
    const { made, settings } = await house();
    await made();
    assert.deepEqual(await settings(), { asyncRun: false, traced: false, deadLetter: null, timeoutS: 3 });
  });

  test('live with it: made, published, copied, and in the store', async () => {
    const { made, control, functions, settings, store } = await house();
    await made(ON);
    const all = { ...ON, deadLetter: KEPT };
    assert.deepEqual(await settings(), all);
    await control.versions.publish(KEY, {});
    await control.settled();
    assert.deepEqual(await settings(KEY, '1'), all);
    const to = { ...KEY, name: 'copied' };
    await functions.copy({ from: KEY, to });
    await control.settled();
    assert.deepEqual(await settings(to), all);
    const { version } = await (await scene({ store })).control.functions.get(to);
    assert.deepEqual([version.asyncRun, version.traced, version.deadLetter], [true, true, KEPT]);
  });

  test('a copy of the code alone has none of them', async () => {
    const { made, control, functions, settings } = await house();
    await made(ON);
    const to = { ...KEY, name: 'copied' };
    await functions.copy({ from: KEY, to, copyConfiguration: false });
    await control.settled();
    assert.deepEqual(await settings(to), { asyncRun: false, traced: false, deadLetter: null, timeoutS: 3 });
  });

  test('change without a new revision: no instance notices them', async () => {
    const { made, settings, update, revision } = await house();
    await made();
    await update({ traced: true, deadLetter: { type: 'CMQ-QUEUE', name: 'q', filterType: '' } });
    assert.deepEqual(await settings(), {
      asyncRun: false,
      traced: true,
      deadLetter: { type: 'CMQ-QUEUE', name: 'q', filterType: '' },
      timeoutS: 3,
    });
    await update({ description: 'kept' });
    assert.equal((await settings()).deadLetter?.name, 'q');
    await update({ traced: false, deadLetter: { type: '', name: '', filterType: '' } });
    assert.deepEqual(await settings(), { asyncRun: false, traced: false, deadLetter: null, timeoutS: 3 });
    assert.equal(await revision(), 1);
  });

  test('asynchronous execution stays as it was made; the same value passes', async () => {
    const { made, settings, update } = await house();
    await made(ON);
    const refused = await rejects(update({ asyncRun: false, description: 'x' }), 'InvalidParameterValue');
    assert.match(refused.text('en'), /AsyncRunEnable is wrong: the function hello was made with TRUE/);
    assert.match(refused.text('zh'), /AsyncRunEnable 取值错误：函数 hello 创建时为 TRUE，创建后不能修改/);
    await update({ asyncRun: true, traced: false });
    const { asyncRun, traced } = await settings();
    assert.deepEqual([asyncRun, traced], [true, false]);
  });

  test('only with it a run may take a day', async () => {
    const { made, control, settings, update } = await house();
    await rejects(control.functions.create(creation({ timeoutS: 901 })), 'LimitExceeded.Timeout');
    const tooLong = creation({ timeoutS: 86_401, asyncRun: true });
    const refused = await rejects(control.functions.create(tooLong), 'LimitExceeded.Timeout');
    assert.match(refused.text('en'), /1 to 86400 s/);
    await made({ asyncRun: true, timeoutS: 901 });
    await update({ timeoutS: 86_400 });
    assert.equal((await settings()).timeoutS, 86_400);
    await rejects(update({ timeoutS: 86_401 }), 'LimitExceeded.Timeout');
    await made({ name: 'short' });
    const short = { ...KEY, name: 'short', wire: {} };
    await rejects(control.functions.updateConfiguration({ ...short, timeoutS: 901 }), 'LimitExceeded.Timeout');
    await control.functions.updateConfiguration({ ...short, timeoutS: 900 });
  });

  test('a bad target of an update changes nothing', async () => {
    const { made, settings, update } = await house();
    await made(ON);
    const bad = { type: 'topic', name: '', filterType: '' };
    await rejects(update({ traced: false, deadLetter: bad }), 'InvalidParameterValue.DeadLetterConfig');
    assert.deepEqual(await settings(), { ...ON, deadLetter: KEPT });
  });
});
