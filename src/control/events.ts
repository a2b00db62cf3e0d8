// Events for people: what became of each, sending one again, and the dead letters. Records tell what happened, the
// queue and the letters where an event is now; where they disagree (a server that was killed, a letter that was
// redriven) the latter are right.

import type { EventDeps, EventVerbs } from './event-verbs.ts';
import { lettersIn } from './letters.ts';
import { livesIn } from './lives.ts';
import { replayIn } from './replay.ts';

export function eventsIn(deps: EventDeps): EventVerbs {
  const lives = livesIn(deps);
  return Object.freeze({ ...lives.verbs, replay: replayIn(deps, lives.find), letters: lettersIn(deps) });
}
