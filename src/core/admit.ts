// The first gate: is there such a function, may it run, is the event small enough?

import type { FunctionEvent } from './event.ts';
import { type FunctionEntry, type FunctionStatus, type FunctionVersion, keyText } from './function.ts';
import { type Outcome, refusal } from './invocation.ts';
import { ASYNC_EVENT_BYTES, SYNC_EVENT_BYTES } from './limits.ts';
import type { Catalog } from './ports.ts';
import { route } from './route.ts';

export interface Admitted {
  readonly entry: FunctionEntry;
  readonly version: FunctionVersion;
}

/** States in which a version serves; while an update is under way or failed the former code does. */
export const SERVING: ReadonlySet<FunctionStatus> = new Set([
  'Active',
  'Updating',
  'UpdateFailed',
  'Publishing',
  'PublishFailed',
]);

/** The version that is to run, or the outcome that refuses the event. */
export function admit(
  catalog: Catalog,
  event: FunctionEvent,
  mode: 'sync' | 'async',
  draw: () => number,
): Admitted | Outcome {
  const limit = mode === 'sync' ? SYNC_EVENT_BYTES : ASYNC_EVENT_BYTES;
  if (event.body.length > limit)
    return refusal(406, `RequestTooLarge: the event has ${event.body.length} bytes, at most ${limit} are allowed`);
  const entry = catalog.find(event.target);
  if (!entry) return refusal(435, `FunctionNotFound: there is no function ${keyText(event.target)}`);
  const version = route(entry, event.qualifier, event.routingKey, draw);
  if (!version)
    return refusal(442, `QualifierNotFound: ${event.target.name} has no version or alias ${event.qualifier}`);
  if (!SERVING.has(version.status))
    return refusal(438, `FunctionStatusError: ${event.target.name} is ${version.status}`);
  return { entry, version };
}

export function isAdmitted(result: Admitted | Outcome): result is Admitted {
  return 'version' in result;
}
