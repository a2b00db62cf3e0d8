import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FunctionVersion, NO_CONCURRENCY } from '../../core/function.ts';
import { VERSION } from '../testing.ts';
import { type Quotas, Usage } from './quota.ts';

const version = (name: string, change: Partial<FunctionVersion> = {}): FunctionVersion => ({
  ...VERSION,
  name,
  ...change,
});

function usage(shares: Readonly<Record<string, number>> = {}, change: Partial<Quotas> = {}): Usage {
  return new Usage({
    quotaMB: () => 1024,
    reservedMB: region =>
      region === VERSION.region ? Object.values(shares).reduce((sum, share) => sum + share, 0) : 0,
    of: ({ name }) => ({ ...NO_CONCURRENCY, reservedMB: shares[name] }),
    burst: 0,
    ...change,
  });
}

test('the common share is the quota less what is reserved, and counts those who have reserved nothing', () => {
  const it = usage({ rich: 512 });
  it.count(version('rich'), 512);
  it.count(version('a'), 384);
  assert.equal(it.shortage(version('b')), undefined);
  it.count(version('b'), 128);
  const short = it.shortage(version('b', { memoryMB: 256 }));
  assert.equal(short?.missingMB, 256);
  assert.equal(short?.refusal().status, 432);
  assert.match(short?.refusal().errorMessage ?? '', /\[ b \] .* unreserved quota 512 MB/);
  it.count(version('a'), -384);
  assert.equal(it.shortage(version('b', { memoryMB: 256 })), undefined);
});

test('only instances in the same share make room', () => {
  const it = usage({ rich: 128, other: 128 });
  it.count(version('rich'), 128);
  it.count(version('a'), 768);
  const common = it.shortage(version('b'));
  assert.deepEqual(
    ['a', 'b', 'rich'].map(name => common?.helps(version(name))),
    [true, true, false],
  );
  assert.equal(common?.helps(version('a', { region: 'ap-tokyo' })), false);
  const own = it.shortage(version('rich', { version: '2' }));
  assert.deepEqual(
    [own?.helps(version('rich')), own?.helps(version('a')), own?.helps(version('other'))],
    [true, false, false],
  );
});

test('regions and namespaces: quotas are of regions, reservations of one function', () => {
  const it = usage({}, { quotaMB: region => (region === 'ap-tokyo' ? 128 : 256) });
  it.count(version('a'), 256);
  assert.ok(it.shortage(version('b')));
  assert.equal(it.shortage(version('b', { region: 'ap-tokyo' })), undefined);
  const shares = usage({ a: 128 });
  shares.count(version('a'), 128);
  assert.equal(shares.shortage(version('a', { namespace: 'other' })), undefined);
  assert.ok(shares.shortage(version('a')));
});

test('a burst counts a minute from its first start', () => {
  const it = usage({}, { burst: 2 });
  const a = version('a');
  assert.equal(it.burst(a, 0), undefined);
  it.started(a, 0);
  it.started(a, 59_000);
  assert.equal(it.burst(a, 59_999)?.status, 429);
  assert.equal(it.burst(a, 60_000), undefined);
  it.started(a, 60_000);
  assert.equal(it.burst(a, 60_001), undefined);
  it.started(a, 60_001);
  assert.equal(it.burst(a, 119_999)?.status, 429);
  assert.equal(it.burst(version('b', { region: 'ap-tokyo' }), 119_999), undefined);
});

test('without a burst limit nothing is counted', () => {
  const it = usage();
  for (let i = 0; i < 1000; i++) it.started(version('a'), 0);
  assert.equal(it.burst(version('a'), 0), undefined);
});

test('what was counted and taken away leaves nothing', () => {
  const names = fc.constantFrom('a', 'b', 'rich');
  fc.assert(
    fc.property(fc.array(names, { maxLength: 40 }), started => {
      const it = usage({ rich: 256 });
      for (const name of started) it.count(version(name), 128);
      assert.equal(it.usedMB, started.length * 128);
      const common = started.filter(name => name !== 'rich').length * 128;
      const missing = it.shortage(version('new'))?.missingMB ?? 0;
      assert.equal(missing, Math.max(0, common + 128 - 768));
      for (const name of started) it.count(version(name), -128);
      assert.equal(it.usedMB, 0);
      assert.equal(it.shortage(version('new', { memoryMB: 768 })), undefined);
    }),
  );
});
