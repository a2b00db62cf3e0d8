// Parameters that an API declares: the required ones must be there. Those that are absent otherwise have their defaults
// where they are handed on.

import type { IncomingHttpHeaders } from 'node:http';
import type { RequestParameter } from '../model.ts';
import type { PathParameters } from '../routing/match.ts';
import { gatewayError } from '../serving/errorbody.ts';
import type { GatewayReply } from '../target.ts';
import { decodeText, formFields, isDecodable, isForm } from './form.ts';

/** The refusal for the first required one that is absent from head, query or path. */
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

/** The same for the fields of a form. Where fields are declared, a body must be one. */
export function bodyRefusal(
  parameters: readonly RequestParameter[],
  headers: IncomingHttpHeaders,
  body: Buffer | undefined,
): GatewayReply | undefined {
  const declared = parameters.filter(({ position }) => position === 'BODY');
  if (declared.length === 0) return undefined;
  if (body && !isForm(headers)) return gatewayError(403, 'req content type need application/x-www-form-urlencoded');
  const fields = body ? formFields(body) : [];
  if (!fields.every(([name, value]) => isDecodable(name) && isDecodable(value))) {
    return gatewayError(403, 'Get body params fail');
  }
  const names = new Set(fields.map(([name]) => decodeText(name)));
  const missing = declared.find(({ name, required }) => required && !names.has(name));
  return missing && lacks(`body param ${missing.name}`);
}

const lacks = (what: string) => gatewayError(403, `${what} is required`);
