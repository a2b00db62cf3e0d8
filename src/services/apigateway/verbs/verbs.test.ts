import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CloudError } from '../../../core/errors.ts';
import { aBackend, anApi, GatewayStand, REGION } from '../fixture.ts';
import type { ApiConfig, ServiceProtocol } from '../model.ts';

const code = (expected: string) => (error: unknown) => error instanceof CloudError && error.code === expected;

async function stand() {
  const open = await GatewayStand.open();
  const service = await open.gateway.services.create({ region: REGION, name: 's' });
  return { open, gateway: open.gateway, service, serviceId: service.id };
}

describe('sweep', () => {
  it('drops the APIs of triggers that do not exist, and what of them was released', async () => {
    const { open, gateway, serviceId } = await stand();
    await using _open = open;
    const of = (triggerId: string, path: string) =>
      gateway.apis.create(REGION, serviceId, anApi({ path, backend: aBackend({ triggerId }) }));
    const kept = await of('t-kept', '/kept');
    const lost = await of('t-lost', '/lost');
    await gateway.releases.make({ region: REGION, serviceId, environment: 'release', description: '' });
    assert.equal(await gateway.sweep(id => id === 't-kept'), 1);
    assert.deepEqual(await gateway.apis.list(REGION, serviceId), [kept]);
    const [release] = await gateway.releases.list(REGION, serviceId);
    assert.deepEqual(release?.apis, [kept]);
    await assert.rejects(
      gateway.apis.get({ region: REGION, serviceId, apiId: lost.id }),
      code('ResourceNotFound.InvalidApi'),
    );
    assert.equal(await gateway.sweep(id => id === 't-kept'), 0);
  });
});

describe('services', () => {
  it('are made, found, listed per region and deleted', async () => {
    const { open, gateway, service } = await stand();
    await using _open = open;
    assert.match(service.id, /^service-[a-z0-9]{8}$/);
    assert.equal(service.protocol, 'http&https');
    assert.deepEqual(await gateway.services.get(REGION, service.id), service);
    await assert.rejects(gateway.services.get('ap-beijing', service.id), code('ResourceNotFound.InvalidService'));
    assert.deepEqual(await gateway.services.list('ap-beijing'), []);
    await gateway.services.remove(REGION, service.id);
    assert.deepEqual(await gateway.services.list(REGION), []);
    await assert.rejects(gateway.services.remove(REGION, service.id), code('ResourceNotFound.InvalidService'));
  });

  it('are found or made by ensureService', async () => {
    const { open, gateway, service } = await stand();
    await using _open = open;
    assert.deepEqual(await gateway.services.ensure(REGION, { serviceId: service.id, name: 'x' }), {
      service,
      made: false,
    });
    const fresh = await gateway.services.ensure(REGION, { name: 'SCF_API_SERVICE' });
    assert.equal(fresh.made, true);
    assert.equal(fresh.service.name, 'SCF_API_SERVICE');
    assert.notEqual(fresh.service.id, service.id);
    await assert.rejects(
      gateway.services.ensure(REGION, { serviceId: 'service-00000000', name: 'x' }),
      code('ResourceNotFound.InvalidService'),
    );
  });

  it('stay while they have APIs or serve', async () => {
    const { open, gateway, serviceId } = await stand();
    await using _open = open;
    const inUse = code('UnsupportedOperation.UnsupportedDeleteService');
    const api = await gateway.apis.create(REGION, serviceId, anApi());
    await assert.rejects(gateway.services.remove(REGION, serviceId), inUse);
    await gateway.releases.make({ region: REGION, serviceId, environment: 'test', description: '' });
    await gateway.apis.remove({ region: REGION, serviceId, apiId: api.id });
    await assert.rejects(gateway.services.remove(REGION, serviceId), inUse);
    await gateway.releases.end({ region: REGION, serviceId }, 'test');
    await gateway.services.remove(REGION, serviceId);
  });

  it('are limited in number, and in what they may be', async () => {
    const { open, gateway } = await stand();
    await using _open = open;
    await assert.rejects(gateway.services.create({ region: REGION, name: '' }), code('MissingParameter'));
    const ftp = 'ftp' as ServiceProtocol;
    await assert.rejects(
      gateway.services.create({ region: REGION, name: 'x', protocol: ftp }),
      code('InvalidParameterValue.NotInOptions'),
    );
    for (let i = 1; i < 50; i++) await gateway.services.create({ region: REGION, name: `s${i}` });
    await assert.rejects(
      gateway.services.create({ region: REGION, name: 'x' }),
      code('LimitExceeded.ServiceCountLimitExceeded'),
    );
    await gateway.services.create({ region: 'ap-beijing', name: 'elsewhere' });
  });
});

