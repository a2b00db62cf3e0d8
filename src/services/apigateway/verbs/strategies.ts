// IP strategies: which client addresses the APIs of a service take.

import { shortId } from '../../../core/ids.ts';
import { failGateway } from '../errors.ts';
import type { IpStrategy, Scoped } from '../model.ts';
import type { Edit } from '../objects.ts';
import { blockLines, blockList } from '../plugindata.ts';
import { needApis } from './apis.ts';
import { newestFirst } from './keys.ts';
import { checkLength, environmentOf, oneOf, type Room, type ServiceRef, sameScope } from './scope.ts';

export interface StrategyDraft extends ServiceRef {
  readonly name: string;
  /** WHITE or BLACK */
  readonly type: string;
  /** One address or block a line. */
  readonly data: string;
}

export interface StrategyRef extends ServiceRef {
  readonly strategyId: string;
}

export interface StrategyVerbs {
  create(draft: StrategyDraft): Promise<IpStrategy>;
  get(ref: StrategyRef): IpStrategy;
  /** Of a service, newest first. */
  list(ref: ServiceRef): Promise<IpStrategy[]>;
  modify(ref: StrategyRef, data: string): Promise<void>;
  /** Only one that is bound to no API. */
  remove(ref: StrategyRef): Promise<void>;
  bind(ref: StrategyRef, environment: string, apiIds: readonly string[]): Promise<void>;
  unbind(ref: StrategyRef, environment: string, apiIds: readonly string[]): Promise<void>;
}

const NAME_CHARS = 50;
const TYPES = ['WHITE', 'BLACK'] as const;

function blocksOf(text: string): readonly string[] {
  const blocks = blockLines(text);
  const wrong = blocks.find(block => blockList([block]) === undefined);
  if (wrong !== undefined || blocks.length === 0) {
    failGateway('InvalidParameterValue.InvalidIPAddress', { address: wrong ?? '""' });
  }
  return blocks;
}

export function strategyVerbs({ store, objects, ids, clock }: Room): StrategyVerbs {
  const need = (strategies: ReadonlyMap<string, IpStrategy>, ref: StrategyRef): IpStrategy => {
    const strategy = strategies.get(ref.strategyId);
    if (strategy?.region === ref.region && strategy.serviceId === ref.serviceId) return strategy;
    return failGateway('ResourceNotFound.InvalidIPStrategy', { id: ref.strategyId });
  };

  const change = (
    ref: StrategyRef,
    next: (before: IpStrategy, edit: Edit) => Partial<IpStrategy> | Promise<Partial<IpStrategy>>,
  ) =>
    objects.edit(async edit => {
      const before = need(edit.objects.ipStrategies, ref);
      await edit.put('ipStrategies', { ...before, ...(await next(before, edit)), modifiedAt: clock.now() });
    });

  return {
    create: ({ region, serviceId, name, data, ...draft }) =>
      objects.edit(async edit => {
        await needApis(edit.rows, { region, serviceId }, []);
        checkLength('StrategyName', name, NAME_CHARS);
        const type = oneOf('StrategyType', draft.type, TYPES);
        const now = clock.now();
        const id = `IPStrategy-${shortId(ids)}`;
        const own = { id, region, serviceId, name, type, blocks: blocksOf(data), scopes: [] };
        const strategy: IpStrategy = { ...own, createdAt: now, modifiedAt: now };
        await edit.put('ipStrategies', strategy);
        return strategy;
      }),
    get: ref => need(objects.now().ipStrategies, ref),
    async list(ref) {
      await needApis(store, ref, []);
      const { serviceId } = ref;
      return newestFirst([...objects.now().ipStrategies.values()].filter(one => one.serviceId === serviceId));
    },
    modify: (ref, data) => change(ref, () => ({ blocks: blocksOf(data) })),
    remove: ref =>
      objects.edit(async edit => {
        const strategy = need(edit.objects.ipStrategies, ref);
        const [scope] = strategy.scopes;
        if (scope) failGateway('UnsupportedOperation.ResourceAssociated', { what: strategy.id, by: scope.apiId ?? '' });
        await edit.remove('ipStrategies', strategy);
      }),
    bind: (ref, environment, apiIds) =>
      change(ref, async (before, edit) => {
        const scopes = await scopesOf(edit, ref, environment, apiIds);
        for (const scope of scopes) refuseSecond(edit, before, scope);
        return { scopes: [...before.scopes.filter(one => !scopes.some(scope => sameScope(one, scope))), ...scopes] };
      }),
    unbind: (ref, environment, apiIds) =>
      change(ref, async (before, edit) => {
        const scopes = await scopesOf(edit, ref, environment, apiIds);
        const lost = scopes.find(scope => !before.scopes.some(one => sameScope(one, scope)));
        if (lost) failGateway('UnsupportedOperation.ResourceUnassociated', { what: lost.apiId ?? '', by: before.id });
        return { scopes: before.scopes.filter(one => !scopes.some(scope => sameScope(one, scope))) };
      }),
  };
}

async function scopesOf(
  { rows }: Edit,
  ref: ServiceRef,
  environment: string,
  apiIds: readonly string[],
): Promise<Scoped[]> {
  const where = environmentOf(environment);
  const apis = await needApis(rows, ref, [...new Set(apiIds)]);
  return apis.map(api => ({ serviceId: ref.serviceId, environment: where, apiId: api.id }));
}

/** An API in an environment has one strategy: which of two is meant could not be told. */
function refuseSecond({ objects }: Edit, { id }: IpStrategy, scope: Scoped): void {
  const other = [...objects.ipStrategies.values()].find(
    one => one.id !== id && one.scopes.some(held => sameScope(held, scope)),
  );
  if (other) failGateway('UnsupportedOperation.ResourceAssociated', { what: scope.apiId ?? '', by: other.id });
}
