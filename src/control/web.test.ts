import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { aVersion } from '../core/fixture.ts';
import type { Wire } from './control.ts';
import { creation, KEY, rejects, scene, throws } from './fixture.ts';
import { functionType, instanceConcurrency, NO_PROTOCOL, protocolAfter, protocolOf } from './web.ts';

const ws = (IdleTimeOut?: number): Wire => ({
  ProtocolType: 'WS',
  ...(IdleTimeOut !== undefined && { ProtocolParams: { WSParams: { IdleTimeOut } } }),
});
const BAD = 'InvalidParameterValue';

test('a function is one of events unless it is said', () => {
  for (const Type of [undefined, null, '', 'Event']) assert.equal(functionType({ Type }), 'Event');
  assert.equal(functionType({ Type: 'HTTP' }), 'HTTP');
  for (const Type of ['http', 'event', 'Web', 1]) throws(() => functionType({ Type }), 'InvalidParameterValue.Type');
});

describe('the protocol of a function that is made', () => {
  test('is none unless it is said', () => {
    for (const wire of [{}, { ProtocolType: '' }, { ProtocolType: null }, { ProtocolParams: { WSParams: {} } }])
      assert.deepEqual(protocolOf(wire, 3), NO_PROTOCOL);
  });

  test('lets connections idle for 15 s, or as long as a run lasts, or as it says', () => {
    assert.deepEqual(protocolOf(ws(), 60), { protocol: 'WS', wsIdleTimeoutS: 15 });
    assert.deepEqual(protocolOf(ws(), 3), { protocol: 'WS', wsIdleTimeoutS: 3 });
    for (const idle of [1, 600, 7200]) assert.equal(protocolOf(ws(idle), 7200).wsIdleTimeoutS, idle);
  });

  test('is refused where it cannot be kept', () => {
    for (const idle of [0, 7201, -1, 1.5]) throws(() => protocolOf(ws(idle), 7200), BAD);
    throws(() => protocolOf(ws(61), 60), BAD);
    throws(() => protocolOf({ ProtocolType: 'HTTP2' }, 60), BAD);
    throws(() => protocolOf({ ProtocolParams: ws(15).ProtocolParams }, 60), BAD);
  });
});

describe('the protocol after an update', () => {
  const socket = aVersion({ type: 'HTTP', protocol: 'WS', wsIdleTimeoutS: 20, timeoutS: 60 });
  const plain = aVersion({ type: 'HTTP' });

  test('is what it was, with another idle time if that is said', () => {
    assert.deepEqual(protocolAfter({}, socket, 60), { protocol: 'WS', wsIdleTimeoutS: 20 });
    assert.deepEqual(protocolAfter(ws(40), socket, 60), { protocol: 'WS', wsIdleTimeoutS: 40 });
    assert.deepEqual(protocolAfter({ ProtocolType: '' }, plain, 3), NO_PROTOCOL);
  });

  test('cannot be taken away, nor given', () => {
    throws(() => protocolAfter({ ProtocolType: '' }, socket, 60), 'UnsupportedOperation');
    throws(() => protocolAfter(ws(), plain, 60), 'UnsupportedOperation');
    throws(() => protocolAfter({ ProtocolParams: ws(15).ProtocolParams }, plain, 60), BAD);
  });

  test('leaves runs at least as long as connections may idle', () => {
    throws(() => protocolAfter({}, socket, 19), BAD);
    throws(() => protocolAfter(ws(61), socket, 60), BAD);
    assert.equal(protocolAfter(ws(5), socket, 5).wsIdleTimeoutS, 5);
  });
});

describe('requests per instance', () => {
  const of = (InstanceConcurrencyConfig: unknown) => instanceConcurrency({ InstanceConcurrencyConfig });

  test('are kept with the documented switch, removed by an empty one, left alone by nothing', () => {
    for (const given of [{ DynamicEnabled: 'FALSE' }, { DynamicEnabled: 'false' }, {}])
      assert.deepEqual(of({ ...given, MaxConcurrency: 20 }), { MaxConcurrency: 20, DynamicEnabled: 'FALSE' });
    for (const MaxConcurrency of [1, 100])
      assert.deepEqual(of({ MaxConcurrency }), { MaxConcurrency, DynamicEnabled: 'FALSE' });
    assert.equal(of({ DynamicEnabled: '', MaxConcurrency: 0 }), null);
    for (const nothing of [undefined, null, {}, { Type: 'Request-Based' }]) assert.equal(of(nothing), undefined);
  });

  test('are refused beyond 1 to 100, and changing by themselves', () => {
    for (const MaxConcurrency of [0, 101, -1, 2.5, undefined])
      throws(() => of({ DynamicEnabled: 'FALSE', MaxConcurrency }), BAD);
    throws(() => of({ DynamicEnabled: 'TRUE', MaxConcurrency: 5 }), 'UnsupportedOperation');
  });

  test('are not of sessions', () => {
    throws(() => of({ Type: 'Session-Based', MaxConcurrency: 2 }), 'UnsupportedOperation');
    throws(() => of({ SessionConfig: { SessionSource: 'COOKIE' }, MaxConcurrency: 2 }), 'UnsupportedOperation');
    throws(() => of({ InstanceIsolationEnabled: 'TRUE', MaxConcurrency: 2 }), 'UnsupportedOperation');
    throws(() => of({ MixNodeConfig: [{ NodeSpec: 'x', Num: 1 }] }), 'UnsupportedOperation');
    throws(() => of({ Type: 'Other', MaxConcurrency: 2 }), BAD);
    assert.ok(of({ Type: 'Request-Based', SessionConfig: {}, MaxConcurrency: 2, InstanceIsolationEnabled: 'FALSE' }));
  });
});

