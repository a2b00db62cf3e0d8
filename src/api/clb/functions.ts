// Functions behind rules: each of these makes, changes or drops the function's trigger.

import { z } from 'zod';
import { DEFAULT_NAMESPACE, LATEST } from '../../core/function.ts';
import type { FunctionTarget } from '../../services/clb/verbs/functions.ts';
import { action } from '../action.ts';
import { type ClbContext, task } from './deps.ts';
import { int, PLACE, ruleRef, text } from './types.ts';

const FunctionTargets = z.array(
  z.object({
    Function: z.object({
      // Required by the documents; clients that leave them out mean what SCF means by that.
      FunctionNamespace: text.optional(),
      FunctionName: text,
      FunctionQualifier: text.optional(),
      FunctionQualifierType: z.enum(['VERSION', 'ALIAS', '']).optional(),
    }),
    Weight: int.optional(),
  }),
);

const Request = z.object({ ...PLACE, FunctionTargets });

function targetsOf({ FunctionTargets: targets }: z.output<typeof Request>): FunctionTarget[] {
  return targets.map(({ Function: one, Weight }) => ({
    namespace: one.FunctionNamespace || DEFAULT_NAMESPACE,
    name: one.FunctionName,
    qualifier: one.FunctionQualifier || LATEST,
    qualifierType: one.FunctionQualifierType || undefined,
    weight: Weight,
  }));
}

const RegisterFunctionTargets = action({
  request: Request,
  async handle(request, context: ClbContext) {
    const { functions, region } = context;
    const ref = ruleRef(request, region);
    await task(context, request.LoadBalancerId, () => functions.register(ref, targetsOf(request)));
    return {};
  },
});

const ModifyFunctionTargets = action({
  request: Request,
  async handle(request, context: ClbContext) {
    const { functions, region } = context;
    const ref = ruleRef(request, region);
    await task(context, request.LoadBalancerId, () => functions.replace(ref, targetsOf(request)));
    return {};
  },
});

const DeregisterFunctionTargets = action({
  request: Request,
  async handle(request, context: ClbContext) {
    const { functions, region } = context;
    const ref = ruleRef(request, region);
    await task(context, request.LoadBalancerId, () => functions.deregister(ref, targetsOf(request)));
    return {};
  },
});

export const FUNCTION_TARGET_ACTIONS = { RegisterFunctionTargets, ModifyFunctionTargets, DeregisterFunctionTargets };
