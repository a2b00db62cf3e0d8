// Session persistence: a cookie that names the server.

import type { Rule } from '../model.ts';

/** The name of the cloud's own cookie. */
const COOKIE = 'tgw_l7_route';

const nameOf = ({ cookieName }: Rule): string => (cookieName === '' ? COOKIE : cookieName);

/** undefined where the rule keeps no sessions or the client brings none. */
export function sessionToken(rule: Rule, cookies: string | undefined): string | undefined {
  if (rule.sessionExpireS === 0 || cookies === undefined) return undefined;
  const name = nameOf(rule);
  for (const part of cookies.split(';')) {
    const equals = part.indexOf('=');
    if (equals > 0 && part.slice(0, equals).trim() === name) return part.slice(equals + 1).trim();
  }
  return undefined;
}

/** With every answer anew: a session lasts as long as requests come. */
export function sessionCookie(rule: Rule, token: string, now: number): string {
  const expires = new Date(now + rule.sessionExpireS * 1000).toUTCString();
  return `${nameOf(rule)}=${token}; Expires=${expires}; Max-Age=${rule.sessionExpireS}; Path=/; HttpOnly`;
}
