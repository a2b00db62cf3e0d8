import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_ALIAS, LATEST } from '../core/function.ts';
import { creation, KEY, NOW, rejects, scene, zip } from './fixture.ts';

describe('CreateFunction', () => {
  test('makes $LATEST and $DEFAULT, Creating first, Active when the package is ready', async () => {
    const { control, runtimes, blob } = await scene();
    const ready = Promise.withResolvers<undefined>();
    runtimes.answer = () => ready.promise;
    await control.functions.create(
      creation({ description: 'd', environment: { A: '1' }, tags: [{ Key: 'k', Value: 'v' }] }),
    );
    assert.equal((await control.functions.get(KEY)).version.status, 'Creating');
    ready.resolve(undefined);
    await control.settled();
    const { tags, version } = await control.functions.get(KEY);
    assert.equal(version.status, 'Active');
    assert.match(version.id, /^lam-[a-z][a-z0-9]{7}$/);
    assert.deepEqual(tags, [{ Key: 'k', Value: 'v' }]);
    assert.deepEqual(
      [version.memoryMB, version.timeoutS, version.initTimeoutS, version.handler, version.addTime],
      [128, 3, 65, 'index.main_handler', NOW],
    );
    assert.deepEqual(version.environment, { A: '1' });
    assert.ok(blob.kept.has(version.code.sha256));
    assert.equal(control.catalog.find(KEY)?.aliases.get(DEFAULT_ALIAS)?.version, LATEST);
  });

  test('takes the default runtime when none is named', async () => {
    const { control, made } = await scene();
    await made({ runtime: undefined });
    assert.equal((await control.functions.get(KEY)).version.runtime, 'Python2.7');
  });

  test('an unusable package ends in CreateFailed with its reason; then only deleting is left', async () => {
    const { control, made, runtimes, blob } = await scene();
    runtimes.answer = async () => ({ ErrorCode: 'InvalidParameterValue.ZipFile', ErrorMessage: 'no index.js' });
    await made();
    const { version } = await control.functions.get(KEY);
    assert.equal(version.status, 'CreateFailed');
    assert.deepEqual(version.statusReasons, [
      { ErrorCode: 'InvalidParameterValue.ZipFile', ErrorMessage: 'no index.js' },
    ]);
    await rejects(
      control.functions.updateCode({ ...KEY, zip: zip('new'), wire: {} }),
      'FailedOperation.UpdateFunctionCode',
    );
    await rejects(
      control.functions.updateConfiguration({ ...KEY, memoryMB: 256, wire: {} }),
      'FailedOperation.FunctionStatusError',
    );
    await rejects(control.versions.publish(KEY, {}), 'FailedOperation.PublishVersion');
    await rejects(control.aliases.create(KEY, { alias: 'a', version: LATEST }), 'FailedOperation.FunctionStatusError');
    await rejects(
      control.triggers.create({ ...KEY, type: 'timer', triggerName: 't', desc: '{}' }),
      'FailedOperation.CreateTrigger',
    );
    await rejects(
      control.functions.copy({ from: KEY, to: { ...KEY, name: 'other' } }),
      'FailedOperation.FunctionStatusError',
    );
    await control.functions.delete(KEY);
    assert.equal(control.catalog.find(KEY), undefined);
    assert.equal(blob.kept.size, 0);
  });

  test('what the check of a package throws is a reason, not a hang', async () => {
    const { control, made, runtimes } = await scene();
    runtimes.answer = async () => {
      throw new Error('disk full');
    };
    await made();
    const { version } = await control.functions.get(KEY);
    assert.equal(version.status, 'CreateFailed');
    assert.equal(version.statusReasons[0]?.ErrorCode, 'InternalError');
    assert.match(version.statusReasons[0]?.ErrorMessage ?? '', /disk full/);
  });

  test('of two that come at once one is made, the other is told', async () => {
    const { control } = await scene();
    const results = await Promise.allSettled([
      control.functions.create(creation({ zip: zip('a') })),
      control.functions.create(creation({ zip: zip('b') })),
    ]);
    assert.deepEqual(
      results.map(result => result.status),
      ['fulfilled', 'rejected'],
    );
    assert.equal(results[1]?.status === 'rejected' && results[1].reason.code, 'ResourceInUse.Function');
    await control.settled();
  });

  test('two servers on one store: one of them makes it', async () => {
    const first = await scene();
    const second = await scene({ store: first.store });
    const results = await Promise.allSettled([
      first.control.functions.create(creation()),
      second.control.functions.create(creation({ zip: zip('b') })),
    ]);
    assert.equal(results.filter(result => result.status === 'fulfilled').length, 1);
    assert.equal(await first.store.count('functions'), 1);
    assert.equal(second.blob.kept.size + first.blob.kept.size, 1, 'the package of the one that failed is dropped');
  });

  test('the same name serves in another namespace and in another region', async () => {
    const { control, made } = await scene();
    await control.namespaces.create(KEY.region, 'other', { wire: {} });
    await made();
    await made({ namespace: 'other' });
    await made({ region: 'ap-beijing' });
    const { total } = await control.functions.list({ region: 'ap-beijing', namespace: 'default' });
    assert.equal(total, 1);
  });

  test('nothing is left behind when the disk is full', async () => {
    const { control, store, blob } = await scene();
    blob.full = new Error('ENOSPC');
    await assert.rejects(control.functions.create(creation()), /ENOSPC/);
    assert.equal(await store.count('functions'), 0);
    assert.equal(control.catalog.find(KEY), undefined);
    blob.full = undefined;
    await control.functions.create(creation());
    await control.settled();
  });

  test('refusals leave no package behind', async () => {
    const { control, blob } = await scene({ quotas: { ...(await scene()).deps.quotas, functionsPerNamespace: 1 } });
    await control.functions.create(creation());
    await rejects(control.functions.create(creation({ name: 'second', zip: zip('2') })), 'LimitExceeded.Function');
    await rejects(control.functions.create(creation({ zip: zip('3') })), 'ResourceInUse.Function');
    await rejects(
      control.functions.create(creation({ namespace: 'none', zip: zip('4') })),
      'ResourceNotFound.Namespace',
    );
    assert.equal(blob.kept.size, 1);
    await control.settled();
  });

  const refused: [string, Parameters<typeof creation>[0], string][] = [
    ['a bad name', { name: '1x' }, 'InvalidParameterValue.FunctionName'],
    ['a bad namespace', { namespace: 'a b' }, 'InvalidParameterValue.NamespaceInvalid'],
    ['no code', { zip: undefined }, 'MissingParameter.Code'],
    ['code that is no zip', { zip: Buffer.from('hello') }, 'InvalidParameterValue.ZipFile'],
    ['an unknown runtime', { runtime: 'Cobol1' }, 'InvalidParameterValue.Runtime'],
    ['a bad handler', { handler: 'main_handler' }, 'InvalidParameterValue.Handler'],
    ['a type that nobody knows', { wire: { Type: 'http' } }, 'InvalidParameterValue.Type'],
    ['an unknown type', { wire: { Type: 'Batch' } }, 'InvalidParameterValue.Type'],
    ['an unknown code source', { wire: { CodeSource: 'Ftp' } }, 'InvalidParameterValue.CodeSource'],
    ['memory between the steps', { memoryMB: 200 }, 'InvalidParameterValue.MemorySize'],
    ['a reserved variable', { environment: { SCF_X: '1' } }, 'InvalidParameterValue.EnvironmentSystemProtect'],
  ];
  for (const [what, change, code] of refused)
    test(`refuses ${what}: ${code}`, async () => {
      const { control, store, blob } = await scene();
      await rejects(control.functions.create(creation(change)), code);
      assert.equal(await store.count('functions'), 0);
      assert.equal(blob.kept.size, 0);
    });
});

