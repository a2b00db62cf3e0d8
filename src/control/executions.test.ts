import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anEvent } from '../core/fixture.ts';
import type { FunctionKey } from '../core/function.ts';
import type { ExecutionEnd } from '../core/ports.ts';
import type { ListExecutions } from './control.ts';
import type { Terminate } from './executions.ts';
import { KEY, NOW, rejects, scene } from './fixture.ts';

interface Given {
  readonly target?: FunctionKey;
  readonly version?: string;
  readonly source?: string;
  readonly traced?: boolean;
  readonly at?: number;
  readonly end?: ExecutionEnd;
}

const FINISHED = (endedAt: number): ExecutionEnd => ({ state: 'FINISHED', status: 200, endedAt });

/** A function with asynchronous execution, and a queue whose events a test begins and ends. */
async function house(terminate: Terminate = async () => 'aborted') {
  const asked: [string, boolean][] = [];
  const made = await scene({
    terminate: (requestId, graceful) => {
      asked.push([requestId, graceful]);
      return terminate(requestId, graceful);
    },
  });
  const { control, events } = made;
  await made.made({ asyncRun: true, traced: true });

  async function execution(requestId: string, given: Given = {}): Promise<void> {
    const { target = KEY, version = '$LATEST', source = 'invoke', traced = true, at = NOW, end } = given;
    const event = anEvent({ requestId, target, source });
    await events.queue.push(
      { event, acceptedAt: at, dueAt: at, retryNum: 0, runErrors: 0, execution: { version, traced } },
      100,
    );
    if (end) await events.queue.cancel(requestId, end);
  }
  const list = (query: Partial<ListExecutions> = {}) => control.executions.list({ ...KEY, ...query });
  const ids = async (query: Partial<ListExecutions> = {}) =>
    (await list(query)).rows.map(row => row.requestId).join('');
  return { ...made, asked, execution, list, ids };
}

/** c the first that began, a the last; b is the first that ended. */
async function three() {
  const made = await house();
  await made.execution('a', { at: NOW + 3, source: 'cos', version: '2' });
  await made.execution('b', { at: NOW + 2, source: 'timer', end: { state: 'FAILED', status: 430, endedAt: NOW + 10 } });
  await made.execution('c', { at: NOW + 1, version: '1', end: FINISHED(NOW + 20) });
  return made;
}

describe('a list of executions', () => {
  test('has the newest first, other orders when asked, and pages', async () => {
    const { ids, list } = await three();
    assert.equal(await ids(), 'abc');
    assert.equal(await ids({ order: 'asc' }), 'cba');
    assert.equal(await ids({ orderBy: 'EndTime', order: 'DESC' }), 'cba');
    assert.equal(await ids({ orderBy: 'EndTime', order: 'ASC' }), 'abc', 'one that runs has not ended');
    assert.equal(await ids({ offset: 1, limit: 1 }), 'b');
    assert.deepEqual(await list({ limit: 0 }), { total: 3, rows: [] });
    assert.equal((await list({ limit: 100 })).total, 3);
  });

  test('is filtered by id, source, state and version', async () => {
    const { ids, control } = await three();
    assert.equal(await ids({ requestId: 'b' }), 'b');
    assert.equal(await ids({ requestId: 'x' }), '');
    assert.equal(await ids({ sources: ['COS'] }), 'a');
    assert.equal(await ids({ sources: ['cos', 'Invoke', ''] }), 'ac');
    assert.equal(await ids({ sources: [''] }), 'abc');
    assert.equal(await ids({ states: ['RUNNING'] }), 'a');
    assert.equal(await ids({ states: ['failed', 'FINISHED'] }), 'bc');
    assert.equal(await ids({ states: ['ABORTED'] }), '');
    assert.equal(await ids({ qualifier: '1' }), 'c');
    assert.equal(await ids({ qualifier: '$LATEST' }), 'b');
    assert.equal(await ids({ qualifier: '9' }), '', 'a version may be gone');
    assert.equal(await ids({ qualifier: '$DEFAULT' }), 'b', 'an alias stands for its main version');
    await control.versions.publish(KEY, {});
    await control.settled();
    await control.aliases.create(KEY, { alias: 'prod', version: '1' });
    assert.equal(await ids({ qualifier: 'prod' }), 'c');
  });

  test('is filtered by intervals that have their start and not their end', async () => {
    const { ids } = await three();
    const between = (from: number, before: number) => ({ from: NOW + from, before: NOW + before });
    assert.equal(await ids({ started: between(2, 3) }), 'b');
    assert.equal(await ids({ started: between(1, 3) }), 'bc');
    assert.equal(await ids({ ended: between(10, 20) }), 'b');
    assert.equal(await ids({ ended: { from: -5, before: NOW + 21 } }), 'bc', 'one that runs is in no such interval');
    assert.equal(await ids({ started: between(1, 2), ended: between(10, 11) }), '');
  });

  test('has traced ones of this function alone', async () => {
    const { ids, execution, made } = await house();
    await made({ name: 'other', asyncRun: true });
    await execution('a');
    await execution('b', { traced: false });
    await execution('c', { target: { ...KEY, name: 'other' } });
    await execution('d', { target: { ...KEY, region: 'ap-beijing' } });
    assert.equal(await ids(), 'a');
    assert.equal(await ids({ name: 'other' }), 'c');
  });

  test('is empty for a function without asynchronous execution, whatever a former one has left', async () => {
    const { list, execution, made } = await house();
    const target = { ...KEY, name: 'sync' };
    await made({ name: 'sync', traced: true });
    await execution('a', { target });
    assert.deepEqual(await list(target), { total: 0, rows: [] });
  });

  test('refuses bad values, in words', async () => {
    const { list } = await house();
    await rejects(list({ name: 'none' }), 'ResourceNotFound.Function');
    await rejects(list({ qualifier: 'none' }), 'ResourceNotFound.Qualifier');
    await rejects(list({ orderBy: 'Duration' }), 'InvalidParameterValue.Orderby');
    await rejects(list({ order: 'up' }), 'InvalidParameterValue.Order');
    await rejects(list({ offset: 0.5 }), 'InvalidParameterValue.Offset');
    const limit = await rejects(list({ limit: 101 }), 'InvalidParameterValue.Limit');
    assert.equal(limit.text('en'), 'Limit is 101; use an integer from 0 to 100.');
    assert.equal(limit.text('zh'), 'Limit 取值 101 错误，请使用 0 至 100 的整数。');
    const state = await rejects(list({ states: ['FINISHED', 'WAITING'] }), 'InvalidParameterValue.Status');
    assert.match(state.text('en'), /The filter Status is WAITING; use one of RUNNING, FINISHED, FAILED, ABORTED/);
    for (const name of ['started', 'ended'] as const) {
      await rejects(list({ [name]: { from: NOW, before: NOW } }), 'InvalidParameterValue.DateTime');
      const error = await rejects(list({ [name]: { from: NOW, before: NOW - 1 } }), 'InvalidParameterValue.DateTime');
      assert.match(error.text('zh'), name === 'started' ? /StartTimeInterval 的 End/ : /EndTimeInterval 的 End/);
    }
  });
});

