import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KEY } from '../../control/fixture.ts';
import { refused, scene, tagsOf, textOf } from './fixture.ts';

async function bench() {
  const made = await scene();
  const { call, lam } = made;
  const lb = (id: string) => `qcs::clb:${KEY.region}:uin/${made.account.uin}:clb/${id}`;
  const put = (resource: string, tags: string) =>
    call('TagResources', { ResourceList: [resource], Tags: tagsOf(tags) });
  await put(lam, 'team:a env:x');
  await put(lb('lb-1'), 'team:b');
  await put(lb('lb-2'), 'team:a env:y');
  /** Total and `id tags` of each row. */
  const rows = async (action: string, query: object) => {
    const { TotalCount, Rows } = await call(action, query);
    const shown = Rows as { ResourceId: string; Tags: object; TagKey: string; TagValue: string }[];
    const texts = shown.map(({ ResourceId, Tags, ...tag }) => `${ResourceId} ${textOf(Tags ?? [tag])}`);
    return [TotalCount, ...texts];
  };
  return { ...made, lb, rows };
}

test('DescribeResourceTags has a row per tag, of the resources that fit', async () => {
  const { rows, id, call } = await bench();
  const all = ['lb-1 team:b', 'lb-2 team:a', 'lb-2 env:y', `${id} team:a`, `${id} env:x`];
  assert.deepEqual(await rows('DescribeResourceTags', {}), [5, ...all]);
  assert.deepEqual(await rows('DescribeResourceTags', { ServiceType: 'clb' }), [3, ...all.slice(0, 3)]);
  assert.deepEqual(await rows('DescribeResourceTags', { ResourceId: 'lb-2', Limit: 1, Offset: 1 }), [2, 'lb-2 env:y']);
  assert.deepEqual(await rows('DescribeResourceTags', { ResourceRegion: 'ap-beijing' }), [0]);
  assert.deepEqual(await rows('DescribeResourceTags', { CreateUin: 7 }), [0]);
  const named = { ServiceType: 'scf', ResourcePrefix: 'namespace', ResourceRegion: KEY.region };
  const ResourceId = 'default/function/hello';
  assert.deepEqual(await rows('DescribeResourceTags', { ...named, ResourceId }), [
    2,
    `${ResourceId} team:a`,
    `${ResourceId} env:x`,
  ]);
  assert.deepEqual(await rows('DescribeResourceTags', { ...named, ResourceId: 'default/function/none' }), [0]);
  const { Tags } = await call('DescribeResourceTagsByResourceIdsSeq', {
    ...{ ServiceType: 'clb', ResourcePrefix: 'clb', ResourceRegion: KEY.region },
    ResourceIds: ['lb-2', 'none', 'lb-1'],
  });
  assert.equal(textOf(Tags), 'team:a env:y team:b');
});

test('DescribeResourceTagsByTagKeys has a row per resource', async () => {
  const { call } = await bench();
  const where = {
    ServiceType: 'clb',
    ResourcePrefix: 'clb',
    ResourceRegion: KEY.region,
    ResourceIds: ['lb-1', 'lb-2'],
  };
  const answer = await call('DescribeResourceTagsByTagKeys', { ...where, TagKeys: ['env', 'none'] });
  assert.deepEqual(answer, {
    TotalCount: 1,
    Offset: 0,
    Limit: 400,
    Rows: [{ ResourceId: 'lb-2', TagKeyValues: [{ TagKey: 'env', TagValue: 'y', Category: 'Custom' }] }],
  });
  const many = { ...where, ResourceIds: Array.from({ length: 21 }, String), TagKeys: ['a'] };
  await assert.rejects(call('DescribeResourceTagsByTagKeys', many), refused('LimitExceeded.ResourceNumPerRequest'));
});

test('resources are found by tags: all filters, or any', async () => {
  const { rows, id, call } = await bench();
  const by = (filters: string, more = {}, action = 'DescribeResourcesByTags') => {
    const TagFilters = filters.split(' ').map(filter => {
      const [TagKey, values] = filter.split(':');
      return { TagKey, ...(values !== undefined && { TagValue: values.split(',') }) };
    });
    return rows(action, { TagFilters, ...more });
  };
  const [lb1, lb2, fn] = ['lb-1 team:b', 'lb-2 team:a env:y', `${id} team:a env:x`];
  assert.deepEqual(await by('team:a'), [2, lb2, fn]);
  assert.deepEqual(await by('team'), [3, lb1, lb2, fn]);
  assert.deepEqual(await by('team:a,b env'), [2, lb2, fn]);
  assert.deepEqual(await by('team:b env'), [0]);
  assert.deepEqual(await by('team:b env', {}, 'DescribeResourcesByTagsUnion'), [3, lb1, lb2, fn]);
  assert.deepEqual(await by('team', { ServiceType: 'scf' }), [1, fn]);
  assert.deepEqual(await by('team', { Limit: 1, Offset: 2 }), [3, fn]);
  const { Rows } = await call('DescribeResourcesByTags', { TagFilters: [{ TagKey: 'env', TagValue: ['x'] }] });
  assert.deepEqual(Rows, [
    {
      ResourceRegion: KEY.region,
      ServiceType: 'scf',
      ResourcePrefix: 'lam',
      ResourceId: id,
      Tags: tagsOf('team:a env:x').map(tag => ({ ...tag, Category: 'Custom' })),
    },
  ]);
  await assert.rejects(by('a b c d e f g'), refused('InvalidParameterValue.TagFiltersLengthExceeded'));
  await assert.rejects(by('a:1,2,3,4,5,6,7,8,9,10,11'), refused('InvalidParameterValue.TagFilters'));
  await assert.rejects(
    call('DescribeResourcesByTags', { TagFilters: [] }),
    refused('InvalidParameterValue.TagFilters'),
  );
});

test('GetResources names them in six parts', async () => {
  const { call, lam, lb, account } = await bench();
  const list = async (query: object) => {
    const { ResourceTagMappingList, PaginationToken } = await call('GetResources', query);
    const shown = ResourceTagMappingList as { Resource: string; Tags: object }[];
    return [PaginationToken !== '', ...shown.map(({ Resource, Tags }) => `${Resource} ${textOf(Tags)}`)];
  };
  const [lb1, lb2, fn] = [`${lb('lb-1')} team:b`, `${lb('lb-2')} team:a env:y`, `${lam} team:a env:x`];
  assert.deepEqual(await list({}), [false, lb1, lb2, fn]);
  assert.deepEqual(await list({ MaxResults: 2 }), [true, lb1, lb2]);
  const { PaginationToken } = await call('GetResources', { MaxResults: 2 });
  assert.deepEqual(await list({ MaxResults: 2, PaginationToken }), [false, fn]);
  assert.deepEqual(await list({ TagFilters: [{ TagKey: 'env' }, { TagKey: 'team', TagValue: ['a'] }] }), [
    false,
    lb2,
    fn,
  ]);
  const named = `qcs::scf:${KEY.region}:uin/${account.uin}:namespace/default/function/hello`;
  const ResourceList = [named, lb('none'), lb('lb-1')];
  assert.deepEqual(await list({ ResourceList, MaxResults: 1 }), [false, `${named} team:a env:x`, lb1]);
  await assert.rejects(call('GetResources', { MaxResults: 201 }), /InvalidParameterValue/);
  const many = Array.from({ length: 11 }, () => lam);
  await assert.rejects(call('GetResources', { ResourceList: many }), refused('LimitExceeded.ResourceNumPerRequest'));
});
