// What the runtime is told: settings, and what it asks of control while it runs.

import type { Config } from '../config.ts';
import type { Control } from '../control/control.ts';
import { type FunctionVersion, NO_CONCURRENCY } from '../core/function.ts';
import type { Timeline } from '../core/ports.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { RuntimeDeps } from '../runtime/runtime.ts';

type Settings = 'memoryMB' | 'warmMB' | 'idleMs' | 'sandbox' | 'eventConcurrency' | 'instancePerEvent';

export function runtimeSettings({ memory, warm, idle, sandbox, compat }: Config): Pick<RuntimeDeps, Settings> {
  return {
    memoryMB: memory,
    warmMB: warm,
    idleMs: idle * 1000,
    sandbox,
    eventConcurrency: compat.eventInstanceConcurrency,
    instancePerEvent: compat.instancePerEvent,
  };
}

/** Control is made after the runtime, and is asked only while events run. */
export function askingControl(
  control: () => Control,
  burst: number,
): Pick<RuntimeDeps, 'quotas' | 'keysOf' | 'deployed'> {
  return {
    keysOf: (version, nowMs) => control().runRoles.keysOf(version, nowMs),
    quotas: {
      quotaMB: region => control().concurrency.quotaMB(region),
      reservedMB: region => control().concurrency.reservedMB(region),
      of: key => control().catalog.find(key)?.concurrency ?? NO_CONCURRENCY,
      burst,
    },
    *deployed(): Iterable<FunctionVersion> {
      for (const { entry } of control().catalog.all()) yield* entry.versions.values();
    },
  };
}

/** A timeline whose attempts are counted as well. */
export function counted(timeline: Timeline, metrics: Pick<Metrics, 'observe'>): Timeline {
  return {
    accepted: (event, acceptedAt) => timeline.accepted(event, acceptedAt),
    began: attempt => timeline.began(attempt),
    settled(attempt) {
      timeline.settled(attempt);
      metrics.observe(attempt);
    },
  };
}