describe('GetFunction', () => {
  test('resolves versions and aliases, and says in Chinese what clients look for', async () => {
    const { control, made } = await scene();
    const missing = await rejects(control.functions.get(KEY), 'ResourceNotFound.Function');
    assert.match(missing.text('zh'), /^未找到指定的Function，请检查后重试。/);
    await rejects(control.functions.get({ ...KEY, name: '-' }), 'InvalidParameterValue.FunctionName');
    await made();
    await control.versions.publish(KEY, {});
    await control.settled();
    await control.aliases.create(KEY, { alias: 'prod', version: '1' });
    assert.equal((await control.functions.get(KEY, 'prod')).version.version, '1');
    assert.equal((await control.functions.get(KEY, DEFAULT_ALIAS)).version.version, LATEST);
    await rejects(control.functions.get(KEY, '2'), 'ResourceNotFound.Qualifier');
  });

  test('gives the package back', async () => {
    const { control, made, blob } = await scene();
    await made();
    const { stream, code } = await control.functions.code(KEY);
    assert.deepEqual(Buffer.concat(await stream.toArray()), zip());
    assert.equal(code.bytes, zip().length);
    blob.kept.clear();
    await rejects(control.functions.code(KEY), 'InternalError.System');
  });
});

describe('UpdateFunctionCode', () => {
  test('the former code serves until the new one is ready', async () => {
    const { control, made, runtimes, blob, clock } = await scene();
    await made();
    const before = (await control.functions.get(KEY)).version;
    const ready = Promise.withResolvers<undefined>();
    runtimes.answer = () => ready.promise;
    await clock.advance(1000);
    await control.functions.updateCode({ ...KEY, zip: zip('new'), handler: 'app.handler', wire: {} });
    const during = (await control.functions.get(KEY)).version;
    assert.deepEqual(
      [during.status, during.code, during.handler, during.revision],
      ['Updating', before.code, before.handler, before.revision],
    );
    await rejects(
      control.functions.updateCode({ ...KEY, zip: zip('3'), wire: {} }),
      'FailedOperation.UpdateFunctionCode',
    );
    await rejects(control.functions.delete(KEY), 'FailedOperation.DeleteFunction');
    await rejects(control.versions.publish(KEY, {}), 'FailedOperation.PublishVersion');
    ready.resolve(undefined);
    await control.settled();
    const after = (await control.functions.get(KEY)).version;
    assert.deepEqual(
      [after.status, after.handler, after.revision, after.modTime],
      ['Active', 'app.handler', 2, NOW + 1000],
    );
    assert.notDeepEqual(after.code, before.code);
    assert.deepEqual([...blob.kept.keys()], [after.code.sha256], 'the former package is dropped');
  });

  test('a failed update keeps the former code, and can be repeated', async () => {
    const { control, made, runtimes, blob, store } = await scene();
    await made();
    const before = (await control.functions.get(KEY)).version;
    runtimes.answer = async () => ({ ErrorCode: 'X', ErrorMessage: 'bad' });
    await control.functions.updateCode({ ...KEY, zip: zip('new'), wire: {} });
    await control.settled();
    const failed = (await control.functions.get(KEY)).version;
    assert.deepEqual(
      [failed.status, failed.code, failed.revision, failed.statusReasons[0]?.ErrorMessage],
      ['UpdateFailed', before.code, before.revision, 'bad'],
    );
    assert.deepEqual([...blob.kept.keys()], [before.code.sha256]);
    assert.equal(await store.count('resources'), 0);
    runtimes.answer = async () => undefined;
    await control.functions.updateCode({ ...KEY, zip: zip('new'), wire: {} });
    await control.settled();
    const { version } = await control.functions.get(KEY);
    assert.deepEqual([version.status, version.statusReasons], ['Active', []]);
  });

  test('publishes when asked to, once the code is active', async () => {
    const { control, made } = await scene();
    await made();
    await control.functions.updateCode({ ...KEY, zip: zip('new'), publish: true, wire: {} });
    await control.settled();
    const latest = (await control.functions.get(KEY)).version;
    const published = (await control.functions.get(KEY, '1')).version;
    assert.deepEqual([published.status, published.code], ['Active', latest.code]);
  });

  test('a package that another version still uses stays', async () => {
    const { control, made, blob } = await scene();
    await made();
    await control.versions.publish(KEY, {});
    await control.settled();
    await control.functions.updateCode({ ...KEY, zip: zip('new'), wire: {} });
    await control.settled();
    assert.equal(blob.kept.size, 2);
    await control.versions.delete(KEY, '1', {});
    assert.equal(blob.kept.size, 1);
  });
});

