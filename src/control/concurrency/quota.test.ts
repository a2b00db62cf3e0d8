import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryBus } from '../../bus/memory.ts';
import { CloudError } from '../../core/errors.ts';
import { regionQuotaMB } from '../../core/limits.ts';
import { NO_LOG } from '../../core/log.ts';
import { fail } from '../errors.ts';
import { scene } from '../fixture.ts';
import { RegionQuotas } from './quota.ts';

const tick = () => new Promise(setImmediate);
const nothing = async () => undefined;

async function house(limitMB = regionQuotaMB) {
  const { store } = await scene();
  const bus = memoryBus(NO_LOG);
  return { store, load: (limit = limitMB) => RegionQuotas.load({ store, bus, limitMB: limit }) };
}

test('as documented until it is set, region by region, and after a restart', async () => {
  const { load } = await house();
  const quotas = await load();
  assert.deepEqual([quotas.quotaMB('ap-guangzhou'), quotas.quotaMB('ap-tokyo')], [128_000, 64_000]);
  await quotas.set('ap-tokyo', 20_000, nothing);
  assert.deepEqual([quotas.quotaMB('ap-guangzhou'), quotas.quotaMB('ap-tokyo')], [128_000, 20_000]);
  assert.equal((await load()).quotaMB('ap-tokyo'), 20_000);
});

test('other nodes hear of it, until they close', async () => {
  const { load } = await house();
  const [here, there, closed] = [await load(), await load(), await load()];
  closed.close();
  await here.set('ap-tokyo', 20_000, nothing);
  await tick();
  assert.equal(there.quotaMB('ap-tokyo'), 20_000);
  assert.equal(closed.quotaMB('ap-tokyo'), 64_000);
});

test('what is refused leaves everything as it was', async () => {
  const { load, store } = await house();
  const quotas = await load();
  const refuse = quotas.set('ap-tokyo', 1, async () => fail('LimitExceeded.TotalConcurrencyMemory', {}));
  await assert.rejects(refuse, CloudError);
  assert.equal(quotas.quotaMB('ap-tokyo'), 64_000);
  assert.equal(await store.count('concurrencyQuotas'), 0);
});

test('a limit that has been lowered since holds; raised again, so does what was set', async () => {
  const { load } = await house();
  await (await load()).set('ap-tokyo', 50_000, nothing);
  assert.equal((await load(() => 30_000)).quotaMB('ap-tokyo'), 30_000);
  assert.equal((await load(() => 200_000)).quotaMB('ap-tokyo'), 50_000);
});
