// The verbs on triggers, and the port by which a source's own API attaches and detaches: over the table of kinds.

import { CloudError } from '../core/errors.ts';
import { type FunctionKey, keyText, LATEST } from '../core/function.ts';
import type { Rows, TriggerChange } from '../core/ports.ts';
import type { Trigger, TriggerDraft } from '../core/trigger.ts';
import type { TriggerRef, TriggerVerbs, TriggerView } from './control.ts';
import { fail } from './errors.ts';
import { type AnyTriggerKind, type HostOf, kindOf, type TriggerKinds } from './kinds.ts';
import { Listeners } from './listeners.ts';
import { checkedFilters, type Orders, pageOf } from './paging.ts';
import type { Dropping } from './removal.ts';
import { mustBeWritable, type Room, resolve } from './room.ts';
import { checkDescription, keyOf } from './validate.ts';

const ORDERS: Orders<Trigger> = {
  by: { mod_time: trigger => trigger.modTime, add_time: trigger => trigger.addTime },
  usual: 'mod_time',
  descending: true,
  code: 'InvalidParameterValue.OrderBy',
  tie: trigger => `${trigger.type}/${trigger.triggerName}/${trigger.id}`,
};

const FILTERS: Readonly<Record<string, Matches>> = {
  Qualifier: (trigger, value) => trigger.qualifier === value,
  Type: (trigger, value) => trigger.type === value,
  Description: (trigger, value) => trigger.description.includes(value),
};

type Matches = (trigger: Trigger, value: string) => boolean;

export interface TriggerRoom {
  readonly verbs: TriggerVerbs;
  readonly dropping: Dropping;
  readonly listeners: Listeners;
}

function absent(id: string): never {
  return fail('ResourceNotFound.Trigger', { name: '', type: '', triggerName: id, qualifier: '' });
}

