import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CloudError } from '../../core/errors.ts';
import { formatClb, parseClb } from './desc.ts';

const parse = (value: unknown, previous?: ReturnType<typeof parseClb>) =>
  parseClb(JSON.stringify(value), previous ? { previous } : {});

it("takes the platform's spelling and that of the vendor's tools", () => {
  for (const name of ['loadBalancerId', 'loadBalanceId']) {
    const desc = parse({ [name]: 'lb-12345678', protocol: 'https', port: '8443', domain: 'A.example', url: '/x' });
    assert.deepEqual(desc, {
      loadBalancerId: 'lb-12345678',
      protocol: 'HTTPS',
      port: 8443,
      domain: 'a.example',
      url: '/x',
      weight: 10,
      made: false,
    });
  }
});

it('is given back with the ids and the address', () => {
  const desc = { ...parse({ domain: 'a', loadBalancerId: 'lb-1' }), listenerId: 'lbl-1', locationId: 'loc-1' };
  assert.deepEqual(JSON.parse(formatClb(desc, 'http://127.0.0.1/x')), {
    loadBalancerId: 'lb-1',
    loadBalanceId: 'lb-1',
    listenerId: 'lbl-1',
    locationId: 'loc-1',
    protocol: 'HTTP',
    port: 80,
    domain: 'a',
    url: '/',
    weight: 10,
    accessUrl: 'http://127.0.0.1/x',
  });
  // What was given back is what an update or a delete brings.
  assert.deepEqual(parse(JSON.parse(formatClb(desc, 'x'))), desc);
});

it('changes its weight and stays at its rule', () => {
  const before = { ...parse({ domain: 'a', loadBalancerId: 'lb-1' }), locationId: 'loc-1', givenName: 'mine' };
  assert.deepEqual(parse({ weight: 0 }, before), { ...before, weight: 0 });
  for (const change of [{ port: 81 }, { domain: 'b' }, { url: '/b' }, { protocol: 'HTTPS' }, { locationId: 'loc-2' }]) {
    assert.throws(
      () => parse(change, before),
      (error: unknown) => error instanceof CloudError && error.code === 'InvalidParameterValue.TriggerDesc',
      JSON.stringify(change),
    );
  }
});

it('refuses what it cannot be', () => {
  for (const value of [{ port: 0 }, { port: 'x' }, { weight: 101 }, { protocol: 'TCP' }, { domain: 1 }]) {
    assert.throws(() => parse(value), CloudError, JSON.stringify(value));
  }
});
