// Custom configurations: made once, bound to balancers.

import { shortId } from '../../../core/ids.ts';
import type { Configs } from '../contract.ts';
import { failClb } from '../errors.ts';
import type { CustomConfig } from '../model.ts';
import { parseSettings } from '../settings/directives.ts';
import { checkName } from './checks.ts';
import type { Scope } from './scope.ts';

const CONFIGS_PER_REGION = 200;

export function createConfigs({ objects, clock, ids, change }: Scope): Configs {
  const list = (region: string): CustomConfig[] => objects.list('clb/config', one => one.region === region);
  const need = (region: string, id: string): CustomConfig =>
    objects.find('clb/config', region, id) ??
    failClb('ResourceNotFound', { zh: `个性化配置 ${id}`, en: `custom configuration ${id} in this region` });
  const balancersOf = (region: string, loadBalancerIds: readonly string[]) =>
    [...new Set(loadBalancerIds)].map(loadBalancerId => objects.needBalancer({ region, loadBalancerId }));

  return Object.freeze<Configs>({
    create: (region, { name, content, type = 'CLB' }) =>
      change(edit => {
        checkName('ConfigName', name);
        parseSettings(content);
        if (list(region).length >= CONFIGS_PER_REGION) {
          const limit = CONFIGS_PER_REGION;
          const why = {
            zh: `一个地域最多 ${limit} 个个性化配置`,
            en: `a region has at most ${limit} custom configurations`,
          };
          failClb('LimitExceeded', why);
        }
        if (type !== 'CLB') {
          const zh = '个性化配置按负载均衡实例生效，ConfigType 只支持 CLB';
          const en = 'a custom configuration is for load balancers: ConfigType CLB alone';
          failClb('UnsupportedOperation', { zh, en });
        }
        const now = clock.now();
        const id = `pz-${shortId(ids)}`;
        const config: CustomConfig = { id, region, name, type, content, createdAt: now, modifiedAt: now };
        edit.put('clb/config', config);
        return config;
      }),
    modify: (region, id, { name, content }) =>
      change(edit => {
        const before = need(region, id);
        if (name !== undefined) checkName('ConfigName', name);
        if (content !== undefined) parseSettings(content);
        const next = { name: name ?? before.name, content: content ?? before.content };
        edit.put('clb/config', { ...before, ...next, modifiedAt: clock.now() });
      }),
    remove: (region, id) =>
      change(edit => {
        const config = need(region, id);
        const holder = objects.list('clb/balancer', one => one.region === region && one.configId === id)[0];
        if (holder) {
          const why = {
            zh: `负载均衡 ${holder.id} 绑定了它，请先解绑`,
            en: `the load balancer ${holder.id} has it; unbind it first`,
          };
          failClb('ResourceInUse', why);
        }
        edit.remove('clb/config', config);
      }),
    bind: (region, id, loadBalancerIds) =>
      change(edit => {
        need(region, id);
        for (const one of balancersOf(region, loadBalancerIds)) edit.put('clb/balancer', { ...one, configId: id });
      }),
    unbind: (region, id, loadBalancerIds) =>
      change(edit => {
        need(region, id);
        for (const one of balancersOf(region, loadBalancerIds)) {
          if (one.configId === id) edit.put('clb/balancer', { ...one, configId: '' });
        }
      }),
    need,
    list,
  });
}
