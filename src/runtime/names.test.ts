import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLOUD_SUFFIXES } from '../core/cloudnames.ts';
import { cloudNames, cloudNamesWords, type NamesOf } from './names.ts';

const base: NamesOf = { cloudNames: 'on', host: '127.0.0.1', ports: { api: 9700, tls: 9743 }, caPem: 'PEM' };

test('names lead to the ports that were opened', () => {
  assert.deepEqual(cloudNames(base), {
    suffixes: CLOUD_SUFFIXES,
    host: '127.0.0.1',
    address: '127.97.0.1',
    ports: { '443': 9743, '80': 9700 },
    ca: 'PEM',
  });
});

test('switched off there is nothing to tell', () => {
  assert.equal(cloudNames({ ...base, cloudNames: 'off' }), undefined);
});

test('a server that listens everywhere is reached on loopback, any other where it listens', () => {
  const hostOf = (host: string) => cloudNames({ ...base, host })?.host;
  assert.equal(hostOf('0.0.0.0'), '127.0.0.1');
  assert.equal(hostOf('::'), '127.0.0.1');
  assert.equal(hostOf('192.0.2.7'), '192.0.2.7');
  assert.equal(hostOf('::1'), '::1');
  assert.equal(hostOf('localhost'), 'localhost');
});

test('a look-up answers in the family of the server', () => {
  assert.equal(cloudNames({ ...base, host: '::1' })?.address, '::1');
  assert.equal(cloudNames({ ...base, host: 'localhost' })?.address, '127.97.0.1');
});

test('it goes to an instance as JSON and comes out whole', () => {
  const settings = cloudNames(base);
  assert.deepEqual(JSON.parse(JSON.stringify(settings)), settings);
});

test('people are told which way calls go, and what is not caught', () => {
  for (const language of ['zh', 'en'] as const) {
    for (const what of ['curl', 'worker', 'gevent', 'gRPC']) {
      assert.match(cloudNamesWords('on')[language], new RegExp(what));
      assert.doesNotMatch(cloudNamesWords('off')[language], new RegExp(what));
    }
    assert.match(cloudNamesWords('off')[language], /cloudNames=off/);
  }
});
