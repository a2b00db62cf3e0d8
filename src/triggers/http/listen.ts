// The trigger behind one URL: request → event → run → reply; web functions get the request itself.

import type { Submit, Trigger, TriggerHost } from '../../core/trigger.ts';
import type { Place } from '../../services/functionurl/model.ts';
import type { Target } from '../../services/functionurl/target.ts';
import type { FunctionUrls } from '../../services/functionurl/urls.ts';
import { corsSetting, type HttpDesc } from './desc.ts';
import { httpEvent, passedEvent } from './event.ts';
import { urlReply } from './reply.ts';

export type HttpTrigger = Trigger & { readonly desc: HttpDesc };

export function listenHttp(trigger: HttpTrigger, host: TriggerHost<FunctionUrls>): Disposable {
  const { region, namespace, name, qualifier, desc } = trigger;
  if (!desc.bound) throw new Error(`trigger ${trigger.id} has no URL: it was never bound`);
  const place = { region, namespace, name, qualifier };
  const { auth, intranet, extranet } = desc;
  return host.source.attach(desc.bound.urlId, {
    place,
    settings: { auth, intranet, extranet, cors: corsSetting(desc.cors) },
    target: urlTarget(place, host.submit),
  });
}

/** A function as URLs call it, custom domains' as well. */
export function urlTarget({ qualifier, ...target }: Place, submit: Submit): Target {
  return Object.freeze<Target>({
    invoke(request) {
      const { requestId } = request;
      const event = { requestId, target, qualifier, source: 'http', body: httpEvent(request) };
      return submit.sync(event).then(outcome => urlReply(outcome, requestId));
    },
    pass: (exchange, requestId) =>
      submit.sync({ requestId, target, qualifier, source: 'http', body: passedEvent(exchange), exchange }),
  });
}
