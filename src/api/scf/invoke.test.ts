import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failer, PLATFORM_ERRORS } from '../../core/errors.ts';
import { anAlias, anEntry, anOutcome, aVersion, KEY } from '../../core/fixture.ts';
import { anAttempt, refused, type Scene, scene } from './fixture.ts';

const FunctionName = KEY.name;

/** Result of one call. */
async function result(action: string, request: object, given: Scene): Promise<Record<string, unknown>> {
  const { Result } = await scene(given).call(action, { FunctionName, ...request });
  return { ...(Result as object) };
}

test('a synchronous call gives the whole Result', async () => {
  const outcome = anOutcome(200, { body: Buffer.from('"hi"'), durationMs: 12.25, memoryBytes: 4096, log: 'x' });
  const { call, submitted } = scene({ outcome });
  const { Result } = await call('Invoke', { FunctionName, ClientContext: '{ "a" : 1 }', RoutingKey: '{"User":"Bob"}' });
  const event = submitted[0]?.event;
  assert.deepEqual(Result, {
    Log: '',
    RetMsg: '"hi"',
    ErrMsg: '',
    MemUsage: 4096,
    Duration: 12.25,
    BillDuration: 13,
    FunctionRequestId: event?.requestId,
    InvokeResult: 0,
  });
  assert.deepEqual(submitted, [
    {
      mode: 'sync',
      event: {
        requestId: event?.requestId,
        target: KEY,
        qualifier: '$LATEST',
        source: 'invoke',
        body: Buffer.from('{ "a" : 1 }'),
        routingKey: '{"User":"Bob"}',
      },
    },
  ]);
  assert.notEqual(event?.requestId, 'api-request');
});

test("InvokeFunction runs $DEFAULT under the API's own request id", async () => {
  const { call, submitted } = scene({ outcome: anOutcome() });
  const { Result } = await call('InvokeFunction', { FunctionName, Event: '[1]' });
  assert.equal((Result as { FunctionRequestId: string }).FunctionRequestId, 'api-request');
  assert.deepEqual(
    submitted.map(({ event }) => [event.requestId, event.qualifier, event.body.toString(), 'routingKey' in event]),
    [['api-request', '$DEFAULT', '[1]', false]],
  );
});

test("the function's failure is a Result with the error JSON", async () => {
  const outcome = anOutcome(430, { errorMessage: 'user code exception caught', stackTrace: 'Error: no\n  at f' });
  const failed = await result('InvokeFunction', {}, { outcome });
  assert.equal(failed.InvokeResult, 1);
  assert.equal(failed.ErrMsg, 'Error: no\n  at f');
  assert.deepEqual(JSON.parse(String(failed.RetMsg)), {
    errorCode: -1,
    errorMessage: 'user code exception caught',
    requestId: 'api-request',
    stackTrace: 'Error: no\n  at f',
    statusCode: 430,
  });
});

test('over the quota is a Result too', async () => {
  const limited = await result('Invoke', {}, { outcome: anOutcome(432, { errorMessage: 'concurrency exceeded' }) });
  assert.equal(limited.ErrMsg, 'concurrency exceeded');
  assert.equal(JSON.parse(String(limited.RetMsg)).statusCode, 432);
});

test('an early answer carries nothing of the run that goes on', async () => {
  const outcome = anOutcome(200, { durationMs: 5, memoryBytes: 7, log: 'x', ended: Promise.resolve(anOutcome()) });
  const early = await result('Invoke', { LogType: 'Tail' }, { outcome });
  assert.deepEqual([early.Log, early.Duration, early.BillDuration, early.MemUsage], ['', 0, 0, 0]);
  assert.equal(early.RetMsg, '"ok"');
});

test('Tail is the end of the kept log of the last attempt', async () => {
  const rows = [anAttempt({ requestId: 'first' }), anAttempt({ requestId: 'last' })];
  const answers = { 'logs.requestStatus': { total: 2, rows } };
  const { call, asked } = scene({ outcome: anOutcome(), answers });
  const { Result } = await call('InvokeFunction', { FunctionName, LogType: 'Tail' });
  assert.equal((Result as { Log: string }).Log, 'tail of last');
  assert.deepEqual(asked, [{ verb: 'logs.requestStatus', args: [{ ...KEY, requestId: 'api-request' }] }]);
  const lost = { 'logs.requestStatus': { total: 0, rows: [] } };
  assert.equal((await result('Invoke', { LogType: 'Tail' }, { outcome: anOutcome(), answers: lost })).Log, '');
});

