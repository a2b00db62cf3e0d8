// Which kinds of prepared sandboxes the deployed functions want.

import type { FunctionVersion } from '../../core/function.ts';
import type { Log } from '../../core/log.ts';
import type { SandboxSpec } from '../sandbox/driver.ts';
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
    do {
      again = false;
      slots.plan(await kinds());
    } while (again);
    planning = false;
  }

  /** The most frequent first. */
  async function kinds(): Promise<SandboxSpec[]> {
    const byKind = new Map<string, FunctionVersion[]>();
    for (const version of deployed()) {
      const kind = `${version.runtime} ${version.memoryMB} ${JSON.stringify(version.echoed.PublicNetConfig ?? '')}`;
      const known = byKind.get(kind);
      if (known) known.push(version);
      else byKind.set(kind, [version]);
    }
    const sorted = [...byKind.values()].sort((a, b) => b.length - a.length);
    const specs = await Promise.all(sorted.map(specOf));
    return specs.filter(spec => spec !== undefined);
  }

  /** That of the first version which starts like others; one may have variables of its own that count at the start. */
  async function specOf(versions: readonly FunctionVersion[]): Promise<SandboxSpec | undefined> {
    for (const version of versions) {
      try {
        const spec = await generic(version);
        if (spec) return spec;
      } catch (error) {
        log.warn({ err: error, runtime: version.runtime }, 'sandboxes of a runtime could not be prepared');
        return undefined;
      }
    }
    return undefined;
  }

  return () => {
    if (planning) again = true;
    else void plan();
  };
}
