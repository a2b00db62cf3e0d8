// Which resource has which tags, asked from both sides.

import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Tagged } from '../../control/tags.ts';
import type { Tag, TaggedResource } from '../../core/ports.ts';
import { action } from '../action.ts';
import type { TagContext } from './deps.ts';
import { fail } from './errors.ts';
import { cut, cutByToken, PAGE, TOKEN } from './paging.ts';
import { checkCount, formatResource, parseResource, RESOURCES, resourcesOf } from './resource.ts';
import { isOwn, wireTag } from './tags.ts';

const text = z.string();
const FILTERS = { entries: 6, values: 10 };
const LISTED = 10;
/** On one page of GetResources. */
const MAPPINGS = 200;
const KEYED = { resources: 20, keys: 20, limit: 400 };

const md5 = (of: string): string => createHash('md5').update(of).digest('hex');

/** TagResource. */
function wireRow({ resource, tag }: { readonly resource: TaggedResource; readonly tag: Tag }): object {
  return {
    ...wireTag(tag),
    ResourceId: resource.id,
    TagKeyMd5: md5(tag.Key),
    TagValueMd5: md5(tag.Value),
    ServiceType: resource.service,
  };
}

const pairs = (tagged: readonly Tagged[]) =>
  tagged.flatMap(({ resource, tags }) => tags.map(tag => ({ resource, tag })));

/** Under the names that were asked for; one that does not exist has no tags. */
function taggedAs(resources: readonly TaggedResource[], { tags, kept }: TagContext): Tagged[] {
  return resources.map(resource => {
    const known = kept(resource);
    return { resource, tags: known ? tags.of(known) : [] };
  });
}

const DescribeResourceTagsByResourceIds = action({
  request: z.object({ ...RESOURCES, ...PAGE, Category: z.enum(['Custom', 'System', 'All', '']).optional() }),
  async handle(request, context: TagContext) {
    const found = isOwn(request, context) ? pairs(taggedAs(resourcesOf(request), context)) : [];
    const { rows, page } = cut(found, request);
    return { ...page, Tags: rows.map(wireRow) };
  },
});

const DescribeResourceTagsByTagKeys = action({
  request: z.object({ ...RESOURCES, ...PAGE, TagKeys: z.array(text).min(1).max(KEYED.keys) }),
  async handle(request, context: TagContext) {
    const { TagKeys, Limit = KEYED.limit } = request;
    checkCount(request.ResourceIds, KEYED.resources);
    const found = taggedAs(resourcesOf(request), context)
      .map(({ resource, tags }) => ({ resource, tags: tags.filter(tag => TagKeys.includes(tag.Key)) }))
      .filter(({ tags }) => tags.length > 0);
    const { rows, page } = cut(found, { ...request, Limit });
    return {
      ...page,
      Rows: rows.map(({ resource, tags }) => ({ ResourceId: resource.id, TagKeyValues: tags.map(wireTag) })),
    };
  },
});

const WHICH = {
  CreateUin: z.number().int().optional(),
  ServiceType: text.optional(),
  ResourcePrefix: text.optional(),
  ResourceRegion: text.optional(),
  ResourceId: text.optional(),
};
type Which = z.output<z.ZodObject<typeof WHICH>>;

/** Resources with tags that fit the fields which are given. */
function taggedWhich(which: Which, context: TagContext): readonly Tagged[] {
  const { ServiceType: service, ResourcePrefix: prefix, ResourceRegion: region, ResourceId: id } = which;
  if (!isOwn(which, context)) return [];
  // A name that is whole may be another one than that which the resource is kept by.
  if (service && prefix && region && id)
    return taggedAs([{ service, region, prefix, id }], context).filter(({ tags }) => tags.length > 0);
  const fits = (wanted: string | undefined, value: string) => !wanted || wanted === value;
  return context.tags
    .tagged()
    .filter(
      ({ resource }) =>
        fits(service, resource.service) &&
        fits(prefix, resource.prefix) &&
        fits(region, resource.region) &&
        fits(id, resource.id),
    );
}

