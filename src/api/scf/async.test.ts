// The actions of asynchronous events: what they ask of control, and the whole of them through the vendor's own client.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { scf } from 'tencentcloud-sdk-nodejs-scf';
import type { Terminate } from '../../control/executions.ts';
import { scene as controlScene, NOW } from '../../control/fixture.ts';
import { anEvent, KEY } from '../../core/fixture.ts';
import type { ExecutionEnd } from '../../core/ports.ts';
import { type Api, KEYS, startApi } from '../fixture.ts';
import { bindService } from '../service.ts';
import { refused, scene, storeOf } from './fixture.ts';
import { SCF_ACTIONS } from './index.ts';
import { zipOf } from './zip.ts';

const FunctionName = KEY.name;
const CHINA_MS = 8 * 3600_000;

async function exchange(action: string, request: object, answers = {}) {
  const { call, asked } = scene({ answers });
  const answer = await call(action, request);
  return { answer, asked: asked.map(({ verb, args }) => [verb, ...args]) };
}

const ROW = {
  requestId: 'a',
  target: KEY,
  version: '2',
  source: 'cos',
  traced: true,
  state: 'RUNNING',
  status: 0,
  startedAt: Date.UTC(2024, 3, 19, 8, 0, 0, 7),
  endedAt: 0,
};

test('ListAsyncEvents in control’s words, and its events in the API’s', async () => {
  const nothing = { total: 0, rows: [] };
  const unset = { qualifier: undefined, requestId: undefined, sources: undefined, states: undefined };
  const page = { offset: undefined, limit: undefined, order: undefined, orderBy: undefined };
  const bare = { FunctionName, Qualifier: '', InvokeRequestId: '', StartTimeInterval: { Start: '', End: '' } };
  assert.deepEqual((await exchange('ListAsyncEvents', bare, { 'executions.list': nothing })).asked, [
    ['executions.list', { ...KEY, ...unset, ...page, started: undefined, ended: undefined }],
  ]);
  const { asked, answer } = await exchange(
    'ListAsyncEvents',
    {
      FunctionName,
      Namespace: 'prod',
      Qualifier: '2',
      InvokeType: ['COS'],
      Status: ['RUNNING'],
      StartTimeInterval: { Start: '2024-04-19 16:00:00', End: '2024-04-19 16:00:00.500' },
      EndTimeInterval: { Start: '2024-04-19 00:00:00.001', End: '2024-04-20 00:00:00' },
      Order: 'ASC',
      Orderby: 'EndTime',
      Offset: 1,
      Limit: 2,
      InvokeRequestId: 'a',
    },
    {
      'executions.list': {
        total: 9,
        rows: [ROW, { ...ROW, requestId: 'b', source: 'invoke', state: 'FAILED', status: 430, endedAt: NOW }],
      },
    },
  );
  const at = (text: string) => Date.parse(`${text}Z`) - CHINA_MS;
  assert.deepEqual(asked, [
    [
      'executions.list',
      {
        ...KEY,
        namespace: 'prod',
        qualifier: '2',
        requestId: 'a',
        sources: ['COS'],
        states: ['RUNNING'],
        started: { from: at('2024-04-19T16:00:00'), before: at('2024-04-19T16:00:00.500') },
        ended: { from: at('2024-04-19T00:00:00.001'), before: at('2024-04-20T00:00:00') },
        offset: 1,
        limit: 2,
        order: 'ASC',
        orderBy: 'EndTime',
      },
    ],
  ]);
  const began = { InvokeRequestId: 'a', Qualifier: '2', StartTime: '2024-04-19 16:00:00.007' };
  assert.deepEqual(answer, {
    TotalCount: 9,
    EventList: [
      { ...began, InvokeType: 'COS', Status: 'RUNNING', EndTime: '' },
      {
        ...began,
        InvokeRequestId: 'b',
        InvokeType: 'INVOKE',
        Status: 'FAILED',
        EndTime: '2024-04-19 16:00:00.000',
      },
    ],
  });
});

