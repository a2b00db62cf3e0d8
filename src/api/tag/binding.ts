// Tags put on resources, changed there, and taken off.

import { z } from 'zod';
import { fail as failTag } from '../../control/tag-errors.ts';
import { checkTags } from '../../control/tag-rules.ts';
import type { TagTable } from '../../control/tags.ts';
import { CloudError } from '../../core/errors.ts';
import type { Tag, TaggedResource } from '../../core/ports.ts';
import { action } from '../action.ts';
import type { TagContext } from './deps.ts';
import { fail } from './errors.ts';
import { checkCount, keptOf, parseResource, RESOURCES, resourcesOf } from './resource.ts';
import { checkNumber, OneTag, tagOf } from './tags.ts';

const text = z.string();
const Key = z.object({ TagKey: text });
const RESOURCES_PER_REQUEST = 10;

const without = (tags: readonly Tag[], keys: readonly string[]) => tags.filter(tag => !keys.includes(tag.Key));

/** Puts a tag that exists on resources that do not have its key. */
function attach(tags: TagTable, resources: readonly TaggedResource[], tag: Tag): Promise<void> {
  return tags.change(resources, (now, { id }) => {
    mustExist(tags, tag);
    if (now.some(other => other.Key === tag.Key))
      failTag('ResourceInUse.TagKeyAttached', { resource: id, key: tag.Key });
    return [...now, tag];
  });
}

function detach(tags: TagTable, resources: readonly TaggedResource[], key: string): Promise<void> {
  return tags.change(resources, (now, { id }) => {
    mustHave(now, key, id);
    return without(now, [key]);
  });
}

/** In the same place among the resource's tags. */
function revalue(tags: TagTable, resources: readonly TaggedResource[], tag: Tag): Promise<void> {
  return tags.change(resources, (now, { id }) => {
    mustExist(tags, tag);
    mustHave(now, tag.Key, id);
    return now.map(other => (other.Key === tag.Key ? tag : other));
  });
}

function mustExist(tags: TagTable, tag: Tag): void {
  if (!tags.has(tag)) failTag('ResourceNotFound.TagNonExist', { key: tag.Key, value: tag.Value });
}

function mustHave(now: readonly Tag[], key: string, resource: string): void {
  if (!now.some(tag => tag.Key === key)) failTag('ResourceNotFound.AttachedTagKeyNotFound', { resource, key });
}

const keptAll = (resources: readonly TaggedResource[], context: TagContext) =>
  resources.map(resource => keptOf(resource, context));
const keptIn = (resource: string, context: TagContext) => [keptOf(parseResource(resource, context.account), context)];

const AttachResourcesTag = action({
  request: OneTag.extend(RESOURCES),
  async handle(request, context: TagContext) {
    await attach(context.tags, keptAll(resourcesOf(request), context), tagOf(request));
    return {};
  },
});

const DetachResourcesTag = action({
  request: Key.extend(RESOURCES),
  async handle(request, context: TagContext) {
    await detach(context.tags, keptAll(resourcesOf(request), context), request.TagKey);
    return {};
  },
});

const ModifyResourcesTagValue = action({
  request: OneTag.extend(RESOURCES),
  async handle(request, context: TagContext) {
    await revalue(context.tags, keptAll(resourcesOf(request), context), tagOf(request));
    return {};
  },
});

const AddResourceTag = action({
  request: OneTag.extend({ Resource: text }),
  async handle(request, context: TagContext) {
    await attach(context.tags, keptIn(request.Resource, context), tagOf(request));
    return {};
  },
});

const DeleteResourceTag = action({
  request: Key.extend({ Resource: text }),
  async handle(request, context: TagContext) {
    await detach(context.tags, keptIn(request.Resource, context), request.TagKey);
    return {};
  },
});

const UpdateResourceTagValue = action({
  request: OneTag.extend({ Resource: text }),
  async handle(request, context: TagContext) {
    await revalue(context.tags, keptIn(request.Resource, context), tagOf(request));
    return {};
  },
});

const ModifyResourceTags = action({
  request: z.object({
    Resource: text,
    ReplaceTags: z.array(OneTag).optional(),
    DeleteTags: z.array(Key).optional(),
  }),
  async handle({ Resource, ReplaceTags, DeleteTags }, context: TagContext) {
    if (!ReplaceTags && !DeleteTags)
      fail('InvalidParameter.Tag', {
        zh: 'ReplaceTags 与 DeleteTags 至少给出一个。',
        en: 'give ReplaceTags, DeleteTags or both.',
      });
    if (ReplaceTags) checkNumber(ReplaceTags, 'ReplaceTags');
    if (DeleteTags) checkNumber(DeleteTags, 'DeleteTags');
    const put = (ReplaceTags ?? []).map(tagOf);
    checkTags(put);
    const gone = (DeleteTags ?? []).map(({ TagKey }) => TagKey);
    const both = put.find(tag => gone.includes(tag.Key));
    if (both) fail('InvalidParameterValue.DeleteTagsParamError', { key: both.Key });
    await context.tags.change(keptIn(Resource, context), (now, { id }) => {
      for (const key of gone) mustHave(now, key, id);
      return merged(without(now, gone), put);
    });
    return {};
  },
});

/** New values where there are keys, new tags behind them. */
function merged(now: readonly Tag[], put: readonly Tag[]): Tag[] {
  const tags = new Map(now.map(tag => [tag.Key, tag]));
  for (const tag of put) tags.set(tag.Key, tag);
  return [...tags.values()];
}

const ResourceList = z.array(text).min(1);

const TagResources = action({
  request: z.object({ ResourceList, Tags: z.array(OneTag) }),
  async handle({ ResourceList: resources, Tags }, context: TagContext) {
    checkCount(resources, RESOURCES_PER_REQUEST);
    checkNumber(Tags, 'Tags');
    const put = Tags.map(tagOf);
    checkTags(put);
    return { FailedResources: await each(resources, context, now => merged(now, put)) };
  },
});

const UnTagResources = action({
  request: z.object({ ResourceList, TagKeys: z.array(text) }),
  async handle({ ResourceList: resources, TagKeys }, context: TagContext) {
    checkCount(resources, RESOURCES_PER_REQUEST);
    checkNumber(TagKeys, 'TagKeys');
    return { FailedResources: await each(resources, context, now => without(now, TagKeys)) };
  },
});

/** One after another, each by itself; gives those that were refused, with the reason. */
async function each(
  resources: readonly string[],
  context: TagContext,
  change: (now: readonly Tag[]) => readonly Tag[],
): Promise<object[]> {
  const failed: object[] = [];
  for (const Resource of resources) {
    try {
      await context.tags.change(keptIn(Resource, context), change);
    } catch (error) {
      if (!(error instanceof CloudError) || error.row.fault === 'platform') throw error;
      failed.push({ Resource, Code: error.code, Message: error.text(context.language) });
    }
  }
  return failed;
}

export const BINDING_ACTIONS = {
  AttachResourcesTag,
  DetachResourcesTag,
  ModifyResourcesTagValue,
  AddResourceTag,
  DeleteResourceTag,
  UpdateResourceTagValue,
  ModifyResourceTags,
  TagResources,
  UnTagResources,
};
