// Hotlink protection: which pages may show what is in a bucket. Documented: "Setting Hotlink Protection"; requests that are
// signed are not asked.

import { isLike } from '../../../core/wildcard.ts';
import { childOf, childrenOf, readXml, wordOf } from '../http/readxml.ts';

export interface RefererRule {
  /** Of pages that are listed: they alone may, or they may not. */
  readonly type: 'white' | 'black';
  readonly domains: readonly string[];
  readonly allowsNone: boolean;
}

/** From a bucket's configuration, whose words may be in any letters; undefined when it is switched off. */
export function readReferer(xml: string): RefererRule | undefined {
  const root = readXml(Buffer.from(xml), 'RefererConfiguration');
  const says = (name: string, word: string) => wordOf(root, name)?.toLowerCase() === word;
  if (!says('Status', 'enabled')) return undefined;
  const list = childOf(root, 'DomainList');
  return {
    type: says('RefererType', 'black-list') ? 'black' : 'white',
    domains: list ? childrenOf(list, 'Domain').map(({ text }) => text.trim()) : [],
    allowsNone: says('EmptyReferConfiguration', 'allow'),
  };
}

export function allowsReferer({ type, domains, allowsNone }: RefererRule, referer: string | undefined): boolean {
  if (!referer) return allowsNone;
  const { host, path } = splitPage(referer);
  const page = { host: host.slice(0, MAX_HOST_CHARS), path };
  return domains.some(domain => isListed(page, splitPage(domain))) === (type === 'white');
}

/** No host is longer; the comparison takes time by the length. */
const MAX_HOST_CHARS = 512;

interface Page {
  readonly host: string;
  /** With its slash; '' where there is none. */
  readonly path: string;
}

function splitPage(text: string): Page {
  const plain = text.replace(/^https?:\/\//i, '');
  const end = plain.search(/[/?#]/);
  return end < 0
    ? { host: plain.toLowerCase(), path: '' }
    : { host: plain.slice(0, end).toLowerCase(), path: plain.slice(end) };
}

/** Both are beginnings: `www.example.com` is also `www.example.com.cn`. A star stands for what is in a host alone. */
function isListed(page: Page, listed: Page): boolean {
  if (listed.host === '') return false;
  if (listed.path === '') return isLike(page.host, `${listed.host}*`);
  return isLike(page.host, listed.host) && page.path.startsWith(listed.path);
}