describe('a web function', () => {
  const CONCURRENT = { DynamicEnabled: 'FALSE', MaxConcurrency: 10 };

  async function house(wire: Wire = {}, settings: object = {}) {
    const world = await scene();
    const { functions } = world.control;
    const made = functions.create({ ...creation(settings), wire: { Type: 'HTTP', ...wire } });
    const version = async () => (await functions.get(KEY)).version;
    const update = (change: object, wire: Wire = {}) => functions.updateConfiguration({ ...KEY, ...change, wire });
    return { ...world, functions, made, version, update };
  }

  test('is made, without a handler, and never becomes another thing', async () => {
    const { made, version, control, update } = await house(
      { ...ws(30), InstanceConcurrencyConfig: CONCURRENT },
      { timeoutS: 900, handler: undefined },
    );
    await made;
    await control.settled();
    const { type, handler, protocol, wsIdleTimeoutS, echoed, status } = await version();
    assert.deepEqual(
      { type, handler, protocol, wsIdleTimeoutS, status },
      { type: 'HTTP', handler: 'scf_bootstrap', protocol: 'WS', wsIdleTimeoutS: 30, status: 'Active' },
    );
    assert.deepEqual(echoed.InstanceConcurrencyConfig, CONCURRENT);
    await rejects(update({}, { ProtocolType: '' }), 'UnsupportedOperation');
    await rejects(update({ timeoutS: 29 }), BAD);
    await rejects(update({ timeoutS: 7201 }), 'LimitExceeded.Timeout');
    await update({ timeoutS: 7200 }, ws(7200));
    assert.deepEqual([(await version()).timeoutS, (await version()).wsIdleTimeoutS], [7200, 7200]);
  });

  test('has its instances replaced by what they can notice', async () => {
    const { made, version, control, update } = await house(
      { ...ws(30), InstanceConcurrencyConfig: CONCURRENT },
      { timeoutS: 60 },
    );
    await made;
    await control.settled();
    const { revision } = await version();
    await update({}, ws(30));
    assert.equal((await version()).revision, revision);
    await update({}, ws(31));
    assert.equal((await version()).revision, revision + 1);
    await update({}, { InstanceConcurrencyConfig: { DynamicEnabled: '' } });
    assert.equal((await version()).revision, revision + 2);
    assert.equal((await version()).echoed.InstanceConcurrencyConfig, null);
  });

  test('keeps its protocol in versions and copies, not in copies of the code alone', async () => {
    const { made, control, functions } = await house(ws(30), { timeoutS: 60 });
    await made;
    await control.settled();
    assert.equal((await control.versions.publish(KEY, {})).wsIdleTimeoutS, 30);
    const to = { ...KEY, name: 'copy' };
    await functions.copy({ from: KEY, to });
    await control.settled();
    assert.equal((await functions.get(to)).version.protocol, 'WS');
    await functions.copy({ from: KEY, to, override: true, copyConfiguration: false });
    const { type, protocol, wsIdleTimeoutS } = (await functions.get(to)).version;
    assert.deepEqual({ type, protocol, wsIdleTimeoutS }, { type: 'HTTP', protocol: '', wsIdleTimeoutS: 0 });
  });

  test('is called synchronously alone', async () => {
    await rejects((await house({}, { asyncRun: true })).made, BAD);
    const { made, control, functions, update } = await house();
    await made;
    await control.settled();
    await rejects(update({ traced: true }), BAD);
    await rejects(functions.setAsyncPolicy(KEY, { retryNum: 1, msgTtlS: 600 }), 'UnsupportedOperation');
  });

  test('without a type of its own no function has WebSocket or several requests at a time', async () => {
    for (const wire of [ws(), { InstanceConcurrencyConfig: CONCURRENT }])
      await rejects((await house({ ...wire, Type: 'Event' })).made, 'UnsupportedOperation');
  });
});
