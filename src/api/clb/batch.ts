// Servers of many listeners and rules in one call: what fails is told by its listener, all others are done.

import { z } from 'zod';
import { CloudError } from '../../core/errors.ts';
import type { RuleRef } from '../../services/clb/contract.ts';
import { action } from '../action.ts';
import { type ClbContext, task } from './deps.ts';
import { draftOf, nameOf, Target } from './targets.ts';
import { BALANCER, checkList, text } from './types.ts';

const BatchTarget = Target.extend({ ListenerId: text, LocationId: text.optional() });
type BatchTarget = z.output<typeof BatchTarget>;

const Request = z.object({ ...BALANCER, Targets: z.array(BatchTarget) });

/** Documented. */
const TARGETS = 500;

async function each(
  { LoadBalancerId: loadBalancerId, Targets }: z.output<typeof Request>,
  context: ClbContext,
  work: (ref: RuleRef, targets: readonly BatchTarget[]) => Promise<void>,
): Promise<object> {
  checkList('Targets', Targets, TARGETS);
  const { clb, region, language } = context;
  const failed = new Set<string>();
  const messages: string[] = [];
  await task(context, loadBalancerId, async () => {
    clb.balancers.need({ region, loadBalancerId });
    const places = Map.groupBy(Targets, ({ ListenerId, LocationId = '' }) => `${ListenerId}/${LocationId}`);
    for (const targets of places.values()) {
      const [{ ListenerId: listenerId, LocationId: locationId } = { ListenerId: '', LocationId: '' }] = targets;
      try {
        await work({ region, loadBalancerId, listenerId, ...(locationId && { locationId }) }, targets);
      } catch (error) {
        if (!(error instanceof CloudError) || error.row.fault !== 'caller') throw error;
        failed.add(listenerId);
        messages.push(`${listenerId}: ${error.text(language)}`);
      }
    }
  });
  return { FailListenerIdSet: [...failed], Message: messages.join(' ') };
}

const BatchRegisterTargets = action({
  request: Request,
  async handle(request, context: ClbContext) {
    const { clb } = context;
    return each(request, context, async (ref, targets) => clb.targets.register(ref, targets.map(draftOf)));
  },
});

const BatchDeregisterTargets = action({
  request: Request,
  async handle(request, context: ClbContext) {
    const { clb } = context;
    return each(request, context, async (ref, targets) => clb.targets.deregister(ref, targets.map(nameOf)));
  },
});

export const BATCH_ACTIONS = { BatchRegisterTargets, BatchDeregisterTargets };
