// Events for people, from the parts that know about them.

import { eventRoutes } from '../api/openscf/events.ts';
import { letterRoutes } from '../api/openscf/letters.ts';
import type { OpenscfRoute } from '../api/openscf/routes.ts';
import type { EventDeps } from '../control/event-verbs.ts';
import { eventsIn } from '../control/events.ts';
import type { Invoker } from '../core/invoker.ts';
import type { EventStore, Runner } from '../core/ports.ts';

interface Parts extends Pick<EventDeps, 'records' | 'control' | 'clock' | 'ids'> {
  readonly events: Pick<EventStore, 'queue' | 'letters'>;
  readonly invoker: Pick<Invoker, 'sync' | 'async' | 'wake'>;
  readonly runner: Pick<Runner, 'printed'>;
  readonly region: string;
}

export function eventViews({ events, invoker, runner, region, ...parts }: Parts): readonly OpenscfRoute[] {
  const verbs = eventsIn({
    ...parts,
    queue: events.queue,
    letters: events.letters,
    submit: invoker,
    wake: invoker.wake,
    printed: requestId => runner.printed(requestId),
  });
  const { clock } = parts;
  return [...eventRoutes({ events: verbs, clock, region }), ...letterRoutes({ letters: verbs.letters, clock, region })];
}
