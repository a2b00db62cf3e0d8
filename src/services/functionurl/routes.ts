// Which function has a path of a custom domain, and what it sees in its place.

import type { CustomDomain, DomainEndpoint, PathRewrite } from '../../core/domain.ts';

export interface DomainRoute {
  readonly endpoint: DomainEndpoint;
  /** As the function sees it. */
  readonly path: string;
}

/** Exact matches first, then the longest wildcard; undefined if none matches. */
export function domainRoute({ endpoints }: CustomDomain, path: string): DomainRoute | undefined {
  const endpoint = best(endpoints, path, one => one.pathMatch);
  return endpoint && { endpoint, path: rewritten(endpoint.rewrites, path) };
}

function rewritten(rewrites: readonly PathRewrite[], path: string): string {
  const rule = best(
    rewrites.filter(one => isWild(one.path) === (one.type === 'WildcardRules')),
    path,
    one => one.path,
  );
  if (!rule) return path;
  const rest = isWild(rule.path) ? path.slice(rule.path.length - 1) : '';
  // A function: what stands for the wildcard may itself hold a dollar sign.
  const result = rule.rewrite.replaceAll('$1', () => rest);
  return result.startsWith('/') ? result : `/${result}`;
}

function best<T>(rules: readonly T[], path: string, pattern: (rule: T) => string): T | undefined {
  let found: T | undefined;
  let length = -1;
  for (const rule of rules) {
    const text = pattern(rule);
    if (!isWild(text)) {
      if (text === path) return rule;
    } else if (text.length > length && path.startsWith(text.slice(0, -1))) {
      found = rule;
      length = text.length;
    }
  }
  return found;
}

const isWild = (pattern: string): boolean => pattern.endsWith('/*');
