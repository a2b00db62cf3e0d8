import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { refused } from '../fixture.ts';
import { allocate, defaultPool, parsePool } from './vips.ts';

describe('a pool of addresses', () => {
  it('is a block without its first and last address, or a list', () => {
    const block = parsePool('127.80.0.0/24');
    assert.equal(block?.addresses.length, 254);
    assert.deepEqual([block?.addresses[0], block?.addresses.at(-1)], ['127.80.0.1', '127.80.0.254']);
    assert.deepEqual(parsePool(' 127.80.0.77/30 ')?.addresses, ['127.80.0.77', '127.80.0.78']);
    assert.deepEqual(parsePool('10.0.0.5/31')?.addresses, ['10.0.0.4', '10.0.0.5']);
    assert.deepEqual(parsePool('1.1.1.1, 2.2.2.2,1.1.1.1'), { addresses: ['1.1.1.1', '2.2.2.2'], shared: false });
    assert.deepEqual(parsePool('127.0.0.1'), { addresses: ['127.0.0.1'], shared: true });
    assert.equal(parsePool('255.255.0.0/16')?.addresses.at(-1), '255.255.255.254');
  });

  it('is nothing else', () => {
    for (const text of [
      '',
      'a',
      '1.1.1',
      '1.1.1.256',
      '1.1.1.1/33',
      '10.0.0.0/15',
      '::1',
      '1.1.1.1,',
      '1.1.1.1/24,2.2.2.2',
    ]) {
      assert.equal(parsePool(text), undefined, text);
    }
  });

  it('of one address is shared', () => {
    const pool = parsePool('127.0.0.1') ?? assert.fail();
    assert.equal(allocate(pool, new Set(['127.0.0.1'])), '127.0.0.1');
    assert.equal(allocate(pool, new Set(['127.0.0.1']), '127.0.0.1'), '127.0.0.1');
    assert.throws(() => allocate(pool, new Set(), '127.0.0.2'), refused('InvalidParameter.FormatError'));
  });

  it('is that of the system by default', () => {
    for (const platform of ['linux', 'darwin', 'win32'] as const) assert.ok(parsePool(defaultPool(platform)));
    assert.equal(parsePool(defaultPool('darwin'))?.shared, true);
    assert.equal(parsePool(defaultPool('linux'))?.shared, false);
  });
});