test('an asynchronous call is queued and answered with its id alone', async () => {
  const { call, submitted, asked } = scene();
  const { Result } = await call('Invoke', { FunctionName, InvocationType: 'Event', LogType: 'Tail' });
  assert.equal(submitted.length, 1);
  assert.equal(submitted[0]?.mode, 'async');
  assert.equal(submitted[0]?.event.body.toString(), '{}');
  assert.deepEqual(Result, {
    Log: '',
    RetMsg: '',
    ErrMsg: '',
    MemUsage: 0,
    Duration: 0,
    BillDuration: 0,
    FunctionRequestId: submitted[0]?.event.requestId,
    InvokeResult: 0,
  });
  assert.deepEqual(asked, []);
});

test('bad arguments are refused with their codes, and nothing runs', async () => {
  const cases: readonly (readonly [action: string, request: object, code: string])[] = [
    ['Invoke', { InvocationType: 'DryRun' }, 'InvalidParameterValue.InvokeType'],
    ['Invoke', { InvocationType: 'event' }, 'InvalidParameterValue.InvokeType'],
    ['Invoke', { ClientContext: 'hello' }, 'InvalidParameterValue.Param'],
    ['InvokeFunction', { Event: '{"a":}' }, 'InvalidParameterValue.Param'],
    ['InvokeFunction', { LogType: 'tail' }, 'InvalidParameterValue'],
    ['InvokeFunction', { RoutingKey: '["a"]' }, 'InvalidParameterValue.Param'],
    ['InvokeFunction', { RoutingKey: 'null' }, 'InvalidParameterValue.Param'],
    ['InvokeFunction', { RoutingKey: '{"a":true}' }, 'InvalidParameterValue.Param'],
    ['InvokeFunction', { RoutingKey: '{"a":' }, 'InvalidParameterValue.Param'],
    ['Invoke', { RoutingKey: JSON.stringify({ a: 'x'.repeat(1017) }) }, 'InvalidParameterValue.LimitExceeded'],
  ];
  for (const [action, request, expected] of cases) {
    const { call, submitted } = scene({ outcome: anOutcome() });
    await assert.rejects(call(action, { FunctionName, ...request }), refused(expected), JSON.stringify(request));
    assert.deepEqual(submitted, []);
  }
});

test('a routing key of 1024 bytes and one with numbers pass', async () => {
  const { call, submitted } = scene({ outcome: anOutcome() });
  await call('Invoke', { FunctionName, RoutingKey: JSON.stringify({ a: 'x'.repeat(1016) }) });
  await call('Invoke', { FunctionName, RoutingKey: '{"User":7}' });
  assert.deepEqual(
    submitted.map(({ event }) => event.routingKey?.length),
    [1024, 10],
  );
});

test('an event may have 6 MB when it is run now, 128 KB when it is queued; bytes count, not characters', async () => {
  const textOf = (bytes: number) => JSON.stringify('x'.repeat(bytes - 2));
  const { call, submitted } = scene({ outcome: anOutcome() });
  const sync = 6 * 1024 * 1024;
  const async = 128 * 1024;
  await call('InvokeFunction', { FunctionName, Event: textOf(sync) });
  await call('Invoke', { FunctionName, InvocationType: 'Event', ClientContext: textOf(async) });
  assert.equal(submitted.length, 2);
  const over = refused('InvalidParameterValue.LimitExceeded');
  await assert.rejects(call('InvokeFunction', { FunctionName, Event: textOf(sync + 1) }), over);
  await assert.rejects(call('Invoke', { FunctionName, ClientContext: textOf(sync + 1) }), over);
  const queued = { FunctionName, InvocationType: 'Event' };
  await assert.rejects(call('Invoke', { ...queued, ClientContext: textOf(async + 1) }), over);
  const wide = JSON.stringify('嗨'.repeat(async / 3 + 1));
  await assert.rejects(call('Invoke', { ...queued, ClientContext: wide }), over);
});

test('what does not exist is refused as control says it', async () => {
  const missing = refused('InvalidParameter');
  const answers = { 'functions.get': errorOf() };
  const nowhere = scene({ outcome: anOutcome(), answers, entries: [] });
  await assert.rejects(nowhere.call('Invoke', { FunctionName, Namespace: 'other' }), missing);
  const target = { ...KEY, namespace: 'other' };
  assert.deepEqual(nowhere.asked, [{ verb: 'functions.get', args: [target, '$LATEST'] }]);
  const here = scene({ outcome: anOutcome(), answers });
  await assert.rejects(here.call('InvokeFunction', { FunctionName, Qualifier: '7' }), missing);
  assert.deepEqual(here.asked, [{ verb: 'functions.get', args: [KEY, '7'] }]);
  assert.deepEqual([nowhere.submitted, here.submitted], [[], []]);
});

/** Any error of control: it is passed on as it is. */
function errorOf(): unknown {
  try {
    return failer(PLATFORM_ERRORS)('InvalidParameter', { name: 'x', reason: 'y' });
  } catch (error) {
    return error;
  }
}

