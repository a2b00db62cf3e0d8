// Key pairs: CreateApiKey, DescribeApiKey, DescribeApiKeysStatus, EnableApiKey, DisableApiKey, UpdateApiKey, DeleteApiKey.

import { z } from 'zod';
import type { ApiKey } from '../../services/apigateway/model.ts';
import { action } from '../action.ts';
import { type GatewayContext, tagged, tagMade, wireTags } from './deps.ts';
import { Filters, type FilterTable, filtered, PAGE, paged, Tags, text, wireTime } from './types.ts';

const ID = { AccessKeyId: text };

const CreateApiKey = action({
  request: z.object({
    SecretName: text,
    AccessKeyType: text.optional(),
    AccessKeyId: text.optional(),
    AccessKeySecret: text.optional(),
    Tags,
  }),
  async handle(request, context: GatewayContext) {
    const { gateway, tags, region } = context;
    const { SecretName: name, AccessKeyType: type, AccessKeyId: id, AccessKeySecret: secret } = request;
    const key = await gateway.keys.create({ region, name, type, id, secret });
    await tagMade(tags, tagged('apiKey', region, key.id), request.Tags, async () => {
      await gateway.keys.setEnabled(region, key.id, false);
      await gateway.keys.remove(region, key.id);
    });
    return { Result: wireKey(key, context) };
  },
});

const DescribeApiKey = action({
  request: z.object(ID),
  async handle({ AccessKeyId }, context: GatewayContext) {
    return { Result: wireKey(context.gateway.keys.get(context.region, AccessKeyId), context) };
  },
});

const DescribeApiKeysStatus = action({
  request: z.object({ ...PAGE, Filters }),
  async handle(request, context: GatewayContext) {
    const { gateway, region } = context;
    const plans = gateway.objects().plans;
    const table: FilterTable<ApiKey> = {
      AccessKeyId: (key, value) => key.id === value,
      AccessKeySecret: (key, value) => key.secret === value,
      SecretName: (key, value) => key.name === value,
      NotUsagePlanId: (key, value) => !plans.get(value)?.keyIds.includes(key.id),
      Status: (key, value) => String(statusOf(key)) === value,
      KeyWord: (key, value) => key.name.includes(value) || key.id.includes(value),
    };
    const { total, rows } = paged(filtered(gateway.keys.list(region), request.Filters, table), request);
    return { Result: { TotalCount: total, ApiKeySet: rows.map(key => wireKey(key, context)) } };
  },
});

const EnableApiKey = action({
  request: z.object(ID),
  async handle({ AccessKeyId }, { gateway, region }: GatewayContext) {
    await gateway.keys.setEnabled(region, AccessKeyId, true);
    return { Result: true };
  },
});

const DisableApiKey = action({
  request: z.object(ID),
  async handle({ AccessKeyId }, { gateway, region }: GatewayContext) {
    await gateway.keys.setEnabled(region, AccessKeyId, false);
    return { Result: true };
  },
});

const UpdateApiKey = action({
  request: z.object({ ...ID, AccessKeySecret: text.optional() }),
  async handle({ AccessKeyId, AccessKeySecret }, context: GatewayContext) {
    const { gateway, region } = context;
    return { Result: wireKey(await gateway.keys.renew(region, AccessKeyId, AccessKeySecret), context) };
  },
});

const DeleteApiKey = action({
  request: z.object(ID),
  async handle({ AccessKeyId }, { gateway, tags, region }: GatewayContext) {
    await gateway.keys.remove(region, AccessKeyId);
    await tags.drop(tagged('apiKey', region, AccessKeyId));
    return { Result: true };
  },
});

export const statusOf = ({ enabled }: ApiKey): number => (enabled ? 1 : 0);

function wireKey(key: ApiKey, { tags }: GatewayContext): object {
  return {
    AccessKeyId: key.id,
    AccessKeySecret: key.secret,
    AccessKeyType: key.type,
    SecretName: key.name,
    Status: statusOf(key),
    CreatedTime: wireTime(key.createdAt),
    ModifiedTime: wireTime(key.modifiedAt),
    Tags: wireTags(tags, tagged('apiKey', key.region, key.id)),
  };
}

export const KEY_ACTIONS = {
  CreateApiKey,
  DescribeApiKey,
  DescribeApiKeysStatus,
  EnableApiKey,
  DisableApiKey,
  UpdateApiKey,
  DeleteApiKey,
};
