// Applications: clients that sign as themselves, and the APIs that they may call.

import { shortId } from '../../../core/ids.ts';
import { failGateway } from '../errors.ts';
import type { ApiApp, Scoped } from '../model.ts';
import type { Edit } from '../objects.ts';
import { needApis } from './apis.ts';
import { newestFirst, randomText } from './keys.ts';
import { type ApiRef, checkLength, environmentOf, type Room, sameScope } from './scope.ts';

export interface AppVerbs {
  create(draft: {
    readonly region: string;
    readonly name: string;
    readonly description?: string | undefined;
  }): Promise<ApiApp>;
  get(region: string, id: string): ApiApp;
  /** Newest first. */
  list(region: string): ApiApp[];
  modify(region: string, id: string, change: AppChange): Promise<void>;
  /** Another key pair; a secret is made where none is given. */
  renew(
    region: string,
    id: string,
    pair: { readonly key: string; readonly secret?: string | undefined },
  ): Promise<void>;
  /** Only one that is bound to no API. */
  remove(region: string, id: string): Promise<void>;
  bind(id: string, api: ApiRef, environment: string): Promise<void>;
  unbind(id: string, api: ApiRef, environment: string): Promise<void>;
}

export interface AppChange {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
}

const NAME_CHARS = 50;
const DESCRIPTION_CHARS = 200;
const KEY = /^\w{5,50}$/;
const SECRET = /^\w{10,50}$/;

export function appVerbs({ objects, ids, clock }: Room): AppVerbs {
  const need = (apps: ReadonlyMap<string, ApiApp>, region: string, id: string): ApiApp => {
    const app = apps.get(id);
    return app?.region === region ? app : failGateway('ResourceNotFound.InvalidApiApp', { id });
  };

  const change = (
    region: string,
    id: string,
    next: (app: ApiApp, edit: Edit) => Partial<ApiApp> | Promise<Partial<ApiApp>>,
  ) =>
    objects.edit(async edit => {
      const before = need(edit.objects.apps, region, id);
      await edit.put('apps', { ...before, ...(await next(before, edit)), modifiedAt: clock.now() });
    });

  /** The API must be there. */
  async function scopeOf({ rows }: Edit, api: ApiRef, environment: string): Promise<Scoped> {
    const where = environmentOf(environment);
    await needApis(rows, api, [api.apiId]);
    return { serviceId: api.serviceId, environment: where, apiId: api.apiId };
  }

  return {
    create: ({ region, name, description = '' }) =>
      objects.edit(async edit => {
        checkNames({ name, description });
        const now = clock.now();
        const pair = { key: `APID${randomText(ids, 32)}`, secret: randomText(ids, 40) };
        const id = `app-${shortId(ids)}`;
        const app: ApiApp = { id, region, name, description, ...pair, scopes: [], createdAt: now, modifiedAt: now };
        await edit.put('apps', app);
        return app;
      }),
    get: (region, id) => need(objects.now().apps, region, id),
    list: region => newestFirst([...objects.now().apps.values()].filter(app => app.region === region)),
    modify: (region, id, { name, description }) =>
      change(region, id, before => {
        const next = { name: name ?? before.name, description: description ?? before.description };
        checkNames(next);
        return next;
      }),
    renew: (region, id, { key, secret }) =>
      change(region, id, (before, edit) => {
        if (!KEY.test(key)) failGateway('InvalidParameter.FormatError', { name: 'ApiAppKey', form: KEY.source });
        if (secret && !SECRET.test(secret)) {
          failGateway('InvalidParameter.FormatError', { name: 'ApiAppSecret', form: SECRET.source });
        }
        const twin = [...edit.objects.apps.values()].find(app => app.key === key && app.id !== before.id);
        if (twin) failGateway('FailedOperation.AccessKeyExist', { id: key });
        return { key, secret: secret || randomText(ids, 40) };
      }),
    remove: (region, id) =>
      objects.edit(async edit => {
        const app = need(edit.objects.apps, region, id);
        const [scope] = app.scopes;
        if (scope) failGateway('UnsupportedOperation.ResourceAssociated', { what: id, by: scope.apiId ?? '' });
        await edit.remove('apps', app);
      }),
    bind: (id, api, environment) =>
      change(api.region, id, async (before, edit) => {
        const scope = await scopeOf(edit, api, environment);
        if (before.scopes.some(one => sameScope(one, scope))) {
          failGateway('UnsupportedOperation.ResourceAssociated', { what: api.apiId, by: id });
        }
        return { scopes: [...before.scopes, scope] };
      }),
    unbind: (id, api, environment) =>
      change(api.region, id, async (before, edit) => {
        const scope = await scopeOf(edit, api, environment);
        const scopes = before.scopes.filter(one => !sameScope(one, scope));
        if (scopes.length === before.scopes.length) {
          failGateway('UnsupportedOperation.ResourceUnassociated', { what: api.apiId, by: id });
        }
        return { scopes };
      }),
  };
}

function checkNames({ name, description }: { readonly name: string; readonly description: string }): void {
  checkLength('ApiAppName', name, NAME_CHARS);
  checkLength('ApiAppDesc', description, DESCRIPTION_CHARS);
}
