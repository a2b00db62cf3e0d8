// A user's own verification of requests: the function gets the event of the API, with the parameters that the plugin
// names in place of the declared ones, and those in lower case (documented by the vendor's template for such functions).

import type { Submit } from '../../core/trigger.ts';
import type { Verify } from '../../services/apigateway/auth/customauth.ts';
import { createEventBuilder } from './event.ts';

export function verification(submit: () => Submit): Verify {
  return ({ target, qualifier, requestId, request, headers, queries }) => {
    const { route } = request;
    const path = route.api.parameters.filter(({ position }) => position === 'PATH');
    // What was sent under these names, in whatever case, stands as their default.
    const told = (position: 'HEADER' | 'QUERY', values: Readonly<Record<string, string>>) =>
      Object.entries(values).map(([name, defaultValue]) => ({ name, position, required: true, defaultValue }));
    const api = { ...route.api, parameters: [...path, ...told('HEADER', headers), ...told('QUERY', queries)] };
    const body = createEventBuilder(qualifier)({ ...request, requestId, route: { ...route, api } });
    return submit().sync({ requestId, target, qualifier, source: 'apigw', body });
  };
}
