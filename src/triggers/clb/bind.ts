// The rule behind a CLB trigger: found, or made with what it needs.

import type { Bound, Trigger, TriggerHost } from '../../core/trigger.ts';
import type { Clb } from '../../services/clb/contract.ts';
import type { Listener, LoadBalancer, Rule } from '../../services/clb/model.ts';
import { failDesc } from '../errors.ts';
import { type ClbDesc, DEFAULT_BALANCER_NAME } from './desc.ts';

export type ClbTrigger = Trigger & { readonly desc: ClbDesc };
type Host = TriggerHost<Clb>;

/** Marks balancers and listeners that nobody but triggers has asked for. */
const MADE = Object.freeze({ madeBy: 'trigger' });

export async function bindClb(trigger: ClbTrigger, { source }: Host): Promise<Bound<ClbDesc>> {
  const { id, region, desc } = trigger;
  const making = new Making(source, region);
  try {
    const balancer = await making.balancer(desc);
    const listener = await making.listener(balancer, desc);
    const found = await making.rule(listener, desc);
    const target = { triggerId: id, weight: desc.weight };
    const rule = await source.targets.registerFunction(refOf(found), target);
    return {
      desc: Object.freeze({
        ...desc,
        loadBalancerId: balancer.id,
        listenerId: listener.id,
        locationId: rule.id,
        protocol: listener.protocol === 'HTTPS' ? 'HTTPS' : 'HTTP',
        port: listener.port,
        domain: rule.domain,
        url: rule.url,
        givenName: desc.givenName ?? trigger.triggerName,
        made: desc.locationId === undefined ? making.madeRule : desc.made,
      }),
      resourceId: source.resourceId(rule),
      triggerName: rule.id,
    };
  } catch (error) {
    await making.undo();
    throw error;
  }
}

const refOf = (rule: Rule) => ({
  region: rule.region,
  loadBalancerId: rule.loadBalancerId,
  listenerId: rule.listenerId,
  locationId: rule.id,
});

/** What is made on the way, so that nothing of it is left when a step fails. */
class Making {
  madeRule = false;
  readonly #clb: Clb;
  readonly #region: string;
  readonly #undo: (() => Promise<void>)[] = [];

  constructor(clb: Clb, region: string) {
    this.#clb = clb;
    this.#region = region;
  }

  async undo(): Promise<void> {
    for (const step of this.#undo.reverse()) await step().catch(() => undefined);
  }

  async balancer({ loadBalancerId, loadBalancerName }: ClbDesc): Promise<LoadBalancer> {
    const { balancers } = this.#clb;
    const region = this.#region;
    if (loadBalancerId !== undefined) return balancers.need({ region, loadBalancerId });
    const name = loadBalancerName ?? DEFAULT_BALANCER_NAME;
    const found = balancers.list(region).find(one => one.name === name);
    if (found) return found;
    const made = await balancers.create(region, { name, type: 'OPEN', echoed: MADE });
    this.#undo.push(() => balancers.remove(region, [made.id]));
    return made;
  }

  async listener({ region, id: loadBalancerId }: LoadBalancer, desc: ClbDesc): Promise<Listener> {
    const { listeners } = this.#clb;
    const ref = { region, loadBalancerId };
    if (desc.listenerId !== undefined) return listeners.need({ ...ref, listenerId: desc.listenerId });
    const { protocol, port } = desc;
    const found = listeners.list(ref).find(one => one.port === port && one.protocol === protocol);
    if (found) return found;
    if (protocol === 'HTTPS') {
      failDesc(
        `负载均衡 ${loadBalancerId} 没有端口 ${port} 的 HTTPS 监听器；它需要证书，请先用 CreateListener 创建`,
        `${loadBalancerId} has no HTTPS listener on port ${port}; it needs a certificate: make it with CreateListener first`,
      );
    }
    const [made] = await listeners.create(ref, [{ protocol, port, echoed: MADE }]);
    if (!made) throw new Error('a listener was made and is not there');
    this.#undo.push(() => listeners.remove(ref, [made.id]));
    return made;
  }

  async rule(listener: Listener, { locationId, domain, url }: ClbDesc): Promise<Rule> {
    const { rules } = this.#clb;
    const ref = { region: listener.region, loadBalancerId: listener.loadBalancerId, listenerId: listener.id };
    if (locationId !== undefined) return rules.need({ ...ref, locationId });
    if (domain === '') failDesc('缺少域名 domain', 'the domain is missing');
    const found = rules.find({ ...ref, domain, url });
    if (found) return found;
    const [made] = await rules.create(ref, [{ domains: [domain], url }]);
    if (!made) throw new Error('a rule was made and is not there');
    this.#undo.push(() => rules.remove(ref, [made.id]));
    this.madeRule = true;
    return made;
  }
}

/** What was made for triggers goes with the last one in it. */
export async function unbindClb({ id, region, desc }: ClbTrigger, { source }: Host): Promise<void> {
  const { loadBalancerId, listenerId, locationId, made } = desc;
  if (loadBalancerId === undefined || listenerId === undefined || locationId === undefined) return;
  const ref = { region, loadBalancerId, listenerId };
  await source.targets.deregisterFunction({ ...ref, locationId }, id);
  const rule = source.rules.byId(region, locationId);
  if (made && rule?.target.kind === 'none') await source.rules.remove(ref, [locationId]);
  const listener = source.balancers.list(region).some(one => one.id === loadBalancerId)
    ? source.listeners.list(ref).find(one => one.id === listenerId)
    : undefined;
  if (listener?.echoed.madeBy === MADE.madeBy && source.rules.list(ref).length === 0) {
    await source.listeners.remove(ref, [listenerId]);
  }
  const balancer = source.balancers.list(region).find(one => one.id === loadBalancerId);
  if (balancer?.echoed.madeBy === MADE.madeBy && source.listeners.list(ref).length === 0) {
    await source.balancers.remove(region, [loadBalancerId]);
  }
}
