// Plugins and the APIs that they are attached to.

import { z } from 'zod';
import type { Plugin, Scoped } from '../../services/apigateway/model.ts';
import { action } from '../action.ts';
import { API_REF, refOf } from './apis.ts';
import { type GatewayContext, tagged, tagMade, wireTags } from './deps.ts';
import { Filters, filtered, PAGE, paged, Tags, text, texts, wireTime } from './types.ts';

const ID = { PluginId: text };

const CreatePlugin = action({
  request: z.object({
    PluginName: text,
    PluginType: text,
    PluginData: text,
    Description: text.optional(),
    Tags,
  }),
  async handle(request, context: GatewayContext) {
    const { gateway, tags, region } = context;
    const plugin = await gateway.plugins.create({
      region,
      name: request.PluginName,
      type: request.PluginType,
      data: request.PluginData,
      description: request.Description,
    });
    await tagMade(tags, tagged('plugin', region, plugin.id), request.Tags, () =>
      gateway.plugins.remove(region, plugin.id),
    );
    return { Result: await wirePlugin(plugin, {}, context) };
  },
});

const ModifyPlugin = action({
  request: z.object({
    ...ID,
    PluginName: text.optional(),
    PluginData: text.optional(),
    Description: text.optional(),
  }),
  async handle({ PluginId, PluginName, PluginData, Description }, { gateway, region }: GatewayContext) {
    const change = { name: PluginName, data: PluginData, description: Description };
    await gateway.plugins.modify(region, PluginId, change);
    return { Result: true };
  },
});

const DescribePlugin = action({
  request: z.object({ ...ID, ...PAGE }),
  async handle(request, context: GatewayContext) {
    const plugin = context.gateway.plugins.get(context.region, request.PluginId);
    return { Result: await wirePlugin(plugin, request, context) };
  },
});

const DescribePlugins = action({
  request: z.object({
    PluginIds: texts.optional(),
    PluginName: text.optional(),
    PluginType: text.optional(),
    ...PAGE,
    Filters,
  }),
  async handle(request, context: GatewayContext) {
    const { PluginIds, PluginName, PluginType } = request;
    const all = context.gateway.plugins
      .list(context.region)
      .filter(({ id }) => !PluginIds?.length || PluginIds.includes(id))
      .filter(({ name }) => !PluginName || name === PluginName)
      .filter(({ type }) => !PluginType || type === PluginType);
    // Documented as reserved: there is none.
    const { total, rows } = paged(filtered(all, request.Filters, {}), request);
    const shown = await Promise.all(rows.map(plugin => wirePlugin(plugin, {}, context)));
    return { Result: { TotalCount: total, PluginSet: shown } };
  },
});

const DeletePlugin = action({
  request: z.object(ID),
  async handle({ PluginId }, { gateway, tags, region }: GatewayContext) {
    await gateway.plugins.remove(region, PluginId);
    await tags.drop(tagged('plugin', region, PluginId));
    return { Result: true };
  },
});

const AttachPlugin = action({
  request: z.object({ ...ID, ServiceId: text, EnvironmentName: text, ApiIds: texts.min(1) }),
  async handle({ PluginId, ServiceId, EnvironmentName, ApiIds }, { gateway, region }: GatewayContext) {
    await gateway.plugins.attach({ region, serviceId: ServiceId }, PluginId, EnvironmentName, ApiIds);
    return { Result: true };
  },
});

const DetachPlugin = action({
  request: z.object({ ...ID, ...API_REF, EnvironmentName: text }),
  async handle({ PluginId, ServiceId, EnvironmentName, ApiId }, { gateway, region }: GatewayContext) {
    await gateway.plugins.detach({ region, serviceId: ServiceId }, PluginId, EnvironmentName, ApiId);
    return { Result: true };
  },
});

const DescribePluginApis = action({
  request: z.object({ ...ID, ...PAGE }),
  async handle(request, context: GatewayContext) {
    const { scopes } = context.gateway.plugins.get(context.region, request.PluginId);
    const { total, rows } = paged(scopes, request);
    return { Result: { TotalCount: total, AttachedApis: await wireAttached(rows, request.PluginId, context) } };
  },
});