describe('APIs', () => {
  it('are made, changed and deleted', async () => {
    const { open, gateway, serviceId } = await stand();
    await using _open = open;
    const api = await gateway.apis.create(REGION, serviceId, anApi());
    const ref = { region: REGION, serviceId, apiId: api.id };
    assert.match(api.id, /^api-[a-z0-9]{8}$/);
    await open.clock.advance(5000);
    const changed = await gateway.apis.modify(ref, anApi({ path: '/other' }));
    assert.equal(changed.path, '/other');
    assert.equal(changed.id, api.id);
    assert.equal(changed.modifiedAt, api.createdAt + 5000);
    assert.deepEqual(await gateway.apis.get(ref), changed);
    assert.deepEqual(await gateway.apis.list(REGION, serviceId), [changed]);
    await gateway.apis.remove(ref);
    await assert.rejects(gateway.apis.get(ref), code('ResourceNotFound.InvalidApi'));
    await assert.rejects(gateway.apis.remove(ref), code('ResourceNotFound.InvalidApi'));
    await assert.rejects(gateway.apis.modify(ref, anApi()), code('ResourceNotFound.InvalidApi'));
  });

  it('are one per path and method in a service', async () => {
    const { open, gateway, serviceId } = await stand();
    await using _open = open;
    const twin = code('FailedOperation.ApiError');
    await gateway.apis.create(REGION, serviceId, anApi({ method: 'GET' }));
    await assert.rejects(gateway.apis.create(REGION, serviceId, anApi({ method: 'GET' })), twin);
    const other = await gateway.apis.create(REGION, serviceId, anApi({ method: 'POST' }));
    const ref = { region: REGION, serviceId, apiId: other.id };
    await assert.rejects(gateway.apis.modify(ref, anApi({ method: 'GET' })), twin);
    await gateway.apis.modify(ref, anApi({ method: 'POST', timeoutS: 30 }));
    const elsewhere = await gateway.services.create({ region: REGION, name: 's2' });
    await gateway.apis.create(REGION, elsewhere.id, anApi({ method: 'GET' }));
  });

  it('cannot both win the same path at once', async () => {
    const { open, gateway, serviceId } = await stand();
    await using _open = open;
    const tries = await Promise.allSettled([1, 2, 3].map(() => gateway.apis.create(REGION, serviceId, anApi())));
    assert.equal(tries.filter(t => t.status === 'fulfilled').length, 1);
  });

  const bad: [string, Partial<ApiConfig>, string][] = [
    ['a method', { method: 'get' as 'GET' }, 'InvalidParameterValue.InvalidMethod'],
    ['a path', { path: 'fn' }, 'InvalidParameterValue.InvalidApiRequestConfig'],
    ['a long name', { name: 'x'.repeat(61) }, 'InvalidParameterValue.LengthExceeded'],
    ['no time', { timeoutS: 0 }, 'InvalidParameterValue.RangeExceeded'],
    ['too much time', { timeoutS: 1801 }, 'InvalidParameterValue.RangeExceeded'],
    ['half a second', { timeoutS: 0.5 }, 'InvalidParameterValue.RangeExceeded'],
    [
      'a path parameter that is not in the path',
      { parameters: [{ name: 'id', position: 'PATH', required: true, defaultValue: '' }] },
      'InvalidParameterValue.InvalidApiRequestConfig',
    ],
    ['too many rules', rules(11, 'x'), 'InvalidParameterValue.RangeExceeded'],
    ['a rule with blanks', rules(1, 'a b'), 'InvalidParameterValue.NotInOptions'],
    ['a long rule', rules(1, 'x'.repeat(41)), 'InvalidParameterValue.NotInOptions'],
  ];
  for (const [what, change, expected] of bad) {
    it(`refuse ${what}`, async () => {
      const { open, gateway, serviceId } = await stand();
      await using _open = open;
      await assert.rejects(gateway.apis.create(REGION, serviceId, anApi(change)), code(expected));
      assert.deepEqual(await gateway.apis.list(REGION, serviceId), []);
    });
  }

  it('are at most 200 in a service', async () => {
    const { open, gateway, serviceId } = await stand();
    await using _open = open;
    for (let i = 0; i < 200; i++) await gateway.apis.create(REGION, serviceId, anApi({ path: `/${i}` }));
    await assert.rejects(gateway.apis.create(REGION, serviceId, anApi()), code('LimitExceeded.ApiCountLimitExceeded'));
  });
});

