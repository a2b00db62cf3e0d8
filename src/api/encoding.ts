// The ways in which a request's parameters come over the wire.

import { boundaryOf, MultipartError, parseMultipart } from '../http/multipart.ts';
import type { ActionRow } from './action.ts';
import { check } from './check.ts';
import { refuse } from './errors.ts';
import { type Pairs, parsePairs, type Tree, unflatten } from './form.ts';
import { shapeJson, shapeText } from './shape.ts';

export type Parameters =
  | { readonly form: 'json'; readonly value: object }
  /** Everything is text. */
  | { readonly form: 'text'; readonly tree: Tree };

/** Parameters of v1 that belong to the envelope and to no action. */
const ENVELOPE: ReadonlySet<string> = new Set([
  'Action',
  'Version',
  'Region',
  'Timestamp',
  'Nonce',
  'SecretId',
  'Token',
  'SignatureMethod',
  'Signature',
  'Language',
  'RequestClient',
]);

export function parametersOfV1(pairs: Pairs): Parameters {
  return { form: 'text', tree: unflatten([...pairs].filter(([name]) => !ENVELOPE.has(name))) };
}

export interface Encoded {
  readonly action: string;
  readonly method: string;
  /** As sent, without the `?`. */
  readonly query: string;
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

/** Parameters of a request that carries its envelope in headers. */
export function parametersOfTc3({ action, method, query, contentType = '', body }: Encoded): Parameters {
  if (method === 'GET') return { form: 'text', tree: unflatten(parsePairs(query)) };
  const semicolon = contentType.indexOf(';');
  const type = (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
  switch (type) {
    case 'application/x-www-form-urlencoded':
      // Clients that set this type for everything send JSON all the same.
      return body[0] === OPEN_BRACE ? json(body) : { form: 'text', tree: unflatten(parsePairs(body.toString())) };
    case 'multipart/form-data':
      return { form: 'text', tree: multipart(body, contentType) };
    case 'application/octet-stream':
      return refuse('OctetStream', { action });
    default:
      return json(body);
  }
}

/** Brings parameters into the shape of the action's request and checks them. */
export function requestOf<Deps>({ request }: ActionRow<Deps>, parameters: Parameters): unknown {
  const shaped =
    parameters.form === 'json' ? shapeJson(request, parameters.value) : shapeText(request, parameters.tree);
  return check(request, shaped);
}

const OPEN_BRACE = 0x7b;

function json(body: Buffer): Parameters {
  if (body.length === 0) return { form: 'json', value: {} };
  const value = parseJson(body);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse('NotAnObject');
  return { form: 'json', value };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    return refuse('NotJson', { reason: error instanceof Error ? error.message : String(error) });
  }
}

function multipart(body: Buffer, contentType: string): Tree {
  const boundary = boundaryOf(contentType);
  if (boundary === undefined) return refuse('NotMultipart', { reason: 'boundary' });
  try {
    // Names are top-level fields: a dot in one is no path.
    const tree: Tree = new Map();
    for (const { name, content } of parseMultipart(body, boundary)) {
      if (tree.has(name)) refuse('Repeated', { name });
      tree.set(name, content.toString('utf8'));
    }
    return tree;
  } catch (error) {
    if (error instanceof MultipartError) return refuse('NotMultipart', { reason: error.message });
    throw error;
  }
}
