// Parameters that an API declares as required.

import type { IncomingHttpHeaders } from 'node:http';
import { gatewayError } from './errorbody.ts';
import type { PathParameters } from './match.ts';
import type { RequestParameter } from './model.ts';
import type { GatewayReply } from './target.ts';

/** The refusal for the first required one that is absent. */
export function missingParameter(
  parameters: readonly RequestParameter[],
  headers: IncomingHttpHeaders,
  query: string,
  path: PathParameters,
): GatewayReply | undefined {
  for (const { name, position, required } of parameters) {
    if (!required) continue;
    if (position === 'HEADER' && headers[name.toLowerCase()] === undefined) return lacks(`header ${name}`);
    if (position === 'QUERY' && !new URLSearchParams(query).has(name)) return lacks(`querystring ${name}`);
    if (position === 'PATH' && path[name] === undefined) return lacks(`path variable ${name}`);
  }
  return undefined;
}

const lacks = (what: string) => gatewayError(403, `${what} is required`);
