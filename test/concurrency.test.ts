// Reserved, provisioned and total concurrency with the vendor's SDK: set, read, changed by the clock, kept, gone.

import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { deploy, type Scf, sdkOf, settled, until } from './fixture.ts';
import { startTestServer } from './harness.ts';
import { openLatch } from './latch.ts';

let server = await startTestServer();
let sdk = sdkOf(server);
after(() => server.close());

const HOUR_MS = 3_600_000;
const clock = (body: object) => server.post<{ nowMs: number }>('/clock', body);
const CODE = 'exports.main_handler = async () => 1';

let count = 0;
let FunctionName = '';
beforeEach(async () => {
  FunctionName = `f${++count}`;
  await deploy(sdk, FunctionName, CODE, { MemorySize: 128 });
});

/** Publishes the next version. */
async function published(): Promise<string> {
  const { FunctionVersion = '' } = await sdk.PublishVersion({ FunctionName });
  await settled(sdk, FunctionName, FunctionVersion);
  return FunctionVersion;
}

const refused = (code: string) => (error: unknown) => (error as { code?: string }).code === code;

/** Once nothing is being started any more. */
function provisioned(Qualifier?: string) {
  return until('the instances have been started, or not', async () => {
    const answer = await sdk.GetProvisionedConcurrencyConfig({ FunctionName, ...(Qualifier && { Qualifier }) });
    return answer.Allocated?.every(({ Status }) => Status !== 'InProgress') && answer;
  });
}

async function wanted(): Promise<Record<string, number>> {
  const { Allocated = [] } = await sdk.GetProvisionedConcurrencyConfig({ FunctionName });
  return Object.fromEntries(Allocated.map(one => [one.Qualifier ?? '', one.AllocatedProvisionedConcurrencyNum ?? -1]));
}

async function listed() {
  const { Functions = [] } = await sdk.ListFunctions({ SearchKey: FunctionName, Limit: 100 });
  return Functions.find(one => one.FunctionName === FunctionName);
}

type Provisioned = Parameters<Scf['PutProvisionedConcurrencyConfig']>[0];
const provision = (Qualifier: string, VersionProvisionedConcurrencyNum: number, more: Partial<Provisioned> = {}) =>
  sdk.PutProvisionedConcurrencyConfig({ FunctionName, Qualifier, VersionProvisionedConcurrencyNum, ...more });

test('a share of its own', async () => {
  const reserved = async () => (await sdk.GetReservedConcurrencyConfig({ FunctionName })).ReservedMem;
  assert.equal(await reserved(), null);
  await sdk.PutReservedConcurrencyConfig({ FunctionName, ReservedConcurrencyMem: 1024 });
  assert.equal(await reserved(), 1024);
  assert.equal((await listed())?.ReservedConcurrencyMem, 1024);
  const { AccountUsage } = await sdk.GetAccount();
  assert.equal(AccountUsage?.TotalAllocatedConcurrencyMem, 1024);
  await assert.rejects(
    sdk.PutReservedConcurrencyConfig({ FunctionName, ReservedConcurrencyMem: 115_201 }),
    refused('LimitExceeded.FunctionReservedConcurrencyMemory'),
  );
  await sdk.PutReservedConcurrencyConfig({ FunctionName, ReservedConcurrencyMem: 115_200 });
  await sdk.DeleteReservedConcurrencyConfig({ FunctionName });
  assert.equal(await reserved(), null);
  assert.equal((await listed())?.ReservedConcurrencyMem, null);
});

test('instances of published versions', async () => {
  const [first, second] = [await published(), await published()];
  await assert.rejects(provision('$LATEST', 1), refused('InvalidParameterValue.Qualifier'));
  await assert.rejects(provision('9', 1), refused('ResourceNotFound.Qualifier'));
  await assert.rejects(provision(first, 901), refused('LimitExceeded.FunctionProvisionedConcurrencyMemory'));
  await provision(first, 1);
  await provision(second, 2);
  assert.deepEqual(await wanted(), { [first]: 1, [second]: 2 });
  const { UnallocatedConcurrencyNum, Allocated } = await provisioned(second);
  assert.deepEqual([UnallocatedConcurrencyNum, Allocated?.length], [897, 1]);
  assert.equal((await listed())?.TotalProvisionedConcurrencyMem, 3 * 128);
  await provision(second, 1);
  assert.deepEqual(await wanted(), { [first]: 1, [second]: 1 });
  await sdk.DeleteProvisionedConcurrencyConfig({ FunctionName, Qualifier: second });
  assert.deepEqual(await wanted(), { [first]: 1 });
  await sdk.DeleteFunctionVersion({ FunctionName, Qualifier: first });
  assert.deepEqual(await wanted(), {});
});

