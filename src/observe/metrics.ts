// Figures for Prometheus, counted from settled attempts.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Attempt } from '../core/invocation.ts';
import { statusClass } from '../core/status.ts';

export interface Metrics {
  observe(attempt: Attempt): void;
  /** A figure that is read when it is asked for. */
  gauge(name: string, help: string, read: () => number): void;
  text(): Promise<string>;
  readonly contentType: string;
}

const SECONDS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 900];

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  // Functions are bounded by their quota; request ids, instances and messages never become labels.
  const labelNames = ['namespace', 'function'] as const;
  const invocations = new Counter({
    name: 'openscf_invocations_total',
    help: 'Attempts that ended, by function status and its class',
    labelNames: [...labelNames, 'status', 'class', 'mode'],
    registers,
  });
  const duration = new Histogram({
    name: 'openscf_duration_seconds',
    help: 'Run time of handlers',
    labelNames,
    buckets: SECONDS,
    registers,
  });
  const coldStarts = new Counter({
    name: 'openscf_cold_starts_total',
    help: 'Attempts that waited for a new instance',
    labelNames,
    registers,
  });
  const dropped = new Counter({
    name: 'openscf_events_dropped_total',
    help: 'Asynchronous events given up',
    labelNames,
    registers,
  });

  return {
    observe({ event, mode, outcome, verdict, version }) {
      // A name that no function has is anybody's choice and would grow the figures without end.
      const labels = version
        ? { namespace: event.target.namespace, function: event.target.name }
        : { namespace: '', function: '' };
      invocations.inc({ ...labels, status: outcome.status, class: statusClass(outcome.status), mode });
      if (outcome.instance !== '') duration.observe(labels, outcome.durationMs / 1000);
      if (outcome.initMs > 0) coldStarts.inc(labels);
      if (verdict === 'dead') dropped.inc(labels);
    },
    gauge(name, help, read) {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
