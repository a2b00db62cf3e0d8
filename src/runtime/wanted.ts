// Which kinds of prepared sandboxes the deployed functions want.

import type { FunctionVersion } from '../core/function.ts';
import type { Log } from '../core/log.ts';
import type { SandboxSpec } from './sandbox/driver.ts';
import type { Slots } from './slots.ts';

export interface WantedDeps {
  readonly deployed: () => Iterable<FunctionVersion>;
  readonly generic: (version: FunctionVersion) => Promise<SandboxSpec | undefined>;
  readonly slots: Pick<Slots, 'plan'>;
  readonly log: Log;
}

/** A function that plans again; calls while it plans become one more plan. */
export function wantedKinds({ deployed, generic, slots, log }: WantedDeps): () => void {
  let planning = false;
  let again = false;

  async function plan(): Promise<void> {
    planning = true;
    try {
      do {
        again = false;
        slots.plan(await kinds());
      } while (again);
    } catch (error) {
      log.warn({ err: error }, 'sandboxes could not be prepared');
    } finally {
      planning = false;
    }
  }

  /** The most frequent first. */
  async function kinds(): Promise<SandboxSpec[]> {
    const byKind = new Map<string, { readonly version: FunctionVersion; count: number }>();
    for (const version of deployed()) {
      const kind = `${version.runtime} ${version.memoryMB} ${JSON.stringify(version.echoed.PublicNetConfig ?? '')}`;
      const known = byKind.get(kind);
      if (known) known.count++;
      else byKind.set(kind, { version, count: 1 });
    }
    const sorted = [...byKind.values()].sort((a, b) => b.count - a.count);
    const specs = await Promise.all(sorted.map(({ version }) => generic(version)));
    return specs.filter(spec => spec !== undefined);
  }

  return () => {
    if (planning) again = true;
    else void plan();
  };
}
