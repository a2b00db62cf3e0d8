// The trigger behind one rule: request → event → run → reply.

import type { TriggerHost } from '../../core/trigger.ts';
import type { Clb } from '../../services/clb/contract.ts';
import type { Target } from '../../services/clb/target.ts';
import type { ClbTrigger } from './bind.ts';
import { buildClbEvent, type ClbSettings } from './event.ts';
import { clbReplyOf } from './reply.ts';

export function listenClb(trigger: ClbTrigger, host: TriggerHost<Clb>, settings: ClbSettings): Disposable {
  const { region, namespace, name, qualifier, desc } = trigger;
  if (desc.locationId === undefined) throw new Error(`trigger ${trigger.id} has no rule: it was never bound`);
  const key = { region, namespace, name };
  const target: Target = Object.freeze<Target>({
    invoke: request =>
      host.submit
        .sync({
          requestId: request.requestId,
          target: key,
          qualifier,
          source: 'clb',
          body: buildClbEvent(request, settings),
        })
        .then(clbReplyOf),
  });
  return host.source.attach(desc.locationId, target);
}
