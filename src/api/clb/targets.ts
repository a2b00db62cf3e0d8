// Plain servers behind rules, and behind listeners of TCP and TCP_SSL.

import { isIP } from 'node:net';
import { z } from 'zod';
import { fail } from '../../core/errors.ts';
import type { ServerDraft, ServerName } from '../../services/clb/contract.ts';
import type { Server } from '../../services/clb/model.ts';
import { action } from '../action.ts';
import { type ClbContext, task } from './deps.ts';
import { failCall } from './errors.ts';
import { checkList, int, PLACE, ruleRef, text } from './types.ts';

const NAME = { Port: int, InstanceId: text.optional(), EniIp: text.optional() };
export const Target = z.object({ ...NAME, Weight: int.optional(), Type: text.optional(), Tag: text.optional() });
type Target = z.output<typeof Target>;

const TARGETS = 20;

/** By its address: instances of the cloud are unknown here, so an InstanceId may only be an address itself. */
function addressOf({ InstanceId, EniIp }: Pick<Target, 'InstanceId' | 'EniIp'>): string {
  if (EniIp && InstanceId) {
    return failCall('InvalidParameterValue', {
      name: 'Targets',
      zh: 'InstanceId 与 EniIp 只能传入一个',
      en: 'give InstanceId or EniIp, not both',
    });
  }
  if (EniIp) return EniIp;
  if (!InstanceId) return fail('MissingParameter', { name: 'EniIp' });
  if (isIP(InstanceId) !== 0) return InstanceId;
  return failCall('InvalidParameterValue', {
    name: 'InstanceId',
    zh: `这里没有云服务器 ${InstanceId}，请用 EniIp 传入后端服务的 IP 地址`,
    en: `there is no instance ${InstanceId} here; give the server's address as EniIp`,
  });
}

export function draftOf({ Port: port, Weight, Tag, ...named }: Target): ServerDraft {
  const address = addressOf(named);
  return { id: address, address, port, ...(Weight !== undefined && { weight: Weight }), ...(Tag && { tag: Tag }) };
}

export function nameOf({ Port: port, ...named }: Pick<Target, 'Port' | 'InstanceId' | 'EniIp'>): ServerName {
  return { port, address: addressOf(named) };
}

const Request = z.object({ ...PLACE, Targets: z.array(Target) });

const RegisterTargets = action({
  request: Request,
  async handle(request, context: ClbContext) {
    const { clb, region } = context;
    checkList('Targets', request.Targets, TARGETS);
    await task(context, request.LoadBalancerId, async () =>
      clb.targets.register(ruleRef(request, region), request.Targets.map(draftOf)),
    );
    return {};
  },
});

const DeregisterTargets = action({
  request: Request,
  async handle(request, context: ClbContext) {
    const { clb, region } = context;
    checkList('Targets', request.Targets, TARGETS);
    await task(context, request.LoadBalancerId, async () =>
      clb.targets.deregister(ruleRef(request, region), request.Targets.map(nameOf)),
    );
    return {};
  },
});

const ModifyTargetWeight = action({
  request: Request.extend({ Weight: int.optional() }),
  async handle(request, context: ClbContext) {
    const { clb, region } = context;
    checkList('Targets', request.Targets, TARGETS);
    await task(context, request.LoadBalancerId, async () => {
      const weights = request.Targets.map(target => {
        const weight = target.Weight ?? request.Weight ?? fail('MissingParameter', { name: 'Weight' });
        return { ...nameOf(target), weight };
      });
      await clb.targets.weigh(ruleRef(request, region), weights);
    });
    return {};
  },
});

/** The same servers at another port, with their weights and tags: taken in before the old ones go. */
const ModifyTargetPort = action({
  request: Request.extend({ NewPort: int }),
  async handle(request, context: ClbContext) {
    const { clb, region } = context;
    const { NewPort, Targets } = request;
    checkList('Targets', Targets, TARGETS);
    const ref = ruleRef(request, region);
    await task(context, request.LoadBalancerId, async () => {
      const listener = clb.listeners.need(ref);
      const isHttp = listener.protocol === 'HTTP' || listener.protocol === 'HTTPS';
      const { target } = isHttp ? clb.rules.need(ref) : { target: undefined };
      const servers = target ? (target.kind === 'servers' ? target.servers : []) : (listener.forwarding?.servers ?? []);
      const moving = Targets.map(nameOf).map(name => needServer(servers, name));
      await clb.targets.register(
        ref,
        moving.map(({ id, address, weight, tag }) => ({ id, address, weight, tag, port: NewPort })),
      );
      const left = moving.filter(({ port }) => port !== NewPort);
      if (left.length > 0) await clb.targets.deregister(ref, left);
    });
    return {};
  },
});

function needServer(servers: readonly Server[], { address, port }: ServerName): Server {
  const found = servers.find(one => one.address === address && one.port === port);
  const text = `${address}:${port}`;
  return found ?? failCall('ResourceNotFound', { zh: `后端服务器 ${text}`, en: `server ${text}` });
}

export const TARGET_ACTIONS = { RegisterTargets, DeregisterTargets, ModifyTargetWeight, ModifyTargetPort };
