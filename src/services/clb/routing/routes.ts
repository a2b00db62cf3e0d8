// Which rule answers a request: domains by their forms, then the paths of that domain, as nginx decides.

import type { Rule } from '../model.ts';
import { type Domain, type Path, parseDomain, parseUrl } from './names.ts';

/** `redirect`: the path lacks the slash at its end, and only there is a rule. */
export type Match<T> = { readonly rule: T } | 'redirect' | undefined;

type Routed = Pick<Rule, 'domains' | 'url' | 'defaultServer'>;

/** Of one listener. `host`: lower case, without port; `path`: normal, see `normalPath`. */
export interface Routes<T> {
  find(host: string, path: string): Match<T>;
  /** One of the domain that a host means: what a domain says, all its rules say. */
  first(host: string): T | undefined;
}

/** `rules`: oldest first; the same objects are given back. */
export function compileRoutes<T extends Routed>(rules: readonly T[]): Routes<T> {
  const byDomain = new Map<string, T[]>();
  for (const rule of rules) {
    for (const domain of rule.domains) {
      const same = byDomain.get(domain);
      if (same) same.push(rule);
      else byDomain.set(domain, [rule]);
    }
  }
  const exact = new Map<string, Paths<T>>();
  const suffixes = new Map<string, Paths<T>>();
  const prefixes = new Map<string, Paths<T>>();
  const patterns: { readonly pattern: RegExp; readonly paths: Paths<T> }[] = [];
  for (const [text, members] of byDomain) {
    const domain: Domain = parseDomain(text);
    const paths = new Paths(members);
    if (domain.kind === 'exact') exact.set(domain.name, paths);
    else if (domain.kind === 'suffix') suffixes.set(domain.text, paths);
    else if (domain.kind === 'prefix') prefixes.set(domain.text, paths);
    else patterns.push({ pattern: domain.pattern, paths });
  }
  const others = new Paths(rules.filter(rule => rule.defaultServer));

  function pathsOf(host: string): Paths<T> {
    const named = exact.get(host) ?? (suffixes.size > 0 ? longestSuffix(suffixes, host) : undefined);
    if (named) return named;
    const begun = prefixes.size > 0 ? longestPrefix(prefixes, host) : undefined;
    return begun ?? patterns.find(({ pattern }) => pattern.test(host))?.paths ?? others;
  }

  return { find: (host, path) => pathsOf(host).find(path), first: host => pathsOf(host).oldest };
}

/** `.b.a.com` before `.a.com`. */
function longestSuffix<T>(suffixes: ReadonlyMap<string, T>, host: string): T | undefined {
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
    const found = dot > 0 ? suffixes.get(host.slice(dot)) : undefined;
    if (found) return found;
  }
  return undefined;
}

/** `a.b.` before `a.`. */
function longestPrefix<T>(prefixes: ReadonlyMap<string, T>, host: string): T | undefined {
  for (let dot = host.lastIndexOf('.', host.length - 2); dot > 0; dot = host.lastIndexOf('.', dot - 1)) {
    const found = prefixes.get(host.slice(0, dot + 1));
    if (found) return found;
  }
  return undefined;
}

interface Prefix<T> {
  readonly path: string;
  readonly final: boolean;
  readonly match: { readonly rule: T };
}

/** The paths of one domain. */
class Paths<T extends Pick<Rule, 'url'>> {
  readonly oldest: T | undefined;
  readonly #exact = new Map<string, { readonly rule: T }>();
  /** Longest first. */
  readonly #prefixes: readonly Prefix<T>[];
  readonly #patterns: readonly { readonly pattern: RegExp; readonly match: { readonly rule: T } }[];

  constructor(rules: readonly T[]) {
    this.oldest = rules[0];
    const prefixes: Prefix<T>[] = [];
    const patterns: { readonly pattern: RegExp; readonly match: { readonly rule: T } }[] = [];
    for (const rule of rules) {
      const path: Path = parseUrl(rule.url);
      const match = { rule };
      if (path.kind === 'exact') {
        if (!this.#exact.has(path.path)) this.#exact.set(path.path, match);
      } else if (path.kind === 'pattern') patterns.push({ pattern: path.pattern, match });
      else prefixes.push({ path: path.path, final: path.final, match });
    }
    // Sorting is stable: of two that are equal the older one counts.
    this.#prefixes = prefixes.sort((a, b) => b.path.length - a.path.length);
    this.#patterns = patterns;
  }

  find(path: string): Match<T> {
    const exact = this.#exact.get(path);
    if (exact) return exact;
    const prefix = this.#prefixes.find(one => path.startsWith(one.path));
    if (prefix?.path !== path && this.#lacksSlash(path)) return 'redirect';
    if (prefix?.final) return prefix.match;
    for (const { pattern, match } of this.#patterns) if (pattern.test(path)) return match;
    return prefix?.match;
  }

  /** Documented: with a rule `/abc/`, a request of `/abc` is sent there. */
  #lacksSlash(path: string): boolean {
    const { length } = path;
    return this.#prefixes.some(
      one => one.path.length === length + 1 && one.path.endsWith('/') && one.path.startsWith(path),
    );
  }
}

/**
 * A path as rules are held against it: escapes read, slashes in a row are one, `.` and `..` followed.
 * undefined: it is not well formed, or leads above the root.
 */
export function normalPath(path: string): string | undefined {
  if (!path.startsWith('/')) return undefined;
  if (!/%|\/\/|\/\./.test(path)) return path;
  let text: string;
  try {
    text = path.includes('%') ? unescaped(path) : path;
  } catch {
    return undefined;
  }
  if (text.includes('\0')) return undefined;
  const kept: string[] = [];
  const parts = text.split('/').slice(1);
  for (const [i, part] of parts.entries()) {
    const last = i === parts.length - 1;
    if (part === '..') {
      if (kept.pop() === undefined) return undefined;
      if (last) kept.push('');
    } else if (part !== '' && part !== '.') kept.push(part);
    else if (last) kept.push('');
  }
  return `/${kept.join('/')}`;
}

/** Bytes that are no UTF-8 stay apart from each other, as Latin-1. */
function unescaped(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    if (/%(?![0-9a-f]{2})/i.test(path)) throw new URIError('an escape is not well formed');
    return path.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
}
