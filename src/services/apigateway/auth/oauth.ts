// Requests with a token (OAUTH) that the authorisation server's key has signed: a JSON Web Token, RS256.

import { createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Api, OauthConfig } from '../model.ts';
import { gatewayError, NO_UPSTREAM } from '../serving/errorbody.ts';
import type { GatewayReply } from '../target.ts';

/** Documented texts. */
const NO_RELATED = 'Oauth found no related Oauth api';
const NO_HEADER = 'Oauth found no authorization header';
const HEADER_FORMAT = 'Oauth authorization header format error';
const MISSING = 'Oauth miss Oauth id_token';
const NO_TOKEN = 'Oauth found no id_token';
const UNREADABLE = 'Oauth signature cannot be verified, a validate authorization header is required';
const VERIFY = 'Oauth id_token verify error';
const LOCATION = 'Oauth id_token location forbidden';
const NO_CONFIG = 'Oauth found no oauth config';
const NO_KEY = 'Oauth found no public key';
const KEY = 'Oauth public key error';
/** Told to clients of an authorisation API whose server does not answer. */
export const SERVER_FAILED = 'Oauth call authentication server fail';

/** `issuer`: the API that stands for the authorisation server, where it has been released. undefined lets the request in. */
export function byToken(headers: IncomingHttpHeaders, issuer: Api | undefined, now: number): GatewayReply | undefined {
  if (!issuer) return gatewayError(401, NO_RELATED);
  const { auth } = issuer;
  if (auth.type !== 'OAUTH' || auth.business !== 'OAUTH') return gatewayError(481, NO_CONFIG);
  const { oauth } = auth;
  const cookie = /cookie/i.test(oauth.tokenLocation);
  if (!cookie && !/header|authorization/i.test(oauth.tokenLocation)) return gatewayError(481, LOCATION);
  if (oauth.publicKey.trim() === '') return gatewayError(481, NO_KEY);
  const key = keyOf(oauth.publicKey);
  if (!key) return gatewayError(481, KEY);
  const token = cookie ? cookieToken(headers.cookie) : headerToken(headers.authorization);
  if ('fault' in token) return refused(token.fault, oauth);
  const fault = tokenFault(token.text, key, now);
  return fault === undefined ? undefined : refused(fault, oauth);
}

/** Where the user is to log in, if the API says so; else the text. */
function refused(text: string, { loginRedirectUrl }: OauthConfig): GatewayReply {
  if (!/^https?:\/\/[\x21-\x7e]+$/.test(loginRedirectUrl)) return gatewayError(401, text);
  return { status: 302, headers: ['Location', loginRedirectUrl], body: '', upstreamStatus: NO_UPSTREAM };
}

type Found = { readonly text: string } | { readonly fault: string };

function headerToken(authorization: string | undefined): Found {
  if (authorization === undefined || authorization === '') return { fault: NO_HEADER };
  const [, rest] = /^bearer +(\S.*)$/i.exec(authorization) ?? [];
  if (rest === undefined) return { fault: HEADER_FORMAT };
  const [, text] = /^id_token="([^"]*)"$/.exec(rest.trim()) ?? [];
  if (text === undefined) return { fault: /id_token/.test(rest) ? HEADER_FORMAT : MISSING };
  return text === '' ? { fault: MISSING } : { text };
}

function cookieToken(cookie: string | undefined): Found {
  for (const part of cookie?.split(';') ?? []) {
    const equals = part.indexOf('=');
    if (equals > 0 && part.slice(0, equals).trim() === 'id_token') {
      const text = part
        .slice(equals + 1)
        .trim()
        .replace(/^"(.*)"$/, '$1');
      return text === '' ? { fault: MISSING } : { text };
    }
  }
  return { fault: NO_TOKEN };
}

const KEYS = 256;
const keys = new Map<string, KeyObject | undefined>();

/** Reading a key costs more than a check with it. */
function keyOf(text: string): KeyObject | undefined {
  if (keys.has(text)) return keys.get(text);
  const key = readKey(text);
  if (keys.size >= KEYS) keys.clear();
  keys.set(text, key);
  return key;
}

function readKey(text: string): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: JSON.parse(text) as JsonWebKey, format: 'jwk' });
    return key.asymmetricKeyType === 'rsa' ? key : undefined;
  } catch {
    return undefined;
  }
}

function tokenFault(token: string, key: KeyObject, now: number): string | undefined {
  const [head = '', claims = '', signature = '', ...more] = token.split('.');
  const header = jsonOf(head);
  const payload = jsonOf(claims);
  if (more.length > 0 || signature === '' || !header || !payload) return UNREADABLE;
  // Whoever could name the algorithm could name none.
  if (header.alg !== 'RS256') return VERIFY;
  const valid = verify('RSA-SHA256', Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url'));
  const seconds = now / 1000;
  const { exp, nbf } = payload;
  if (!valid || !isTime(exp) || !isTime(nbf)) return VERIFY;
  if ((exp !== undefined && exp <= seconds) || (nbf !== undefined && nbf > seconds)) return VERIFY;
  return undefined;
}

const isTime = (value: unknown): value is number | undefined =>
  value === undefined || (typeof value === 'number' && Number.isFinite(value));

function jsonOf(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
