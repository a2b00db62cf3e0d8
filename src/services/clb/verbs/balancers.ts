// Load balancers: each with an address of its own.

import { shortId } from '../../../core/ids.ts';
import type { Balancers } from '../contract.ts';
import type { LoadBalancer } from '../model.ts';
import { checkName } from './checks.ts';
import type { Scope } from './scope.ts';
import { allocate } from './vips.ts';

export function createBalancers({ objects, clock, ids, pool, ports, change }: Scope): Balancers {
  return Object.freeze<Balancers>({
    create: (region, draft) =>
      change(edit => {
        const id = `lb-${shortId(ids)}`;
        const { name = id, type, ipVersion = 'ipv4', echoed = {} } = draft;
        checkName('LoadBalancerName', name);
        const taken = new Set(objects.list('clb/balancer').map(one => one.vip));
        const vip = allocate(pool, taken, draft.vip);
        const createdAt = clock.now();
        const balancer: LoadBalancer = { id, region, name, type, vip, ipVersion, configId: '', echoed, createdAt };
        edit.put('clb/balancer', balancer);
        return balancer;
      }),
    modify: (ref, { name, echoed }) =>
      change(edit => {
        const before = objects.needBalancer(ref);
        if (name !== undefined) checkName('LoadBalancerName', name);
        edit.put('clb/balancer', {
          ...before,
          ...(name !== undefined && { name }),
          ...(echoed && { echoed: { ...before.echoed, ...echoed } }),
        });
      }),
    remove: async (region, balancerIds) => {
      const closing = await change(edit => {
        const balancers = [...new Set(balancerIds)].map(id => objects.needBalancer({ region, loadBalancerId: id }));
        const listeners = balancers.flatMap(one => objects.listenersOf(one));
        for (const rule of listeners.flatMap(one => objects.rulesOf(one))) edit.remove('clb/rule', rule);
        for (const listener of listeners) edit.remove('clb/listener', listener);
        for (const balancer of balancers) edit.remove('clb/balancer', balancer);
        return listeners;
      });
      for (const listener of closing) ports.close(listener);
    },
    need: ref => objects.needBalancer(ref),
    list: region => objects.list('clb/balancer', one => one.region === region),
    all: () => objects.list('clb/balancer'),
  });
}
