// Domains and paths of rules as they are written: what each form means, and what is refused.

import { userPattern } from '../../../http/pattern.ts';
import { failClb } from '../errors.ts';

export type Domain =
  /** `www.a.com`, an address */
  | { readonly kind: 'exact'; readonly name: string }
  /** `*.a.com`: `.a.com` */
  | { readonly kind: 'suffix'; readonly text: string }
  /** `a.*`: `a.` */
  | { readonly kind: 'prefix'; readonly text: string }
  /** `~^…$` */
  | { readonly kind: 'pattern'; readonly pattern: RegExp };

export type Path =
  | { readonly kind: 'exact'; readonly path: string }
  /** `final`: `^~`, no regular expression is looked at behind it. */
  | { readonly kind: 'prefix'; readonly path: string; readonly final: boolean }
  | { readonly kind: 'pattern'; readonly pattern: RegExp };

const DOMAIN_CHARS = 80;
const URL_CHARS = 200;
/** Letters, digits, `-`, `_` and dots between labels; also an IPv6 address in brackets. */
const HOST = /^(?:[a-z0-9-][a-z0-9_-]*(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])$/;

/** Lower case, but for regular expressions. */
export function normalDomain(text: string): string {
  return text.startsWith('~') ? text : text.toLowerCase();
}

export function parseDomain(text: string): Domain {
  if (text.length < 1 || text.length > DOMAIN_CHARS) {
    return failClb('InvalidParameterValue.Length', { name: 'Domain', min: 1, max: DOMAIN_CHARS });
  }
  if (text.startsWith('~')) return { kind: 'pattern', pattern: compile('Domain', text.slice(1).trimStart(), 'i') };
  if (text.startsWith('*.') && HOST.test(text.slice(2))) return { kind: 'suffix', text: text.slice(1) };
  if (text.endsWith('.*') && HOST.test(text.slice(0, -2))) return { kind: 'prefix', text: text.slice(0, -1) };
  if (HOST.test(text)) return { kind: 'exact', name: text };
  return failClb('InvalidParameter.FormatError', {
    name: 'Domain',
    zh: `${text} 不是域名、*.a.com、a.* 或 ~ 开头的正则表达式，且不得以下划线开头`,
    en: `${text} is no host name, *.a.com, a.* or regular expression after ~, and none may begin with _`,
  });
}

/** One space more or less after the sign is no other rule. */
export function normalUrl(text: string): string {
  return text.replace(/^(=|\^~|~\*|~)\s+/, '$1');
}

export function parseUrl(text: string): Path {
  if (text.length < 1 || text.length > URL_CHARS) {
    return failClb('InvalidParameterValue.Length', { name: 'Url', min: 1, max: URL_CHARS });
  }
  if (text.startsWith('~*')) return { kind: 'pattern', pattern: compile('Url', text.slice(2), 'i') };
  if (text.startsWith('~')) return { kind: 'pattern', pattern: compile('Url', text.slice(1), '') };
  if (text.startsWith('^~')) return { kind: 'prefix', path: plain(text, 2), final: true };
  if (text.startsWith('=')) return { kind: 'exact', path: plain(text, 1) };
  return { kind: 'prefix', path: plain(text, 0), final: false };
}

function plain(text: string, from: number): string {
  const path = text.slice(from);
  if (/^\/[\x21-\x7e]*$/.test(path) && !/[;{}"?#]/.test(path)) return path;
  return failClb('InvalidParameter.FormatError', {
    name: 'Url',
    zh: `${text} 应以 / 开头，不含空格与 ;{}"?#，前面可加 =、^~、~ 或 ~*`,
    en: `${text} must begin with / and hold neither spaces nor ;{}"?#; =, ^~, ~ or ~* may stand before it`,
  });
}

function compile(name: string, source: string, flags: string): RegExp {
  try {
    if (source !== '') return userPattern(source, flags);
  } catch {
    // Said below.
  }
  const why = { zh: `正则表达式 ${source} 不正确`, en: `the regular expression ${source} is wrong` };
  return failClb('InvalidParameter.FormatError', { name, ...why });
}
