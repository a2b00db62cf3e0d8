// Requests signed by an application (APP), bound to the API: headers, method and parameters are signed.

import { createHash } from 'node:crypto';
import { decodeText, type Field, formFields, isForm, queryFields } from '../admission/form.ts';
import type { ApiApp, Objects } from '../model.ts';
import type { Arrival } from '../serving/arrival.ts';
import { gatewayError } from '../serving/errorbody.ts';
import type { GatewayReply } from '../target.ts';
import { dateFault, HMAC, namesFault, readSigned, same, sentValue, signatureOf } from './hmac.ts';

const ALGORITHMS: ReadonlyMap<string, string> = new Map([
  ['hmac-sha1', 'sha1'],
  ['hmac-sha256', 'sha256'],
]);

/** The body is part of what is signed: a form's fields, or the digest of anything else where the client tells it. */
export const appReadsBody = ({ headers }: Arrival['request']): boolean =>
  isForm(headers) || headers['content-md5'] !== undefined;

type Seen = Pick<Arrival, 'request' | 'method' | 'path' | 'uri' | 'domain' | 'query' | 'body'>;

/** `apps`: those that are bound to the API. */
export function byApplication(
  arrival: Seen,
  objects: Objects,
  apps: readonly ApiApp[],
  region: string,
  now: number,
): ApiApp | GatewayReply {
  const { headers, rawHeaders } = arrival.request;
  const signed = readSigned(headers.authorization);
  if (typeof signed === 'string') return refused(signed);
  if (headers['x-date'] === undefined) return refused(HMAC.noXDate);
  const fault = dateFault(headers, now) ?? namesFault(signed.names, rawHeaders, 'x-date');
  if (fault) return refused(fault);
  const algorithm = ALGORITHMS.get(signed.algorithm);
  if (!algorithm) return refused(HMAC.algorithm(signed.algorithm));
  let app = apps.find(({ key }) => key === signed.id);
  const bound = app !== undefined;
  app ??= [...objects.apps.values()].find(({ key, region: at }) => key === signed.id && at === region);
  if (!app) return apps.length === 0 ? unbound() : refused(HMAC.unknown);
  const [shown = '', ...others] = stringsToSign(arrival, signed.names);
  const { secret } = app;
  if (![shown, ...others].some(text => same(signed.signature, signatureOf(algorithm, secret, text)))) {
    const text = Buffer.from(shown, 'latin1').toString().replaceAll('\n', '#');
    return refused(`${HMAC.mismatch}, Server StringToSign:${text}`);
  }
  return bound ? app : unbound();
}

const refused = (text: string) => gatewayError(401, text);
const unbound = () => gatewayError(403, 'Found no validate apiapp');

/**
 * What clients may have signed. The documents do not say whether parameters are decoded, nor what a path on a mapped
 * domain is; their samples sign plain letters. The first is the one that is shown.
 */
function stringsToSign(arrival: Seen, names: readonly string[]): string[] {
  const { method, path, uri, domain, query, body } = arrival;
  const { headers } = arrival.request;
  const lines = [...names].sort().map(name => `${name}: ${sentValue(headers, name)}`);
  const form = body && isForm(headers) ? formFields(body) : [];
  const fields = [...queryFields(query), ...form];
  const decoded = fields.map(([name, value]): Field => [asBytes(decodeText(name)), asBytes(decodeText(value))]);
  const paths = domain?.mappings ? [path, uri] : [path];
  const texts = new Set<string>();
  const before = [
    ...lines,
    method,
    sentValue(headers, 'accept'),
    sentValue(headers, 'content-type'),
    digestOf(arrival),
  ];
  for (const sent of paths) {
    for (const [start, list] of [
      [sent, decoded],
      [sent, fields],
      [asBytes(decodeText(sent, false)), decoded],
    ] as const) {
      const parameters = sorted(list);
      texts.add([...before, parameters === '' ? start : `${start}?${parameters}`].join('\n'));
    }
  }
  return [...texts];
}

/** Header values are Latin-1 in Node.js, one character for a byte: the rest of the text is brought to the same form. */
const asBytes = (text: string): string => Buffer.from(text).toString('latin1');

/** An empty value leaves the name alone; the values of one name are sorted as well. */
function sorted(fields: readonly Field[]): string {
  const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return fields
    .toSorted(([a, x], [b, y]) => byText(a, b) || byText(x, y))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`))
    .join('&');
}

/**
 * Content-MD5 as the client sent it, if it fits the body: Base64 of the digest, or of its hexadecimal text, which is
 * what the documents' samples compute. If it does not, that of the body, and the signature fails.
 */
function digestOf({ request, body }: Pick<Seen, 'request' | 'body'>): string {
  const given = sentValue(request.headers, 'content-md5');
  if (given === '' || isForm(request.headers)) return given;
  const digest = createHash('md5')
    .update(body ?? '')
    .digest();
  const ofHex = Buffer.from(digest.toString('hex')).toString('base64');
  return given === digest.toString('base64') || given === ofHex ? given : ofHex;
}
