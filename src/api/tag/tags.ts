// Tags by themselves: made, removed, listed.

import { z } from 'zod';
import type { Tag } from '../../core/ports.ts';
import { action } from '../action.ts';
import type { TagContext } from './deps.ts';
import { fail } from './errors.ts';
import { cut, cutByToken, PAGE, TOKEN } from './paging.ts';

const text = z.string();
const KEYS_PER_REQUEST = 20;
export const TAGS_PER_REQUEST = 10;

export const OneTag = z.object({ TagKey: text, TagValue: text });

export const tagOf = ({ TagKey, TagValue }: z.output<typeof OneTag>): Tag => ({ Key: TagKey, Value: TagValue });
export const wireTag = ({ Key, Value }: Tag) => ({ TagKey: Key, TagValue: Value, Category: 'Custom' });

/** At least one, and no more than a request may name. */
export function checkNumber(tags: readonly unknown[], name: string): void {
  if (tags.length === 0) fail('InvalidParameter.Tag', { zh: `${name} 不能为空。`, en: `${name} cannot be empty.` });
  if (tags.length > TAGS_PER_REQUEST) fail('LimitExceeded.TagNumPerRequest', { limit: TAGS_PER_REQUEST });
}

const CreateTag = action({
  request: OneTag,
  async handle(request, { tags }: TagContext) {
    await tags.create([tagOf(request)]);
    return {};
  },
});

const CreateTags = action({
  request: z.object({ Tags: z.array(OneTag) }),
  async handle({ Tags }, { tags }: TagContext) {
    checkNumber(Tags, 'Tags');
    await tags.create(Tags.map(tagOf));
    return {};
  },
});

const DeleteTag = action({
  request: OneTag,
  async handle(request, { tags }: TagContext) {
    await tags.remove([tagOf(request)]);
    return {};
  },
});

const DeleteTags = action({
  request: z.object({ Tags: z.array(OneTag) }),
  async handle({ Tags }, { tags }: TagContext) {
    checkNumber(Tags, 'Tags');
    await tags.remove(Tags.map(tagOf));
    return {};
  },
});

/** All tags here are the account's own: the system makes none. */
const WHOSE = {
  CreateUin: z.number().int().optional(),
  Category: z.enum(['Custom', 'System', 'All', '']).optional(),
};

export function isOwn(
  { CreateUin = 0, Category }: z.output<z.ZodObject<typeof WHOSE>>,
  { account }: TagContext,
): boolean {
  return Category !== 'System' && (CreateUin === 0 || String(CreateUin) === account.uin);
}

const DescribeTags = action({
  request: z.object({
    ...PAGE,
    ...WHOSE,
    TagKey: text.optional(),
    TagValue: text.optional(),
    TagKeys: z.array(text).optional(),
  }),
  async handle(request, context: TagContext) {
    const { TagKey, TagValue, TagKeys = [] } = request;
    const keys = TagKeys.length > 0 ? TagKeys : TagKey ? [TagKey] : [];
    const found = context.tags
      .all()
      .filter(
        ({ Key, Value }) =>
          isOwn(request, context) && (keys.length === 0 || keys.includes(Key)) && (!TagValue || Value === TagValue),
      );
    const { rows, page } = cut(found, request);
    return { ...page, Tags: rows.map(tag => ({ ...wireTag(tag), CanDelete: tag.used ? 0 : 1 })) };
  },
});

const DescribeTagKeys = action({
  request: z.object({ ...PAGE, ...WHOSE }),
  async handle(request, context: TagContext) {
    const { rows, page } = cut(isOwn(request, context) ? keysIn(context) : [], request);
    return { ...page, Tags: rows };
  },
});

const DescribeTagValues = action({
  request: z.object({ ...PAGE, ...WHOSE, TagKeys: z.array(text) }),
  async handle(request, context: TagContext) {
    const { rows, page } = cut(isOwn(request, context) ? withKeys(request.TagKeys, context) : [], request);
    return { ...page, Tags: rows.map(wireTag) };
  },
});

const GetTags = action({
  request: z.object({ ...TOKEN, Category: WHOSE.Category, TagKeys: z.array(text).max(KEYS_PER_REQUEST).optional() }),
  async handle(request, context: TagContext) {
    const { TagKeys = [] } = request;
    const found = TagKeys.length > 0 ? withKeys(TagKeys, context) : context.tags.all();
    const { rows, page } = cutByToken(isOwn(request, context) ? found : [], request);
    return { ...page, Tags: rows.map(wireTag) };
  },
});

const GetTagKeys = action({
  request: z.object({ ...TOKEN, Category: WHOSE.Category }),
  async handle(request, context: TagContext) {
    const { rows, page } = cutByToken(isOwn(request, context) ? keysIn(context) : [], request);
    return { ...page, TagKeys: rows };
  },
});

const GetTagValues = action({
  request: z.object({ ...TOKEN, Category: WHOSE.Category, TagKeys: z.array(text).max(KEYS_PER_REQUEST) }),
  async handle(request, context: TagContext) {
    const { rows, page } = cutByToken(isOwn(request, context) ? withKeys(request.TagKeys, context) : [], request);
    return { ...page, Tags: rows.map(wireTag) };
  },
});

const keysIn = ({ tags }: TagContext): string[] => [...new Set(tags.all().map(({ Key }) => Key))];

const withKeys = (keys: readonly string[], { tags }: TagContext): Tag[] =>
  tags.all().filter(({ Key }) => keys.includes(Key));

export const PLAIN_TAG_ACTIONS = {
  CreateTag,
  CreateTags,
  DeleteTag,
  DeleteTags,
  DescribeTags,
  DescribeTagsSeq: DescribeTags,
  DescribeTagKeys,
  DescribeTagValues,
  DescribeTagValuesSeq: DescribeTagValues,
  GetTags,
  GetTagKeys,
  GetTagValues,
};