test('a schedule, over two days of the turned clock', async () => {
  const version = await published();
  // Midnight in Beijing.
  await clock({ action: 'to', instantMs: Date.UTC(2031, 0, 1, 16) });
  const at = (hour: number, TriggerProvisionedConcurrencyNum: number) => ({
    TriggerName: `at-${hour}`,
    TriggerProvisionedConcurrencyNum,
    TriggerCronConfig: `0 0 ${hour} * * * *`,
    ProvisionedType: 'Default',
  });
  const TriggerActions = [at(6, 1), at(10, 3), at(18, 2), at(0, 0)];
  await assert.rejects(
    provision(version, 0, { TriggerActions: [{ ...at(6, 1), TriggerCronConfig: '0 6 * * *' }] }),
    refused('InvalidParameterValue'),
  );
  await provision(version, 0, { TriggerActions });
  assert.deepEqual((await provisioned()).Allocated?.[0]?.TriggerActions, TriggerActions);
  const seen: (number | undefined)[] = [];
  for (const hours of [6, 4, 8, 6, 6, 4]) {
    await clock({ action: 'advance', ms: hours * HOUR_MS });
    seen.push((await wanted())[version]);
  }
  assert.deepEqual(seen, [1, 3, 2, 0, 1, 3]);
  await sdk.DeleteFunction({ FunctionName });
  await clock({ action: 'resume' });
});

test('by utilisation: the least of them as long as there is nothing to do', async () => {
  const version = await published();
  const tracking = {
    ProvisionedType: 'ConcurrencyUtilizationTracking',
    TrackingTarget: 0.5,
    MinCapacity: 2,
    MaxCapacity: 4,
  };
  await assert.rejects(provision(version, 1, tracking), refused('InvalidParameterValue'));
  await assert.rejects(provision(version, 0, { ...tracking, TrackingTarget: 1 }), refused('InvalidParameterValue'));
  await provision(version, 0, tracking);
  assert.deepEqual(await wanted(), { [version]: 2 });
  await clock({ action: 'advance', ms: HOUR_MS });
  assert.deepEqual(await wanted(), { [version]: 2 });
  await clock({ action: 'resume' });
  await sdk.DeleteFunction({ FunctionName });
});

test('the quota of the region', async () => {
  const usage = async () => (await sdk.GetAccount()).AccountUsage;
  await assert.rejects(
    sdk.PutTotalConcurrencyConfig({ TotalConcurrencyMem: 12_799 }),
    refused('LimitExceeded.TotalConcurrencyMemory'),
  );
  await assert.rejects(
    sdk.PutTotalConcurrencyConfig({ TotalConcurrencyMem: 128_001 }),
    refused('LimitExceeded.UserTotalConcurrencyMemory'),
  );
  await sdk.PutTotalConcurrencyConfig({ TotalConcurrencyMem: 20_000, Namespace: 'default' });
  assert.equal((await usage())?.TotalConcurrencyMem, 20_000);
  await assert.rejects(
    sdk.PutReservedConcurrencyConfig({ FunctionName, ReservedConcurrencyMem: 7_201 }),
    refused('LimitExceeded.FunctionReservedConcurrencyMemory'),
  );
  await sdk.PutTotalConcurrencyConfig({ TotalConcurrencyMem: 128_000 });
  assert.deepEqual(
    [(await usage())?.TotalConcurrencyMem, (await usage())?.UserConcurrencyMemLimit],
    [128_000, 128_000],
  );
});

test('a restart brings all of it back', async () => {
  const version = await published();
  await sdk.PutReservedConcurrencyConfig({ FunctionName, ReservedConcurrencyMem: 1024 });
  await provision(version, 2);
  await sdk.PutTotalConcurrencyConfig({ TotalConcurrencyMem: 30_000 });
  server = await server.restart();
  sdk = sdkOf(server);
  assert.equal((await sdk.GetReservedConcurrencyConfig({ FunctionName })).ReservedMem, 1024);
  assert.deepEqual(await wanted(), { [version]: 2 });
  const { AccountUsage } = await sdk.GetAccount();
  assert.equal(AccountUsage?.TotalConcurrencyMem, 30_000);
  await sdk.DeleteFunction({ FunctionName });
  assert.equal((await sdk.GetAccount()).AccountUsage?.TotalAllocatedConcurrencyMem, 0);
});

// What the machine makes of it.

const WAITS = 'exports.main_handler = async ({ latch }) => (await fetch(latch)).ok && process.pid';

type Place = Omit<Parameters<Scf['Invoke']>[0], 'ClientContext'>;

