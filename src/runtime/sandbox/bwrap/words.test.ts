import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Facts, weaknesses } from './words.ts';

const BEST: Facts = { cgroups: 'used', ownUid: true, nproc: true, tmp: 'loop' };
const WORST: Facts = { cgroups: { zh: '没有', en: 'there are none' }, ownUid: false, nproc: false, tmp: 'tmpfs' };

test('at best only the shared network is told', () => {
  const [network, ...more] = weaknesses(BEST);
  assert.deepEqual(more, []);
  assert.deepEqual(network?.brief, { zh: '共用网络', en: 'shared network' });
  assert.match(network?.whole.en ?? '', /^functions share the network /);
  assert.match(network?.whole.zh ?? '', /^函数与本机共用网络/);
});

test('what is missing is told, with what the control groups said', () => {
  const found = weaknesses(WORST);
  const [, memory, processes, user, tmp] = found.map(one => one.whole);
  assert.equal(found.length, 5);
  assert.match(memory?.en ?? '', /watched every 20-50 ms.*: there are none$/);
  assert.match(memory?.zh ?? '', /：没有$/);
  assert.match(processes?.en ?? '', /number of processes is not limited/);
  assert.match(processes?.zh ?? '', /不限制进程数/);
  assert.match(user?.en ?? '', /user of this server/);
  assert.match(tmp?.en ?? '', /^files in \/tmp lie in memory and are not counted/);
});

test('a limit per user holds the number of processes as well', () => {
  assert.doesNotMatch(JSON.stringify(weaknesses({ ...WORST, nproc: true })), /number of processes/);
});

test('each source of /tmp has its own words', () => {
  const tmpOf = (tmp: Facts['tmp']) => weaknesses({ ...BEST, tmp })[1]?.whole;
  assert.match(tmpOf('folder')?.en ?? '', /not limited/);
  assert.match(tmpOf('tmpfs')?.zh ?? '', /其中的文件计入函数内存/);
});

test('what is listed at start is short', () => {
  for (const { brief, whole } of [...weaknesses(WORST), ...weaknesses({ ...BEST, tmp: 'folder' })]) {
    assert.ok(brief.en.length <= 45 && brief.zh.length <= 20, brief.en);
    assert.ok(brief.en.length < whole.en.length, brief.en);
  }
});
