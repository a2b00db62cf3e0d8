// What stands behind rules and listeners: servers, or one function.

import { fail } from '../../../core/errors.ts';
import type { Rules, ServerDraft, ServerName, ServersRef, Targets } from '../contract.ts';
import { failClb } from '../errors.ts';
import { type Listener, type Rule, type RuleTarget, SERVERS_PER_RULE, type Server } from '../model.ts';
import type { Edit } from '../objects.ts';
import { checkCount, checkRange, checkWeight } from './checks.ts';
import { httpListener } from './rules.ts';
import type { Scope } from './scope.ts';

const DEFAULT_WEIGHT = 10;
const NONE: RuleTarget = Object.freeze({ kind: 'none' });

/** Who has servers: a listener of TCP or TCP_SSL, or a rule. */
interface Owner {
  readonly servers: readonly Server[];
  keep(edit: Edit, servers: readonly Server[]): void;
}

export function createTargets({ objects, clock, change }: Scope, rules: Rules): Targets {
  function ownerOf(ref: ServersRef): Owner {
    const listener = objects.needListener(ref);
    if (listener.protocol === 'HTTP' || listener.protocol === 'HTTPS') return ruleOwner(rules.need(ref));
    return listenerOwner(listener);
  }

  return Object.freeze<Targets>({
    register: (ref, drafts) =>
      change(edit => {
        const owner = ownerOf(ref);
        if (drafts.length === 0) fail('MissingParameter', { name: 'Targets' });
        const servers = [...owner.servers];
        for (const draft of drafts) {
          const at = servers.findIndex(one => one.address === draft.address && one.port === draft.port);
          const server = drawServer(draft, servers[at], clock.now());
          if (at < 0) servers.push(server);
          else servers[at] = server;
        }
        checkCount('Targets', servers.length, SERVERS_PER_RULE);
        owner.keep(edit, servers);
      }),
    deregister: (ref, names) =>
      change(edit => {
        const owner = ownerOf(ref);
        const going = new Set(names.map(name => needServer(owner.servers, name)));
        owner.keep(
          edit,
          owner.servers.filter(server => !going.has(server)),
        );
      }),
    weigh: (ref, weights) =>
      change(edit => {
        const owner = ownerOf(ref);
        const next = new Map(owner.servers.map(server => [server, server]));
        for (const change of weights) {
          checkWeight(change.weight);
          const server = needServer(owner.servers, change);
          next.set(server, { ...server, weight: change.weight });
        }
        owner.keep(edit, [...next.values()]);
      }),
    registerFunction: (ref, { triggerId, weight = DEFAULT_WEIGHT }) =>
      change(edit => {
        httpListener(objects.needListener(ref));
        const balancer = objects.needBalancer(ref);
        if (balancer.ipVersion === 'IPv6FullChain') {
          const why = {
            zh: 'IPv6FullChain 实例不能绑定函数',
            en: 'functions do not stand behind IPv6FullChain balancers',
          };
          failClb('UnsupportedOperation', why);
        }
        checkWeight(weight);
        const rule = rules.need(ref);
        refuseBeside(rule, triggerId);
        const next: Rule = { ...rule, target: { kind: 'function', triggerId, weight } };
        edit.put('clb/rule', next);
        return next;
      }),
    deregisterFunction: (ref, triggerId) =>
      change(edit => {
        const rule = ref.locationId === undefined ? rules.find(ref) : rules.byId(ref.region, ref.locationId);
        if (rule?.target.kind !== 'function' || rule.target.triggerId !== triggerId) return;
        edit.put('clb/rule', { ...rule, target: NONE });
      }),
    weighFunction: (ref, weight) =>
      change(edit => {
        checkWeight(weight);
        const rule = rules.need(ref);
        if (rule.target.kind !== 'function') {
          return failClb('ResourceNotFound', {
            zh: `规则 ${rule.id} 上的函数`,
            en: `function behind the rule ${rule.id}`,
          });
        }
        const next: Rule = { ...rule, target: { ...rule.target, weight } };
        edit.put('clb/rule', next);
        return next;
      }),
  });
}

function ruleOwner(rule: Rule): Owner {
  if (rule.target.kind === 'function') {
    return failClb('FailedOperation', {
      zh: `规则 ${rule.id} 已绑定函数，一条规则要么绑定服务器，要么绑定一个函数；请用另一条规则、域名或另一个负载均衡`,
      en: `the rule ${rule.id} has a function; a rule holds servers or one function: use another rule, domain or load balancer`,
    });
  }
  return {
    servers: rule.target.kind === 'servers' ? rule.target.servers : [],
    keep: (edit, servers) =>
      edit.put('clb/rule', { ...rule, target: servers.length > 0 ? { kind: 'servers', servers } : NONE }),
  };
}

function listenerOwner(listener: Listener): Owner {
  const { forwarding, protocol } = listener;
  if (!forwarding) {
    return failClb('UnsupportedOperation', {
      zh: `${protocol} 监听器只可创建与查询，本服务不转发 ${protocol} 流量，不能绑定服务器`,
      en: `a listener of ${protocol} can be made and shown, but nothing is forwarded over ${protocol} here: it takes no servers`,
    });
  }
  return {
    servers: forwarding.servers,
    keep: (edit, servers) => edit.put('clb/listener', { ...listener, forwarding: { ...forwarding, servers } }),
  };
}

function refuseBeside({ id, target }: Rule, triggerId: string): void {
  if (target.kind === 'servers') {
    failClb('FailedOperation', {
      zh: `规则 ${id} 已绑定服务器，一条规则要么绑定服务器，要么绑定一个函数；请用另一条规则、域名或另一个负载均衡`,
      en: `the rule ${id} has servers; a rule holds servers or one function: use another rule, domain or load balancer`,
    });
  }
  if (target.kind !== 'function' || target.triggerId === triggerId) return;
  failClb('LimitExceeded', {
    zh: `规则 ${id} 已绑定函数，一条规则只能绑定一个函数，请先解绑`,
    en: `the rule ${id} has a function already, and a rule holds one; deregister it first`,
  });
}

/** A host name works as well as an address: servers may stand anywhere. */
const ADDRESS = /^[0-9A-Za-z_.:-]{1,253}$/;

function drawServer(draft: ServerDraft, before: Server | undefined, now: number): Server {
  const { id, address, port, weight = before?.weight ?? DEFAULT_WEIGHT, tag = before?.tag ?? '' } = draft;
  checkRange('Port', port, 1, 65_535);
  checkWeight(weight);
  if (!ADDRESS.test(address)) {
    const why = { zh: `${address} 不是 IP 地址或主机名`, en: `${address} is neither an address nor a host name` };
    failClb('InvalidParameter.FormatError', { name: 'EniIp', ...why });
  }
  return { id: id === '' ? address : id, address, port, weight, tag, registeredAt: before?.registeredAt ?? now };
}

function needServer(servers: readonly Server[], name: ServerName): Server {
  const { id, address, port } = name;
  const found = servers.find(
    one => one.port === port && (address === undefined ? one.id === id : one.address === address),
  );
  const text = `${address ?? id}:${port}`;
  return found ?? failClb('ResourceNotFound', { zh: `后端服务器 ${text}`, en: `server ${text}` });
}
