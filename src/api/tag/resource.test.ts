import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { refused } from './fixture.ts';
import { formatResource, parseResource, resourcesOf } from './resource.ts';

const ACCOUNT = { appId: '1250000000', uin: '100000000001' };
const parse = (text: string) => parseResource(text, ACCOUNT);

test('six parts are read', () => {
  const scf = { service: 'scf', region: 'ap-guangzhou', prefix: 'lam', id: 'lam-1' };
  assert.deepEqual(parse('qcs::scf:ap-guangzhou:uin/100000000001:lam/lam-1'), scf);
  assert.deepEqual(parse('qcs:id/0:scf:ap-guangzhou:uin/100000000001:lam/lam-1'), scf);
  assert.deepEqual(parse('qcs::scf:ap-guangzhou::lam/lam-1'), scf);
  assert.deepEqual(parse('qcs::scf:ap-guangzhou:uin/100000000001:namespace/default/function/f'), {
    ...scf,
    prefix: 'namespace',
    id: 'default/function/f',
  });
  assert.deepEqual(parse('qcs::ssl::uin/100000000001:certificate/abc'), {
    service: 'ssl',
    region: '',
    prefix: 'certificate',
    id: 'abc',
  });
  const bucket = { service: 'cos', region: 'ap-guangzhou', prefix: '', id: 'b-1250000000' };
  assert.deepEqual(parse('qcs::cos:ap-guangzhou:uid/1250000000:b-1250000000/'), bucket);
  assert.deepEqual(parse('qcs::cos:ap-guangzhou:uid/1250000000:b-1250000000'), bucket);
});

for (const [text, code] of [
  ['', 'ResourceDescriptionError'],
  ['lam-1', 'ResourceDescriptionError'],
  ['qcs::scf:r:uin/100000000001', 'ResourceDescriptionError'],
  ['qcs::scf:r:uin/100000000001:', 'ResourceDescriptionError'],
  ['qcs::scf:r:uin/100000000001:lam', 'ResourceDescriptionError'],
  ['qcs::scf:r:uin/100000000001:lam/', 'ResourceDescriptionError'],
  ['qcs::scf:r:uin/100000000001:/lam-1', 'ResourceDescriptionError'],
  ['qcs:::r:uin/100000000001:lam/lam-1', 'ResourceDescriptionError'],
  ['arn::scf:r:uin/100000000001:lam/lam-1', 'ResourceDescriptionError'],
  ['qcs::SCF:r:uin/100000000001:lam/lam-1', 'ServiceTypeInvalid'],
  ['qcs::scf:r:uin/100000000002:lam/lam-1', 'UinInvalid'],
  ['qcs::scf:r:100000000001:lam/lam-1', 'UinInvalid'],
] as const)
  test(`${text || 'nothing'}: ${code}`, () =>
    assert.throws(() => parse(text), refused(`InvalidParameterValue.${code}`)));

test('what is written is read again', () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,9}$/);
  const id = fc.stringMatching(/^[a-z0-9-]{1,9}(\/[a-z0-9:-]{1,9}){0,2}$/);
  fc.assert(
    fc.property(word, fc.option(word, { nil: '' }), word, id, (service, region, prefix, name) => {
      const resource = { service, region, prefix, id: name };
      assert.deepEqual(parse(formatResource(resource, ACCOUNT)), resource);
    }),
  );
  const bucket = { service: 'cos', region: 'r', prefix: '', id: 'b-1' };
  assert.deepEqual(parse(formatResource(bucket, ACCOUNT)), bucket);
});

test('several resources are named part by part', () => {
  const fields = { ServiceType: 'scf', ResourcePrefix: 'lam', ResourceRegion: 'r', ResourceIds: ['a', 'b'] };
  assert.deepEqual(
    resourcesOf(fields),
    ['a', 'b'].map(id => ({ service: 'scf', region: 'r', prefix: 'lam', id })),
  );
  assert.deepEqual(resourcesOf({ ServiceType: 'cos', ResourceIds: ['b'] }), [
    { service: 'cos', region: '', prefix: '', id: 'b' },
  ]);
  const no = (more: object, code: string) => assert.throws(() => resourcesOf({ ...fields, ...more }), refused(code));
  no({ ResourcePrefix: '' }, 'InvalidParameterValue.ResourcePrefixInvalid');
  no({ ServiceType: 'S' }, 'InvalidParameterValue.ServiceTypeInvalid');
  no({ ResourceIds: Array.from({ length: 51 }, String) }, 'LimitExceeded.ResourceNumPerRequest');
});
