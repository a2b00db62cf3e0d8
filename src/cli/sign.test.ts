import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { signTc3 } from './sign.ts';

interface Sdk {
  readonly default: { sign3(request: Readonly<Record<string, unknown>>): string };
}

// The vendor's own client. It signs the host without its port, so none is given here.
const { default: sdk } = createRequire(import.meta.url)(
  'tencentcloud-sdk-nodejs-common/tencentcloud/common/sign.js',
) as Sdk;

test('the signature is the one of the vendor client', () => {
  const payload = { FunctionName: '函数', Limit: 20 };
  const keys = { secretId: 'AKIDexample', secretKey: 'a secret key' };
  for (const timestamp of [0, 1_700_000_000, 1_893_455_999]) {
    const ours = signTc3({
      method: 'POST',
      path: '/',
      host: 'scf.example.com',
      body: JSON.stringify(payload),
      timestamp,
      service: 'scf',
      ...keys,
    });
    const theirs = sdk.sign3({
      method: 'POST',
      url: 'https://scf.example.com/',
      payload,
      timestamp,
      service: 'scf',
      headers: { 'Content-Type': 'application/json' },
      ...keys,
    });
    assert.equal(ours, theirs);
  }
});

test('each part of a call is signed', () => {
  const call = {
    method: 'POST',
    path: '/',
    host: 'h',
    body: '{}',
    timestamp: 1,
    service: 'scf',
    secretId: 'i',
    secretKey: 'k',
  };
  const signature = (change: object) => signTc3({ ...call, ...change }).split('Signature=')[1];
  const changes = [
    {},
    { method: 'GET' },
    { path: '/x' },
    { host: 'h:1' },
    { body: '' },
    { timestamp: 86_400 },
    { service: 'cls' },
    { secretKey: 'l' },
  ];
  assert.equal(new Set(changes.map(signature)).size, changes.length);
});
