import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type KeysOf, type RoleKeys, roleShare } from './keys.ts';
import { VERSION } from './testing.ts';

const NOW = 1_000_000;
const KEYS: RoleKeys = { secretId: 'AKID1', secretKey: 'key', token: 'token', expiresAt: NOW + 7_200_000 };
const WITH = { ...VERSION, role: 'reader' };

test('a function with a role has its keys, and an instance is good for half of their life', () => {
  const asked: unknown[] = [];
  const keysOf: KeysOf = (version, nowMs) => {
    asked.push([version.role, nowMs]);
    return KEYS;
  };
  const share = roleShare(WITH, keysOf, NOW);
  assert.deepEqual(asked, [['reader', NOW]]);
  assert.deepEqual(share, {
    variables: {
      TENCENTCLOUD_SECRETID: 'AKID1',
      TENCENTCLOUD_SECRETKEY: 'key',
      TENCENTCLOUD_SESSIONTOKEN: 'token',
    },
    renewAt: NOW + 3_600_000,
    note: '',
  });
});

test('without a role nobody is asked, and nothing ends', () => {
  const share = roleShare(VERSION, () => assert.fail('asked'), NOW);
  assert.deepEqual(share, { variables: {}, renewAt: Number.POSITIVE_INFINITY, note: '' });
});

test('a role that has gone leaves no keys and a line for the log, and is asked for again soon', () => {
  const share = roleShare(WITH, () => ({ zh: '没有', en: 'gone' }), NOW);
  assert.deepEqual(share.variables, {});
  assert.equal(share.renewAt, NOW + 60_000);
  assert.equal(share.note, '[PLATFORM] No keys of the role: gone 没有');
});