const DescribeResourceTags = action({
  request: z.object({ ...WHICH, ...PAGE }),
  async handle(request, context: TagContext) {
    const { rows, page } = cut(pairs(taggedWhich(request, context)), request);
    return { ...page, Rows: rows.map(wireRow) };
  },
});

const Filters = z.array(z.object({ TagKey: text, TagValue: z.array(text).optional() }));
type Filter = z.output<typeof Filters>[number];

function checkFilters(filters: readonly Filter[]): void {
  if (filters.length > FILTERS.entries)
    fail('InvalidParameterValue.TagFiltersLengthExceeded', { limit: FILTERS.entries });
  if (filters.some(({ TagValue = [] }) => TagValue.length > FILTERS.values))
    fail('InvalidParameterValue.TagFilters', {
      zh: `每组最多 ${FILTERS.values} 个值。`,
      en: `an entry has ${FILTERS.values} values at most.`,
    });
}

/** The key with one of the values; with any when none is given. */
const hasTag = (tags: readonly Tag[], { TagKey, TagValue = [] }: Filter): boolean =>
  tags.some(({ Key, Value }) => Key === TagKey && (TagValue.length === 0 || TagValue.includes(Value)));

const byTags = (join: (filters: readonly Filter[], tags: readonly Tag[]) => boolean) =>
  action({
    request: z.object({ ...WHICH, ...PAGE, TagFilters: Filters }),
    async handle(request, context: TagContext) {
      const { TagFilters } = request;
      checkFilters(TagFilters);
      if (TagFilters.length === 0)
        fail('InvalidParameterValue.TagFilters', { zh: '至少给出一组。', en: 'give one entry at least.' });
      const found = taggedWhich(request, context).filter(({ tags }) => join(TagFilters, tags));
      const { rows, page } = cut(found, request);
      return { ...page, Rows: rows.map(wireResource) };
    },
  });

/** ResourceTag. */
function wireResource({ resource, tags }: Tagged): object {
  return {
    ResourceRegion: resource.region,
    ServiceType: resource.service,
    ResourcePrefix: resource.prefix,
    ResourceId: resource.id,
    Tags: tags.map(wireTag),
  };
}

const GetResources = action({
  request: z.object({
    ...TOKEN,
    MaxResults: z.number().int().min(1).max(MAPPINGS).optional(),
    ResourceList: z.array(text).optional(),
    TagFilters: Filters.optional(),
  }),
  async handle(request, context: TagContext) {
    const { ResourceList = [], TagFilters = [] } = request;
    checkFilters(TagFilters);
    checkCount(ResourceList, LISTED);
    const named = ResourceList.map(resource => parseResource(resource, context.account));
    const all = named.length > 0 ? taggedAs(named, context) : context.tags.tagged();
    const found = all.filter(({ tags }) => tags.length > 0 && TagFilters.every(filter => hasTag(tags, filter)));
    // Resources that are named come on one page, as documented.
    const { rows, page } =
      named.length > 0 ? { rows: found, page: { PaginationToken: '' } } : cutByToken(found, request);
    return {
      ...page,
      ResourceTagMappingList: rows.map(({ resource, tags }) => ({
        Resource: formatResource(resource, context.account),
        Tags: tags.map(wireTag),
      })),
    };
  },
});

export const RESOURCE_ACTIONS = {
  DescribeResourceTags,
  DescribeResourceTagsByResourceIds,
  DescribeResourceTagsByResourceIdsSeq: DescribeResourceTagsByResourceIds,
  DescribeResourceTagsByTagKeys,
  DescribeResourcesByTags: byTags((filters, tags) => filters.every(filter => hasTag(tags, filter))),
  DescribeResourcesByTagsUnion: byTags((filters, tags) => filters.some(filter => hasTag(tags, filter))),
  GetResources,
};