test('an interval is two times, in one of two forms', async () => {
  const list = (name: string, interval: object) => exchange('ListAsyncEvents', { FunctionName, [name]: interval });
  const wrong = refused('InvalidParameterValue.DateTime');
  for (const name of ['StartTimeInterval', 'EndTimeInterval']) {
    await assert.rejects(list(name, { Start: '2024-04-19 00:00:00' }), wrong);
    await assert.rejects(list(name, { End: '2024-04-19 00:00:00' }), wrong);
    await assert.rejects(list(name, { Start: '2024-04-19', End: '2024-04-20' }), error => {
      assert.match(String(error), new RegExp(`${name}\\.Start has to be YYYY-MM-DD HH:mm:ss or .*\\.fff`));
      return wrong(error);
    });
  }
});

test('GetAsyncEventStatus looks in its own region', async () => {
  const { asked, answer } = await exchange(
    'GetAsyncEventStatus',
    { InvokeRequestId: 'a' },
    { 'executions.get': { ...ROW, state: 'ABORTED', status: 499 } },
  );
  assert.deepEqual(asked, [['executions.get', 'a', KEY.region]]);
  assert.deepEqual(answer, { Result: { InvokeRequestId: 'a', Status: 'ABORTED', StatusCode: 499 } });
});

test('TerminateAsyncEvent kills unless it is to be graceful', async () => {
  for (const [GraceShutdown, isGraceful] of [
    [undefined, false],
    [false, false],
    [true, true],
  ] as const) {
    const request = { FunctionName, InvokeRequestId: 'a', ...(GraceShutdown !== undefined && { GraceShutdown }) };
    const { asked, answer } = await exchange('TerminateAsyncEvent', request);
    assert.deepEqual(asked, [['executions.terminate', KEY, 'a', isGraceful]]);
    assert.deepEqual(answer, {});
  }
});

/** A server over the real control and queue, where what is to be terminated is noted and ended as a test says. */
async function house() {
  const terminated: [string, boolean][] = [];
  const terminate: Terminate = async (requestId, graceful) => {
    terminated.push([requestId, graceful]);
    if (graceful) return 'signalled';
    await end(requestId, { state: 'ABORTED', status: 499, endedAt: NOW + 60_000 });
    return 'aborted';
  };
  const { control, events, clock, runtimes } = await controlScene({ terminate });
  const end = (requestId: string, how: ExecutionEnd) => events.queue.cancel(requestId, how);
  async function begin(requestId: string, given: { source?: string; version?: string; at?: number } = {}) {
    const { source = 'invoke', version = '$LATEST', at = NOW } = given;
    const event = anEvent({ requestId, source, target: { ...KEY, name: 'hello' } });
    const item = { event, acceptedAt: at, dueAt: at, retryNum: 0, runErrors: 0, execution: { version, traced: true } };
    assert.equal(await events.queue.push(item, 100), 'added');
  }
  const deps = {
    control,
    clock,
    submit: { sync: async () => Promise.reject(new Error('unused')), async: async () => {} },
    templates: async () => undefined,
    objects: storeOf('objects', Buffer.from('no zip')),
    entryFile: () => 'index.py',
    renderLog: () => '',
    tail: () => '',
    runtimes,
  };
  return { control, begin, end, terminated, deps };
}

