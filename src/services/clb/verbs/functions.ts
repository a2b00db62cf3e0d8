// Functions behind rules, from the balancer's side: each has a trigger whose row is the only truth about which function that
// is. Triggers go with the rules that they stand for.

import { CloudError, fail } from '../../../core/errors.ts';
import { type FunctionEntry, type FunctionKey, LATEST } from '../../../core/function.ts';
import type { Log } from '../../../core/log.ts';
import type { Catalog, Triggers } from '../../../core/ports.ts';
import type { Trigger } from '../../../core/trigger.ts';
import { Turns } from '../../../core/turns.ts';
import type { Clb, ListenerRef, RuleRef, Within } from '../contract.ts';
import { failClb } from '../errors.ts';
import type { Listener, Rule } from '../model.ts';

export interface FunctionName {
  readonly namespace: string;
  readonly name: string;
  readonly qualifier: string;
  /** What the qualifier is said to be, where that is said. */
  readonly qualifierType?: 'VERSION' | 'ALIAS' | undefined;
}

export interface FunctionTarget extends FunctionName {
  readonly weight?: number | undefined;
}

/** A function as it stands behind a rule. */
export interface CalledFunction extends FunctionName {
  readonly qualifierType: 'VERSION' | 'ALIAS';
  readonly weight: number;
}

/** What a trigger keeps of its rule. */
export interface DescInput {
  readonly rule: Rule;
  readonly listener: Listener;
  /** The default when left out. */
  readonly weight: number | undefined;
  readonly previous: unknown;
}

export interface FunctionRules {
  /** The function that is there already gets the new weight. */
  register(ref: RuleRef, targets: readonly FunctionTarget[]): Promise<void>;
  /** Puts this function in the place of the one that is there, in one step. */
  replace(ref: RuleRef, targets: readonly FunctionTarget[]): Promise<void>;
  deregister(ref: RuleRef, targets: readonly FunctionName[]): Promise<void>;
  called(rule: Rule): Promise<CalledFunction | undefined>;
  /** Runs what removes all that is within, and takes the triggers away after it. */
  removing(within: readonly Within[], remove: () => Promise<void>): Promise<void>;
  /** Domains and paths of rules stand in their triggers. */
  renamed(ref: ListenerRef): Promise<void>;
}

export interface FunctionRuleDeps {
  readonly clb: Pick<Clb, 'listeners' | 'rules' | 'targets' | 'triggersWithin'>;
  readonly triggers: Triggers;
  readonly catalog: Catalog;
  /** The trigger kind's own value for a rule. */
  readonly descOf: (input: DescInput) => unknown;
  readonly log: Log;
}

const TYPE = 'clb';

