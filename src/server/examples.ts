// Deploys the examples on the first start, once: what a user removes stays removed.

import { SystemClock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { Store } from '../core/ports.ts';
import type { ScfCall } from '../importers/call.ts';
import { deployAll } from '../importers/outputs.ts';
import { readPlans } from '../importers/plan.ts';
import type { Plan } from '../importers/project.ts';
import { needsInstall, templates } from '../importers/templates.ts';

const MARK = { kind: 'openscf/examples', region: '', id: 'deployed' };

export interface ExamplesDeps {
  readonly store: Store;
  readonly call: ScfCall;
  readonly log: Log;
  /** Whether the function could run here. */
  readonly works: (plan: Plan) => boolean;
}

/** Names of examples that were left out because their runtime is missing. */
export async function deployExamples({ store, call, log, works }: ExamplesDeps): Promise<readonly string[]> {
  if (await store.get('resources', MARK)) return [];
  // The user's clock may stand still; deploying waits in real time.
  const clock = new SystemClock();
  // Those with packages of their own are for who installs them.
  const ready = templates().filter(one => !needsInstall(one));
  const left = await Promise.all(
    ready.map(async ({ name, dir }) => {
      const plans = await readPlans(dir);
      if (!plans.every(plan => works(plan))) return name;
      try {
        await deployAll(plans, () => ({ call, clock }));
      } catch (error) {
        log.error({ err: error, example: name }, 'an example could not be deployed');
      }
      return undefined;
    }),
  );
  await store.put('resources', { ...MARK, parent: '', body: {} });
  return left.filter(name => name !== undefined);
}