describe('UpdateFunctionConfiguration', () => {
  test('changes what is given and keeps the rest', async () => {
    const { control, made } = await scene();
    await made({ environment: { A: '1' }, wire: { VpcConfig: { VpcId: 'vpc-1' } } });
    await control.functions.updateConfiguration({
      ...KEY,
      memoryMB: 256,
      description: 'x',
      wire: { DnsCache: 'TRUE' },
    });
    const { version } = await control.functions.get(KEY);
    assert.deepEqual(
      [version.memoryMB, version.description, version.environment, version.timeoutS, version.status, version.revision],
      [256, 'x', { A: '1' }, 3, 'Active', 2],
    );
    assert.deepEqual(version.echoed, { VpcConfig: { VpcId: 'vpc-1' }, DnsCache: 'TRUE' });
    await control.functions.updateConfiguration({ ...KEY, environment: {}, wire: {} });
    assert.deepEqual((await control.functions.get(KEY)).version.environment, {});
  });

  test('instances are not replaced for a description', async () => {
    const { control, made } = await scene();
    await made();
    await control.functions.updateConfiguration({ ...KEY, description: 'x', memoryMB: 128, wire: {} });
    assert.equal((await control.functions.get(KEY)).version.revision, 1);
  });

  test('the runtime may be repeated and not changed', async () => {
    const { control, made } = await scene();
    await made();
    await control.functions.updateConfiguration({ ...KEY, runtime: 'Nodejs20.19', wire: {} });
    await rejects(
      control.functions.updateConfiguration({ ...KEY, runtime: 'Python3.9', wire: {} }),
      'InvalidParameterValue.Runtime',
    );
  });

  test('publishes the new settings when asked to', async () => {
    const { control, made } = await scene();
    await made();
    await control.functions.updateConfiguration({ ...KEY, memoryMB: 256, publish: true, wire: {} });
    await control.settled();
    const { version } = await control.functions.get(KEY, '1');
    assert.deepEqual([version.memoryMB, version.status], [256, 'Active']);
  });

  test('writes on one function that come at once are all kept', async () => {
    const { control, made } = await scene();
    await made();
    await Promise.all([
      control.functions.updateConfiguration({ ...KEY, memoryMB: 256, wire: {} }),
      control.functions.updateConfiguration({ ...KEY, timeoutS: 9, wire: {} }),
      control.functions.updateConfiguration({ ...KEY, environment: { B: '2' }, wire: {} }),
      control.functions.setAsyncPolicy(KEY, { retryNum: 1, msgTtlS: 60 }),
    ]);
    const { version } = await control.functions.get(KEY);
    assert.deepEqual([version.memoryMB, version.timeoutS, version.environment], [256, 9, { B: '2' }]);
    assert.deepEqual(await control.functions.asyncPolicy(KEY), { retryNum: 1, msgTtlS: 60 });
  });
});