export function functionRules({ clb, triggers, catalog, descOf, log }: FunctionRuleDeps): FunctionRules {
  const turns = new Turns();
  const turn = <R>({ region }: Pick<Within, 'region'>, work: () => Promise<R>) => turns.take(region, work);

  function needRule(ref: RuleRef): { readonly listener: Listener; readonly rule: Rule } {
    const listener = clb.listeners.need(ref);
    const { id: listenerId, protocol } = listener;
    if (protocol !== 'HTTP' && protocol !== 'HTTPS') {
      const why = {
        zh: '只有 HTTP 与 HTTPS 监听器的转发规则可以绑定函数',
        en: 'functions stand behind rules of HTTP and HTTPS listeners alone',
      };
      failClb('InvalidParameter.ProtocolCheckFailed', { listenerId, protocol, ...why });
    }
    return { listener, rule: clb.rules.need(ref) };
  }

  const keyOf = (region: string, { namespace, name }: FunctionName): FunctionKey => ({ region, namespace, name });

  function checkFunction(region: string, target: FunctionName): void {
    const { namespace, name, qualifier, qualifierType } = target;
    const entry =
      catalog.find(keyOf(region, target)) ??
      failClb('ResourceNotFound', {
        zh: `命名空间 ${namespace} 中的函数 ${name}`,
        en: `function ${name} in the namespace ${namespace} of this region`,
      });
    if (entry.versions.get(LATEST)?.type === 'HTTP') {
      failClb('InvalidParameterValue', {
        name: 'FunctionTargets',
        zh: `${name} 为 Web 函数，负载均衡只能绑定事件函数`,
        en: `${name} is a web function, and load balancers call event functions alone`,
      });
    }
    const type = typeOf(entry, qualifier);
    if (type === undefined || (qualifierType !== undefined && qualifierType !== type)) {
      const what = { VERSION: ['版本', 'version'], ALIAS: ['别名', 'alias'] }[qualifierType ?? 'VERSION'];
      const [zh = '', en = ''] = qualifierType ? what : ['版本或别名', 'version or alias'];
      failClb('ResourceNotFound', { zh: `函数 ${name} 的${zh} ${qualifier}`, en: `${en} ${qualifier} of ${name}` });
    }
  }

  async function triggerOf({ target }: Rule): Promise<Trigger | undefined> {
    return target.kind === 'function' ? (await triggers.list({ id: target.triggerId }))[0] : undefined;
  }

  async function needTrigger(rule: Rule): Promise<Trigger> {
    const found = await triggerOf(rule);
    return (
      found ??
      failClb('ResourceNotFound', { zh: `规则 ${rule.id} 上的函数`, en: `function behind the rule ${rule.id}` })
    );
  }

  function attach(listener: Listener, rule: Rule, target: FunctionTarget): Promise<Trigger> {
    return triggers.attach({
      ...keyOf(rule.region, target),
      qualifier: target.qualifier,
      type: TYPE,
      triggerName: rule.id,
      enabled: true,
      desc: descOf({ rule, listener, weight: target.weight, previous: undefined }),
      customArgument: '',
      description: '',
    });
  }

  return Object.freeze<FunctionRules>({
    register: (ref, targets) =>
      turn(ref, async () => {
        const { listener, rule } = needRule(ref);
        const target = onlyOne(targets);
        checkFunction(rule.region, target);
        const former = await triggerOf(rule);
        if (!former) {
          // Of a trigger whose row went while the rule could not be written.
          if (rule.target.kind === 'function') await clb.targets.deregisterFunction(ref, rule.target.triggerId);
          await told(attach(listener, rule, target));
          return;
        }
        if (!isSame(former, target)) refuseSecond(rule, former);
        if (target.weight === undefined) return;
        const desc = descOf({ rule, listener, weight: target.weight, previous: former.desc });
        await told(triggers.change(former.id, { desc }));
      }),

    replace: (ref, targets) =>
      turn(ref, async () => {
        const { listener, rule } = needRule(ref);
        const target = onlyOne(targets);
        checkFunction(rule.region, target);
        const { id, desc: previous } = await needTrigger(rule);
        const desc = descOf({ rule, listener, weight: target.weight, previous });
        const { namespace, name, qualifier } = target;
        await told(triggers.change(id, { namespace, name, qualifier, desc }));
      }),

    deregister: (ref, targets) =>
      turn(ref, async () => {
        const { rule } = needRule(ref);
        const target = onlyOne(targets);
        const former = await needTrigger(rule);
        if (!isSame(former, target)) {
          const { name, qualifier } = target;
          failClb('ResourceNotFound', {
            zh: `规则 ${rule.id} 上的函数 ${name}（${qualifier}）`,
            en: `function ${name} (${qualifier}) behind the rule ${rule.id}`,
          });
        }
        await triggers.detach(former.id);
        await clb.targets.deregisterFunction({ ...ref, locationId: rule.id }, former.id);
      }),

    async called(rule) {
      const trigger = await triggerOf(rule);
      if (!trigger || rule.target.kind !== 'function') return undefined;
      const { namespace, name, qualifier } = trigger;
      const entry = catalog.find(trigger);
      const qualifierType = (entry && typeOf(entry, qualifier)) ?? 'VERSION';
      return { namespace, name, qualifier, qualifierType, weight: rule.target.weight };
    },

    removing: (within, remove) =>
      turn(within[0] ?? { region: '' }, async () => {
        const going = within.flatMap(one => clb.triggersWithin(one));
        // A removal that is refused leaves the triggers where they are.
        await remove();
        for (const id of going) await triggers.detach(id);
      }),

    renamed: ref =>
      turn(ref, async () => {
        const listener = clb.listeners.need(ref);
        for (const rule of clb.rules.list(ref)) {
          const former = await triggerOf(rule);
          if (!former || rule.target.kind !== 'function') continue;
          const desc = descOf({ rule, listener, weight: rule.target.weight, previous: former.desc });
          if (JSON.stringify(desc) === JSON.stringify(former.desc)) continue;
          await triggers.change(former.id, { desc }).catch(error => {
            // The rule is what serves; its trigger is told again with the next change.
            log.error({ err: error, locationId: rule.id }, 'a trigger does not show what its rule is called now');
          });
        }
      }),
  });
}

/** A rule holds one function. */
function onlyOne<T>(targets: readonly T[]): T {
  const [first, second] = targets;
  if (first === undefined) return fail('MissingParameter', { name: 'FunctionTargets' });
  if (second === undefined) return first;
  return failClb('LimitExceeded', {
    zh: '一条规则只能绑定一个函数，需要分流请使用别名的流量配置',
    en: 'a rule holds one function; to share traffic use the routing of an alias',
  });
}

function refuseSecond({ id }: Rule, { name, qualifier }: Trigger): never {
  return failClb('LimitExceeded', {
    zh: `规则 ${id} 已绑定函数 ${name}（${qualifier}），一条规则只能绑定一个函数；请先解绑，或用 ModifyFunctionTargets 更换`,
    en: `the rule ${id} has the function ${name} (${qualifier}) already, and a rule holds one; deregister it first, or replace it with ModifyFunctionTargets`,
  });
}

function isSame(trigger: FunctionKey & { readonly qualifier: string }, target: FunctionName): boolean {
  const { namespace, name, qualifier } = target;
  return trigger.namespace === namespace && trigger.name === name && trigger.qualifier === qualifier;
}

function typeOf({ versions, aliases }: FunctionEntry, qualifier: string): CalledFunction['qualifierType'] | undefined {
  if (versions.has(qualifier)) return 'VERSION';
  return aliases.has(qualifier) ? 'ALIAS' : undefined;
}

/** SCF's refusals under this API's codes. */
async function told<R>(work: Promise<R>): Promise<R> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof CloudError) || error.row.fault !== 'caller') throw error;
    const words = { zh: error.text('zh').replace(/。$/, ''), en: error.text('en').replace(/\.$/, '') };
    if (error.code.startsWith('LimitExceeded.')) return failClb('LimitExceeded', words, error);
    if (/^(FailedOperation|ResourceInUse|ResourceNotFound|UnsupportedOperation)\./.test(error.code)) {
      return failClb('FailedOperation', words, error);
    }
    throw error;
  }
}