/** The process that ran a call, or why none did. */
async function answer(of: Scf, place: Place, event: object) {
  const { Result } = await of.Invoke({ ...place, ClientContext: JSON.stringify(event) });
  return Result?.ErrMsg || Number(Result?.RetMsg);
}

const call = () => answer(sdk, { FunctionName }, {});

/** So many calls at once: those that run do so until all others have been refused. */
async function together(count: number, place: Place = { FunctionName }, of = sdk) {
  using latch = await openLatch();
  let refused = 0;
  const calls = Array.from({ length: count }, async () => {
    const said = await answer(of, place, { latch: latch.url });
    if (typeof said === 'string') refused++;
    return said;
  });
  await until('each of them runs or is refused', async () => latch.held + refused === count);
  latch.release();
  return Promise.all(calls);
}

async function waitingOne(): Promise<void> {
  await sdk.DeleteFunction({ FunctionName });
  await deploy(sdk, FunctionName, WAITS, { MemorySize: 128 });
}

async function instances(): Promise<number> {
  const text = await (await fetch(`${server.endpoint}/metrics`)).text();
  return Number(/^openscf_instances(?:\{.*\})? (\d+)/m.exec(text)?.[1]);
}

const ran = (answers: readonly (string | number)[]) => answers.filter(answer => typeof answer === 'number').length;
const refusals = (answers: readonly (string | number)[]) => answers.filter(answer => typeof answer === 'string');

test('a share of nothing stops a function, no share lets it run again', async () => {
  assert.equal(await call(), 1);
  await sdk.PutReservedConcurrencyConfig({ FunctionName, ReservedConcurrencyMem: 0 });
  const refusal = await call();
  assert.equal(refusal, `Function [ ${FunctionName} ] concurrency exceeded reserved quota 0 MB`);
  await sdk.DeleteReservedConcurrencyConfig({ FunctionName });
  assert.equal(await call(), 1);
});

test('a share that becomes smaller holds for warm instances', async () => {
  await waitingOne();
  assert.equal(ran(await together(3)), 3);
  await sdk.PutReservedConcurrencyConfig({ FunctionName, ReservedConcurrencyMem: 128 });
  const calls = await together(3);
  assert.equal(ran(calls), 1);
  assert.equal(refusals(calls).length, 2);
});

test('no more at once than the share has room for', async () => {
  await waitingOne();
  await sdk.PutReservedConcurrencyConfig({ FunctionName, ReservedConcurrencyMem: 300 });
  const calls = await together(3);
  assert.equal(ran(calls), 2);
  assert.deepEqual(refusals(calls), [`Function [ ${FunctionName} ] concurrency exceeded reserved quota 300 MB`]);
  assert.equal(ran(await together(1)), 1);
});

test('provisioned instances are there before the first call, and run it', async () => {
  await waitingOne();
  const version = await published();
  const before = await instances();
  await provision(version, 2);
  const { Allocated = [] } = await provisioned();
  assert.deepEqual([Allocated[0]?.Status, Allocated[0]?.AvailableProvisionedConcurrencyNum], ['Done', 2]);
  assert.equal(await instances(), before + 2);
  const calls = await together(2, { FunctionName, Qualifier: version });
  assert.equal(new Set(calls).size, 2);
  assert.equal(await instances(), before + 2, 'no other was started for them');
  server = await server.restart();
  sdk = sdkOf(server);
  assert.equal((await provisioned()).Allocated?.[0]?.Status, 'Done');
  assert.equal(await instances(), 2, 'of all functions, these are ready after a restart');
  await sdk.DeleteFunction({ FunctionName });
});

test('what finds no room says so', async () => {
  const version = await published();
  await sdk.PutReservedConcurrencyConfig({ FunctionName, ReservedConcurrencyMem: 128 });
  await provision(version, 2);
  const [one] = (await provisioned()).Allocated ?? [];
  assert.deepEqual([one?.Status, one?.AvailableProvisionedConcurrencyNum], ['Failed', 1]);
  assert.match(one?.StatusReason ?? '', /reserved quota 128 MB/);
  await provision(version, 1);
  assert.equal((await provisioned()).Allocated?.[0]?.Status, 'Done');
  await sdk.DeleteFunction({ FunctionName });
});

test('the share that all others have in common', async t => {
  const small = await startTestServer({ 'quota.concurrency': 300 });
  t.after(() => small.close());
  const own = sdkOf(small);
  await deploy(own, 'waits', WAITS, { MemorySize: 128 });
  const calls = await together(3, { FunctionName: 'waits' }, own);
  assert.deepEqual(refusals(calls), ['Function [ waits ] concurrency exceeded region unreserved quota 300 MB']);
  assert.equal((await own.GetAccount()).AccountUsage?.TotalConcurrencyMem, 300);
});
