// Plugins: rules that are attached to released APIs and take effect at once.

import { shortId } from '../../../core/ids.ts';
import { failGateway } from '../errors.ts';
import { PLUGIN_TYPES, type Plugin, type PluginType, type Scoped } from '../model.ts';
import type { Edit } from '../objects.ts';
import { readPlugin } from '../plugindata.ts';
import { findRelease } from '../state.ts';
import { needApis } from './apis.ts';
import { newestFirst } from './keys.ts';
import { checkLength, environmentOf, failOption, type Room, type ServiceRef, sameScope } from './scope.ts';

export interface PluginDraft {
  readonly region: string;
  readonly name: string;
  readonly type: string;
  readonly data: string;
  readonly description?: string | undefined;
}

export type PluginChange = { readonly [Name in 'name' | 'data' | 'description']?: string | undefined };

export interface PluginVerbs {
  create(draft: PluginDraft): Promise<Plugin>;
  get(region: string, id: string): Plugin;
  /** Newest first. */
  list(region: string): Plugin[];
  /** What is left out stays as it is. */
  modify(region: string, id: string, change: PluginChange): Promise<void>;
  /** Only one that is attached to nothing. */
  remove(region: string, id: string): Promise<void>;
  attach(ref: ServiceRef, id: string, environment: string, apiIds: readonly string[]): Promise<void>;
  detach(ref: ServiceRef, id: string, environment: string, apiId: string): Promise<void>;
}

/** Documented: 2 to 50 letters, digits and _, a letter first, no _ last. */
const NAME = /^[A-Za-z]\w{0,48}[A-Za-z0-9]$/;
const DESCRIPTION_CHARS = 200;
/** Documented types that have no effect here. */
const LATER = ['CustomReq', 'Routing', 'TrafficControlByParameter', 'CircuitBreaker', 'ProxyCache'];

export function pluginVerbs({ objects, ids, clock }: Room): PluginVerbs {
  const need = (plugins: ReadonlyMap<string, Plugin>, region: string, id: string): Plugin => {
    const plugin = plugins.get(id);
    return plugin?.region === region ? plugin : failGateway('ResourceNotFound.InvalidPlugin', { id });
  };

  const change = (
    region: string,
    id: string,
    next: (before: Plugin, edit: Edit) => Partial<Plugin> | Promise<Partial<Plugin>>,
  ) =>
    objects.edit(async edit => {
      const before = need(edit.objects.plugins, region, id);
      await edit.put('plugins', { ...before, ...(await next(before, edit)), modifiedAt: clock.now() });
    });

  return {
    create: ({ region, name, data, description = '', ...draft }) =>
      objects.edit(async edit => {
        const type = typeOf(draft.type);
        checkPlugin({ name, description });
        checkData(type, data);
        const now = clock.now();
        const own = { id: `plugin-${shortId(ids)}`, region, name, type, description, data };
        const plugin: Plugin = { ...own, scopes: [], createdAt: now, modifiedAt: now };
        await edit.put('plugins', plugin);
        return plugin;
      }),
    get: (region, id) => need(objects.now().plugins, region, id),
    list: region => newestFirst([...objects.now().plugins.values()].filter(plugin => plugin.region === region)),
    modify: (region, id, { name, data, description }) =>
      change(region, id, before => {
        const next = {
          name: name ?? before.name,
          data: data ?? before.data,
          description: description ?? before.description,
        };
        checkPlugin(next);
        checkData(before.type, next.data);
        return next;
      }),
    remove: (region, id) =>
      objects.edit(async edit => {
        const plugin = need(edit.objects.plugins, region, id);
        const [scope] = plugin.scopes;
        if (scope) failGateway('UnsupportedOperation.ResourceAssociated', { what: id, by: scope.apiId ?? '' });
        await edit.remove('plugins', plugin);
      }),
    attach: (ref, id, environment, apiIds) =>
      change(ref.region, id, async (before, edit) => {
        const scopes = await scopesOf(edit, ref, environment, apiIds);
        for (const scope of scopes) refuseSecond(edit, before, scope);
        return { scopes: [...before.scopes.filter(one => !scopes.some(scope => sameScope(one, scope))), ...scopes] };
      }),
    detach: (ref, id, environment, apiId) =>
      change(ref.region, id, async (before, edit) => {
        await needApis(edit.rows, ref, [apiId]);
        const scope: Scoped = { serviceId: ref.serviceId, environment: environmentOf(environment), apiId };
        const scopes = before.scopes.filter(one => !sameScope(one, scope));
        if (scopes.length === before.scopes.length) {
          failGateway('UnsupportedOperation.ResourceUnassociated', { what: apiId, by: id });
        }
        return { scopes };
      }),
  };
}

function typeOf(text: string): PluginType {
  if (LATER.includes(text)) {
    failGateway('UnsupportedOperation.Plugin', {
      zh: `暂不支持 ${text} 插件，可用 ${PLUGIN_TYPES.join('、')}`,
      en: `plugins of type ${text} are not built; there are ${PLUGIN_TYPES.join(', ')}`,
    });
  }
  return PLUGIN_TYPES.find(type => type === text) ?? failOption('PluginType', text, PLUGIN_TYPES);
}

/** Only what serves can have a plugin. */
async function scopesOf(
  { rows }: Edit,
  ref: ServiceRef,
  environment: string,
  apiIds: readonly string[],
): Promise<Scoped[]> {
  const where = environmentOf(environment);
  const apis = await needApis(rows, ref, [...new Set(apiIds)]);
  const release = await findRelease(rows, ref.region, ref.serviceId, where);
  const missing = apis.find(api => !release?.apis.some(released => released.id === api.id));
  if (missing) failGateway('UnsupportedOperation.AttachPlugin', { apiId: missing.id, environment: where });
  return apis.map(api => ({ serviceId: ref.serviceId, environment: where, apiId: api.id }));
}

/** Documented: one of each type. */
function refuseSecond({ objects }: Edit, { id, type }: Plugin, scope: Scoped): void {
  const other = [...objects.plugins.values()].find(
    one => one.id !== id && one.type === type && one.scopes.some(held => sameScope(held, scope)),
  );
  if (other) failGateway('UnsupportedOperation.ResourceAssociated', { what: scope.apiId ?? '', by: other.id });
}

function checkPlugin({ name, description }: { readonly name: string; readonly description: string }): void {
  if (!NAME.test(name)) failGateway('InvalidParameter.FormatError', { name: 'PluginName', form: NAME.source });
  checkLength('Description', description, DESCRIPTION_CHARS);
}

function checkData(type: PluginType, data: string): void {
  const read = readPlugin(type, data);
  if ('fault' in read) failGateway('InvalidParameterValue.InvalidPluginData', { ...read.fault });
}
