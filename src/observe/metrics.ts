// Numbers for Prometheus, drawn from the attempts as they settle.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { keyText } from '../core/function.ts';
import type { Attempt } from '../core/invocation.ts';
import { statusClass } from '../core/status.ts';

export interface Metrics {
  observe(attempt: Attempt): void;
  /** A number that is read when someone asks for it. */
  gauge(name: string, help: string, read: () => number | Promise<number>): void;
  /** All of it, in Prometheus' text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Functions with series of their own; what comes later is counted together, so that names cannot fill the memory. */
const FUNCTIONS = 200;
const OTHERS = 'others';
/** From a warm hello-world to the longest time limit. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3, 10, 60, 300, 900];

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const invocations = new Counter({
    name: 'openscf_invocations_total',
    help: 'Attempts that ended, by function, way of the call and class of the status',
    labelNames: ['function', 'mode', 'class'],
    registers,
  });
  const duration = new Histogram({
    name: 'openscf_duration_seconds',
    help: 'Time the handler ran',
    labelNames: ['function'],
    buckets: SECONDS,
    registers,
  });
  const wait = new Histogram({
    name: 'openscf_wait_seconds',
    help: 'Time events waited for an instance',
    buckets: SECONDS,
    registers,
  });
  const init = new Histogram({
    name: 'openscf_cold_start_seconds',
    help: 'Time from the start of an instance until its handler could run',
    buckets: SECONDS,
    registers,
  });
  const coldStarts = new Counter({
    name: 'openscf_cold_starts_total',
    help: 'Attempts that had to wait for the start of an instance',
    labelNames: ['function'],
    registers,
  });
  const throttles = new Counter({
    name: 'openscf_throttles_total',
    help: 'Attempts refused for a limit (429, 432, 449)',
    labelNames: ['function', 'status'],
    registers,
  });
  const dead = new Counter({
    name: 'openscf_dead_events_total',
    help: 'Asynchronous events that were given up',
    labelNames: ['function'],
    registers,
  });

  const functions = new Set<string>();
  function labelOf(name: string): string {
    if (functions.has(name)) return name;
    if (functions.size >= FUNCTIONS) return OTHERS;
    functions.add(name);
    return name;
  }

  return {
    observe({ event, mode, version, outcome, verdict }) {
      // Names that no function has are callers' inventions.
      const label = version ? labelOf(keyText(event.target)) : OTHERS;
      const group = statusClass(outcome.status);
      invocations.inc({ function: label, mode, class: group });
      if (outcome.instance !== '') {
        duration.observe({ function: label }, outcome.durationMs / 1000);
        wait.observe(outcome.waitMs / 1000);
      }
      if (outcome.initMs > 0) {
        coldStarts.inc({ function: label });
        init.observe(outcome.initMs / 1000);
      }
      if (group === 'limit') throttles.inc({ function: label, status: outcome.status });
      if (verdict === 'dead') dead.inc({ function: label });
    },

    gauge(name, help, read) {
      new Gauge({
        name,
        help,
        registers,
        async collect() {
          // One source that cannot answer must not hide all the others.
          this.set(
            await Promise.resolve()
              .then(read)
              .catch(() => Number.NaN),
          );
        },
      });
    },

    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
