import assert from 'node:assert/strict';
import { test } from 'node:test';
import { originOf } from './origin.ts';

test('an origin can be pasted, whatever the server listens on', () => {
  assert.equal(originOf('127.0.0.1', 9700), 'http://127.0.0.1:9700');
  assert.equal(originOf('box.example', 80), 'http://box.example');
  assert.equal(originOf('box.example', 443), 'http://box.example:443');
  assert.equal(originOf('0.0.0.0', 443, 'https'), 'https://127.0.0.1');
  assert.equal(originOf('0.0.0.0', 9700), 'http://127.0.0.1:9700');
  assert.equal(originOf('::', 9700), 'http://[::1]:9700');
  assert.equal(originOf('fe80::1', 9700), 'http://[fe80::1]:9700');
});
