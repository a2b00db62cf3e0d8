import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { KEY } from '../../control/fixture.ts';
import { refused, scene, tagsOf, textOf } from './fixture.ts';

async function bench() {
  const made = await scene();
  const { control, call, id } = made;
  const on = async () => (await control.functions.get(KEY)).tags.map(({ Key, Value }) => `${Key}:${Value}`).join(' ');
  const SCF = { ServiceType: 'scf', ResourcePrefix: 'lam', ResourceRegion: KEY.region, ResourceIds: [id] };
  await call('CreateTags', { Tags: tagsOf('team:a team:b env:x') });
  return { ...made, on, SCF };
}

const one = (text: string) => tagsOf(text)[0];

describe('tags on resources', () => {
  test('the deployment library’s order of calls, by the names and in the form it uses', async () => {
    const { callText, call, on } = await bench();
    const where = `ServiceType=scf&ResourceRegion=${KEY.region}&ResourcePrefix=namespace&ResourceIds.0=default/function/hello`;
    const before = await callText('DescribeResourceTagsByResourceIds', `Limit=100&Offset=0&${where}`);
    assert.deepEqual(before, { TotalCount: 0, Offset: 0, Limit: 100, Tags: [] });
    for (const [key, value] of [
      ['team', 'a'],
      ['部门', '电商'],
    ]) {
      const tag = `TagKey=${encodeURIComponent(key ?? '')}&TagValue=${encodeURIComponent(value ?? '')}`;
      const found = (await callText('DescribeTags', tag)).Tags as object[];
      if (found.length === 0) await callText('CreateTag', tag);
      await callText('AttachResourcesTag', `${where}&${tag}`);
    }
    assert.equal(await on(), 'team:a 部门:电商');
    const after = await callText('DescribeResourceTagsByResourceIds', `Limit=100&Offset=0&${where}`);
    assert.equal(after.TotalCount, 2);
    assert.equal(textOf(after.Tags), 'team:a 部门:电商');
    assert.deepEqual((after.Tags as object[])[0], {
      TagKey: 'team',
      TagValue: 'a',
      Category: 'Custom',
      ResourceId: 'default/function/hello',
      TagKeyMd5: 'f894427cc1c571f79da49605ef8b112f',
      TagValueMd5: '0cc175b9c0f1b6a831c399e269772661',
      ServiceType: 'scf',
    });
    await callText('DetachResourcesTag', `${where}&TagKey=team`);
    assert.equal(await on(), '部门:电商');
    assert.equal(textOf((await call('DescribeTags', { TagKey: 'team' })).Tags), 'team:a team:b');
  });

  test('are put on and taken off: several resources, all or none', async () => {
    const { call, SCF, id, on, control } = await bench();
    const clb = {
      ServiceType: 'clb',
      ResourcePrefix: 'clb',
      ResourceRegion: KEY.region,
      ResourceIds: ['lb-1', 'lb-2'],
    };
    await call('AttachResourcesTag', { ...clb, ...one('team:a') });
    assert.equal(control.tags.tagged().length, 2);
    const attach = (text: string, more = {}) => call('AttachResourcesTag', { ...SCF, ...one(text), ...more });
    await attach('team:a');
    await assert.rejects(attach('team:b'), refused('ResourceInUse.TagKeyAttached'));
    await assert.rejects(attach('env:y'), refused('ResourceNotFound.TagNonExist'));
    const both = { ResourceIds: [id, 'lam-none'] };
    await assert.rejects(attach('env:x', both), refused('InvalidParameterValue.ResourceIdInvalid'));
    assert.equal(await on(), 'team:a');
    await call('ModifyResourcesTagValue', { ...SCF, ...one('team:b') });
    assert.equal(await on(), 'team:b');
    await assert.rejects(
      call('ModifyResourcesTagValue', { ...SCF, ...one('env:x') }),
      refused('ResourceNotFound.AttachedTagKeyNotFound'),
    );
    await assert.rejects(
      call('ModifyResourcesTagValue', { ...SCF, ...one('team:c') }),
      refused('ResourceNotFound.TagNonExist'),
    );
    await call('DetachResourcesTag', { ...SCF, TagKey: 'team' });
    await assert.rejects(
      call('DetachResourcesTag', { ...SCF, TagKey: 'team' }),
      refused('ResourceNotFound.AttachedTagKeyNotFound'),
    );
    assert.equal(await on(), '');
  });

  test('one resource in six parts', async () => {
    const { call, lam, on } = await bench();
    const Resource = lam;
    await call('AddResourceTag', { Resource, ...one('team:a') });
    await assert.rejects(
      call('AddResourceTag', { Resource, ...one('team:b') }),
      refused('ResourceInUse.TagKeyAttached'),
    );
    await call('UpdateResourceTagValue', { Resource, ...one('team:b') });
    assert.equal(await on(), 'team:b');
    await call('DeleteResourceTag', { Resource, TagKey: 'team' });
    assert.equal(await on(), '');
    const none = lam.replace(/lam-.*/, 'lam-none');
    await assert.rejects(
      call('AddResourceTag', { Resource: none, ...one('team:a') }),
      refused('InvalidParameterValue.ResourceIdInvalid'),
    );
    await assert.rejects(
      call('AddResourceTag', { Resource: 'lam-1', ...one('team:a') }),
      refused('InvalidParameterValue.ResourceDescriptionError'),
    );
  });

  test('ModifyResourceTags replaces, adds and takes off in one go, and makes what is new', async () => {
    const { call, lam, on, control } = await bench();
    const modify = (ReplaceTags?: object, DeleteTags?: object) =>
      call('ModifyResourceTags', {
        Resource: lam,
        ...(ReplaceTags && { ReplaceTags }),
        ...(DeleteTags && { DeleteTags }),
      });
    await modify(tagsOf('team:a owner:me'));
    assert.equal(await on(), 'team:a owner:me');
    assert.ok(control.tags.has({ Key: 'owner', Value: 'me' }));
    await modify(tagsOf('team:b env:x'), [{ TagKey: 'owner' }]);
    assert.equal(await on(), 'team:b env:x');
    for (const [replace, remove, code] of [
      [undefined, undefined, 'InvalidParameter.Tag'],
      [[], undefined, 'InvalidParameter.Tag'],
      [undefined, [], 'InvalidParameter.Tag'],
      [tagsOf('team:c'), [{ TagKey: 'team' }], 'InvalidParameterValue.DeleteTagsParamError'],
      [tagsOf('a:1 a:2'), undefined, 'InvalidParameterValue.TagKeyDuplicate'],
      [tagsOf('a:1 '.repeat(11)), undefined, 'LimitExceeded.TagNumPerRequest'],
      [tagsOf('a:1'), [{ TagKey: 'none' }], 'ResourceNotFound.AttachedTagKeyNotFound'],
    ] as const)
      await assert.rejects(modify(replace, remove), refused(code), code);
    assert.equal(await on(), 'team:b env:x');
  });

  test('TagResources and UnTagResources tell which resources they could not do', async () => {
    const { call, lam, on } = await bench();
    const none = lam.replace(/lam-.*/, 'lam-none');
    const bad = 'lam-1';
    const tagged = await call('TagResources', { ResourceList: [bad, lam, none], Tags: tagsOf('team:c new:y') });
    const failed = tagged.FailedResources as { Resource: string; Code: string; Message: string }[];
    assert.deepEqual(
      failed.map(({ Resource, Code }) => [Resource, Code]),
      [
        [bad, 'InvalidParameterValue.ResourceDescriptionError'],
        [none, 'InvalidParameterValue.ResourceIdInvalid'],
      ],
    );
    assert.match(failed[1]?.Message ?? '', /There is no resource lam-none/);
    assert.equal(await on(), 'team:c new:y');
    assert.deepEqual(await call('TagResources', { ResourceList: [lam], Tags: tagsOf('team:d') }), {
      FailedResources: [],
    });
    assert.equal(await on(), 'team:d new:y');
    assert.deepEqual(await call('UnTagResources', { ResourceList: [lam], TagKeys: ['team', 'other'] }), {
      FailedResources: [],
    });
    assert.equal(await on(), 'new:y');
    for (const [action, request, code] of [
      ['TagResources', { ResourceList: [lam], Tags: [] }, 'InvalidParameter.Tag'],
      ['TagResources', { ResourceList: [lam], Tags: tagsOf('qcloud:x') }, 'InvalidParameterValue.ReservedTagKey'],
      ['TagResources', { ResourceList: [], Tags: tagsOf('a:1') }, 'InvalidParameterValue'],
      [
        'UnTagResources',
        { ResourceList: Array.from({ length: 11 }, () => lam), TagKeys: ['a'] },
        'LimitExceeded.ResourceNumPerRequest',
      ],
    ] as const)
      await assert.rejects(call(action, request), refused(code), code);
  });
});
