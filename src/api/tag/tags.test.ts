import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refused, scene, tagsOf, textOf } from './fixture.ts';

test('tags are made, listed and removed', async () => {
  const { call, lam } = await scene();
  assert.deepEqual(await call('CreateTag', { TagKey: 'team', TagValue: 'b' }), {});
  await call('CreateTags', { Tags: tagsOf('team:a env:x') });
  await call('AddResourceTag', { TagKey: 'team', TagValue: 'b', Resource: lam });
  const { Tags, ...page } = await call('DescribeTags');
  assert.deepEqual(page, { TotalCount: 3, Offset: 0, Limit: 15 });
  assert.deepEqual(Tags, [
    { TagKey: 'env', TagValue: 'x', Category: 'Custom', CanDelete: 1 },
    { TagKey: 'team', TagValue: 'a', Category: 'Custom', CanDelete: 1 },
    { TagKey: 'team', TagValue: 'b', Category: 'Custom', CanDelete: 0 },
  ]);
  await call('DeleteTag', { TagKey: 'team', TagValue: 'a' });
  await assert.rejects(
    call('DeleteTags', { Tags: tagsOf('env:x team:b') }),
    refused('FailedOperation.TagAttachedResource'),
  );
  await call('DeleteTags', { Tags: tagsOf('env:x') });
  assert.equal(textOf((await call('DescribeTags')).Tags), 'team:b');
});

test('lists are filtered and paged', async () => {
  const { call, callText, account } = await scene();
  await call('CreateTags', { Tags: tagsOf('a:1 a:2 b:1 b:2 c:1') });
  const list = async (query: object, action = 'DescribeTags') => textOf((await call(action, query)).Tags);
  assert.equal(await list({ TagKey: 'a' }), 'a:1 a:2');
  assert.equal(await list({ TagKey: 'a', TagValue: '2' }), 'a:2');
  assert.equal(await list({ TagValue: '2' }), 'a:2 b:2');
  assert.equal(await list({ TagKey: 'c', TagKeys: ['a', 'b'], TagValue: '1' }), 'a:1 b:1');
  assert.equal(await list({ Offset: 2, Limit: 2 }), 'b:1 b:2');
  assert.equal(await list({ TagKey: 'none' }), '');
  assert.equal(await list({ TagKey: '', TagValue: '', TagKeys: [] }, 'DescribeTagsSeq'), 'a:1 a:2 b:1 b:2 c:1');
  assert.equal(await list({ CreateUin: Number(account.uin), Limit: 1 }), 'a:1');
  assert.equal(await list({ CreateUin: 5 }), '');
  assert.equal(await list({ TagKeys: ['a'], Category: 'System' }, 'DescribeTagValues'), '');
  assert.equal(await list({ TagKeys: ['a', 'c'] }, 'DescribeTagValues'), 'a:1 a:2 c:1');
  assert.equal(await list({ TagKeys: ['b'], Limit: 1, Offset: 1 }, 'DescribeTagValuesSeq'), 'b:2');
  const keys = await call('DescribeTagKeys', { Limit: 2 });
  assert.deepEqual(keys, { TotalCount: 3, Offset: 0, Limit: 2, Tags: ['a', 'b'] });
  const { Tags, Limit } = await callText('DescribeTags', 'Limit=100&Offset=0&TagKeys.0=b&TagKeys.1=c');
  assert.deepEqual([textOf(Tags), Limit], ['b:1 b:2 c:1', 100]);
});

test('a token leads from page to page', async () => {
  const { call } = await scene();
  await call('CreateTags', { Tags: tagsOf('a:1 a:2 b:1 b:2 c:1') });
  const seen: string[] = [];
  let token: unknown = '';
  do {
    const page = await call('GetTags', { MaxResults: 2, PaginationToken: token });
    seen.push(textOf(page.Tags));
    token = page.PaginationToken;
  } while (token !== '');
  assert.deepEqual(seen, ['a:1 a:2', 'b:1 b:2', 'c:1']);
  assert.equal(textOf((await call('GetTags', { TagKeys: ['b'] })).Tags), 'b:1 b:2');
  assert.deepEqual(await call('GetTagKeys'), { PaginationToken: '', TagKeys: ['a', 'b', 'c'] });
  assert.equal(textOf((await call('GetTagValues', { TagKeys: ['c', 'a'] })).Tags), 'a:1 a:2 c:1');
  for (const PaginationToken of ['x', 'LTE', '5'])
    await assert.rejects(call('GetTags', { PaginationToken }), refused('InvalidParameter.PaginationTokenInvalid'));
});

test('bad requests are refused with the documented codes', async () => {
  const { call } = await scene();
  await call('CreateTag', { TagKey: 'a', TagValue: '1' });
  for (const [action, request, code] of [
    ['CreateTag', { TagKey: 'a', TagValue: '1' }, 'ResourceInUse.TagDuplicate'],
    ['CreateTag', { TagKey: 'project', TagValue: '1' }, 'InvalidParameterValue.ReservedTagKey'],
    ['CreateTag', { TagKey: 'a' }, 'MissingParameter'],
    ['CreateTag', { TagKey: '', TagValue: '1' }, 'InvalidParameterValue.TagKeyEmpty'],
    ['CreateTags', { Tags: [] }, 'InvalidParameter.Tag'],
    ['CreateTags', { Tags: tagsOf('x:1 '.repeat(11)) }, 'LimitExceeded.TagNumPerRequest'],
    ['DeleteTag', { TagKey: 'a', TagValue: '2' }, 'ResourceNotFound.TagNonExist'],
    ['DeleteTags', { Tags: [] }, 'InvalidParameter.Tag'],
    ['DescribeTags', { Offset: 3, Limit: 2 }, 'InvalidParameterValue.OffsetInvalid'],
    ['DescribeTags', { Offset: -1 }, 'InvalidParameterValue'],
    ['DescribeTags', { Limit: 1001 }, 'InvalidParameterValue'],
    ['DescribeTags', { Category: 'Mine' }, 'InvalidParameterValue'],
    ['GetTags', { MaxResults: 1001 }, 'InvalidParameterValue'],
    ['GetTagValues', { TagKeys: Array.from({ length: 21 }, String) }, 'InvalidParameterValue'],
    ['DescribeTagValues', {}, 'MissingParameter'],
  ] as const)
    await assert.rejects(call(action, request), refused(code), `${action} ${JSON.stringify(request)}`);
});
