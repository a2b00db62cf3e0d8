// One rule on a bucket: what the store tells of objects becomes events.

import { uuidOf } from '../../core/ids.ts';
import { ASYNC_EVENT_BYTES } from '../../core/limits.ts';
import { type Log, NO_LOG } from '../../core/log.ts';
import type { TriggerHost } from '../../core/trigger.ts';
import type { ObjectNotice } from '../../services/cos/model.ts';
import type { CosSource } from './bind.ts';
import { buildCosEvent, type CosEventSettings, type CosTrigger } from './event.ts';
import { bucketOf } from './names.ts';

export interface CosListenSettings extends CosEventSettings {
  /** Appending has no name in the documents. `named`: rules may name it; `off`: nobody is told of it. */
  readonly appendEvents: 'wildcard' | 'named' | 'off';
  readonly log?: Log;
}

export function listenCos(
  trigger: CosTrigger,
  { source, submit }: TriggerHost<CosSource>,
  settings: CosListenSettings,
): Disposable {
  const { id: triggerId, region, namespace, name, qualifier, triggerName, desc } = trigger;
  const log = settings.log ?? NO_LOG;
  const target = Object.freeze({ region, namespace, name });

  async function deliver(notice: ObjectNotice, id: string): Promise<void> {
    // Its bucket was removed and made again elsewhere: it is for functions of that region, as one event calls one function.
    if (notice.region !== region) return;
    if (notice.name === 'ObjectCreated:AppendObject' && settings.appendEvents === 'off') return;
    // The same at every try, so that the queue takes it once.
    const requestId = uuidOf(['cos', triggerId, id].join('/'));
    const body = buildCosEvent({ notice, trigger, reqid: reqidOf(requestId) }, settings);
    if (body.length > ASYNC_EVENT_BYTES) {
      // It would be as large the next time.
      const { bucket, key, name: event } = notice;
      log.error({ trigger: triggerId, bucket, key, event, bytes: body.length }, 'an event above 128 KB was dropped');
      return;
    }
    await submit.async({ requestId, target, qualifier, source: 'cos', body });
  }

  const { event, prefix, suffix } = desc;
  return source.notices.listen({ triggerId, bucket: bucketOf(triggerName), event, prefix, suffix }, deliver);
}

/** Nine digits, as the documents show them. */
const reqidOf = (requestId: string): number => 100_000_000 + (Number.parseInt(requestId.slice(0, 8), 16) % 900_000_000);