test('the async policy has its documented bounds', async () => {
  const { control, made } = await scene();
  await made();
  assert.deepEqual(await control.functions.asyncPolicy(KEY, LATEST), { retryNum: 2, msgTtlS: 21600 });
  await rejects(control.functions.asyncPolicy(KEY, '7'), 'ResourceNotFound.Qualifier');
  await rejects(control.functions.setAsyncPolicy(KEY, { retryNum: 3, msgTtlS: 60 }), 'LimitExceeded.RetryNum');
  await rejects(control.functions.setAsyncPolicy(KEY, { retryNum: 0, msgTtlS: 59 }), 'LimitExceeded.MsgTTL');
});

describe('CopyFunction', () => {
  const to = { region: 'ap-shanghai', namespace: 'default', name: 'copied' };

  test('copies code and settings to another region', async () => {
    const { control, made, blob } = await scene();
    await made({ memoryMB: 512, environment: { A: '1' }, description: 'source' });
    await control.functions.copy({ from: KEY, to });
    await control.settled();
    const { version } = await control.functions.get(to);
    const source = (await control.functions.get(KEY)).version;
    assert.deepEqual(
      [version.status, version.memoryMB, version.environment, version.description, version.code],
      ['Active', 512, { A: '1' }, 'source', source.code],
    );
    assert.notEqual(version.id, source.id);
    await control.functions.delete(KEY);
    assert.equal(blob.kept.size, 1, 'the copy still uses the package');
    await control.functions.delete(to);
    assert.equal(blob.kept.size, 0);
  });

  test('copies the code alone when asked to', async () => {
    const { control, made } = await scene();
    await made({ memoryMB: 512, handler: 'app.handler' });
    await control.functions.copy({ from: KEY, to, copyConfiguration: false, description: 'mine' });
    await control.settled();
    const { version } = await control.functions.get(to);
    assert.deepEqual([version.memoryMB, version.handler, version.description], [128, 'app.handler', 'mine']);
  });

  test('code that another server has changed meanwhile is not copied by halves', async () => {
    const stale = await scene();
    await stale.made();
    const other = await scene({ store: stale.store, blob: stale.blob });
    await other.control.functions.updateCode({ ...KEY, zip: zip('new'), wire: {} });
    await other.control.settled();
    await rejects(stale.control.functions.copy({ from: KEY, to }), 'FailedOperation.CopyFailed');
    assert.equal(await stale.store.count('functions'), 1);
  });

  test('replaces a target only when told to', async () => {
    const { control, made } = await scene();
    await made();
    await made({ ...to, zip: zip('old') });
    await rejects(control.functions.copy({ from: KEY, to }), 'ResourceInUse.Function');
    const before = (await control.functions.get(to)).version;
    await control.functions.copy({ from: KEY, to, override: true });
    await control.settled();
    assert.notEqual((await control.functions.get(to)).version.id, before.id);
    await rejects(control.functions.copy({ from: KEY, to: KEY, override: true }), 'FailedOperation.CopyFailed');
    await rejects(
      control.functions.copy({ from: KEY, to: { ...to, namespace: 'none' } }),
      'ResourceNotFound.Namespace',
    );
  });
});

test('deleting leaves no row and no package, and the name is free again', async () => {
  const { control, made, store, blob, timer } = await scene();
  await control.start();
  await made();
  await control.versions.publish(KEY, {});
  await control.settled();
  await control.triggers.create({ ...KEY, type: 'timer', triggerName: 'tick', desc: '{}' });
  assert.ok(timer.on.has('tick'));
  const { id } = (await control.functions.get(KEY)).version;
  await control.functions.delete(KEY);
  for (const table of ['functions', 'versions', 'aliases', 'triggers', 'resources'] as const)
    assert.equal(await store.count(table), 0, table);
  assert.equal(blob.kept.size, 0);
  assert.deepEqual(timer.did, ['bind tick', 'listen tick', 'stop tick', 'unbind tick']);
  await rejects(control.functions.delete(KEY), 'ResourceNotFound.Function');
  await made();
  assert.notEqual((await control.functions.get(KEY)).version.id, id);
});