const DescribePluginsByApi = action({
  request: z.object({ ...API_REF, EnvironmentName: text.optional(), ...PAGE }),
  async handle(request, { gateway, region }: GatewayContext) {
    await gateway.apis.get(refOf(region, request));
    const { ApiId, EnvironmentName } = request;
    const all = gateway.plugins.list(region).flatMap(plugin =>
      plugin.scopes
        .filter(scope => scope.apiId === ApiId && (!EnvironmentName || scope.environment === EnvironmentName))
        .map(scope => ({
          PluginId: plugin.id,
          Environment: scope.environment,
          AttachedTime: wireTime(plugin.modifiedAt),
          PluginName: plugin.name,
          PluginType: plugin.type,
          Description: plugin.description,
          PluginData: plugin.data,
        })),
    );
    const { total, rows } = paged(all, request);
    return { Result: { TotalCount: total, PluginSummary: rows } };
  },
});

/** Released APIs of the environment, with what hinders each: another plugin of the same type. */
const DescribeAllPluginApis = action({
  request: z.object({ ...ID, ServiceId: text, EnvironmentName: text, ...PAGE }),
  async handle(request, { gateway, region }: GatewayContext) {
    const { ServiceId, EnvironmentName } = request;
    const plugin = gateway.plugins.get(region, request.PluginId);
    await gateway.services.get(region, ServiceId);
    const releases = await gateway.releases.list(region, ServiceId);
    const apis = releases.find(({ environment }) => environment === EnvironmentName)?.apis ?? [];
    const has = ({ scopes }: Plugin, apiId: string) =>
      scopes.some(scope => scope.apiId === apiId && scope.environment === EnvironmentName);
    const others = gateway.plugins.list(region).filter(one => one.id !== plugin.id && one.type === plugin.type);
    const { total, rows } = paged(apis, request);
    return {
      Result: {
        TotalCount: total,
        ApiSet: rows.map(api => ({
          ApiId: api.id,
          ApiName: api.name,
          ApiType: api.echoed.ApiType ?? 'NORMAL',
          Path: api.path,
          Method: api.method,
          AttachedOtherPlugin: others.some(other => has(other, api.id)),
          IsAttached: has(plugin, api.id),
        })),
      },
    };
  },
});

async function wirePlugin(
  plugin: Plugin,
  page: { readonly Offset?: number | undefined; readonly Limit?: number | undefined },
  context: GatewayContext,
): Promise<object> {
  const { total, rows } = paged(plugin.scopes, page);
  return {
    PluginId: plugin.id,
    PluginName: plugin.name,
    PluginType: plugin.type,
    PluginData: plugin.data,
    Description: plugin.description,
    CreatedTime: wireTime(plugin.createdAt),
    ModifiedTime: wireTime(plugin.modifiedAt),
    AttachedApiTotalCount: total,
    AttachedApis: await wireAttached(rows, plugin.id, context),
    Tags: wireTags(context.tags, tagged('plugin', plugin.region, plugin.id)),
  };
}

/** AttachedTime is when the plugin was last changed: attachments have no time of their own. */
async function wireAttached(scopes: readonly Scoped[], pluginId: string, context: GatewayContext): Promise<object[]> {
  const { gateway, region } = context;
  const { modifiedAt } = gateway.plugins.get(region, pluginId);
  const rows: object[] = [];
  for (const { serviceId, environment, apiId = '' } of scopes) {
    const service = await gateway.services.get(region, serviceId);
    const api = await gateway.apis.get({ region, serviceId, apiId });
    rows.push({
      ServiceId: serviceId,
      ServiceName: service.name,
      ServiceDesc: service.description,
      ApiId: apiId,
      ApiName: api.name,
      ApiDesc: api.description,
      Environment: environment,
      AttachedTime: wireTime(modifiedAt),
    });
  }
  return rows;
}

export const PLUGIN_ACTIONS = {
  CreatePlugin,
  ModifyPlugin,
  DescribePlugin,
  DescribePlugins,
  DeletePlugin,
  AttachPlugin,
  DetachPlugin,
  DescribePluginApis,
  DescribePluginsByApi,
  DescribeAllPluginApis,
};
