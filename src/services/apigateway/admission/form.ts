// Parameters of queries and of form posts, as they were sent and decoded.

import type { IncomingHttpHeaders } from 'node:http';

/** Name and value, not decoded. */
export type Field = readonly [name: string, value: string];

export function isForm(headers: IncomingHttpHeaders): boolean {
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  return type === 'application/x-www-form-urlencoded';
}

export function queryFields(text: string): Field[] {
  if (text === '') return [];
  return text
    .split('&')
    .filter(part => part !== '')
    .map(part => {
      const equals = part.indexOf('=');
      return equals < 0 ? [part, ''] : [part.slice(0, equals), part.slice(equals + 1)];
    });
}

export const formFields = (body: Buffer): Field[] => queryFields(body.toString('latin1'));

/** As UTF-8; what is not well-formed stays as it was sent. */
export function decodeText(text: string, spaced = true): string {
  const plain = spaced ? text.replaceAll('+', ' ') : text;
  if (!plain.includes('%')) return plain;
  try {
    return decodeURIComponent(plain);
  } catch {
    return plain;
  }
}

/** Whether every escape of it can be decoded. */
export function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
