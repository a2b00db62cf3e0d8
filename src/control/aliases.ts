// Aliases: names for versions, with a share of the calls for one more version.

import {
  type Alias,
  DEFAULT_ALIAS,
  type FunctionKey,
  keyText,
  type MatchRule,
  type Routing,
} from '../core/function.ts';
import { parseRange, versionsOf } from '../core/route.ts';
import type { Held } from './catalog.ts';
import type { Aliases, AliasInput, RoutingInput } from './control.ts';
import { fail } from './errors.ts';
import { type Orders, pageOf } from './paging.ts';
import type { Removal } from './removal.ts';
import { mustBeMade, type Room } from './room.ts';
import { checkAliasName, checkDescription, keyOf } from './validate.ts';

const ORDERS: Orders<Alias> = {
  by: { AddTime: alias => alias.addTime },
  usual: 'AddTime',
  descending: false,
  code: 'InvalidParameterValue.OrderBy',
  tie: alias => alias.alias,
};

const RULE_KEY = 'invoke.headers.';

function mustExist(held: Held, version: string): void {
  if (!held.entry.versions.has(version))
    fail('ResourceNotFound.Qualifier', { name: held.row.name, qualifier: version });
}

function routingOf(held: Held, main: string, input: RoutingInput | undefined): Routing {
  const weights = input?.weights ?? [];
  const matches = input?.matches ?? [];
  if (weights.length > 0 && matches.length > 0)
    fail('InvalidParameterValue.RoutingConfig', {
      zh: 'AdditionalVersionWeights 与 AddtionVersionMatchs 不能同时使用。',
      en: 'AdditionalVersionWeights and AddtionVersionMatchs exclude each other.',
    });
  if (weights.length > 0) return byWeight(held, main, weights);
  if (matches.length > 0) return byMatch(held, main, matches);
  return { by: 'none' };
}

function byWeight(held: Held, main: string, weights: NonNullable<RoutingInput['weights']>): Routing {
  const [first] = weights;
  if (!first || weights.length > 1)
    return fail('InvalidParameterValue.AdditionalVersionWeights', {
      zh: '最多指定一个附加版本。',
      en: 'one extra version is allowed.',
    });
  const { version, weight } = first;
  mustExist(held, version);
  if (version === main)
    fail('InvalidParameterValue.AdditionalVersionWeights', {
      zh: `附加版本不能与主版本 ${main} 相同。`,
      en: `the extra version must differ from the main one, ${main}.`,
    });
  if (!(weight >= 0 && weight <= 1))
    fail('InvalidParameterValue.AdditionalVersionWeights', {
      zh: `权重 ${weight} 超出范围，请使用 0 至 1 的小数。`,
      en: `the weight ${weight} is out of range; use a share from 0 to 1.`,
    });
  return { by: 'weight', version, weight };
}

function byMatch(held: Held, main: string, matches: NonNullable<RoutingInput['matches']>): Routing {
  const wrong = (zh: string, en: string) => fail('InvalidParameterValue.RoutingConfig', { zh, en });
  const rules: MatchRule[] = matches.map(({ version, key, method, expression }) => {
    mustExist(held, version);
    if (version === main)
      wrong(`规则版本不能与主版本 ${main} 相同。`, `a rule's version must differ from the main one, ${main}.`);
    if (!key.startsWith(RULE_KEY) || key.length === RULE_KEY.length)
      wrong(
        `规则 Key ${key} 不正确，请使用 invoke.headers.<名称>。`,
        `the rule key ${key} is wrong; use invoke.headers.<name>.`,
      );
    if (method !== 'exact' && method !== 'range')
      return wrong(
        `规则 Method ${method} 不正确，请使用 exact 或 range。`,
        `the rule method is ${method}; use exact or range.`,
      );
    if (method === 'range' && !parseRange(expression))
      wrong(
        `规则 Expression ${expression} 不正确，请使用 (a,b) 或 [a,b]，a、b 为整数。`,
        `the rule expression ${expression} is wrong; use (a,b) or [a,b] with integers.`,
      );
    return { version, key: key.slice(RULE_KEY.length), method, expression };
  });
  if (new Set(rules.map(rule => rule.version)).size > 1)
    wrong('最多指定一个附加版本。', 'one extra version is allowed.');
  return { by: 'match', rules };
}

export function aliasesIn(room: Room, removal: Removal): Aliases {
  const { store, clock, catalog, turns } = room;

  function write(key: FunctionKey, input: AliasInput, change: (former: Alias | undefined, routing: Routing) => Alias) {
    if (input.description !== undefined) checkDescription(input.description);
    return turns.take(keyText(key), async () => {
      const held = catalog.held(key);
      mustBeMade(held);
      mustExist(held, input.version);
      const routing = routingOf(held, input.version, input.routing);
      const alias = await store.transaction(async rows => {
        const former = await rows.get('aliases', { ...keyOf(key), alias: input.alias });
        const next = Object.freeze(change(former, routing));
        // A version may have gone on another node meanwhile.
        for (const version of versionsOf(next))
          if (!(await rows.get('versions', { ...keyOf(key), version })))
            fail('ResourceNotFound.Qualifier', { name: key.name, qualifier: version });
        await rows.put('aliases', next);
        return next;
      });
      await catalog.changed(key);
      return alias;
    });
  }

  return {
    async create(key, input) {
      if (input.alias !== DEFAULT_ALIAS) checkAliasName(input.alias);
      const now = clock.now();
      return write(key, input, (former, routing) => {
        if (former) fail('ResourceInUse.Alias', { alias: input.alias });
        const { alias, version, description = '' } = input;
        return { ...keyOf(key), alias, version, description, routing, addTime: now, modTime: now };
      });
    },

    async update(key, input) {
      return write(key, input, (former, routing) => {
        if (!former) return fail('ResourceNotFound.Alias', { name: key.name, alias: input.alias });
        const { version, description = former.description } = input;
        return { ...former, version, description, routing, modTime: clock.now() };
      });
    },

    async get(key, alias) {
      return catalog.held(key).entry.aliases.get(alias) ?? fail('ResourceNotFound.Alias', { name: key.name, alias });
    },

    async list(key, query) {
      const held = catalog.held(key);
      const { version } = query;
      const aliases = [...held.entry.aliases.values()];
      return pageOf(version ? aliases.filter(alias => versionsOf(alias).includes(version)) : aliases, query, ORDERS);
    },

    async delete(key, alias) {
      if (alias === DEFAULT_ALIAS) fail('FailedOperation.DeleteAlias', { alias });
      await removal.deleteAlias(key, alias);
    },
  };
}
