// The actions over the real path: what Invoke accepts is listed, shown and broken off.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scene as controlScene } from '../../control/fixture.ts';
import { ACCOUNT, anOutcome, KEY, keptLog } from '../../core/fixture.ts';
import { SeededIds } from '../../core/ids.ts';
import type { Outcome } from '../../core/invocation.ts';
import { createInvoker, type Invoker } from '../../core/invoker.ts';
import { memoryEvents } from '../../queue/memory.ts';
import { refused, scene } from './fixture.ts';
import { zipOf } from './zip.ts';

const FunctionName = KEY.name;
const Code = { ZipFile: (await zipOf('index.py', 'x')).toString('base64') };

/** A server with one function, whose runs end when a test says so. */
async function house(settings: object) {
  const ids = new SeededIds();
  const events = memoryEvents(ids);
  const runs = new Map<string, (outcome: Outcome) => void>();
  let invoker: Invoker | undefined;
  const { control, clock } = await controlScene({
    executions: events.executions,
    terminate: async (requestId, graceful) => invoker?.terminate(requestId, graceful) ?? 'absent',
  });
  const told: string[] = [];
  invoker = createInvoker({
    catalog: control.catalog,
    runner: {
      run: (_, { event }) => new Promise(end => runs.set(event.requestId, end)),
      terminate(requestId, graceful) {
        told.push(graceful ? 'SIGTERM' : 'SIGKILL');
        if (!graceful) runs.get(requestId)?.(anOutcome(499));
        return true;
      },
      printed: () => undefined,
    },
    events,
    account: ACCOUNT,
    timeline: { accepted() {}, began() {}, settled() {} },
    clock,
    ids,
    log: keptLog(),
  });
  const { call } = scene({ deps: { control, clock, submit: invoker, ids } });
  await call('CreateFunction', { FunctionName, Code, Runtime: 'Python3.10', ...settings });
  await control.settled();
  const invoke = async (action: string, request: object = {}) => {
    const { Result } = await call(action, { FunctionName, ...request });
    const { FunctionRequestId, ...rest } = Result as { FunctionRequestId: string };
    return { id: FunctionRequestId, rest };
  };
  const state = async (id: string) => {
    const { Result } = await call('GetAsyncEventStatus', { InvokeRequestId: id });
    const { Status, StatusCode } = Result as { Status: string; StatusCode: number };
    return `${Status} ${StatusCode}`;
  };
  const listed = async (request: object = {}) => {
    const { EventList } = await call('ListAsyncEvents', { FunctionName, ...request });
    return (EventList as { InvokeRequestId: string }[]).map(event => event.InvokeRequestId);
  };
  const terminate = (id: string, GraceShutdown = false) =>
    call('TerminateAsyncEvent', { FunctionName, InvokeRequestId: id, GraceShutdown });
  /** Until all that can happen without time has happened. */
  const quiet = async () => {
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  };
  return { call, invoke, state, listed, terminate, quiet, runs, told, start: () => invoker.start() };
}

const ON = { AsyncRunEnable: 'TRUE', TraceEnable: 'TRUE' };
const NOTHING = { Log: '', RetMsg: '', ErrMsg: '', MemUsage: 0, Duration: 0, BillDuration: 0, InvokeResult: 0 };

test('every way to call it gives the id at once; the event runs, ends and is shown', async () => {
  const { invoke, state, listed, quiet, runs, start } = await house(ON);
  start();
  const ids: string[] = [];
  for (const [action, request] of [
    ['Invoke', { LogType: 'Tail' }],
    ['Invoke', { InvocationType: 'Event' }],
    ['InvokeFunction', { Event: '{"a":1}' }],
  ] as const) {
    const { id, rest } = await invoke(action, request);
    assert.deepEqual(rest, NOTHING);
    ids.push(id);
    await quiet();
  }
  assert.deepEqual([...runs.keys()].toSorted(), ids.toSorted());
  assert.deepEqual((await listed({ Status: ['RUNNING'] })).toSorted(), ids.toSorted());
  const [ok = '', fails = '', last = ''] = ids;
  runs.get(ok)?.(anOutcome());
  runs.get(fails)?.(anOutcome(430));
  await quiet();
  assert.deepEqual(
    [await state(ok), await state(fails), await state(last)],
    ['FINISHED 200', 'FAILED 430', 'RUNNING 0'],
  );
  assert.deepEqual(await listed({ Status: ['FAILED'], InvokeType: ['invoke'] }), [fails]);
});

test('one that waits is taken out, one that runs is killed, and a graceful end is the process’s own', async () => {
  const { invoke, state, terminate, quiet, runs, told, start } = await house(ON);
  const waits = await invoke('Invoke');
  await terminate(waits.id);
  assert.equal(await state(waits.id), 'ABORTED 499');
  start();
  const killed = await invoke('Invoke');
  const asked = await invoke('Invoke');
  await quiet();
  assert.equal(runs.has(waits.id), false, 'it never ran');
  await terminate(killed.id);
  assert.equal(await state(killed.id), 'ABORTED 499');
  await terminate(asked.id, true);
  assert.equal(await state(asked.id), 'RUNNING 0', 'told, and free to go on');
  runs.get(asked.id)?.(anOutcome(439));
  await quiet();
  assert.equal(await state(asked.id), 'FAILED 439');
  assert.deepEqual(told, ['SIGKILL', 'SIGTERM']);
  for (const { id } of [waits, killed, asked])
    await assert.rejects(terminate(id), refused('FailedOperation.AsyncEventStatus'));
});

test('without TraceEnable nothing is listed, and the state is known all the same', async () => {
  const { call, invoke, state, listed, quiet, start } = await house({ AsyncRunEnable: 'TRUE' });
  start();
  const before = await invoke('Invoke');
  await quiet();
  assert.deepEqual(await listed(), []);
  assert.equal(await state(before.id), 'RUNNING 0');
  await call('UpdateFunctionConfiguration', { FunctionName, TraceEnable: 'TRUE' });
  const after = await invoke('Invoke');
  await quiet();
  assert.deepEqual(await listed(), [after.id]);
});

test('the events of another function are no executions', async () => {
  const { invoke, listed, terminate, quiet, start } = await house({ TraceEnable: 'TRUE' });
  start();
  const { id } = await invoke('Invoke', { InvocationType: 'Event' });
  await quiet();
  assert.deepEqual(await listed(), []);
  await assert.rejects(terminate(id), refused('ResourceNotFound.AsyncEvent'));
});