function rules(count: number, value: string): Partial<ApiConfig> {
  const base64 = { enabled: true, rules: Array(count).fill({ header: 'accept', values: [value] }) };
  return { backend: aBackend({ base64 }) };
}

describe('releases', () => {
  it('hold the APIs as they were', async () => {
    const { open, gateway, serviceId } = await stand();
    await using _open = open;
    const api = await gateway.apis.create(REGION, serviceId, anApi());
    const made = await gateway.releases.make({
      region: REGION,
      serviceId,
      environment: 'release',
      description: 'first',
    });
    assert.match(made.version, /^20240419080000[0-9a-f-]{36}$/);
    await gateway.apis.modify({ region: REGION, serviceId, apiId: api.id }, anApi({ path: '/new' }));
    assert.deepEqual(await gateway.releases.list(REGION, serviceId), [{ ...made, apis: [api] }]);
  });

  it('of chosen APIs leave the others as released before', async () => {
    const { open, gateway, serviceId } = await stand();
    await using _open = open;
    const [a, b] = [
      await gateway.apis.create(REGION, serviceId, anApi({ path: '/a' })),
      await gateway.apis.create(REGION, serviceId, anApi({ path: '/b' })),
    ];
    const input = { region: REGION, serviceId, environment: 'release', description: '' } as const;
    await gateway.releases.make(input);
    await gateway.apis.modify({ region: REGION, serviceId, apiId: a.id }, anApi({ path: '/a2' }));
    await gateway.apis.modify({ region: REGION, serviceId, apiId: b.id }, anApi({ path: '/b2' }));
    const { apis } = await gateway.releases.make({ ...input, apiIds: [b.id] });
    assert.deepEqual(apis.map(api => api.path).sort(), ['/a', '/b2']);
    await assert.rejects(
      gateway.releases.make({ ...input, apiIds: ['api-00000000'] }),
      code('ResourceNotFound.InvalidApi'),
    );
    await assert.rejects(
      gateway.releases.make({ ...input, serviceId: 'service-00000000' }),
      code('ResourceNotFound.InvalidService'),
    );
  });

  it('lose one API by withdraw, in one environment or in all', async () => {
    const { open, gateway, serviceId } = await stand();
    await using _open = open;
    const [a, b] = [
      await gateway.apis.create(REGION, serviceId, anApi({ path: '/a' })),
      await gateway.apis.create(REGION, serviceId, anApi({ path: '/b' })),
    ];
    for (const environment of ['release', 'test'] as const) {
      await gateway.releases.make({ region: REGION, serviceId, environment, description: '' });
    }
    const served = async () =>
      Object.fromEntries(
        (await gateway.releases.list(REGION, serviceId)).map(r => [r.environment, r.apis.map(api => api.path).sort()]),
      );
    await gateway.releases.withdraw({ region: REGION, serviceId, apiId: a.id }, 'test');
    assert.deepEqual(await served(), { release: ['/a', '/b'], test: ['/b'] });
    await gateway.releases.withdraw({ region: REGION, serviceId, apiId: b.id });
    assert.deepEqual(await served(), { release: ['/a'] });
  });
});
