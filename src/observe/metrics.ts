// Numbers for Prometheus, drawn from the attempts as they settle. A call pays for a few additions;
// labels and text are made when someone asks.

import type { Attempt } from '../core/invocation.ts';
import { type StatusClass, statusClass } from '../core/status.ts';
import { CONTENT_TYPE, expose, type Family, labelText, type Sample } from './exposition.ts';
import { Histogram } from './histogram.ts';
import { processFamilies } from './process.ts';
import { type Series, SeriesByFunction } from './series.ts';

export interface Metrics {
  observe(attempt: Attempt): void;
  /** A number that is read when someone asks for it. */
  gauge(name: string, help: string, read: () => number | Promise<number>): void;
  /** All of it, in Prometheus' text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

export function createMetrics(): Metrics {
  const functions = new SeriesByFunction();
  const wait = new Histogram();
  const init = new Histogram();
  const gauges: (() => Promise<Family>)[] = [];

  return {
    observe({ event, mode, version, outcome, verdict }) {
      // Names that no function has are callers' inventions.
      const series = version ? functions.of(event.target) : functions.others;
      const group = statusClass(outcome.status);
      series.ended[mode][group]++;
      if (outcome.instance !== '') {
        series.duration.observe(outcome.durationMs / 1000);
        wait.observe(outcome.waitMs / 1000);
      }
      if (outcome.initMs > 0) {
        series.coldStarts++;
        init.observe(outcome.initMs / 1000);
      }
      if (group === 'limit') series.throttles.set(outcome.status, (series.throttles.get(outcome.status) ?? 0) + 1);
      if (verdict !== 'answered' && verdict !== 'acked') series.events[verdict]++;
    },

    gauge(name, help, read) {
      gauges.push(async () => {
        // One source that cannot answer must not hide all the others.
        const value = await Promise.resolve()
          .then(read)
          .catch(() => Number.NaN);
        return { name, help, type: 'gauge', samples: [{ labels: '', value }] };
      });
    },

    async text() {
      const read = await Promise.all(gauges.map(gauge => gauge()));
      return expose([...(await processFamilies()), ...callFamilies(functions.all, wait, init), ...read]);
    },

    contentType: CONTENT_TYPE,
  };
}

function callFamilies(all: readonly Series[], wait: Histogram, init: Histogram): Family[] {
  const counted = (count: (series: Series) => number) =>
    all.filter(series => count(series) > 0).map(series => ({ labels: series.labels, value: count(series) }));
  return [
    {
      name: 'openscf_invocations_total',
      help: 'Attempts that ended, by function, way of the call and class of the status',
      type: 'counter',
      samples: all.flatMap(endings),
    },
    {
      name: 'openscf_duration_seconds',
      help: 'Time the handler ran',
      type: 'histogram',
      samples: all.filter(({ duration }) => duration.count > 0).flatMap(one => one.duration.samples(one.labels)),
    },
    {
      name: 'openscf_wait_seconds',
      help: 'Time events waited for an instance',
      type: 'histogram',
      samples: wait.samples(''),
    },
    {
      name: 'openscf_cold_start_seconds',
      help: 'Time from the start of an instance until its handler could run',
      type: 'histogram',
      samples: init.samples(''),
    },
    {
      name: 'openscf_cold_starts_total',
      help: 'Attempts that had to wait for the start of an instance',
      type: 'counter',
      samples: counted(series => series.coldStarts),
    },
    {
      name: 'openscf_throttles_total',
      help: 'Attempts refused for a limit (429, 432, 449)',
      type: 'counter',
      samples: all.flatMap(({ labels, throttles }) =>
        Array.from(throttles, ([status, value]) => ({ labels: `${labels},${labelText({ status })}`, value })),
      ),
    },
    {
      name: 'openscf_retries_total',
      help: 'Attempts at asynchronous events that are made again',
      type: 'counter',
      samples: counted(series => series.events.retried),
    },
    {
      name: 'openscf_dead_events_total',
      help: 'Asynchronous events that were given up and are kept as dead letters',
      type: 'counter',
      samples: counted(series => series.events.dead),
    },
    {
      name: 'openscf_dropped_events_total',
      help: 'Asynchronous events that were given up and are not kept',
      type: 'counter',
      samples: counted(series => series.events.dropped),
    },
    {
      name: 'openscf_aborted_events_total',
      help: 'Asynchronous events that a user broke off',
      type: 'counter',
      samples: counted(series => series.events.aborted),
    },
  ];
}

function endings({ labels, ended }: Series): Sample[] {
  return (Object.entries(ended) as [Attempt['mode'], Record<StatusClass, number>][]).flatMap(([mode, counts]) =>
    Object.entries(counts)
      .filter(([, value]) => value > 0)
      .map(([group, value]) => ({ labels: `${labels},${labelText({ mode, class: group })}`, value })),
  );
}
