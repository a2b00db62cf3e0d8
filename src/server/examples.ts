// Deploys the examples on the first start, once: what a user removes stays removed.

import { SystemClock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { Store } from '../core/ports.ts';
import type { ScfCall } from '../importers/call.ts';
import { deployAll } from '../importers/outputs.ts';
import { readPlans } from '../importers/plan.ts';
import type { Plan } from '../importers/project.ts';
import { installLine, templates } from '../importers/templates.ts';

const MARK = { kind: 'openscf/examples', region: '', id: 'deployed' };

export interface ExamplesDeps {
  readonly store: Store;
  readonly call: ScfCall;
  readonly log: Log;
  /** Whether the function could run here. */
  readonly works: (plan: Plan) => boolean;
}

export interface ExampleLeft {
  readonly name: string;
  /** What installs its packages; without it, its runtime is missing. */
  readonly install?: string;
}

/** Gives those that were left out. */
export async function deployExamples({ store, call, log, works }: ExamplesDeps): Promise<readonly ExampleLeft[]> {
  if (await store.get('resources', MARK)) return [];
  // The user's clock may stand still; deploying waits in real time.
  const clock = new SystemClock();
  const left = await Promise.all(
    templates().map(async ({ name, dir }): Promise<ExampleLeft | undefined> => {
      const install = installLine({ dir });
      if (install !== undefined) return { name, install };
      const plans = await readPlans(dir);
      if (!plans.every(plan => works(plan))) return { name };
      try {
        await deployAll(plans, () => ({ call, clock }));
      } catch (error) {
        log.error({ err: error, example: name }, 'an example could not be deployed');
      }
      return undefined;
    }),
  );
  await store.put('resources', { ...MARK, parent: '', body: {} });
  return left.filter(one => one !== undefined);
}
