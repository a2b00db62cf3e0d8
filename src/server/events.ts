// Asynchronous events, as people look at them and send them again.

import { eventRoutes } from '../api/openscf/events.ts';
import { letterRoutes } from '../api/openscf/letters.ts';
import type { OpenscfRoute } from '../api/openscf/routes.ts';
import type { EventDeps } from '../control/event-verbs.ts';
import { eventsIn } from '../control/events.ts';
import type { Clock } from '../core/clock.ts';
import type { Invoker } from '../core/invoker.ts';
import type { EventStore, Runner } from '../core/ports.ts';

interface Deps extends Pick<EventDeps, 'records' | 'control' | 'ids'> {
  readonly store: EventStore;
  readonly invoker: Invoker;
  readonly runner: Runner;
  readonly clock: Clock;
  readonly region: string;
}

export function eventViews(deps: Deps): readonly OpenscfRoute[] {
  const { store, invoker, runner, clock, region, records, control, ids } = deps;
  const events = eventsIn({
    records,
    queue: store.queue,
    letters: store.letters,
    submit: invoker,
    wake: invoker.wake,
    control,
    clock,
    ids,
    printed: runner.printed,
  });
  return [...eventRoutes({ events, clock, region }), ...letterRoutes({ letters: events.letters, clock, region })];
}
