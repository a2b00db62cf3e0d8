import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { processFamilies } from './process.ts';

async function values(): Promise<Map<string, number>> {
  const families = await processFamilies();
  return new Map(
    families.flatMap(({ name, samples }) => samples.map(({ labels, value }) => [`${name}{${labels}}`, value])),
  );
}

test('every name stands once, every number is one', async () => {
  const families = await processFamilies();
  assert.equal(new Set(families.map(({ name }) => name)).size, families.length);
  for (const { name, samples } of families) {
    assert.ok(samples.length > 0 || name === 'nodejs_active_resources', name);
    for (const { value } of samples) assert.ok(value >= 0, `${name} ${value}`);
  }
});

test('memory, processor time, start and version are those of this process', async () => {
  const seen = await values();
  const of = (name: string) => seen.get(`${name}{}`) ?? Number.NaN;
  assert.ok(of('process_resident_memory_bytes') > 10e6);
  assert.ok(of('nodejs_heap_size_used_bytes') <= of('nodejs_heap_size_total_bytes'));
  const cpu = of('process_cpu_user_seconds_total') + of('process_cpu_system_seconds_total');
  assert.ok(cpu > 0 && Math.abs(of('process_cpu_seconds_total') - cpu) < 1e-9);
  assert.ok(Math.abs(of('process_start_time_seconds') - performance.timeOrigin / 1000) <= 0.5);
  const version = [...seen.keys()].find(name => name.startsWith('nodejs_version_info'));
  assert.ok(version?.includes(`version="${process.version}",major="${process.versions.node.split('.')[0]}"`), version);
  assert.ok((seen.get('nodejs_heap_space_size_used_bytes{space="old"}') ?? 0) > 0);
});

test('time only grows, and the loop is either at work or idle', async () => {
  const before = await values();
  await new Promise(setImmediate);
  const after = await values();
  for (const name of before.keys())
    if (name.includes('seconds_total')) assert.ok((after.get(name) ?? -1) >= (before.get(name) ?? 0), name);
});

test('open files are counted', { skip: process.platform !== 'linux' && 'only Linux has /proc' }, async () => {
  const count = async () => (await values()).get('process_open_fds{}') ?? 0;
  const before = await count();
  const files = Array.from({ length: 5 }, () => openSync('/dev/null', 'r'));
  const after = await count();
  for (const file of files) closeSync(file);
  assert.equal(after - before, 5);
  assert.ok(((await values()).get('process_max_fds{}') ?? 0) > after);
});