export function triggersIn(room: Room, kinds: TriggerKinds, host: HostOf): TriggerRoom {
  const { store, clock, ids, log, quotas, catalog, turns } = room;
  const listeners = new Listeners({ store, log, kinds, host });

  /** Inside a transaction, and before `bind`: whether this row may stand beside the others. */
  async function checkPlace(rows: Rows, kind: AnyTriggerKind, trigger: Trigger): Promise<void> {
    const others = (await rows.list('triggers', { region: trigger.region, type: trigger.type })).filter(
      other => other.id !== trigger.id,
    );
    const named = others.some(
      other => keyText(other) === keyText(trigger) && other.triggerName === trigger.triggerName && !kind.same,
    );
    if (named) fail('ResourceInUse.Trigger', { triggerName: trigger.triggerName, type: trigger.type });
    kind.conflict?.(trigger, others);
  }

  async function checkQuota(rows: Rows, { type, name, ...draft }: TriggerDraft): Promise<void> {
    const { triggersPerType, triggersPerFunction } = quotas;
    const key = keyOf({ ...draft, name });
    if ((await rows.count('triggers', { ...key, type })) >= triggersPerType)
      fail('LimitExceeded.Trigger', {
        name,
        zh: `${type} 触发器 ${triggersPerType} 个`,
        en: `${triggersPerType} of type ${type}`,
      });
    if ((await rows.count('triggers', key)) >= triggersPerFunction)
      fail('LimitExceeded.Trigger', { name, zh: `共 ${triggersPerFunction} 个`, en: `${triggersPerFunction} in all` });
  }

  function checkFunction(kind: AnyTriggerKind, draft: TriggerDraft): void {
    const held = catalog.held(draft);
    const { type } = catalog.latest(draft);
    mustBeWritable(catalog.latest(draft), 'FailedOperation.CreateTrigger');
    if (!kind.serves.includes(type)) fail('UnsupportedOperation.Trigger', { type: kind.type, functionType: type });
    resolve(held, draft.qualifier);
  }

  /** Kinds of one region's conflicts are judged one after another; the function's turn is taken around. */
  function turn<R>(key: FunctionKey, type: string, work: () => Promise<R>): Promise<R> {
    return turns.take(keyText(key), () => turns.take(`triggers/${key.region}/${type}`, work));
  }

  async function undo(what: string, trigger: Trigger, work: () => Promise<unknown> | undefined): Promise<void> {
    try {
      await work();
    } catch (error) {
      log.error({ err: error, trigger: trigger.id, type: trigger.type }, what);
    }
  }

  async function add(draft: TriggerDraft): Promise<Trigger> {
    const kind = kindOf(kinds, draft.type);
    kind.checkName(draft.triggerName);
    checkDescription(draft.description);
    return turn(draft, draft.type, async () => {
      checkFunction(kind, draft);
      const now = clock.now();
      const plan: Trigger = { ...draft, id: ids.uuid(), resourceId: '', addTime: now, modTime: now };
      await checkQuota(store, draft);
      await checkPlace(store, kind, plan);
      const bound = await kind.bind?.(plan, host(kind));
      const trigger: Trigger = Object.freeze({ ...plan, ...bound });
      try {
        await store.transaction(async rows => {
          await checkQuota(rows, draft);
          await checkPlace(rows, kind, trigger);
          const version = await rows.get('versions', { ...keyOf(draft), version: draft.qualifier });
          const alias = version ?? (await rows.get('aliases', { ...keyOf(draft), alias: draft.qualifier }));
          if (!alias) fail('ResourceNotFound.Qualifier', { name: draft.name, qualifier: draft.qualifier });
          await rows.put('triggers', trigger);
        });
      } catch (error) {
        await undo('what a trigger had made at its source was not undone', trigger, () =>
          kind.unbind?.(trigger, host(kind)),
        );
        throw error;
      }
      await changed(trigger);
      return trigger;
    });
  }

  async function changed(key: FunctionKey): Promise<void> {
    await listeners.sync(key);
    // The row is the function's: other nodes learn of it by the function's own notice.
    await catalog.changed(keyOf(key));
  }

  /** The one trigger that is meant; a desc that is news, not a name, only tells apart what the name does not. */
  async function find(ref: TriggerRef, descIs: 'name' | 'news'): Promise<Trigger> {
    catalog.held(ref);
    const kind = kindOf(kinds, ref.type);
    const { type, triggerName, qualifier = LATEST, desc } = ref;
    const there = await store.list('triggers', { ...keyOf(ref), type, qualifier });
    const named = there.filter(trigger => isNamed(trigger, triggerName));
    const asked = desc && kind.same && (descIs === 'name' || named.length > 1);
    const found = asked ? named.filter(trigger => kind.same?.(trigger.desc, desc)) : named;
    const [first, second] = found;
    if (!first) return fail('ResourceNotFound.Trigger', { name: ref.name, type, triggerName, qualifier });
    if (second)
      fail('InvalidParameterValue.TriggerDesc', {
        zh: `有 ${found.length} 个名为 ${triggerName} 的触发器，请在 TriggerDesc 中指明其一。`,
        en: `${found.length} triggers are named ${triggerName}; say in TriggerDesc which one is meant.`,
      });
    return first;
  }

  /** By its own name, or the one that it was made with. */
  function isNamed(trigger: Trigger, name: string): boolean {
    const kind = Object.hasOwn(kinds, trigger.type) ? kinds[trigger.type] : undefined;
    return trigger.triggerName === name || kind?.named?.(trigger.desc, name) === true;
  }
  const matches: Readonly<Record<string, Matches>> = { ...FILTERS, TriggerName: isNamed };

  type Change = TriggerChange & Partial<Pick<Trigger, 'enabled' | 'description' | 'customArgument'>>;

  async function change(kind: AnyTriggerKind, former: Trigger, next: Change): Promise<Trigger> {
    const plan: Trigger = { ...former, ...next, modTime: clock.now() };
    await checkPlace(store, kind, plan);
    const bound = await kind.bind?.(plan, host(kind));
    const trigger: Trigger = Object.freeze({ ...plan, ...bound });
    try {
      await store.transaction(async rows => {
        const kept = await rows.get('triggers', { id: former.id });
        if (!kept) fail('ResourceNotFound.Trigger', { ...former, desc: '', enabled: '' });
        await checkPlace(rows, kind, trigger);
        await rows.put('triggers', trigger);
      });
    } catch (error) {
      await undo('a change of a trigger was not undone at its source', former, () => kind.bind?.(former, host(kind)));
      throw error;
    }
    // What listened for the former function stops before the other one has the events.
    if (keyText(former) !== keyText(trigger)) await changed(former);
    await changed(trigger);
    return trigger;
  }

  /** The turns of both functions, always in the same order. */
  function turnOfBoth<R>(a: FunctionKey, b: FunctionKey, type: string, work: () => Promise<R>): Promise<R> {
    if (keyText(a) === keyText(b)) return turn(a, type, work);
    const [first, second] = keyText(a) < keyText(b) ? [a, b] : [b, a];
    return turns.take(keyText(first), () => turn(second, type, work));
  }

  async function drop(kind: AnyTriggerKind, trigger: Trigger): Promise<void> {
    listeners.stop(trigger.id);
    try {
      await kind.unbind?.(trigger, host(kind));
    } catch (error) {
      await listeners.sync(trigger);
      if (error instanceof CloudError) throw error;
      fail('FailedOperation.DeleteTrigger', { triggerName: trigger.triggerName }, error);
    }
    try {
      await store.remove('triggers', { id: trigger.id });
    } catch (error) {
      await undo('a trigger that could not be deleted was not bound again', trigger, () =>
        kind.bind?.(trigger, host(kind)),
      );
      await undo('a trigger that could not be deleted does not deliver', trigger, () => listeners.sync(trigger));
      throw error;
    }
    await changed(trigger);
  }

  function view(trigger: Trigger): TriggerView {
    const kind = kindOf(kinds, trigger.type);
    return Object.freeze({
      trigger,
      desc: kind.format(trigger.desc),
      summary: kind.summary(trigger.desc),
      attribute: kind.attribute,
      urls: kind.urls?.(trigger, host(kind)) ?? [],
    });
  }

  const verbs: TriggerVerbs = {
    async create(input) {
      catalog.held(input);
      const kind = kindOf(kinds, input.type);
      const { type, triggerName, qualifier = LATEST, enabled = true, customArgument = '', description = '' } = input;
      const desc = kind.parse(input.desc, { functionName: input.name, functionType: catalog.latest(input).type });
      return view(
        await add({ ...keyOf(input), type, triggerName, qualifier, enabled, desc, customArgument, description }),
      );
    },

    async update(input) {
      const kind = kindOf(kinds, input.type);
      if (input.description !== undefined) checkDescription(input.description);
      await turn(input, input.type, async () => {
        const former = await find(input, 'news');
        const context = { functionName: input.name, previous: former.desc };
        const { enabled, description, customArgument } = input;
        await change(kind, former, {
          ...(input.desc && { desc: kind.parse(input.desc, context) }),
          ...(enabled !== undefined && { enabled }),
          ...(description !== undefined && { description }),
          ...(customArgument !== undefined && { customArgument }),
        });
      });
    },

    async setEnabled(ref, enabled) {
      const kind = kindOf(kinds, ref.type);
      await turn(ref, ref.type, async () => change(kind, await find(ref, 'name'), { enabled }));
    },

    async remove(ref) {
      const kind = kindOf(kinds, ref.type);
      await turn(ref, ref.type, async () => drop(kind, await find(ref, 'name')));
    },

    async query(query) {
      const held = catalog.held(query);
      const filters = checkedFilters(query.filters, name => Object.hasOwn(matches, name));
      const all = await store.list('triggers', keyOf(held.row));
      const found = all.filter(trigger =>
        filters.every(({ name, values }) => values.some(value => matches[name]?.(trigger, value))),
      );
      const { total, rows } = pageOf(found, query, ORDERS);
      return { total, rows: rows.filter(row => Object.hasOwn(kinds, row.type)).map(view) };
    },

    /** The source has its object and `bind` finds it; a source must not attach from inside `bind`. */
    attach: draft => add(draft),

    async change(id, next) {
      const found = (await store.get('triggers', { id })) ?? absent(id);
      const kind = kindOf(kinds, found.type);
      return turnOfBoth(found, { ...found, ...next }, found.type, async () => {
        const former = (await store.get('triggers', { id })) ?? absent(id);
        const draft: Trigger = { ...former, ...next };
        kind.checkName(draft.triggerName);
        checkFunction(kind, draft);
        if (keyText(former) !== keyText(draft)) await checkQuota(store, draft);
        return change(kind, former, next);
      });
    },

    /** The source itself drops its object: `unbind` is not called. */
    async detach(id) {
      const trigger = await store.get('triggers', { id });
      if (!trigger) return;
      await turn(trigger, trigger.type, async () => {
        listeners.stop(id);
        await store.remove('triggers', { id });
        await changed(trigger);
      });
    },

    list: where => store.list('triggers', where),
  };

  return {
    verbs,
    listeners,
    dropping: {
      sync: key => listeners.sync(key),
      async forget(triggers) {
        for (const trigger of triggers) {
          const kind = Object.hasOwn(kinds, trigger.type) ? kinds[trigger.type] : undefined;
          await undo('the source object of a deleted trigger was not removed', trigger, () =>
            kind?.unbind?.(trigger, host(kind)),
          );
        }
      },
    },
  };
}