test('one is shown by its id, traced or not, in its own region', async () => {
  const { control, execution } = await house();
  const { executions } = control;
  await execution('a', { traced: false, end: { state: 'ABORTED', status: 499, endedAt: NOW } });
  const row = await executions.get('a');
  assert.deepEqual([row.state, row.status, row.target], ['ABORTED', 499, KEY]);
  assert.equal((await executions.get('a', KEY.region)).requestId, 'a');
  await rejects(executions.get('a', 'ap-beijing'), 'ResourceNotFound.AsyncEvent');
  const unknown = await rejects(executions.get('b'), 'ResourceNotFound.AsyncEvent');
  assert.match(unknown.text('zh'), /^未找到指定的AsyncEvent，请检查后重试。没有异步事件 b/);
  assert.match(unknown.text('en'), /no asynchronous event b/);
});

describe('breaking off', () => {
  test('asks for the way that was chosen', async () => {
    for (const done of ['aborted', 'signalled'] as const) {
      const { control, execution, asked } = await house(async () => done);
      await execution('a');
      await control.executions.terminate(KEY, 'a', done === 'signalled');
      assert.deepEqual(asked, [['a', done === 'signalled']]);
    }
  });

  test('takes what runs and nothing else', async () => {
    const { control, execution, asked } = await house();
    await execution('a', { end: FINISHED(NOW) });
    await execution('b', { target: { ...KEY, name: 'other' } });
    const terminate = (requestId: string, key = KEY) => control.executions.terminate(key, requestId, false);
    const over = await rejects(terminate('a'), 'FailedOperation.AsyncEventStatus');
    assert.match(over.text('en'), /a is FINISHED and cannot be terminated: only one that is RUNNING/);
    assert.match(over.text('zh'), /a 当前状态为 FINISHED，不能终止：只有 RUNNING/);
    await rejects(terminate('b'), 'ResourceNotFound.AsyncEvent');
    await rejects(terminate('c'), 'ResourceNotFound.AsyncEvent');
    await rejects(terminate('a', { ...KEY, name: 'none' }), 'ResourceNotFound.Function');
    assert.deepEqual(asked, []);
  });

  test('reaches an execution whose function is gone', async () => {
    const { control, execution, asked } = await house();
    await execution('a');
    await control.functions.delete(KEY);
    await control.executions.terminate(KEY, 'a', false);
    assert.deepEqual(asked, [['a', false]]);
  });

  test('one that ended in the meantime is told with its state', async () => {
    const { control, execution, events } = await house(async requestId => {
      await events.queue.cancel(requestId, FINISHED(NOW));
      return 'absent';
    });
    await execution('a');
    const error = await rejects(control.executions.terminate(KEY, 'a', false), 'FailedOperation.AsyncEventStatus');
    assert.match(error.text('en'), /FINISHED/);
  });

  test('one that is not here is not called terminated', async () => {
    const { control, execution } = await house(async () => 'absent');
    await execution('a');
    const error = await rejects(control.executions.terminate(KEY, 'a', false), 'FailedOperation.AsyncEventStatus');
    assert.match(error.text('en'), /a is RUNNING .*neither in the queue nor running on this server/);
    assert.match(error.text('zh'), /既不在队列中，也不在本服务器上运行/);
  });
});

test('without a queue there are no executions', async () => {
  const { control, made } = await scene({ executions: undefined });
  await made({ asyncRun: true, traced: true });
  assert.deepEqual(await control.executions.list(KEY), { total: 0, rows: [] });
  await rejects(control.executions.get('a'), 'ResourceNotFound.AsyncEvent');
  await rejects(control.executions.terminate(KEY, 'a', false), 'ResourceNotFound.AsyncEvent');
  await control.start();
  await control.close();
});
