// Listeners.

import { z } from 'zod';
import { fail } from '../../core/errors.ts';
import type { ListenerChange, ListenerDraft } from '../../services/clb/contract.ts';
import type { Forwarding, ListenerProtocol } from '../../services/clb/model.ts';
import { action } from '../action.ts';
import { CERTIFICATE, certificateOf } from './certificate.ts';
import { type ClbContext, task } from './deps.ts';
import { failCall } from './errors.ts';
import { HealthCheckInput, healthOf } from './health.ts';
import { BALANCER, flag, int, LISTENER, listenerRef, Switch, text } from './types.ts';
import { refuseUnbuilt } from './unbuilt.ts';
import { wireListener } from './wire.ts';

const Protocol = z.enum(['TCP', 'UDP', 'HTTP', 'HTTPS', 'TCP_SSL', 'QUIC']);
export const Scheduler = z.enum(['WRR', 'LEAST_CONN', 'IP_HASH']);

const OPTIONS = {
  HealthCheck: HealthCheckInput.optional(),
  ...CERTIFICATE,
  SessionExpireTime: int.optional(),
  Scheduler: Scheduler.optional(),
  SniSwitch: Switch.optional(),
  KeepaliveEnable: Switch.optional(),
  TargetType: text.optional(),
  SessionType: text.optional(),
  DeregisterTargetRst: flag.optional(),
  MaxConn: int.optional(),
  MaxCps: int.optional(),
  IdleConnectTimeout: int.optional(),
  ProxyProtocol: flag.optional(),
  SnatEnable: flag.optional(),
  DataCompressMode: text.optional(),
  RescheduleTargetZeroWeight: flag.optional(),
  RescheduleUnhealthy: flag.optional(),
  RescheduleExpandTarget: flag.optional(),
  RescheduleStartTime: int.optional(),
  RescheduleInterval: int.optional(),
};
const Options = z.object(OPTIONS);

async function changeOf(
  request: z.output<typeof Options>,
  protocol: ListenerProtocol,
  context: ClbContext,
): Promise<ListenerChange> {
  const { SniSwitch, KeepaliveEnable } = request;
  const certificate = await certificateOf(request, context);
  const forwarding = forwardingOf(request, protocol);
  return {
    ...(certificate && { certificate }),
    ...(SniSwitch !== undefined && { sni: SniSwitch === 1 }),
    ...(KeepaliveEnable !== undefined && { keepAlive: KeepaliveEnable === 1 }),
    ...(forwarding && { forwarding }),
  };
}

/** Clients send the defaults of these for listeners of HTTP as well, where rules have their own. */
function forwardingOf(
  { HealthCheck, SessionExpireTime, Scheduler: scheduler }: z.output<typeof Options>,
  protocol: ListenerProtocol,
): ListenerChange['forwarding'] {
  const http = protocol === 'HTTP' || protocol === 'HTTPS';
  const session = http && SessionExpireTime === 0 ? undefined : SessionExpireTime;
  const by: Forwarding['scheduler'] | undefined = http && scheduler === 'WRR' ? undefined : scheduler;
  if (!HealthCheck && session === undefined && by === undefined) return undefined;
  return {
    ...(HealthCheck && { health: healthOf(HealthCheck) }),
    ...(session !== undefined && { sessionExpireS: session }),
    ...(by !== undefined && { scheduler: by }),
  };
}

const CreateListener = action({
  request: z.object({
    ...BALANCER,
    Ports: z.array(int),
    Protocol,
    ListenerNames: z.array(text).optional(),
    ...OPTIONS,
    EndPort: int.optional(),
    FullEndPorts: z.array(int).optional(),
    H2cSwitch: flag.optional(),
    SslCloseSwitch: flag.optional(),
  }),
  async handle(request, context: ClbContext) {
    const { LoadBalancerId, Ports, Protocol: protocol, ListenerNames: names = [] } = request;
    refuseUnbuilt(request);
    if (names.length > 0 && names.length !== Ports.length) {
      failCall('InvalidParameterValue.Length', { name: 'ListenerNames', min: Ports.length, max: Ports.length });
    }
    const { clb, region } = context;
    const ref = { region, loadBalancerId: LoadBalancerId };
    const made = await task(context, LoadBalancerId, async () => {
      clb.balancers.need(ref);
      const settings = await changeOf(request, protocol, context);
      const drafts = Ports.map((port, at): ListenerDraft => {
        const name = names[at];
        return { ...settings, protocol, port, ...(name && { name }) };
      });
      return clb.listeners.create(ref, drafts);
    });
    return { ListenerIds: made.map(({ id }) => id) };
  },
});

const IDS = 100;

const DescribeListeners = action({
  request: z.object({
    ...BALANCER,
    ListenerIds: z.array(text).optional(),
    Protocol: z.union([Protocol, z.literal('')]).optional(),
    Port: int.optional(),
  }),
  async handle({ LoadBalancerId, ListenerIds: ids = [], Protocol: protocol, Port }, { clb, region }: ClbContext) {
    if (ids.length > IDS) failCall('InvalidParameterValue.Length', { name: 'ListenerIds', min: 0, max: IDS });
    const found = clb.listeners
      .list({ region, loadBalancerId: LoadBalancerId })
      .filter(one => ids.length === 0 || ids.includes(one.id))
      .filter(one => !protocol || one.protocol === protocol)
      .filter(one => !Port || one.port === Port);
    const Listeners = found.map(one => {
      const http = one.protocol === 'HTTP' || one.protocol === 'HTTPS';
      const ref = { region, loadBalancerId: LoadBalancerId, listenerId: one.id };
      return wireListener(one, http ? clb.rules.list(ref) : undefined);
    });
    return { Listeners, TotalCount: Listeners.length };
  },
});

const ModifyListener = action({
  request: z.object({ ...LISTENER, ListenerName: text.optional(), ...OPTIONS }),
  async handle(request, context: ClbContext) {
    refuseUnbuilt(request);
    const { clb, region } = context;
    const { LoadBalancerId, ListenerName } = request;
    const ref = listenerRef(request, region);
    await task(context, LoadBalancerId, async () => {
      const { protocol } = clb.listeners.need(ref);
      const change = { ...(await changeOf(request, protocol, context)), ...(ListenerName && { name: ListenerName }) };
      if (Object.keys(change).length === 0) fail('MissingParameter', { name: 'ListenerName' });
      await clb.listeners.modify(ref, change);
    });
    return {};
  },
});

const DeleteListener = action({
  request: z.object(LISTENER),
  async handle(request, context: ClbContext) {
    const { clb, functions, region } = context;
    const ref = listenerRef(request, region);
    await task(context, request.LoadBalancerId, async () => {
      clb.listeners.need(ref);
      await functions.removing([ref], () => clb.listeners.remove(ref, [ref.listenerId]));
    });
    return {};
  },
});

export const LISTENER_ACTIONS = { CreateListener, DescribeListeners, ModifyListener, DeleteListener };
