// The server's own way to its actions: no wire, no signature.

import type { Services } from '../api/service.ts';
import type { Ids } from '../core/ids.ts';
import type { ScfCall } from '../importers/call.ts';

export function localCall(
  services: Services,
  { region, ids }: { readonly region: string; readonly ids: Ids },
): ScfCall {
  const never = new AbortController().signal;
  return async (action, params, name = 'scf') => {
    const service = services.get(name);
    if (!service) throw new Error(`the table of services has no ${name}`);
    const call = { requestId: ids.uuid(), region, language: 'en', secretId: '', signal: never } as const;
    return (await service.call(action, { form: 'json', value: params }, call)) as Readonly<Record<string, unknown>>;
  };
}