describe('the Node.js SDK', () => {
  let api: Api;
  let made: Awaited<ReturnType<typeof house>>;
  let client: InstanceType<typeof scf.v20180416.Client>;

  const clientOf = (language: 'zh-CN' | 'en-US', region: string = KEY.region) =>
    new scf.v20180416.Client({
      credential: KEYS,
      region,
      profile: { language, httpProfile: { endpoint: api.endpoint, protocol: 'http://' } },
    });

  before(async () => {
    made = await house();
    const { ids } = (await controlScene()).deps;
    api = await startApi({ services: new Map([['scf', bindService('scf', SCF_ACTIONS, { ...made.deps, ids })]]) });
    client = clientOf('en-US');
    await client.CreateFunction({
      FunctionName,
      Code: { ZipFile: (await zipOf('index.py', 'x')).toString('base64') },
      Runtime: 'Python3.10',
      Timeout: 86_400,
      AsyncRunEnable: 'TRUE',
      TraceEnable: 'TRUE',
      DeadLetterConfig: { Type: 'topic', Name: 'dlq', FilterType: '' },
    });
    await made.control.settled();
    await made.begin('one', { source: 'cos', at: NOW + 1 });
    await made.begin('two', { version: '1', at: NOW + 1_002 });
    await made.begin('three', { at: NOW + 2_000 });
    await made.end('two', { state: 'FAILED', status: 430, endedAt: NOW + 5_000 });
  });
  after(() => api.front.close());

  const ids = async (more: object) =>
    (await client.ListAsyncEvents({ FunctionName, ...more })).EventList?.map(event => event.InvokeRequestId);

  test('the settings of the function come back', async () => {
    const fn = await client.GetFunction({ FunctionName });
    assert.deepEqual(
      [fn.AsyncRunEnable, fn.TraceEnable, fn.Timeout, fn.DeadLetterConfig],
      ['TRUE', 'TRUE', 86_400, { Type: 'CMQ-TOPIC', Name: 'dlq', FilterType: '' }],
    );
    const filtered = (value: string) =>
      client.ListFunctions({ Filters: [{ Name: 'AsyncRunEnable', Values: [value] }] });
    const listed = await filtered('TRUE');
    assert.deepEqual(
      listed.Functions?.map(row => [row.FunctionName, row.AsyncRunEnable, row.TraceEnable]),
      [[FunctionName, 'TRUE', 'TRUE']],
    );
    assert.equal((await filtered('FALSE')).TotalCount, 0);
  });

  test('ListAsyncEvents: filters, order and pages', async () => {
    const { TotalCount, EventList } = await client.ListAsyncEvents({ FunctionName, Limit: 2 });
    assert.equal(TotalCount, 3);
    assert.deepEqual(EventList, [
      {
        InvokeRequestId: 'three',
        InvokeType: 'INVOKE',
        Qualifier: '$LATEST',
        Status: 'RUNNING',
        StartTime: '2024-04-19 16:00:02.000',
        EndTime: '',
      },
      {
        InvokeRequestId: 'two',
        InvokeType: 'INVOKE',
        Qualifier: '1',
        Status: 'FAILED',
        StartTime: '2024-04-19 16:00:01.002',
        EndTime: '2024-04-19 16:00:05.000',
      },
    ]);
    assert.deepEqual(await ids({ Offset: 2 }), ['one']);
    assert.deepEqual(await ids({ Order: 'ASC', Orderby: 'StartTime' }), ['one', 'two', 'three']);
    assert.deepEqual(await ids({ InvokeType: ['COS'] }), ['one']);
    assert.deepEqual(await ids({ Status: ['FAILED', 'ABORTED'] }), ['two']);
    assert.deepEqual(await ids({ Qualifier: '1' }), ['two']);
    assert.deepEqual(await ids({ InvokeRequestId: 'three' }), ['three']);
    const StartTimeInterval = { Start: '2024-04-19 16:00:00.001', End: '2024-04-19 16:00:01.002' };
    assert.deepEqual(await ids({ StartTimeInterval }), ['one']);
    const EndTimeInterval = { Start: '2024-04-19 16:00:05', End: '2024-04-19 16:00:06' };
    assert.deepEqual(await ids({ EndTimeInterval }), ['two']);
  });

  test('GetAsyncEventStatus: while it runs and after', async () => {
    const status = async (InvokeRequestId: string) => (await client.GetAsyncEventStatus({ InvokeRequestId })).Result;
    assert.deepEqual(await status('one'), { Status: 'RUNNING', StatusCode: 0, InvokeRequestId: 'one' });
    assert.deepEqual(await status('two'), { Status: 'FAILED', StatusCode: 430, InvokeRequestId: 'two' });
    const elsewhere = clientOf('zh-CN', 'ap-beijing').GetAsyncEventStatus({ InvokeRequestId: 'one' });
    await assert.rejects(elsewhere, { code: 'ResourceNotFound.AsyncEvent', message: /^未找到指定的AsyncEvent/ });
  });

  test('TerminateAsyncEvent: killed or told, and never twice', async () => {
    await client.TerminateAsyncEvent({ FunctionName, InvokeRequestId: 'three', GraceShutdown: true });
    await client.TerminateAsyncEvent({ FunctionName, InvokeRequestId: 'three' });
    assert.deepEqual(made.terminated, [
      ['three', true],
      ['three', false],
    ]);
    const { Result } = await client.GetAsyncEventStatus({ InvokeRequestId: 'three' });
    assert.deepEqual([Result?.Status, Result?.StatusCode], ['ABORTED', 499]);
    const again = { FunctionName, InvokeRequestId: 'three' };
    await assert.rejects(client.TerminateAsyncEvent(again), {
      code: 'FailedOperation.AsyncEventStatus',
      message:
        'The asynchronous event three is ABORTED and cannot be terminated: only one that is RUNNING can be terminated.',
    });
    await assert.rejects(clientOf('zh-CN').TerminateAsyncEvent(again), {
      message: /three 当前状态为 ABORTED，不能终止/,
    });
    await assert.rejects(client.TerminateAsyncEvent({ ...again, InvokeRequestId: 'none' }), {
      code: 'ResourceNotFound.AsyncEvent',
    });
    assert.equal(made.terminated.length, 2);
  });

  test('UpdateFunctionEventInvokeConfig and GetFunctionEventInvokeConfig', async () => {
    const AsyncTriggerConfig = { MsgTTL: 60, RetryConfig: [{ RetryNum: 0 }] };
    await client.UpdateFunctionEventInvokeConfig({ FunctionName, AsyncTriggerConfig });
    assert.deepEqual((await client.GetFunctionEventInvokeConfig({ FunctionName })).AsyncTriggerConfig, {
      MsgTTL: 60,
      RetryConfig: [{ RetryNum: 0 }, { RetryNum: -1 }],
    });
    const update = (MsgTTL: number, RetryNum: number) =>
      client.UpdateFunctionEventInvokeConfig({
        FunctionName,
        AsyncTriggerConfig: { MsgTTL, RetryConfig: [{ RetryNum }] },
      });
    await assert.rejects(update(21_601, 0), { code: 'LimitExceeded.MsgTTL', message: /use 60 to 21600 s/ });
    await assert.rejects(update(60, 3), { code: 'LimitExceeded.RetryNum', message: /use 0 to 2/ });
  });

  test('errors of the settings, in both languages', async () => {
    const update = (language: 'zh-CN' | 'en-US', change: object) =>
      clientOf(language).UpdateFunctionConfiguration({ FunctionName, ...change });
    const bad = { DeadLetterConfig: { Type: 'Kafka', Name: 'x', FilterType: '' } };
    const code = 'InvalidParameterValue.DeadLetterConfig';
    await assert.rejects(update('en-US', bad), { code, message: /use CMQ-TOPIC or CMQ-QUEUE/ });
    await assert.rejects(update('zh-CN', bad), { code, message: /请使用 CMQ-TOPIC 或 CMQ-QUEUE/ });
    const sync = { AsyncRunEnable: 'FALSE' };
    await assert.rejects(update('en-US', sync), { code: 'InvalidParameterValue', message: /cannot be changed/ });
    await assert.rejects(update('zh-CN', sync), { code: 'InvalidParameterValue', message: /创建后不能修改/ });
  });
});
