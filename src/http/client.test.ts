import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { CloudError } from '../core/errors.ts';
import { clientAddress, isLoopback, NO_PROXIES, schemeOf, trustedProxies } from './client.ts';

/** A request as far as these functions look at it. */
function from(remoteAddress: string | undefined, forwarded?: string): IncomingMessage {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  return { socket: { remoteAddress }, headers } as unknown as IncomingMessage;
}

describe('proxies that are trusted', () => {
  test('are named by address and by block', () => {
    const { trusts } = trustedProxies(' 10.0.0.0/8, 192.168.1.5 ,fd00::/8,::1,');
    for (const address of ['10.1.2.3', '192.168.1.5', 'fd12::7', '::1']) assert.ok(trusts(address), address);
    for (const address of ['11.0.0.1', '192.168.1.6', 'fe80::1', '::2', '', 'x', '10.0.0'])
      assert.ok(!trusts(address), address);
  });

  test('are none when nothing is said, and all with a block of no bits', () => {
    for (const text of ['', ' ', ',,']) assert.equal(trustedProxies(text), NO_PROXIES);
    assert.ok(trustedProxies('0.0.0.0/0').trusts('8.8.8.8'));
    assert.ok(!trustedProxies('0.0.0.0/0').trusts('::1'));
  });

  test('are refused with a sentence that names what is wrong', () => {
    for (const entry of [
      '10.0.0',
      '10.0.0.0/33',
      '::/129',
      'proxy',
      '1.2.3.4/',
      '1.2.3.4/8/8',
      '1.2.3.4/-1',
      '1.2.3.4/x',
    ])
      assert.throws(
        () => trustedProxies(`127.0.0.1,${entry}`),
        error => error instanceof CloudError && error.text('en').includes(entry) && error.text('zh').includes(entry),
        entry,
      );
  });
});

describe('the address of a client', () => {
  const proxies = trustedProxies('10.0.0.0/8,::1');

  test('is that of the connection, whatever an untrusted peer says', () => {
    assert.equal(clientAddress(from('9.9.9.9', '1.1.1.1'), proxies), '9.9.9.9');
    assert.equal(clientAddress(from('10.0.0.1', '1.1.1.1'), NO_PROXIES), '10.0.0.1');
    assert.equal(clientAddress(from('10.0.0.1'), proxies), '10.0.0.1');
    assert.equal(clientAddress(from(undefined), NO_PROXIES), '');
  });

  test('is written as IPv4 when it is', () => {
    assert.equal(clientAddress(from('::ffff:1.2.3.4'), NO_PROXIES), '1.2.3.4');
    assert.equal(clientAddress(from('::ffff:10.0.0.1', '::ffff:1.2.3.4'), proxies), '1.2.3.4');
    assert.equal(clientAddress(from('::ffff:a:b'), NO_PROXIES), '::ffff:a:b');
  });

  test('is the last one that no trusted proxy stands behind', () => {
    for (const [forwarded, expected] of [
      ['1.1.1.1', '1.1.1.1'],
      ['6.6.6.6, 1.1.1.1', '1.1.1.1'],
      ['6.6.6.6, 1.1.1.1,10.0.0.2', '1.1.1.1'],
      ['10.0.0.3, 10.0.0.2', '10.0.0.3'],
      ['1.1.1.1:4711', '1.1.1.1'],
      ['[2001:db8::1]:4711', '2001:db8::1'],
      ['2001:db8::1', '2001:db8::1'],
      // Not an address: what stands before it is not believed.
      ['1.1.1.1, unknown', '10.0.0.1'],
      ['1.1.1.1, , 10.0.0.2', '10.0.0.2'],
      ['', '10.0.0.1'],
      ['[', '10.0.0.1'],
    ] as const)
      assert.equal(clientAddress(from('10.0.0.1', forwarded), proxies), expected, forwarded);
    assert.equal(clientAddress(from('::1', '1.1.1.1'), proxies), '1.1.1.1');
  });

  test('cannot be chosen by a client in front of a trusted proxy', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), fc.ipV4(), (sent, client) => {
        fc.pre(!client.startsWith('10.'));
        assert.equal(clientAddress(from('10.0.0.1', `${sent},${client}`), proxies), client);
      }),
    );
  });
});

test('a connection is secure when its socket says so', () => {
  assert.equal(schemeOf({ socket: {} } as unknown as IncomingMessage), 'http');
  assert.equal(schemeOf({ socket: { encrypted: true } } as unknown as IncomingMessage), 'https');
});

test('this machine is known by its loopback addresses', () => {
  for (const address of ['127.0.0.1', '127.8.0.1', '::1']) assert.ok(isLoopback(address));
  for (const address of ['10.0.0.1', '', '::', '12.7.0.0', 'localhost']) assert.ok(!isLoopback(address));
});
