import assert from 'node:assert/strict';
import { test } from 'node:test';
import { weaknesses } from './words.ts';

test('at best only the shared network is told', () => {
  const { zh, en } = weaknesses({ cgroups: 'used', ownUid: true, nproc: true, tmp: 'loop' });
  assert.match(en, /^functions share the network [^;]*$/);
  assert.match(zh, /^函数与本机共用网络[^；]*$/);
});

test('what is missing is told, with what the control groups said', () => {
  const { zh, en } = weaknesses({
    cgroups: { zh: '没有', en: 'there are none' },
    ownUid: false,
    nproc: true,
    tmp: 'tmpfs',
  });
  assert.equal(en.split('; ').length, 4);
  assert.equal(zh.split('；').length, 4);
  assert.match(
    en,
    /watched every 20-50 ms.*: there are none; .*user of this server.*; files in \/tmp lie in memory and are not counted/,
  );
  assert.match(zh, /：没有；/);
  const old = weaknesses({ cgroups: { zh: '没有', en: 'there are none' }, ownUid: false, nproc: false, tmp: 'loop' });
  assert.match(old.en, /number of processes is not limited/);
  assert.match(old.zh, /不限制进程数/);
  assert.match(weaknesses({ cgroups: 'used', ownUid: true, nproc: true, tmp: 'folder' }).en, /not limited/);
  assert.match(weaknesses({ cgroups: 'used', ownUid: true, nproc: true, tmp: 'tmpfs' }).zh, /其中的文件计入函数内存/);
});
