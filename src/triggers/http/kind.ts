// The function URL: calls a function by HTTP, under an address of its own.

import type { Trigger, TriggerDraft, TriggerHost, TriggerKind } from '../../core/trigger.ts';
import type { FunctionUrls } from '../../services/functionurl/urls.ts';
import { failTrigger } from '../errors.ts';
import { checkPlainName } from '../names.ts';
import { formatHttp, type HttpBinding, type HttpDesc, parseHttp, type ShownAddresses } from './desc.ts';
import { httpSample } from './event.ts';
import { type HttpTrigger, listenHttp } from './listen.ts';

export interface HttpSettings {
  /** What is shown of a URL; nothing when left out. */
  readonly addressesOf?: (bound: HttpBinding) => ShownAddresses;
}

export function httpKind({ addressesOf }: HttpSettings): TriggerKind<HttpDesc, FunctionUrls> {
  return Object.freeze<TriggerKind<HttpDesc, FunctionUrls>>({
    type: 'http',
    mode: 'sync',
    attribute: 'single',
    title: { zh: '函数 URL', en: 'function URL: by HTTP request' },
    serves: ['Event', 'HTTP'],
    checkName: checkPlainName,
    parse: parseHttp,
    format: desc => formatHttp(desc, desc.bound && shown(desc.bound, addressesOf)),
    summary: ({ auth, bound }) => (bound ? `${bound.urlId} ${auth}` : auth),
    conflict,
    named: ({ bound }, name) => bound?.name === name,
    bind,
    listen: listenHttp,
    urls({ region, desc }, { source }) {
      if (!desc.bound) return [];
      const { http, ws, byHost } = source.addresses(region, desc.bound.urlId);
      return desc.bound.webSocket ? [http, byHost, ws] : [http, byHost];
    },
    sample: httpSample,
  });
}

/** Documented: WebSocket addresses only where WebSocket is on. */
function shown(bound: HttpBinding, addressesOf: HttpSettings['addressesOf']): ShownAddresses | undefined {
  const all = addressesOf?.(bound);
  return all && (bound.webSocket ? all : { ...all, ws: '', wss: '' });
}

async function bind(trigger: HttpTrigger, { source }: TriggerHost<FunctionUrls>) {
  const { region, namespace, name, qualifier, desc } = trigger;
  const urlId = desc.bound?.urlId ?? (await source.idOf({ region, namespace, name, qualifier }));
  const bound: HttpBinding = {
    urlId,
    region,
    name: desc.bound?.name ?? trigger.triggerName,
    webSocket: source.speaksWebSocket(trigger),
  };
  return {
    desc: Object.freeze({ ...desc, bound }),
    resourceId: source.resourceId(trigger, urlId),
    triggerName: urlId,
  };
}

/** Documented: one per version or alias. */
function conflict(
  draft: TriggerDraft & { readonly desc: HttpDesc },
  others: readonly (Trigger & { readonly desc: HttpDesc })[],
): void {
  const { namespace, name, qualifier } = draft;
  const twin = others.find(
    other => other.namespace === namespace && other.name === name && other.qualifier === qualifier,
  );
  if (!twin) return;
  failTrigger('ResourceInUse.Trigger', {
    zh: `函数 ${name} 的 ${qualifier} 已有函数 URL ${twin.triggerName}，每个版本或别名只能有一个；可用 UpdateTrigger 修改。`,
    en: `${qualifier} of the function ${name} has the function URL ${twin.triggerName} already, and a version or alias has one; UpdateTrigger can change it.`,
  });
}