test('a function that does not serve is refused, queued or not, also behind an alias', async () => {
  const notActive = refused('FailedOperation.FunctionStatusError');
  for (const status of ['Creating', 'CreateFailed', 'Deleting'] as const) {
    const { call, submitted } = scene({
      outcome: anOutcome(),
      entries: [anEntry({ versions: [aVersion({ status })] })],
    });
    await assert.rejects(call('InvokeFunction', { FunctionName }), notActive, status);
    await assert.rejects(call('Invoke', { FunctionName, InvocationType: 'Event' }), notActive, status);
    assert.deepEqual(submitted, []);
  }
  const versions = [aVersion(), aVersion({ version: '1', status: 'Creating' })];
  const entries = [anEntry({ versions, aliases: [anAlias(), anAlias({ alias: 'prod', version: '1' })] })];
  const { call } = scene({ outcome: anOutcome(), entries });
  await assert.rejects(call('InvokeFunction', { FunctionName, Qualifier: 'prod' }), notActive);
  await call('InvokeFunction', { FunctionName });
});

test('the former code serves while an update is under way', async () => {
  const { call, submitted } = scene({
    outcome: anOutcome(),
    entries: [anEntry({ versions: [aVersion({ status: 'Updating' })] })],
  });
  await call('InvokeFunction', { FunctionName });
  assert.equal(submitted.length, 1);
});

test('a web function cannot be invoked', async () => {
  const entries = [anEntry({ versions: [aVersion({ type: 'HTTP' })] })];
  await assert.rejects(
    scene({ outcome: anOutcome(), entries }).call('Invoke', { FunctionName }),
    refused('UnsupportedOperation'),
  );
});

test('a call waits 300 s; a run that ends in time leaves no timer', async () => {
  const { promise, resolve } = Promise.withResolvers<ReturnType<typeof anOutcome>>();
  const late = scene({ outcome: promise });
  const waiting = late.call('InvokeFunction', { FunctionName });
  const ended = assert.rejects(waiting, refused('FailedOperation.InvokeFunction'));
  let answered = false;
  void waiting
    .catch(() => undefined)
    .finally(() => {
      answered = true;
    });
  await late.clock.advance(299_999);
  assert.equal(answered, false);
  await late.clock.advance(1);
  await ended;
  resolve(anOutcome());

  const second = Promise.withResolvers<ReturnType<typeof anOutcome>>();
  const timely = scene({ outcome: second.promise });
  const call = timely.call('InvokeFunction', { FunctionName });
  await timely.clock.advance(1000);
  // Not in which the server stood still.
  timely.slept.sleepFor(3_600_000);
  await timely.clock.advance(298_999);
  second.resolve(anOutcome());
  await call;
  await timely.clock.advance(10_000);
});

test('a call that was queued gives nothing but its request id, whichever way it was made', async () => {
  const outcome = anOutcome(202, { accepted: true, errorMessage: 'x', durationMs: 5, memoryBytes: 7 });
  const entries = [anEntry({ versions: [aVersion({ asyncRun: true })] })];
  for (const action of ['Invoke', 'InvokeFunction']) {
    const { call, asked, submitted } = scene({ outcome, entries });
    const { Result } = await call(action, { FunctionName, LogType: 'Tail' });
    assert.deepEqual(Result, {
      Log: '',
      RetMsg: '',
      ErrMsg: '',
      MemUsage: 0,
      Duration: 0,
      BillDuration: 0,
      InvokeResult: 0,
      FunctionRequestId: submitted[0]?.event.requestId,
    });
    assert.deepEqual(
      submitted.map(({ mode }) => mode),
      ['sync'],
    );
    assert.deepEqual(asked, [], 'no log is looked for');
  }
});

test('an event of a function with asynchronous execution has 128 KB at most, as it is queued', async () => {
  const entries = [anEntry({ versions: [aVersion({ asyncRun: true })] })];
  const limit = 128 * 1024;
  const text = (bytes: number) => `"${'x'.repeat(bytes - 2)}"`;
  for (const [action, field] of [
    ['Invoke', 'ClientContext'],
    ['InvokeFunction', 'Event'],
  ] as const) {
    const { call, submitted } = scene({ outcome: anOutcome(200, { accepted: true }), entries });
    await call(action, { FunctionName, [field]: text(limit) });
    await assert.rejects(call(action, { FunctionName, [field]: text(limit + 1) }), error => {
      assert.ok(refused('InvalidParameterValue.LimitExceeded')(error));
      assert.match(String(error), new RegExp(`${field} has 131073 bytes; at most 131072 are allowed`));
      return true;
    });
    assert.equal(submitted.length, 1);
    const other = scene({ outcome: anOutcome() });
    await other.call(action, { FunctionName, [field]: text(limit + 1) });
    assert.equal(other.submitted.length, 1, 'a synchronous one may be larger');
  }
});
