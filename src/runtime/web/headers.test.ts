import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VERSION } from '../testing.ts';
import { clientHeaders, headerBytes, ownLines, platformLines } from './headers.ts';

test('the platform’s headers are the documented ones', () => {
  const version = { ...VERSION, name: 'web', version: '3', memoryMB: 256, timeoutS: 60, namespace: 'prod' };
  assert.equal(
    platformLines('r1', ownLines(version, { appId: '1250000000', uin: '100' })),
    [
      ...['X-Scf-Request-Id: r1', 'X-Scf-Memory: 256', 'X-Scf-Timeout: 60', 'X-Scf-Version: 3', 'X-Scf-Name: web'],
      ...['X-Scf-Namespace: prod', 'X-Scf-Region: ap-guangzhou', 'X-Scf-Appid: 1250000000', 'X-Scf-Uin: 100', ''],
    ].join('\r\n'),
  );
});

test('a client’s headers stay as they are, but for those that are the platform’s', () => {
  const plain = ['hOST', 'a', 'X-A', '1', 'x-a', '2', 'X-Sc', '3', 'XX-Scf-Name', '4', '', '5'];
  assert.equal(clientHeaders(plain), plain);
  const forged = [
    'X-SCF-Name',
    'x',
    'Host',
    'a',
    'x-scf-',
    'x',
    'x-ScF-Own',
    'x',
    'X-B',
    '1',
    'X_Scf_Name',
    'x',
    'X-SCF_Uin',
    'x',
  ];
  assert.deepEqual(clientHeaders(forged), ['Host', 'a', 'X-B', '1']);
});

test('names and values count, and nothing between them', () => {
  assert.equal(headerBytes(['Abc', 'de', 'F', '']), 6);
});
