// What a function behind a URL receives: written piece by piece into one text, never parsed again.

import { isUtf8 } from 'node:buffer';
import { headerMembers } from '../../http/headertext.ts';
import { parseQuery, queryJson } from '../../http/query.ts';
import type { UrlRequest } from '../../services/functionurl/target.ts';

/** Told by the front alone. */
const REMOTE_ADDRESS = 'x-scf-remote-addr';
const nameAs = (name: string): string | undefined => (name === REMOTE_ADDRESS ? undefined : name);

/** Members in the order of their names, as the documents print them. */
export function httpEvent({ method, path, query, rawHeaders, sourceIp, body }: UrlRequest): Buffer {
  const isText = body === undefined || isUtf8(body);
  const content = isText ? JSON.stringify(body?.toString() ?? '') : `"${body.toString('base64')}"`;
  return Buffer.from(
    `{"body":${content},"headers":{${headerMembers(rawHeaders, nameAs)}"${REMOTE_ADDRESS}":"${sourceIp}"},` +
      `"httpMethod":"${method}",${isText ? '' : '"isBase64Encoded":true,'}"path":${JSON.stringify(path)},` +
      `"queryString":${queryJson(parseQuery(query))}}`,
  );
}

/** A few words for records: a web function gets the request itself. */
export function passedEvent({ method, target }: { readonly method: string; readonly target: string }): Buffer {
  return Buffer.from(JSON.stringify({ httpMethod: method, path: target }));
}

export function httpSample(): unknown {
  return {
    body: '{"test":"body"}',
    headers: {
      accept: '*/*',
      'content-type': 'application/json',
      host: '1250000000-f94sy04vab.ap-guangzhou.tencentscf.com',
      'user-agent': 'User Agent String',
      'x-scf-remote-addr': '10.0.2.14',
    },
    httpMethod: 'POST',
    path: '/test/value',
    queryString: { foo: 'bar', bob: 'alice' },
  };
}
