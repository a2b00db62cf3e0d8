// Listeners: a protocol and a port of a balancer.

import { fail } from '../../../core/errors.ts';
import { shortId } from '../../../core/ids.ts';
import type { ListenerChange, ListenerDraft, Listeners } from '../contract.ts';
import { failClb } from '../errors.ts';
import {
  type Forwarding,
  HEALTH_DEFAULTS,
  LISTENERS_PER_BALANCER,
  type Listener,
  type ListenerProtocol,
  type LoadBalancer,
} from '../model.ts';
import { checkCertificate, checkHealth, checkListenerPort, checkName, checkSession } from './checks.ts';
import type { Scope } from './scope.ts';

/** A port number may be taken once by each of the two. */
const OVER_UDP: ReadonlySet<ListenerProtocol> = new Set(['UDP', 'QUIC']);
/** What forwards connections to servers of its own. */
const FORWARDING: ReadonlySet<ListenerProtocol> = new Set(['TCP', 'TCP_SSL']);

export function createListeners({ objects, clock, ids, certificates, ports, change }: Scope): Listeners {
  function draw(balancer: LoadBalancer, draft: ListenerDraft): Listener {
    const { protocol, port, certificate, sni = false, keepAlive = false, echoed = {} } = draft;
    const id = `lbl-${shortId(ids)}`;
    const { name = id } = draft;
    checkName('ListenerNames', name);
    checkListenerPort(port);
    checkTls(id, protocol, certificate, sni);
    if (certificate) checkCertificate(certificates, certificate);
    return {
      id,
      region: balancer.region,
      loadBalancerId: balancer.id,
      name,
      protocol,
      port,
      certificate,
      sni,
      keepAlive,
      forwarding: forwardingOf(id, protocol, undefined, draft.forwarding),
      echoed,
      createdAt: clock.now(),
    };
  }

  return Object.freeze<Listeners>({
    create: (ref, drafts) =>
      change(async edit => {
        const balancer = objects.needBalancer(ref);
        const there = objects.listenersOf(balancer);
        if (drafts.length === 0) fail('MissingParameter', { name: 'Ports' });
        if (there.length + drafts.length > LISTENERS_PER_BALANCER) {
          const limit = LISTENERS_PER_BALANCER;
          const why = {
            zh: `一个负载均衡最多 ${limit} 个监听器`,
            en: `a load balancer has at most ${limit} listeners`,
          };
          failClb('LimitExceeded', why);
        }
        const made: Listener[] = [];
        for (const draft of drafts) {
          const listener = draw(balancer, draft);
          refuseTaken([...there, ...made], listener);
          made.push(listener);
          edit.put('clb/listener', listener);
        }
        for (const listener of made) {
          await ports.open(listener, balancer);
          edit.undo.push(() => ports.close(listener));
        }
        return made;
      }),
    modify: async (ref, draft) => {
      await change(edit => {
        const before = objects.needListener(ref);
        edit.put('clb/listener', changed(before, draft));
      });
      await ports.settled();
    },
    remove: async (ref, listenerIds) => {
      const closing = await change(edit => {
        const listeners = [...new Set(listenerIds)].map(listenerId => objects.needListener({ ...ref, listenerId }));
        for (const rule of listeners.flatMap(one => objects.rulesOf(one))) edit.remove('clb/rule', rule);
        for (const listener of listeners) edit.remove('clb/listener', listener);
        return listeners;
      });
      for (const listener of closing) ports.close(listener);
    },
    need: ref => objects.needListener(ref),
    list: ref => objects.listenersOf(objects.needBalancer(ref)),
  });

  function changed(before: Listener, change: ListenerChange): Listener {
    const { id, protocol } = before;
    const { name = before.name, keepAlive = before.keepAlive, echoed, sni = before.sni } = change;
    checkName('ListenerName', name);
    if (before.sni && !sni) {
      const why = { zh: 'SNI 开启后不能关闭', en: 'SNI cannot be switched off once it is on' };
      failClb('InvalidParameterValue', { name: 'SniSwitch', ...why });
    }
    const certificate = change.certificate ?? (sni ? undefined : before.certificate);
    checkTls(id, protocol, certificate, sni);
    if (change.certificate) checkCertificate(certificates, change.certificate);
    if (sni && !before.sni) refuseBare(before);
    return {
      ...before,
      name,
      keepAlive,
      sni,
      certificate,
      forwarding: forwardingOf(id, protocol, before.forwarding, change.forwarding),
      echoed: { ...before.echoed, ...echoed },
    };
  }

  /** With SNI every domain shows a certificate of its own. */
  function refuseBare(listener: Listener): void {
    const bare = objects.rulesOf(listener).find(rule => !rule.certificate);
    if (!bare) return;
    failClb('FailedOperation', {
      zh: `域名 ${bare.domain} 尚无证书，请先用 ModifyDomainAttributes 为其设置证书`,
      en: `the domain ${bare.domain} has no certificate; give it one with ModifyDomainAttributes first`,
    });
  }
}

function refuseTaken(others: readonly Listener[], { protocol, port }: Listener): void {
  const twin = others.find(one => one.port === port && OVER_UDP.has(one.protocol) === OVER_UDP.has(protocol));
  if (!twin) return;
  const why = { zh: `已被监听器 ${twin.id} 使用`, en: `the listener ${twin.id} has it` };
  failClb('InvalidParameter.PortCheckFailed', { port, ...why });
}

function checkTls(id: string, protocol: ListenerProtocol, certificate: unknown, sni: boolean): void {
  if (sni && protocol !== 'HTTPS') {
    const why = { zh: '只有 HTTPS 监听器支持 SNI', en: 'SNI is for HTTPS listeners' };
    failClb('InvalidParameter.ProtocolCheckFailed', { listenerId: id, protocol, ...why });
  }
  const wants = protocol === 'TCP_SSL' || (protocol === 'HTTPS' && !sni);
  if (wants && !certificate) fail('MissingParameter', { name: 'Certificate' });
  if (!certificate || wants || protocol === 'QUIC') return;
  const why = sni
    ? {
        zh: '开启 SNI 后证书属于域名，请在转发规则中设置',
        en: 'with SNI certificates belong to domains: set them in rules',
      }
    : { zh: '该协议不使用证书', en: 'it takes no certificate' };
  failClb('InvalidParameter.ProtocolCheckFailed', { listenerId: id, protocol, ...why });
}

function forwardingOf(
  id: string,
  protocol: ListenerProtocol,
  before: Forwarding | undefined,
  change: ListenerDraft['forwarding'],
): Forwarding | undefined {
  if (!FORWARDING.has(protocol)) {
    if (!change) return undefined;
    const why = {
      zh: '只有 TCP 与 TCP_SSL 监听器有自己的均衡方式、会话保持与健康检查',
      en: 'scheduler, session and health check belong to listeners of TCP and TCP_SSL, and to rules',
    };
    return failClb('InvalidParameter.ProtocolCheckFailed', { listenerId: id, protocol, ...why });
  }
  const base = before ?? { scheduler: 'WRR', sessionExpireS: 0, health: TCP_HEALTH, servers: [] };
  const forwarding: Forwarding = { ...base, ...change, health: { ...base.health, ...change?.health } };
  checkSession(forwarding.sessionExpireS, forwarding.scheduler);
  checkHealth(forwarding.health);
  return forwarding;
}

const TCP_HEALTH = { ...HEALTH_DEFAULTS, type: 'TCP' } as const;
